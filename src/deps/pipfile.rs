//! `Pipfile.lock`.

use serde_json::{Map, Value};

use crate::model::{Ecosystem, PackageSource};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, checksum, link};
use super::json::{Keys, entry, members, parse, text_of};
use super::python_toml::registry;

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let Some(file) = parse(sheet, text) else { return };
    let keys = Keys::of(text);
    let indexes = file.pointer("/_meta/sources").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut drafts = Vec::new();
    let Some(file) = file.as_object() else { return };
    if !file.contains_key("default") {
        sheet.note(&LOCKFILE_MALFORMED, None, "it has no default packages");
    }
    let groups = file.keys().filter(|group| *group != "_meta");
    let listed: Vec<_> = groups.flat_map(|group| members(sheet, file, group)).collect();
    for (name, value) in listed {
        let Some(entry) = entry(sheet, name, value) else { continue };
        let version = text_of(entry, "version");
        let mut draft = Draft::new(name, version.trim_start_matches('='), keys.line(name));
        draft.source = source(entry, &indexes);
        let hashes = entry.get("hashes").and_then(Value::as_array).into_iter().flatten();
        draft.checksums = hashes.filter_map(|hash| checksum(hash.as_str()?)).collect();
        drafts.push(draft);
    }
    link(sheet, Ecosystem::PyPI, drafts);
}

fn source(entry: &Map<String, Value>, indexes: &[Value]) -> PackageSource {
    if entry.contains_key("git") {
        return PackageSource::Git(format!("git+{}@{}", text_of(entry, "git"), text_of(entry, "ref")));
    }
    if entry.contains_key("path") {
        return PackageSource::Local;
    }
    if let Some(address) = entry.get("file").and_then(Value::as_str) {
        return by_address(address);
    }
    let wanted = entry.get("index").and_then(Value::as_str);
    let index = match wanted {
        Some(name) => indexes.iter().find(|index| index.get("name").and_then(Value::as_str) == Some(name)),
        None => indexes.first(),
    };
    registry(index.and_then(|index| index.get("url")?.as_str()).unwrap_or_default())
}
