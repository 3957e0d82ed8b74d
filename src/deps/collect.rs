//! All lockfiles of a tree together.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::model::{ArtifactPath, Class, Evidence, Limits, Package, Place, Rule, Severity};

use super::{
    Kind, auditable, bill, bun, cargo_lock, composer, conda, gemfile, go, gradle, installed, lookalike, npm, pipfile,
    pnpm, pom, python_toml, recognise, requirements, sources, yarn,
};

/// A lockfile, or a part of one, that cannot be read.
pub static LOCKFILE_MALFORMED: Rule = Rule {
    id: "lockfile-malformed",
    summary: "a lockfile, or an entry of one, cannot be read",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/lockfile-malformed.md"),
    frameworks: &["CWE-20", "OWASP-LLM03"],
};

/// A lockfile that lists nothing although its kind always lists something.
pub static LOCKFILE_EMPTY: Rule = Rule {
    id: "lockfile-empty",
    summary: "a lockfile lists no package, so nothing in it was audited",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../rules/lockfile-empty.md"),
    frameworks: &["CWE-1059", "OWASP-LLM03"],
};

/// A lockfile that nothing here reads, or that leaves most of its packages to be found elsewhere.
pub static LOCKFILE_NOT_READ: Rule = Rule {
    id: "lockfile-not-read",
    summary: "a lockfile was recognised and not read, or lists only a part of what is installed",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../rules/lockfile-not-read.md"),
    frameworks: &["CWE-1059", "OWASP-LLM03"],
};

/// The same package twice.
pub static PACKAGE_DUPLICATE: Rule = Rule {
    id: "package-duplicate",
    summary: "a lockfile lists the same package twice",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/package-duplicate.md"),
    frameworks: &["CWE-694", "OWASP-LLM03"],
};

/// What the lockfiles of a tree say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependencies {
    /// Packages by lockfile, in the order of the file.
    pub packages: Vec<Package>,
    /// What is wrong with the lockfiles, or could not be read.
    pub evidence: Vec<Evidence>,
}

impl Dependencies {
    fn take(&mut self, sheet: Sheet<'_>) {
        let (packages, evidence) = sheet.close();
        self.packages.extend(packages);
        self.evidence.extend(evidence);
    }
}

/// Reads every lockfile among `files`; what is none is passed over.
///
/// The bytes are those that were weighed; `None` says that they were not kept (the file exceeds
/// [`Limits::kept_bytes`]), which is evidence.
pub fn read_all<'a>(
    files: impl IntoIterator<Item = (&'a ArtifactPath, Option<&'a [u8]>)>,
    limits: &Limits,
) -> Dependencies {
    let mut all = Dependencies::default();
    let known = files.into_iter().filter_map(|(path, bytes)| Some((path, recognise(path)?, bytes)));
    let known: Vec<_> = known.collect();
    let present: BTreeSet<&ArtifactPath> = known.iter().map(|(path, ..)| *path).collect();
    let mut environments: BTreeMap<ArtifactPath, installed::Environment<'_>> = BTreeMap::new();
    for (path, kind, bytes) in known {
        if let (Kind::Installed, Some(folder), Some(bytes)) = (kind, installed::environment_of(path), bytes) {
            environments.entry(folder).or_default().add(path, bytes);
            continue;
        }
        let mut sheet = Sheet::new(path, &present, limits);
        match (kind, bytes) {
            (Kind::NotRead(name), _) => sheet.note(&LOCKFILE_NOT_READ, None, format!("nothing here reads {name}")),
            (_, None) => {
                let message = format!("larger than the {} bytes that are kept for reading", limits.kept_bytes);
                sheet.note(&LOCKFILE_NOT_READ, None, message);
            }
            (kind, Some(bytes)) => {
                read(kind, &mut sheet, bytes);
                sources::look(&mut sheet, kind);
                lookalike::look(&mut sheet);
            }
        }
        all.take(sheet);
    }
    environments.retain(|folder, environment| environment.is_installed(folder));
    for (folder, environment) in environments {
        let mut sheet = Sheet::new(&folder, &present, limits);
        environment.read(&mut sheet);
        sources::look(&mut sheet, Kind::Installed);
        lookalike::look(&mut sheet);
        all.take(sheet);
    }
    all
}

/// Reads the lists of packages that programs carry of themselves ([`crate::model::Contents::lock`]).
pub fn read_embedded<'a>(
    programs: impl IntoIterator<Item = (&'a ArtifactPath, &'a [u8])>,
    limits: &Limits,
) -> Dependencies {
    let mut all = Dependencies::default();
    let present = BTreeSet::new();
    for (path, bytes) in programs {
        let mut sheet = Sheet::new(path, &present, limits);
        let text = sheet.text(bytes);
        auditable::read(&mut sheet, &text);
        all.take(sheet);
    }
    all
}

