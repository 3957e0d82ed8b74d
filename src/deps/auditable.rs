//! The list of crates that a program built with `cargo auditable` carries.
//!
//! Format: the cargo-auditable description, version 0. Crates of `build` kind ran while it was built and are not in it;
//! they are listed as well, because what they did is.

use serde_json::Value;

use crate::model::{Ecosystem, PackageSource};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, link};
use super::json::{parse, text_of};

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let Some(file) = parse(sheet, text) else { return };
    let Some(list) = file.get("packages").and_then(Value::as_array) else {
        sheet.note(&LOCKFILE_MALFORMED, None, "the list of crates in the program has no `packages`");
        return;
    };
    let named = |index: &Value| {
        let entry = list.get(usize::try_from(index.as_u64()?).ok()?)?.as_object()?;
        Some((text_of(entry, "name").to_owned(), Some(text_of(entry, "version").to_owned())))
    };
    let mut drafts = Vec::new();
    for entry in list {
        let entry = entry.as_object().filter(|entry| !text_of(entry, "name").is_empty());
        let Some(entry) = entry else {
            sheet.note(&LOCKFILE_MALFORMED, None, "an entry of the list of crates in the program has no name");
            continue;
        };
        let mut draft = Draft::new(text_of(entry, "name"), text_of(entry, "version"), None);
        draft.source = match text_of(entry, "source") {
            "crates.io" => PackageSource::PublicRegistry,
            "local" => PackageSource::Local,
            "git" => PackageSource::Git("git".to_owned()),
            other => PackageSource::Registry(other.to_owned()),
        };
        let needs = entry.get("dependencies").and_then(Value::as_array);
        draft.needs = needs.into_iter().flatten().filter_map(named).collect();
        drafts.push(draft);
    }
    link(sheet, Ecosystem::CratesIo, drafts);
}
