//! `bun.lock`, Bun's lockfile in JSON with trailing commas.
//!
//! Format: Bun documentation, "Lockfile"; the older binary `bun.lockb` is not read.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::model::{Ecosystem, PackageSource};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, integrity, link};
use super::folders::Folders;
use super::json::{Keys, entry, members, parse, text_of};

/// A folder of the tree.
struct Space<'a> {
    name: &'a str,
    version: &'a str,
    needs: Vec<&'a str>,
}

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let plain = without_trailing_commas(text);
    let Some(file) = parse(sheet, &plain) else { return };
    let keys = Keys::of(text);
    let mut drafts = Vec::new();
    let Some(file) = file.as_object() else { return };
    if !file.contains_key("packages") {
        sheet.note(&LOCKFILE_MALFORMED, None, "it has no packages");
    }
    let mut folders = Folders::default();
    let mut wanted: Vec<(usize, &str, Vec<&str>)> = Vec::new();
    let spaces = workspaces(sheet, file);
    for (place, entry) in members(sheet, file, "packages") {
        let parts = entry.as_array().map(Vec::as_slice).unwrap_or_default();
        let Some((mut draft, path)) = draft(parts) else {
            sheet.note(&LOCKFILE_MALFORMED, keys.line(place), format!("no name and version for {place}"));
            continue;
        };
        draft.line = keys.line(place);
        let mut needs: Vec<&str> = parts.iter().filter_map(Value::as_object).flat_map(names).collect();
        if let Some(space) = path.and_then(|path| spaces.get(path)) {
            space.version.clone_into(&mut draft.version);
            needs.extend(&space.needs);
        }
        let (folder, own) = split(place);
        folders.put(folder, own, drafts.len());
        wanted.push((drafts.len(), place, needs));
        drafts.push(draft);
    }
    if let Some(root) = spaces.get("").filter(|root| !root.name.is_empty()) {
        wanted.push((drafts.len(), "", root.needs.clone()));
        drafts.push(Draft { source: PackageSource::Local, ..Draft::new(root.name, root.version, None) });
    }
    for (index, place, needs) in wanted {
        if let Some(draft) = drafts.get_mut(index) {
            // What stands below the package is nearest, then what stands beside it, and so on up.
            let seen = folders.seen_from(place, |way| (!way.is_empty()).then(|| split(way).0));
            draft.on = needs.into_iter().filter_map(|name| seen.find(name)).collect();
        }
    }
    link(sheet, Ecosystem::Npm, drafts);
}

/// One entry, `[NAME@VERSION, REGISTRY, {…}, INTEGRITY]`, and its path where it is a folder of the tree.
fn draft(parts: &[Value]) -> Option<(Draft, Option<&str>)> {
    let identity = parts.first().and_then(Value::as_str)?;
    let at = identity.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at)?;
    let (name, version) = identity.split_at_checked(at)?;
    let version = version.trim_start_matches('@');
    let mut draft = Draft::new(name, version, None);
    if let Some(kind) = version.split_once(':').map(|(kind, _)| kind) {
        draft.source =
            if matches!(kind, "workspace" | "link" | "root") { PackageSource::Local } else { by_address(version) };
        draft.version.clear();
    } else if let Some(registry) = parts.get(1).and_then(Value::as_str).filter(|url| !url.is_empty()) {
        draft.source = super::npm::source(registry);
    }
    draft.checksums = parts.iter().skip(2).filter_map(Value::as_str).flat_map(integrity).collect();
    Some((draft, version.strip_prefix("workspace:")))
}

/// The folders of the tree by path; the root is at the empty one.
fn workspaces<'a>(sheet: &mut Sheet<'_>, file: &'a Map<String, Value>) -> HashMap<&'a str, Space<'a>> {
    let mut all = HashMap::new();
    for (path, value) in members(sheet, file, "workspaces") {
        let Some(space) = entry(sheet, path, value) else { continue };
        let developing = space.get("devDependencies").and_then(Value::as_object).into_iter().flatten();
        let needs = names(space).chain(developing.map(|(name, _)| name.as_str())).collect();
        all.insert(path.as_str(), Space { name: text_of(space, "name"), version: text_of(space, "version"), needs });
    }
    all
}

fn names(map: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let groups = ["dependencies", "optionalDependencies", "peerDependencies"];
    let names = groups.into_iter().flat_map(|group| map.get(group).and_then(Value::as_object).into_iter().flatten());
    names.map(|(name, _)| name.as_str())
}

/// A key is the way to a package from the root, names with `/` between: the way to what is around it, and its name.
/// A name with a scope takes two parts of the way.
fn split(key: &str) -> (&str, &str) {
    let plain = key.rfind('/').unwrap_or(0);
    let before = key.get(..plain).unwrap_or_default();
    let scope = before.rfind('/').map_or(0, |at| at.saturating_add(1));
    let at = if before.get(scope..).is_some_and(|part| part.starts_with('@')) { scope } else { plain };
    let (way, name) = key.split_at_checked(at).unwrap_or(("", key));
    (way.trim_end_matches('/'), name.trim_start_matches('/'))
}

/// The same text with each comma before a closing bracket made a space, outside of strings.
fn without_trailing_commas(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let (mut quoted, mut escaped, mut comma) = (false, false, None);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            (quoted, escaped) = match byte {
                _ if escaped => (true, false),
                b'\\' => (true, true),
                byte => (byte != b'"', false),
            };
            continue;
        }
        match byte {
            b'"' => (quoted, comma) = (true, None),
            b',' => comma = Some(at),
            b'}' | b']' => {
                comma.take().and_then(|at| bytes.get_mut(at)).into_iter().for_each(|comma| *comma = b' ');
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
