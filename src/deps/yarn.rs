//! `yarn.lock`, version 1 and berry.
//!
//! Both are blocks of indented `key value` lines, berry in YAML's clothes; one reader of lines does for both. Formats:
//! `@yarnpkg/lockfile` and the Yarn documentation, "Lockfile".

use std::collections::BTreeMap;

use crate::model::{Algorithm, Digest, Ecosystem, PackageSource};

use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, integrity, link};

#[derive(Default)]
struct Block {
    line: u64,
    /// `NAME@RANGE`, as dependents write them.
    heads: Vec<String>,
    fields: BTreeMap<String, String>,
    needs: Vec<(String, String)>,
}

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let blocks = blocks(sheet, text);
    if blocks.is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "it lists no entry");
    }
    let mut chosen: BTreeMap<&str, (String, String)> = BTreeMap::new();
    for block in &blocks {
        let (name, version) = identity(block);
        for head in &block.heads {
            chosen.insert(head, (name.clone(), version.clone()));
        }
    }
    let mut drafts = Vec::new();
    for block in &blocks {
        let (name, version) = identity(block);
        if name.is_empty() {
            sheet.note(&LOCKFILE_MALFORMED, Some(block.line), "an entry without a name");
            continue;
        }
        if version.is_empty() {
            sheet.note(&LOCKFILE_MALFORMED, Some(block.line), format!("the entry of {name} has no version"));
        }
        let mut draft = Draft::new(name, version, Some(block.line));
        draft.source = source(block);
        draft.checksums = block.fields.get("integrity").map(|text| integrity(text)).unwrap_or_default();
        // Berry's own checksum is of the archive it caches, not of what the registry serves: the key before the
        // slash says how it was made.
        let hash =
            block.fields.get("resolved").and_then(|url| Digest::from_hex(Algorithm::Sha1, url.split_once('#')?.1).ok());
        draft.checksums.extend(hash.filter(|_| draft.checksums.is_empty()));
        draft.needs = block
            .needs
            .iter()
            .map(|(name, range)| {
                // Berry leaves `npm:` out of a range in its first generations, and writes it in the key.
                let keys = [format!("{name}@{range}"), format!("{name}@npm:{range}")];
                match keys.iter().find_map(|key| chosen.get(key.as_str())) {
                    Some((name, version)) => (name.clone(), Some(version.clone())),
                    None => (name.clone(), None),
                }
            })
            .collect();
        drafts.push(draft);
    }
    link(sheet, Ecosystem::Npm, drafts);
}

fn blocks(sheet: &mut Sheet<'_>, text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut group = String::new();
    for (number, line) in (1u64..).zip(text.lines()) {
        let depth = line.len().saturating_sub(line.trim_start().len());
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("<<<<<<<") || line.starts_with(">>>>>>>") || line.starts_with("=======") {
            sheet.note(&LOCKFILE_MALFORMED, Some(number), "a merge conflict that nobody resolved");
            continue;
        }
        if line.matches('"').count() % 2 != 0 {
            sheet.note(&LOCKFILE_MALFORMED, Some(number), "a quotation that does not end on its line");
        }
        match (depth, blocks.last_mut()) {
            (0, _) => {
                let head = unquote(line.strip_suffix(':').unwrap_or(line));
                let heads = head.split(',').map(|one| unquote(one.trim()).to_owned()).collect();
                blocks.push(Block { line: number, heads, ..Block::default() });
            }
            (_, None) => sheet.note(&LOCKFILE_MALFORMED, Some(number), "a field before the first entry"),
            (1..=3, Some(block)) => match pair(line) {
                Some((key, value)) => {
                    block.fields.insert(key.to_owned(), value.to_owned());
                }
                None => line.strip_suffix(':').unwrap_or(line).clone_into(&mut group),
            },
            (_, Some(block)) if matches!(group.as_str(), "dependencies" | "optionalDependencies") => {
                block.needs.extend(pair(line).map(|(name, range)| (name.to_owned(), range.to_owned())));
            }
            _ => {}
        }
    }
    blocks.retain(|block| block.heads.iter().all(|head| head != "__metadata"));
    blocks
}

/// `key value`, `key: value`, either side quoted.
fn pair(line: &str) -> Option<(&str, &str)> {
    let end = match line.strip_prefix('"') {
        Some(rest) => rest.find('"')?.checked_add(2)?,
        None => line.find([' ', ':'])?,
    };
    let (key, value) = line.split_at_checked(end)?;
    let value = value.trim_start_matches(':').trim();
    (!value.is_empty()).then(|| (unquote(key), unquote(value)))
}

fn unquote(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Berry says what an entry is in `resolution`; version 1 in the range, when it is an alias.
fn identity(block: &Block) -> (String, String) {
    let version = block.fields.get("version").cloned().unwrap_or_default();
    let first = block.heads.first().map(String::as_str).unwrap_or_default();
    let stated = block.fields.get("resolution").map_or(first, String::as_str);
    let (name, range) = split(stated);
    match range.strip_prefix("npm:").map(split) {
        Some((alias, _)) if !alias.is_empty() => (alias.to_owned(), version),
        _ => (name.to_owned(), version),
    }
}

/// Name and range, at the first `@` that begins no scope.
fn split(text: &str) -> (&str, &str) {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
    match at.and_then(|at| text.split_at_checked(at)) {
        Some((name, range)) => (name, range.trim_start_matches('@')),
        None => ("", text),
    }
}

fn source(block: &Block) -> PackageSource {
    if let Some(resolution) = block.fields.get("resolution") {
        let range = split(resolution).1;
        return match range.split(':').next().unwrap_or_default() {
            "npm" if range.contains("__archiveUrl") => PackageSource::Archive(range.to_owned()),
            "npm" | "patch" => PackageSource::PublicRegistry,
            "workspace" | "link" | "portal" | "file" => PackageSource::Local,
            _ => by_address(range),
        };
    }
    super::npm::source(block.fields.get("resolved").map_or("", String::as_str))
}
