//! `go.mod`, and `go.sum` where it stands alone.
//!
//! Format: Go Modules Reference. A `go.mod` of Go 1.17 or later lists every module that is built; `go.sum` also holds
//! versions that were only considered, so it is read for packages only where there is no `go.mod` beside it. What is
//! not checked: the standard library, whose version no file pins, and the hashes of `go.sum`, which are over a list of
//! files and no digest of any of them.

use std::collections::BTreeMap;

use crate::model::{Ecosystem, PackageSource};

use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, link};

/// Reads a `go.mod` into `sheet`.
pub fn read_mod(sheet: &mut Sheet<'_>, text: &str) {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut replaced: BTreeMap<Module, Draft> = BTreeMap::new();
    let mut block = String::new();
    let mut named = false;
    for (number, line) in (1u64..).zip(text.lines()) {
        let line = line.split("//").next().unwrap_or_default().trim();
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches('"')).collect();
        let (verb, rest) = match (block.as_str(), words.as_slice()) {
            (_, []) => continue,
            (_, [")"]) => {
                block.clear();
                continue;
            }
            ("", [verb, "("]) => {
                (*verb).clone_into(&mut block);
                continue;
            }
            ("", [verb, rest @ ..]) => ((*verb).to_owned(), rest),
            (verb, rest) => (verb.to_owned(), rest),
        };
        match (verb.as_str(), rest) {
            ("module", [_]) => named = true,
            ("require", [name, version]) => drafts.push(Draft::new(*name, *version, Some(number))),
            ("require", _) => sheet.note(&LOCKFILE_MALFORMED, Some(number), format!("not a requirement: {line}")),
            ("replace", rest) => match replacement(rest, number) {
                Some((key, draft)) => {
                    replaced.insert(key, draft);
                }
                None => sheet.note(&LOCKFILE_MALFORMED, Some(number), format!("not a replacement: {line}")),
            },
            _ => {}
        }
    }
    if !block.is_empty() {
        let message = format!("the list of `{block}` has no end: the end of the file is missing");
        sheet.note(&LOCKFILE_MALFORMED, None, message);
    }
    if !named && drafts.is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "no module line");
    }
    for draft in &mut drafts {
        let exact = replaced.get(&(draft.name.clone(), Some(draft.version.clone())));
        if let Some(other) = exact.or_else(|| replaced.get(&(draft.name.clone(), None))) {
            let line = draft.line;
            *draft = Draft { line, ..other.clone() };
        }
    }
    link(sheet, Ecosystem::Go, drafts);
}

/// A module, or one version of it.
type Module = (String, Option<String>);

/// `OLD [VERSION] => NEW VERSION`, or `=> PATH`.
fn replacement(words: &[&str], number: u64) -> Option<(Module, Draft)> {
    let (old, to) = match words {
        [name, "=>", to @ ..] => (((*name).to_owned(), None), to),
        [name, version, "=>", to @ ..] => (((*name).to_owned(), Some((*version).to_owned())), to),
        _ => return None,
    };
    let draft = match to {
        [name, version] => Draft::new(*name, *version, Some(number)),
        [path] => Draft { source: PackageSource::Local, ..Draft::new(*path, "", Some(number)) },
        _ => return None,
    };
    Some((old, draft))
}

/// Reads a `go.sum` into `sheet`, unless the `go.mod` beside it says more.
pub fn read_sum(sheet: &mut Sheet<'_>, text: &str) {
    if sheet.has(&sheet.path().sibling("go.mod")) {
        return;
    }
    let mut drafts = Vec::new();
    for (number, line) in (1u64..).zip(text.lines()) {
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [_, version, _] if version.ends_with("/go.mod") => {}
            [name, version, _] => drafts.push(Draft::new(*name, *version, Some(number))),
            [] => {}
            _ => sheet.note(&LOCKFILE_MALFORMED, Some(number), "not MODULE VERSION HASH"),
        }
    }
    link(sheet, Ecosystem::Go, drafts);
}
