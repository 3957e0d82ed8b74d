//! `requirements.txt`, constraints and their kin: pip's requirements file format.
//!
//! Format: pip documentation, "Requirements File Format"; requirement specifiers are PEP 508. A requirement with one
//! exact version is an entry; any other is an entry without a version, which cannot be audited. What is not checked:
//! environment markers (every line counts) and what pip would resolve.

use std::collections::BTreeMap;

use crate::model::{ArtifactPath, Class, Digest, Ecosystem, PackageSource, Rule, Severity};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, checksum, link};
use super::python_toml::registry;

/// A requirement that leaves the version open.
pub static REQUIREMENT_UNPINNED: Rule = Rule {
    id: "requirement-unpinned",
    summary: "a requirement leaves open which version is installed",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/requirement-unpinned.md"),
    frameworks: &["CWE-1357", "OWASP-LLM03"],
};

/// A file that belongs to the requirements and was not read.
pub static INCLUDE_NOT_READ: Rule = Rule {
    id: "include-not-read",
    summary: "requirements include a file that was not read",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../rules/include-not-read.md"),
    frameworks: &["CWE-1059", "OWASP-LLM03"],
};

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let mut drafts = Vec::new();
    let mut index = PackageSource::PublicRegistry;
    let lines = logical(text);
    for (number, line) in &lines {
        let (number, line) = (*number, line.as_str());
        match line.strip_prefix('-') {
            Some(option) => match option_of(option) {
                ("r" | "-requirement" | "c" | "-constraint", file) => include(sheet, number, file),
                ("i" | "-index-url" | "-pypi-url", url) => index = registry(url),
                ("e" | "-editable", target) => drafts.extend(addressed(target, number)),
                _ => {}
            },
            None => match requirement(line, number) {
                Some(draft) => drafts.push(draft),
                None => sheet.note(&LOCKFILE_MALFORMED, Some(number), format!("not a requirement: {line}")),
            },
        }
    }
    for draft in &mut drafts {
        if draft.source == PackageSource::PublicRegistry {
            draft.source = index.clone();
        }
        let open = draft.version.is_empty()
            && matches!(draft.source, PackageSource::PublicRegistry | PackageSource::Registry(_));
        if open {
            let message = format!("{} is required without an exact version", draft.name);
            sheet.note(&REQUIREMENT_UNPINNED, draft.line, message);
        }
    }
    link(sheet, Ecosystem::PyPI, drafts);
}

/// Lines with their numbers, continuations joined and comments gone.
fn logical(text: &str) -> Vec<(u64, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(u64, String)> = None;
    // A carriage return alone ends a line, too: pip splits as Python does.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (number, line) in (1u64..).zip(text.lines()) {
        let (start, mut whole) = open.take().unwrap_or((number, String::new()));
        let comment = if line.trim_start().starts_with('#') { Some(0) } else { line.find(" #").or(line.find("\t#")) };
        let kept = comment.and_then(|at| line.get(..at)).unwrap_or(line).trim_end();
        match kept.strip_suffix('\\') {
            Some(kept) if comment.is_none() => {
                whole.push_str(kept);
                whole.push(' ');
                open = Some((start, whole));
            }
            _ => {
                whole.push_str(kept);
                lines.push((start, whole));
            }
        }
    }
    lines.extend(open);
    lines
        .into_iter()
        .map(|(number, line)| (number, line.trim().to_owned()))
        .filter(|(_, line)| !line.is_empty())
        .collect()
}

/// `-r FILE`, `--requirement FILE`, `--requirement=FILE` without the first dash: name and value.
fn option_of(text: &str) -> (&str, &str) {
    let end = text.find([' ', '=', '\t']).unwrap_or(text.len());
    let (name, value) = text.split_at_checked(end).unwrap_or((text, ""));
    let short = !name.starts_with('-') && name.len() > 1;
    if let Some((name, glued)) = name.split_at_checked(1).filter(|_| short) {
        return (name, glued);
    }
    (name, value.trim_start_matches([' ', '=', '\t']).trim())
}

