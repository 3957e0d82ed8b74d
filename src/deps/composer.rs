//! `composer.lock`.
//!
//! A package of Packagist is told by the address it reports installations to, which Composer writes beside it.

use serde_json::{Map, Value};

use crate::model::{Algorithm, Digest, Ecosystem, PackageSource};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, link};
use super::json::{Keys, entry, items, parse, text_of};

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let Some(file) = parse(sheet, text) else { return };
    // Each entry begins with its name, so the value of that key tells the line.
    let named: String = text
        .lines()
        .map(|line| line.trim().strip_prefix("\"name\": ").unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let keys = Keys::of(&named);
    let mut drafts = Vec::new();
    let Some(file) = file.as_object() else { return };
    if !file.contains_key("packages") {
        sheet.note(&LOCKFILE_MALFORMED, None, "it has no packages");
    }
    let lists: Vec<&Value> = ["packages", "packages-dev"].into_iter().flat_map(|key| items(sheet, file, key)).collect();
    for value in lists {
        let Some(entry) = entry(sheet, "an entry of packages", value) else { continue };
        let name = text_of(entry, "name");
        let mut draft = Draft::new(name, text_of(entry, "version"), keys.line(name));
        draft.source = source(entry);
        let sum = entry.get("dist").and_then(|dist| dist.get("shasum")?.as_str()).unwrap_or_default();
        draft.checksums = Digest::from_hex(Algorithm::Sha1, sum).into_iter().collect();
        let needs = entry.get("require").and_then(Value::as_object).into_iter().flatten();
        draft.needs = needs.map(|(name, _)| (name.clone(), None)).collect();
        drafts.push(draft);
    }
    link(sheet, Ecosystem::Packagist, drafts);
}

fn source(entry: &Map<String, Value>) -> PackageSource {
    let part =
        |of: &str, key: &str| entry.get(of).and_then(|part| part.get(key)?.as_str()).unwrap_or_default().to_owned();
    if text_of(entry, "notification-url").starts_with("https://packagist.org/") {
        return PackageSource::PublicRegistry;
    }
    match (part("dist", "type").as_str(), part("source", "url")) {
        ("path", _) => PackageSource::Local,
        (_, url) if !url.is_empty() => PackageSource::Git(format!("git+{url}#{}", part("source", "reference"))),
        _ => PackageSource::Archive(part("dist", "url")),
    }
}
