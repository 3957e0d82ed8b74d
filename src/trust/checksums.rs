//! Checksum lists: `SHA256SUMS` and kin, in the form of GNU coreutils and of BSD, Llama's `checklist.chk`, and files
//! that hold one bare digest.
//!
//! A list is not signed: it shows damage, not an attacker, who would have changed it too. Not checked: who wrote it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Algorithm, Artifact, ArtifactPath, Class, Digest, Evidence, Limits, Place, Rule, Severity};

/// Good news.
pub static CHECKSUMS_MATCH: Rule = Rule {
    id: "checksums-match",
    summary: "the files have the digests that a checksum list gives them",
    severity: Severity::Info,
    class: Class::Assurance,
    page: include_str!("../rules/checksums-match.md"),
    frameworks: &[],
};

/// A listed file is another.
pub static CHECKSUMS_MISMATCH: Rule = Rule {
    id: "checksums-mismatch",
    summary: "a file does not have the digest that a checksum list gives it",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/checksums-mismatch.md"),
    frameworks: &["CWE-354", "CWE-494"],
};

/// A listed file is gone.
pub static CHECKSUMS_MISSING_FILE: Rule = Rule {
    id: "checksums-missing-file",
    summary: "a checksum list names a file that is not there",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/checksums-missing-file.md"),
    frameworks: &["CWE-354"],
};

/// A match that proves little.
pub static CHECKSUMS_WEAK: Rule = Rule {
    id: "checksums-weak",
    summary: "a checksum list uses a hash function whose collisions are practical",
    severity: Severity::Low,
    class: Class::Inventory,
    page: include_str!("../rules/checksums-weak.md"),
    frameworks: &["CWE-328"],
};

/// A line that says nothing, or two things.
pub static CHECKSUMS_MALFORMED: Rule = Rule {
    id: "checksums-malformed",
    summary: "a checksum list has lines that cannot be read, or contradicts itself",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/checksums-malformed.md"),
    frameworks: &["CWE-20"],
};

/// A list that could not be compared.
pub static CHECKSUMS_UNCHECKED: Rule = Rule {
    id: "checksums-unchecked",
    summary: "a checksum list uses digests that were not computed",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/checksums-unchecked.md"),
    frameworks: &["CWE-354"],
};

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file as the list names it, relative to the list's folder; `None` in a file that holds a digest alone.
    pub name: Option<ArtifactPath>,
    /// What it should be.
    pub digest: Digest,
    /// Where it stands, from 1.
    pub line: u64,
}

/// A list, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// Lines that could be read.
    pub entries: Vec<Entry>,
    /// Lines that could not, and why.
    pub malformed: Vec<(u64, String)>,
}

const NAMES: [&str; 12] = [
    "sha256sums",
    "sha512sums",
    "sha384sums",
    "sha1sums",
    "md5sums",
    "b2sums",
    "b3sums",
    "checksums",
    "checksum",
    "checklist",
    "sha256sum",
    "md5sum",
];
const ENDINGS: [&str; 9] = ["sha256", "sha512", "sha384", "sha1", "md5", "b2", "b3", "chk", "digest"];

/// True if a file of this name is probably a list, so that its bytes should be kept for [`check`].
#[must_use]
pub fn name_suggests(path: &ArtifactPath) -> bool {
    let name = path.name().to_ascii_lowercase();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let last = stem.rsplit(['.', '-', '_']).next().unwrap_or(stem);
    ENDINGS.contains(&ending)
        || (["", "txt", "asc"].contains(&ending) && NAMES.contains(&last))
        || NAMES.contains(&ending)
}

/// The digests that must be computed before the list can be compared, besides SHA-256.
#[must_use]
pub fn algorithms(path: &ArtifactPath, bytes: &[u8]) -> BTreeSet<Algorithm> {
    parse(path, bytes).entries.iter().map(|entry| entry.digest.algorithm()).collect()
}

/// Reads a list. The path's name tells BLAKE3 from SHA-256 and BLAKE2b from SHA-512 where only a length is given.
#[must_use]
pub fn parse(path: &ArtifactPath, bytes: &[u8]) -> Checksums {
    let mut list = Checksums::default();
    let name = path.name().to_ascii_lowercase();
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut armoured = false;
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A list may stand in a clear-signed message: its header ends at an empty line, its body at the signature.
        match line {
            b"-----BEGIN PGP SIGNED MESSAGE-----" => armoured = true,
            b"-----BEGIN PGP SIGNATURE-----" => break,
            _ if armoured => armoured = !line.is_empty(),
            _ if line.iter().all(u8::is_ascii_whitespace) || line.starts_with(b"#") => {}
            _ => match entry(&name, line) {
                Ok((name, digest)) => list.entries.push(Entry { name, digest, line: number }),
                Err(why) => list.malformed.push((number, why)),
            },
        }
    }
    list
}

