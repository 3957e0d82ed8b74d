//! `conda-lock.yml`: packages of conda and, beside them, of pip.
//!
//! Only those of pip have advisories under their names; those of conda are counted and left out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Ecosystem, PackageSource};

use super::bill::PACKAGE_UNSUPPORTED;
use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, checksum, link};
use super::yaml;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<serde_saphyr::Spanned<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    manager: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    hash: BTreeMap<String, String>,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
}

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let file: File = match yaml::parse(text) {
        Ok(file) => file,
        Err((line, why)) => {
            sheet.note(&LOCKFILE_MALFORMED, Some(line), format!("not YAML of this kind: {why}"));
            return;
        }
    };
    if file.package.is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "no package");
    }
    let mut drafts = Vec::new();
    let mut left_out = 0u64;
    for entry in file.package {
        let line = entry.referenced.line();
        let entry = entry.value;
        if entry.manager != "pip" {
            left_out = left_out.saturating_add(1);
            continue;
        }
        let mut draft = Draft::new(entry.name, entry.version, Some(line));
        if !entry.url.starts_with("https://files.pythonhosted.org/") {
            draft.source = PackageSource::Archive(entry.url);
        }
        draft.checksums =
            entry.hash.iter().filter_map(|(name, digits)| checksum(&format!("{name}:{digits}"))).collect();
        draft.needs = entry.dependencies.into_keys().map(|name| (name, None)).collect();
        drafts.push(draft);
    }
    if left_out > 0 {
        sheet.note(&PACKAGE_UNSUPPORTED, None, format!("{left_out} packages of conda, about which no database speaks"));
    }
    link(sheet, Ecosystem::PyPI, drafts);
}
