//! `bun.lock`, Bun's lockfile in JSON with trailing commas.
//!
//! Format: Bun documentation, "Lockfile"; the older binary `bun.lockb` is not read.

use serde_json::Value;

use crate::model::{Ecosystem, PackageSource};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, integrity, link};
use super::json::{Keys, members, parse};

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
    for (place, entry) in members(sheet, file, "packages") {
        let parts = entry.as_array().map(Vec::as_slice).unwrap_or_default();
        let identity = parts.first().and_then(Value::as_str).unwrap_or_default();
        let at = identity.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
        let Some((name, version)) = at.and_then(|at| identity.split_at_checked(at)) else {
            sheet.note(&LOCKFILE_MALFORMED, keys.line(place), format!("no name and version for {place}"));
            continue;
        };
        let version = version.trim_start_matches('@');
        let mut draft = Draft::new(name, version, keys.line(place));
        if let Some(kind) = version.split_once(':').map(|(kind, _)| kind) {
            draft.source =
                if matches!(kind, "workspace" | "link" | "root") { PackageSource::Local } else { by_address(version) };
            draft.version.clear();
        } else if let Some(registry) = parts.get(1).and_then(Value::as_str).filter(|url| !url.is_empty()) {
            draft.source = super::npm::source(registry);
        }
        draft.checksums = parts.iter().skip(2).filter_map(Value::as_str).flat_map(integrity).collect();
        for part in parts.iter().filter_map(Value::as_object) {
            for group in ["dependencies", "optionalDependencies"] {
                let names = part.get(group).and_then(Value::as_object).into_iter().flatten();
                draft.needs.extend(names.map(|(name, _)| (name.clone(), None)));
            }
        }
        drafts.push(draft);
    }
    link(sheet, Ecosystem::Npm, drafts);
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