fn entry(list: &str, line: &[u8]) -> Result<(Option<ArtifactPath>, Digest), String> {
    let (escaped, line) = line.strip_prefix(b"\\").map_or((false, line), |rest| (true, rest));
    let hex_len = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, rest) = line.split_at(hex_len);
    if let Some(algorithm) = by_length(list, digits.len()) {
        let digest = digest(algorithm, digits)?;
        return match rest {
            [] => Ok((None, digest)),
            [b' ', b' ' | b'*', name @ ..] if !name.is_empty() => Ok((Some(path(name, escaped)?), digest)),
            // One space or a tab: md5 tools of old, and Llama's list.
            [b' ' | b'\t', name @ ..] if !name.is_empty() => {
                Ok((Some(path(name.trim_ascii_start(), escaped)?), digest))
            }
            _ => Err("no file name follows the digest".to_owned()),
        };
    }
    let open = line
        .windows(2)
        .position(|two| two == b" (")
        .ok_or("it is neither \"DIGEST  NAME\" nor \"HASH (NAME) = DIGEST\"")?;
    let close = line
        .windows(4)
        .rposition(|four| four == b") = ")
        .filter(|close| *close >= open + 2)
        .ok_or("\") = \" is missing")?;
    let named = String::from_utf8_lossy(&line[..open]);
    let algorithm = match named.as_ref() {
        "SHA2-256" => Some(Algorithm::Sha256),
        "SHA2-512" => Some(Algorithm::Sha512),
        named => Algorithm::parse(named),
    };
    let algorithm = algorithm.ok_or_else(|| format!("the hash {named:?} is not known"))?;
    Ok((Some(path(&line[open + 2..close], escaped)?), digest(algorithm, &line[close + 4..])?))
}

fn by_length(list: &str, digits: usize) -> Option<Algorithm> {
    match digits {
        32 => Some(Algorithm::Md5),
        40 => Some(Algorithm::Sha1),
        64 if list.contains("b3") || list.contains("blake3") => Some(Algorithm::Blake3),
        64 => Some(Algorithm::Sha256),
        96 => Some(Algorithm::Sha384),
        128 if list.contains("b2") || list.contains("blake2") => Some(Algorithm::Blake2b512),
        128 => Some(Algorithm::Sha512),
        _ => None,
    }
}

fn digest(algorithm: Algorithm, digits: &[u8]) -> Result<Digest, String> {
    let digits = std::str::from_utf8(digits).map_err(|_| "the digest is not text")?;
    Digest::from_hex(algorithm, digits).map_err(|error| error.to_string())
}

fn path(name: &[u8], escaped: bool) -> Result<ArtifactPath, String> {
    if !escaped {
        return Ok(ArtifactPath::from_bytes(name));
    }
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match (byte, *byte == b'\\') {
            (byte, false) => *byte,
            (_, true) => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b'\\') => b'\\',
                _ => return Err("the name holds an unknown escape".to_owned()),
            },
        });
    }
    Ok(ArtifactPath::from_bytes(&plain))
}

/// The line of coreutils' `sha256sum` for one file, with its newline; names with line breaks or backslashes are
/// escaped as it does, and names that are not UTF-8 stand as they are.
#[must_use]
pub fn line(path: &ArtifactPath, digest: &Digest) -> Vec<u8> {
    let (escape, name) = escaped(path);
    [escape, digest.hex().as_bytes(), b"  ", &name, b"\n"].concat()
}

/// The line of BSD's tools (coreutils' `--tag`), which names the hash function.
#[must_use]
pub fn tagged_line(path: &ArtifactPath, digest: &Digest) -> Vec<u8> {
    let (escape, name) = escaped(path);
    let tag = match digest.algorithm() {
        Algorithm::Blake2b512 => "BLAKE2b".to_owned(),
        other => other.name().to_ascii_uppercase(),
    };
    [escape, tag.as_bytes(), b" (", &name, b") = ", digest.hex().as_bytes(), b"\n"].concat()
}

fn escaped(path: &ArtifactPath) -> (&'static [u8], Vec<u8>) {
    let mut name = Vec::new();
    for byte in path.as_bytes() {
        match byte {
            b'\\' => name.extend(b"\\\\"),
            b'\n' => name.extend(b"\\n"),
            b'\r' => name.extend(b"\\r"),
            plain => name.push(*plain),
        }
    }
    (if name.len() == path.as_bytes().len() { b"" } else { b"\\" }, name)
}

