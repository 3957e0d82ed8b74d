//! Which versions were withdrawn from crates.io or deleted there, from a copy of its index.
//!
//! Sources: the index format of the Cargo book ("Registries", "Index Format"), as a checkout of
//! `rust-lang/crates.io-index` or a folder that cargo keeps (`~/.cargo/registry/index/index.crates.io-…`, whose files
//! under `.cache` hold the same lines between NUL bytes). What is not checked: how old the copy is.

use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use serde::Deserialize;

use crate::model::{ArtifactPath, Class, Ecosystem, Evidence, Package, PackageSource, Place, Rule, Severity};

use super::Error;
use super::audit::PACKAGE_NOT_AUDITED;

/// A version that its authors withdrew.
pub static YANKED_PACKAGE: Rule = Rule {
    id: "yanked-package",
    summary: "a locked version was withdrawn from its registry",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/yanked-package.md"),
    frameworks: &["CWE-1104", "OWASP-LLM03"],
};

/// A version that is gone.
pub static DELETED_PACKAGE: Rule = Rule {
    id: "deleted-package",
    summary: "a locked version is no longer in its registry, which lists later ones",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/deleted-package.md"),
    frameworks: &["CWE-1104", "CWE-506", "OWASP-LLM03"],
};

/// What a copy of the index says of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listed {
    /// It is there.
    Yes,
    /// It was withdrawn: new lockfiles do not choose it.
    Yanked,
    /// It is not there and a later one is. Registries delete what was malicious.
    Deleted,
    /// The copy knows neither this version nor a later one; it may be older than the lockfile.
    Unknown,
}

/// Bytes of the entry of one crate that are read.
const LARGEST: u64 = 64 << 20;

/// A copy of the index.
#[derive(Debug)]
pub struct Index {
    root: PathBuf,
}

#[derive(Deserialize)]
struct Line {
    vers: String,
    #[serde(default)]
    yanked: bool,
}

impl Index {
    /// Takes a folder.
    ///
    /// # Errors
    /// It does not look like an index.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable { path: path.display().to_string(), source };
        fs::read_dir(path).map_err(unreadable)?;
        let cache = path.join(".cache");
        let root = if cache.is_dir() { cache } else { path.to_owned() };
        if ["1", "2", "3"].iter().any(|folder| root.join(folder).is_dir()) || path.join("config.json").is_file() {
            return Ok(Self { root });
        }
        Err(unreadable(std::io::Error::other("not a copy of the index of crates.io")))
    }

    /// How a version stands in it.
    fn listed(&self, name: &str, version: &str) -> Listed {
        let Some(bytes) = self.entry(name) else { return Listed::Unknown };
        let lines = bytes.split(|byte| matches!(byte, 0 | b'\n')).filter(|line| line.starts_with(b"{"));
        let known: Vec<Line> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let own = Version::parse(version).ok();
        let later = |line: &Line| Version::parse(&line.vers).ok() > own;
        match known.iter().find(|line| line.vers == version) {
            Some(line) if line.yanked => Listed::Yanked,
            Some(_) => Listed::Yes,
            None if own.is_some() && known.iter().any(later) => Listed::Deleted,
            None => Listed::Unknown,
        }
    }

    fn entry(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.root.join(place(name)?);
        if fs::metadata(&path).ok()?.len() > LARGEST {
            return None;
        }
        fs::read(path).ok()
    }
}

/// `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcd`; `None` for what can be no crate.
fn place(name: &str) -> Option<PathBuf> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.bytes().all(plain) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    Some(match name.len() {
        0 => return None,
        length @ (1 | 2) => PathBuf::from(length.to_string()).join(name),
        3 => PathBuf::from("3").join(name.get(..1)?).join(name),
        _ => PathBuf::from(name.get(..2)?).join(name.get(2..4)?).join(name),
    })
}

/// Locked crates that were withdrawn or deleted, and how many the copy does not know.
#[must_use]
pub fn withdrawn(packages: &[Package], index: &Index) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut unknown: Vec<(&ArtifactPath, &Package)> = Vec::new();
    let public = |one: &&Package| one.ecosystem == Ecosystem::CratesIo && one.source == PackageSource::PublicRegistry;
    for package in packages.iter().filter(public) {
        let (rule, what) = match index.listed(&package.name, &package.version) {
            Listed::Yes => continue,
            Listed::Yanked => (&YANKED_PACKAGE, "was yanked from crates.io"),
            Listed::Deleted => (&DELETED_PACKAGE, "is not in the index of crates.io, which lists later versions"),
            Listed::Unknown => {
                unknown.push((&package.lockfile, package));
                continue;
            }
        };
        let message = format!("{} {} {what}", package.name, package.version);
        let place = Place::Package { purl: package.purl.clone(), line: package.line };
        evidence.push(Evidence::new(rule, message).of(&package.lockfile).at(place));
    }
    for lockfile in unknown.chunk_by(|one, two| one.0 == two.0) {
        let Some((path, first)) = lockfile.first() else { continue };
        let message = format!(
            "whether {} crates were yanked cannot be told: the index has no such version, such as {} {}",
            lockfile.len(),
            first.name,
            first.version
        );
        let told = Evidence::new(&PACKAGE_NOT_AUDITED, message).of(path);
        evidence.push(told.with("count", lockfile.len()).with("reason", "not in the index that was given"));
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_copies_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Index::open(folder.path()).is_err());
        let lines = "{\"name\":\"serde\",\"vers\":\"1.0.0\",\"yanked\":true}\n{\"name\":\"serde\",\"vers\":\"1.0.1\",\"yanked\":false}\n";
        fs::create_dir_all(folder.path().join("se/rd")).unwrap();
        fs::create_dir_all(folder.path().join("1")).unwrap();
        fs::write(folder.path().join("se/rd/serde"), lines).unwrap();
        let index = Index::open(folder.path()).unwrap();
        assert_eq!(
            ["1.0.0", "1.0.1", "2.0.0", "0.9.9", "odd"].map(|version| index.listed("Serde", version)),
            [Listed::Yanked, Listed::Yes, Listed::Unknown, Listed::Deleted, Listed::Unknown]
        );
        assert_eq!(index.listed("../../se/rd/serde", "1.0.0"), Listed::Unknown);
        let cache = folder.path().join("own/.cache");
        fs::create_dir_all(cache.join("3/a")).unwrap();
        let mut bytes = b"\x03\x02\0\0\0etag: \"x\"\0".to_vec();
        bytes.extend(b"1.0.0\0{\"name\":\"abc\",\"vers\":\"1.0.0\",\"yanked\":true}\0");
        fs::write(cache.join("3/a/abc"), bytes).unwrap();
        assert_eq!(Index::open(&folder.path().join("own")).unwrap().listed("abc", "1.0.0"), Listed::Yanked);
    }
}
