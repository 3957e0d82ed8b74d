//! `gradle.lockfile`: `GROUP:ARTIFACT:VERSION=CONFIGURATIONS`, one a line.
//!
//! Gradle does not write which repository an artifact came from; it is taken to be Maven Central.

use crate::model::Ecosystem;

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, link};

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let mut drafts = Vec::new();
    for (number, line) in (1u64..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        let identity = line.split('=').next().unwrap_or_default();
        match identity.rsplit_once(':') {
            Some((name, version)) if name.contains(':') => drafts.push(Draft::new(name, version, Some(number))),
            _ => sheet.note(&LOCKFILE_MALFORMED, Some(number), format!("not GROUP:ARTIFACT:VERSION: {line}")),
        }
    }
    link(sheet, Ecosystem::Maven, drafts);
}