/// Compares a list with the files. `path` is that of the list, in the tree or beside it.
#[must_use]
pub fn check(path: &ArtifactPath, bytes: &[u8], artifacts: &[Artifact], limits: &Limits) -> Vec<Evidence> {
    let list = parse(path, bytes);
    let mut comparison = Comparison { list: path, limits, evidence: Vec::new(), counts: BTreeMap::new() };
    for (line, why) in &list.malformed {
        comparison.at(&CHECKSUMS_MALFORMED, *line, format!("line {line} of {path}: {why}"));
    }
    if list.entries.is_empty() && list.malformed.is_empty() {
        comparison.at(&CHECKSUMS_MALFORMED, 1, format!("{path} lists no digest"));
    }
    let files: BTreeMap<&str, &Artifact> = artifacts.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut said: BTreeMap<(String, Algorithm), Digest> = BTreeMap::new();
    for entry in &list.entries {
        let Some(target) = target(path, entry, &files) else {
            let shown = entry.name.as_ref().map_or("its file", ArtifactPath::as_str);
            comparison.at(
                &CHECKSUMS_MALFORMED,
                entry.line,
                format!("line {} of {path}: {shown:?} lies outside", entry.line),
            );
            continue;
        };
        let before = said.insert((target.clone(), entry.digest.algorithm()), entry.digest.clone());
        if before.is_some_and(|before| before != entry.digest) {
            comparison.at(
                &CHECKSUMS_MALFORMED,
                entry.line,
                format!("line {} of {path} contradicts an earlier one about {target:?}", entry.line),
            );
        }
        comparison.one(entry, &target, files.get(target.as_str()).copied());
    }
    comparison.close()
}

/// The file that a line is about, as a path of the tree; `None` if it climbs out of it.
fn target(list: &ArtifactPath, entry: &Entry, files: &BTreeMap<&str, &Artifact>) -> Option<String> {
    let Some(name) = &entry.name else {
        // `model.bin.sha256` holds a digest alone.
        let stem = list.name().rsplit_once('.').map_or("", |(stem, _)| stem);
        return Some(list.sibling(stem).as_str().to_owned());
    };
    if name.as_str().starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = list.parent().split('/').filter(|part| !part.is_empty()).collect();
    for part in name.components() {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    // The tree may be the one file itself.
    Some(if files.len() == 1 && files.contains_key(".") { ".".to_owned() } else { path })
}

struct Comparison<'a> {
    list: &'a ArtifactPath,
    limits: &'a Limits,
    evidence: Vec<Evidence>,
    counts: BTreeMap<&'static str, u64>,
}

impl Comparison<'_> {
    fn add(&mut self, evidence: Evidence) {
        let count = self.counts.entry(evidence.rule.id).or_default();
        *count += 1;
        if *count <= self.limits.repeats {
            self.evidence.push(evidence.with("list", self.list.as_str()));
        }
    }

    /// About a line of the list itself.
    fn at(&mut self, rule: &'static Rule, line: u64, message: String) {
        self.add(Evidence::new(rule, message).of(self.list).at(Place::Line { line, column: 1 }));
    }

    fn one(&mut self, entry: &Entry, target: &str, file: Option<&Artifact>) {
        let (list, wanted) = (self.list, &entry.digest);
        let Some(file) = file else {
            let message = format!("line {} of {list} names {target:?}, which is not there", entry.line);
            return self.at(&CHECKSUMS_MISSING_FILE, entry.line, message);
        };
        match file.digests.get(wanted.algorithm()) {
            None => {
                let message = format!("{list} gives a {} digest for it, which was not computed", wanted.algorithm());
                self.add(Evidence::new(&CHECKSUMS_UNCHECKED, message).of(&file.path));
            }
            Some(found) if found == wanted => {
                let key = if wanted.algorithm().is_broken() { "weak" } else { "match" };
                *self.counts.entry(key).or_default() += 1;
            }
            Some(found) => {
                let message = format!("{list} says {wanted}, but it is {found}");
                let evidence = Evidence::new(&CHECKSUMS_MISMATCH, message).of(&file.path);
                self.add(evidence.with("expected", wanted.to_string()).with("found", found.to_string()));
            }
        }
    }

    fn close(mut self) -> Vec<Evidence> {
        let list = self.list;
        for (rule, count) in &self.counts {
            let more = count.saturating_sub(self.limits.repeats);
            if let Some(last) =
                self.evidence.iter_mut().rev().find(|evidence| evidence.rule.id == *rule).filter(|_| more > 0)
            {
                last.fact.message.push_str(&format!(" (and {more} more like this)"));
                last.fact.details.insert("more".to_owned(), more.into());
            }
        }
        let count = |key| self.counts.get(key).copied().unwrap_or_default();
        let (strong, weak) = (count("match"), count("weak"));
        if weak > 0 {
            let message =
                format!("{weak} file(s) match {list}, but only by MD5 or SHA-1, which an attacker can match too");
            self.evidence.push(Evidence::new(&CHECKSUMS_WEAK, message).of(list).with("files", weak));
        }
        if strong > 0 && self.evidence.iter().all(|evidence| !matches!(evidence.rule.class, Class::Defect | Class::Gap))
        {
            let message = format!("{strong} file(s) have the digests that {list} gives them");
            self.evidence.push(Evidence::new(&CHECKSUMS_MATCH, message).of(list).with("files", strong));
        }
        self.evidence
    }
}
