//! `pnpm-lock.yaml`, versions 5 to 9.
//!
//! Format: the type `LockfileFile` of `@pnpm/lockfile.types`. What is not checked: the dependencies of importers
//! against their `package.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Ecosystem, PackageSource};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, integrity, link};
use super::json::Keys;
use super::{parts, yaml};

#[derive(Deserialize)]
struct File {
    #[serde(default, rename = "lockfileVersion")]
    version: Value,
    #[serde(default)]
    packages: BTreeMap<String, Entry>,
    /// Version 9 keeps dependencies apart from what is downloaded.
    #[serde(default)]
    snapshots: BTreeMap<String, Entry>,
}

#[derive(Default, Deserialize)]
struct Entry {
    #[serde(default)]
    resolution: Resolution,
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default, rename = "optionalDependencies")]
    optional: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
struct Resolution {
    integrity: Option<String>,
    tarball: Option<String>,
    repo: Option<String>,
    commit: Option<String>,
    directory: Option<String>,
}

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let file: File = match in_parts(text).map_or_else(|| yaml::parse(text), Ok) {
        Ok(file) => file,
        Err((line, why)) => {
            sheet.note(&LOCKFILE_MALFORMED, Some(line), format!("not YAML of this kind: {why}"));
            return;
        }
    };
    let version = file.version.as_str().map_or_else(|| file.version.to_string(), str::to_owned);
    let known = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if !known.is_some_and(|major| (5..=9).contains(&major)) {
        sheet.note(&LOCKFILE_MALFORMED, None, format!("version {version:?} of the lockfile is not known here"));
    }
    if let Some((key, _)) = file.snapshots.iter().find(|(key, _)| !file.packages.contains_key(bare(key))) {
        sheet.note(&LOCKFILE_MALFORMED, None, format!("{key} has a snapshot and is no package"));
    }
    let keys = Keys::of(text);
    let mut needs: BTreeMap<String, Vec<(String, Option<String>)>> = BTreeMap::new();
    for (key, entry) in &file.snapshots {
        let bare = bare(key).to_owned();
        needs.entry(bare).or_default().extend(needed(entry));
    }
    let mut drafts = Vec::new();
    for (key, entry) in &file.packages {
        let Some((name, version)) = identity(key, entry) else {
            sheet.note(&LOCKFILE_MALFORMED, keys.line(key), format!("no name and version in {key}"));
            continue;
        };
        let mut draft = Draft::new(name, version, keys.line(key));
        draft.source = source(&entry.resolution);
        draft.checksums = entry.resolution.integrity.as_deref().map(integrity).unwrap_or_default();
        draft.needs = needed(entry);
        draft.needs.extend(needs.remove(bare(key)).unwrap_or_default());
        drafts.push(draft);
    }
    link(sheet, Ecosystem::Npm, drafts);
}

/// A large file, its two long lists read in parts; `None` if it is small or a part is not sound by itself.
fn in_parts(text: &str) -> Option<File> {
    if text.len() < parts::PART {
        return None;
    }
    let mut rest = String::new();
    let mut lists: [BTreeMap<String, Entry>; 2] = Default::default();
    let mut from = 0usize;
    for (list, title) in lists.iter_mut().zip(["\npackages:\n", "\nsnapshots:\n"]) {
        let Some(at) = text.find(title) else { continue };
        let start = at.checked_add(title.len())?;
        rest.push_str(text.get(from..at)?);
        let length = section(text.get(start..)?);
        from = start.checked_add(length)?;
        *list = entries(text.get(start..from)?)?;
    }
    rest.push('\n');
    rest.push_str(text.get(from..)?);
    let mut file: File = yaml::parse(&rest).ok()?;
    let [packages, snapshots] = lists;
    // A list that stands twice is for the reader of the whole to refuse.
    if !file.packages.is_empty() || !file.snapshots.is_empty() {
        return None;
    }
    (file.packages, file.snapshots) = (packages, snapshots);
    Some(file)
}

/// Bytes up to the next line that begins a key of the document.
fn section(text: &str) -> usize {
    let next = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
    let outside = |rest: &str| !rest.starts_with([' ', '\n', '\r']) && !rest.is_empty();
    let first = std::iter::once(0).chain(next).find(|at| text.get(*at..).is_some_and(outside));
    first.unwrap_or(text.len())
}

/// The entries of a list, each of which begins with two spaces; `None` if one stands twice.
fn entries(text: &str) -> Option<BTreeMap<String, Entry>> {
    let head = |rest: &str| rest.strip_prefix("  ").is_some_and(|rest| !rest.starts_with([' ', '#', '\n', '\r', '-']));
    let parts = parts::read(text, head, |_, part| yaml::parse::<BTreeMap<String, Entry>>(part)).ok()?;
    let mut all = BTreeMap::new();
    for (key, entry) in parts.into_iter().flatten() {
        if all.insert(key, entry).is_some() {
            return None;
        }
    }
    Some(all)
}

/// A key without the peers it was resolved with.
fn bare(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

/// `/NAME/VERSION_PEERS` (5), `/NAME@VERSION(PEERS)` (6), `NAME@VERSION` (9), or an address with both beside it.
fn identity(key: &str, entry: &Entry) -> Option<(String, String)> {
    if let (Some(name), Some(version)) = (&entry.name, &entry.version) {
        return Some((name.clone(), version.clone()));
    }
    let key = bare(key);
    let plain = key.strip_prefix('/').unwrap_or(key);
    let after_scope = plain.find('/').filter(|_| plain.starts_with('@')).map_or(0, |at| at.saturating_add(1));
    let separator = plain.get(after_scope..)?.find(['@', '/'])?.checked_add(after_scope)?;
    let (name, version) = plain.split_at_checked(separator)?;
    let version = version.get(1..)?;
    let version = if version.contains(':') {
        entry.version.clone().unwrap_or_default()
    } else {
        version.split('_').next()?.to_owned()
    };
    Some((name.to_owned(), version))
}

fn needed(entry: &Entry) -> Vec<(String, Option<String>)> {
    let all = entry.dependencies.iter().chain(&entry.optional);
    // A folder of the tree is no entry; one of the registry's by that name is another package.
    let all = all.filter(|(_, version)| !version.as_str().is_some_and(|version| version.starts_with("link:")));
    all.map(|(name, version)| {
        let version = version.as_str().unwrap_or_default();
        let exact = bare(version).split('_').next().unwrap_or_default();
        // An alias names the package it stands for.
        match exact.trim_start_matches('/').rsplit_once('@') {
            Some((real, version)) if !real.is_empty() => (real.to_owned(), Some(version.to_owned())),
            _ => (name.clone(), Some(exact.to_owned())),
        }
    })
    .collect()
}

fn source(resolution: &Resolution) -> PackageSource {
    if let Some(repo) = &resolution.repo {
        return PackageSource::Git(format!("git+{repo}#{}", resolution.commit.as_deref().unwrap_or_default()));
    }
    if resolution.directory.is_some() {
        return PackageSource::Local;
    }
    match resolution.tarball.as_deref() {
        None => PackageSource::PublicRegistry,
        Some(tarball) if tarball.starts_with("file:") => by_address(tarball),
        Some(tarball) => super::npm::source(tarball),
    }
}
