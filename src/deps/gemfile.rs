//! `Gemfile.lock`, Bundler's lockfile.
//!
//! Sections at the margin, `remote:` and `specs:` below them, gems at four spaces, what they need at six.

use crate::model::{Ecosystem, PackageSource};

use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, checksum, link};

/// Sections of a lockfile.
const SECTIONS: [&str; 9] =
    ["GEM", "GIT", "PATH", "PLUGIN SOURCE", "PLATFORMS", "DEPENDENCIES", "CHECKSUMS", "RUBY VERSION", "BUNDLED WITH"];

/// Sections that hold gems.
const SOURCES: [&str; 4] = ["GEM", "GIT", "PATH", "PLUGIN SOURCE"];
/// What else is said of where gems come from.
const KEYS: [&str; 6] = ["branch", "tag", "ref", "glob", "submodules", "type"];

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut odd = false;
    let (mut section, mut remote, mut revision) = (String::new(), String::new(), String::new());
    for (number, line) in (1u64..).zip(text.lines()) {
        let depth = line.len().saturating_sub(line.trim_start().len());
        let line = line.trim();
        match (depth, section.as_str()) {
            (0, _) => {
                line.clone_into(&mut section);
                remote.clear();
                revision.clear();
            }
            (2, "CHECKSUMS") => checksums(line, &mut drafts),
            (2, _) => match line.split_once(": ") {
                Some(("remote", url)) => url.clone_into(&mut remote),
                Some(("revision", commit)) => commit.clone_into(&mut revision),
                Some((key, _)) if KEYS.contains(&key) => {}
                _ if line == "specs:" || !SOURCES.contains(&section.as_str()) => {}
                _ => sheet.note(&LOCKFILE_MALFORMED, Some(number), "a line that stands where none can"),
            },
            (4, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE") => {
                let (name, version) = gem(line);
                let mut draft = Draft::new(name, version, Some(number));
                draft.source = source(&section, &remote, &revision);
                drafts.push(draft);
            }
            (6, _) => {
                let name = line.split(" (").next().unwrap_or_default().to_owned();
                drafts.last_mut().into_iter().for_each(|draft| draft.needs.push((name.clone(), None)));
            }
            (3, "RUBY VERSION" | "BUNDLED WITH") => {}
            _ => sheet.note(&LOCKFILE_MALFORMED, Some(number), "a line that stands where none can"),
        }
        odd |= depth == 0 && !line.is_empty() && !SECTIONS.contains(&line);
    }
    if text.trim().is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "the file has no content");
    }
    if odd {
        sheet.note(&LOCKFILE_MALFORMED, None, "it has a section that Bundler does not write");
    }
    link(sheet, Ecosystem::RubyGems, drafts);
}

/// `NAME (VERSION)` or `NAME (VERSION-PLATFORM)`: a gem's version has no hyphen.
fn gem(line: &str) -> (&str, &str) {
    let (name, version) = line.split_once(" (").unwrap_or((line, ""));
    (name, version.trim_end_matches(')').split('-').next().unwrap_or_default())
}

fn checksums(line: &str, drafts: &mut [Draft]) {
    let (name, version) = gem(line.split(") ").next().unwrap_or_default());
    let hash = line.split_whitespace().find_map(|word| checksum(&word.replace('=', ":")));
    let wanted = drafts.iter_mut().filter(|draft| draft.name == name && draft.version == version);
    wanted.for_each(|draft| draft.checksums.extend(hash.clone()));
}

fn source(section: &str, remote: &str, revision: &str) -> PackageSource {
    match (section, remote.trim_end_matches('/')) {
        ("GIT", _) => PackageSource::Git(format!("git+{remote}#{revision}")),
        ("PATH", _) => PackageSource::Local,
        (_, "https://rubygems.org" | "http://rubygems.org" | "") => PackageSource::PublicRegistry,
        _ => PackageSource::Registry(remote.to_owned()),
    }
}
