//! `gradle.lockfile`: `GROUP:ARTIFACT:VERSION=CONFIGURATIONS`, one a line.
//!
//! Format: Gradle's user manual, "Locking Versions". A line `empty=`, the configurations without a dependency, is always
//! the last. Gradle does not write which repository an artifact came from; it is taken to be Maven Central.

use crate::model::Ecosystem;

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, link};

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let mut drafts = Vec::new();
    let mut ended = false;
    for (number, line) in (1u64..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        ended = line.starts_with("empty=");
        if ended {
            continue;
        }
        let entry = line.split_once('=').filter(|(_, configurations)| !configurations.is_empty());
        match entry.and_then(|(identity, _)| identity.rsplit_once(':')) {
            Some((name, version)) if name.contains(':') => drafts.push(Draft::new(name, version, Some(number))),
            _ => {
                let message = format!("not GROUP:ARTIFACT:VERSION=CONFIGURATIONS: {line}");
                sheet.note(&LOCKFILE_MALFORMED, Some(number), message);
            }
        }
    }
    if !ended {
        let message = "the last line is not `empty=…`, as Gradle writes it: the end of the file is missing";
        sheet.note(&LOCKFILE_MALFORMED, None, message);
    }
    link(sheet, Ecosystem::Maven, drafts);
}