fn include(sheet: &mut Sheet<'_>, number: u64, file: &str) {
    let path = resolve(sheet.path(), file);
    if path.as_ref().is_some_and(|path| sheet.has(path)) {
        return;
    }
    let message = format!("{file} is included; it is not among the files that are read");
    sheet.note(&INCLUDE_NOT_READ, Some(number), message);
}

/// The path beside `from`; `None` when it leaves the tree or is an address.
fn resolve(from: &ArtifactPath, file: &str) -> Option<ArtifactPath> {
    if file.contains("://") || file.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.parent().split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(ArtifactPath::new(parts.join("/")))
}

/// One requirement; `None` when it is none.
fn requirement(line: &str, number: u64) -> Option<Draft> {
    if line.contains("://") && !line.contains(" @ ") || line.starts_with('.') {
        return addressed(line, number);
    }
    let (line, checksums) = hashes(line);
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end)?;
    if name.is_empty() {
        return None;
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1.trim_start(),
        None => rest,
    };
    let mut draft = Draft::new(name, "", Some(number));
    draft.checksums = checksums;
    if let Some(address) = rest.strip_prefix('@') {
        let address = address.trim().split(" ;").next().unwrap_or_default();
        draft.source = by_address(address);
        draft.version = version_in(address).unwrap_or_default();
        return Some(draft);
    }
    let specifier = rest.split(';').next().unwrap_or_default().trim().trim_matches(['(', ')']);
    if !specifier.is_empty() && !specifier.starts_with(['=', '<', '>', '~', '!']) {
        return None;
    }
    draft.version = exact(specifier).unwrap_or_default();
    Some(draft)
}

/// The version of `==1.0` or `===1.0`; `==1.*` and anything with a second clause leave it open.
fn exact(specifier: &str) -> Option<String> {
    let mut clauses = specifier.split(',').map(str::trim).filter(|clause| !clause.is_empty());
    let pins: Vec<&str> = clauses.clone().filter_map(|clause| clause.strip_prefix("==")).collect();
    let [pin] = pins.as_slice() else { return None };
    let version = pin.trim_start_matches('=').trim();
    let bounded = clauses.all(|clause| clause.starts_with(['=', '<', '>', '!', '~']));
    (bounded && !version.ends_with(".*") && !version.is_empty()).then(|| version.to_owned())
}

fn hashes(line: &str) -> (String, Vec<Digest>) {
    let mut rest = Vec::new();
    let mut found = Vec::new();
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word.strip_prefix("--hash") {
            Some(value) => {
                let value = value.strip_prefix('=').or_else(|| words.next()).unwrap_or_default();
                found.extend(checksum(value));
            }
            // Other options of a single requirement change how it is built, not what it is.
            None if word.starts_with("--") => {}
            None => rest.push(word),
        }
    }
    (rest.join(" "), found)
}

/// `git+https://…@REVISION#egg=NAME`, an address of a file, or a path.
fn addressed(target: &str, number: u64) -> Option<Draft> {
    let (target, checksums) = hashes(target);
    let target = target.split(" ;").next().unwrap_or_default().trim();
    let (address, fragment) = target.split_once('#').unwrap_or((target, ""));
    let fields: BTreeMap<&str, &str> = fragment.split('&').filter_map(|field| field.split_once('=')).collect();
    let last = address.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let egg = fields.get("egg").map(|egg| egg.split('[').next().unwrap_or_default().to_owned());
    let name = egg.filter(|egg| !egg.is_empty()).or_else(|| {
        let stem = last.split('@').next().unwrap_or_default().trim_end_matches(".git");
        Some(stem.split("-").next().unwrap_or_default().to_owned())
            .filter(|name| !name.is_empty() && !name.starts_with('.'))
    })?;
    let mut draft = Draft::new(name, version_in(address).unwrap_or_default(), Some(number));
    draft.source = if address.contains(':') { by_address(address) } else { PackageSource::Local };
    draft.checksums = checksums;
    Some(draft)
}

/// The version in the name of a wheel or source archive.
fn version_in(address: &str) -> Option<String> {
    let file = address.split(['#', '?']).next()?.rsplit('/').next()?;
    let stem = [".whl", ".tar.gz", ".zip"].iter().find_map(|suffix| file.strip_suffix(suffix))?;
    stem.split('-').nth(1).map(str::to_owned)
}