fn read(kind: Kind, sheet: &mut Sheet<'_>, bytes: &[u8]) {
    let text = sheet.text(bytes);
    // Requirements may be none, and `go.sum` says nothing that the `go.mod` beside it does not.
    let may_be_empty =
        kind == Kind::Requirements || (kind == Kind::GoSum && sheet.has(&sheet.path().sibling("go.mod")));
    if text.trim().is_empty() && !may_be_empty {
        return sheet.note(&LOCKFILE_EMPTY, None, "the file has no content");
    }
    match kind {
        Kind::Bill => bill::read(sheet, &text),
        Kind::Bun => bun::read(sheet, &text),
        Kind::CargoLock => cargo_lock::read(sheet, &text),
        Kind::Composer => composer::read(sheet, &text),
        Kind::CondaLock => conda::read(sheet, &text),
        Kind::Gemfile => gemfile::read(sheet, &text),
        Kind::GoMod => go::read_mod(sheet, &text),
        Kind::GoSum => go::read_sum(sheet, &text),
        Kind::Gradle => gradle::read(sheet, &text),
        Kind::Npm => npm::read(sheet, &text),
        Kind::Pipfile => pipfile::read(sheet, &text),
        Kind::Pnpm => pnpm::read(sheet, &text),
        Kind::Pom => pom::read(sheet, &text),
        Kind::PythonToml => python_toml::read(sheet, &text),
        Kind::Requirements => requirements::read(sheet, &text),
        Kind::Yarn => yarn::read(sheet, &text),
        Kind::Installed | Kind::NotRead(_) => {}
    }
}

/// What one lockfile says, while it is being read.
pub struct Sheet<'a> {
    path: &'a ArtifactPath,
    present: &'a BTreeSet<&'a ArtifactPath>,
    repeats: u64,
    packages: Vec<Package>,
    evidence: Vec<Evidence>,
    /// By rule: how often it was seen beyond the limit.
    seen: BTreeMap<&'static str, (&'static Rule, u64)>,
}

impl<'a> Sheet<'a> {
    /// An empty sheet for the file at `path`; `present` are all lockfiles that are read.
    pub fn new(path: &'a ArtifactPath, present: &'a BTreeSet<&'a ArtifactPath>, limits: &Limits) -> Self {
        let (packages, evidence, seen) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { path, present, repeats: limits.repeats, packages, evidence, seen }
    }

    /// The file that is read.
    pub const fn path(&self) -> &'a ArtifactPath {
        self.path
    }

    /// True if that file is read too.
    pub fn has(&self, path: &ArtifactPath) -> bool {
        self.present.contains(path)
    }

    /// The text of the file; what is not UTF-8 is said and replaced, so that the rest is still read.
    pub fn text<'b>(&mut self, bytes: &'b [u8]) -> std::borrow::Cow<'b, str> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if let Err(error) = std::str::from_utf8(bytes) {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() as u64;
            self.note(&LOCKFILE_MALFORMED, Some(line.saturating_add(1)), "not valid UTF-8 from here on");
        }
        String::from_utf8_lossy(bytes)
    }

    /// Adds one entry.
    pub fn add(&mut self, package: Package) {
        self.packages.push(package);
    }

    /// The entries so far.
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Takes the entries out, for a look at all of them while things are said; [`Sheet::put`] puts them back.
    pub fn take(&mut self) -> Vec<Package> {
        std::mem::take(&mut self.packages)
    }

    /// Puts the entries back.
    pub fn put(&mut self, packages: Vec<Package>) {
        self.packages = packages;
    }

    /// Says something about the file or a line of it; beyond the limit of repeats it is only counted.
    pub fn note(&mut self, rule: &'static Rule, line: Option<u64>, message: impl Into<String>) {
        let place = line.map_or(Place::Whole, |line| Place::Line { line, column: 1 });
        self.say(Evidence::new(rule, message).at(place));
    }

    /// The same for evidence that is already made; the file is filled in here.
    pub fn say(&mut self, evidence: Evidence) {
        let (_, count) = self.seen.entry(evidence.rule.id).or_insert((evidence.rule, 0));
        *count = count.saturating_add(1);
        if *count <= self.repeats {
            self.evidence.push(evidence.of(self.path));
        }
    }

    /// Ends the file: exact repetitions are said and listed once, surplus evidence is counted.
    pub fn close(mut self) -> (Vec<Package>, Vec<Evidence>) {
        let mut once = HashSet::new();
        let mut twice = Vec::new();
        let mut packages = std::mem::take(&mut self.packages);
        let firsts: Vec<bool> = packages.iter().map(|package| once.insert((&package.purl, &package.source))).collect();
        drop(once);
        let mut firsts = firsts.into_iter();
        packages.retain(|package| {
            let first = firsts.next().unwrap_or(true);
            if !first {
                twice.push((package.name.clone(), package.version.clone(), package.purl.clone(), package.line));
            }
            first
        });
        for (name, version, purl, line) in twice {
            let message = format!("{name} {version} is listed more than once");
            self.say(Evidence::new(&PACKAGE_DUPLICATE, message).at(Place::Package { purl, line }));
        }
        let surplus = self.seen.values().filter(|(_, count)| *count > self.repeats);
        for (rule, count) in surplus {
            let more = count.saturating_sub(self.repeats);
            let message = format!("{more} more of the same kind in this file");
            self.evidence.push(Evidence::new(rule, message).of(self.path).with("count", more));
        }
        (packages, self.evidence)
    }
}
