//! `Cargo.lock`, versions 1 to 4.
//!
//! Format: `cargo/src/cargo/core/resolver/encode.rs` of the Cargo repository; version 4 is described in the Cargo
//! book. Not read through the crate `cargo-lock`, which resolves each dependency by a walk over all packages (a
//! minute for 100,000 of them) and refuses the whole file for one entry; the tests compare with it.
//!
//! What is not checked: that the lockfile belongs to the manifest beside it, and that checksums are those of the
//! registry.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use toml::Spanned;

use crate::model::{Algorithm, Digest, Ecosystem, Package, PackageSource, Purl};

use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};
use super::lines::Lines;
use super::{parts, purls};

#[derive(Deserialize)]
struct File<'a> {
    version: Option<u32>,
    #[serde(borrow, default)]
    package: Vec<Spanned<Entry<'a>>>,
    /// Before 2016 the root stood apart from the other packages.
    #[serde(borrow)]
    root: Option<Spanned<Entry<'a>>>,
    /// Version 1 keeps checksums here, as `checksum NAME VERSION (SOURCE)`.
    #[serde(borrow, default)]
    metadata: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow)]
    checksum: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    dependencies: Vec<Cow<'a, str>>,
}

/// The newest version of the format that is known; later ones are read as far as they look the same.
const NEWEST: u32 = 4;

/// Reads `text` into `sheet`.
pub fn read(sheet: &mut Sheet<'_>, text: &str) {
    let lines = Lines::of(text);
    let mut checksums = BTreeMap::new();
    let entries: Vec<(u64, Entry<'_>)> = match parse(text) {
        Ok(parts) => {
            let mut entries = Vec::new();
            for (start, file) in parts {
                if let Some(version) = file.version.filter(|version| *version > NEWEST) {
                    let message = format!("version {version} of the format is not known; read as version {NEWEST}");
                    sheet.note(&LOCKFILE_MALFORMED, Some(1), message);
                }
                checksums.extend(file.metadata);
                let line = |entry: &Spanned<Entry<'_>>| lines.line(start.saturating_add(entry.span().start));
                let all = file.root.into_iter().chain(file.package);
                entries.extend(all.map(|entry| (line(&entry), entry.into_inner())));
            }
            entries
        }
        Err(error) => {
            let line = error.span().map_or(1, |span| lines.line(span.start));
            sheet.note(
                &LOCKFILE_MALFORMED,
                Some(line),
                format!("not TOML of this kind: {}", first_line(error.message())),
            );
            one_by_one(sheet, text, &lines)
        }
    };
    if entries.is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "no [[package]] entry; Cargo lists at least the package itself");
    }
    fill(sheet, &entries, &checksums);
}

/// The file, in parts with their offsets.
fn parse(text: &str) -> Result<Vec<(usize, File<'_>)>, toml::de::Error> {
    let head = |rest: &str| rest.starts_with("[[package]]\n");
    parts::read(text, head, |start, part| toml::from_str(part).map(|file| (start, file)))
}

/// The entries that are sound by themselves, for a file that is not sound as a whole.
fn one_by_one<'a>(sheet: &mut Sheet<'_>, text: &'a str, lines: &Lines) -> Vec<(u64, Entry<'a>)> {
    #[derive(Deserialize)]
    struct One<'a> {
        #[serde(borrow, default)]
        package: Vec<Entry<'a>>,
    }
    const HEAD: &str = "[[package]]";
    let mut starts: Vec<usize> = text.match_indices(HEAD).map(|(at, _)| at).collect();
    starts.retain(|at| *at == 0 || text.as_bytes().get(at.saturating_sub(1)) == Some(&b'\n'));
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    let mut entries = Vec::new();
    for (start, end) in starts.into_iter().zip(ends) {
        let line = lines.line(start);
        match toml::from_str::<One<'a>>(text.get(start..end).unwrap_or_default()) {
            Ok(one) => entries.extend(one.package.into_iter().map(|entry| (line, entry))),
            Err(error) => {
                let message = format!("this entry is not read: {}", first_line(error.message()));
                sheet.note(&LOCKFILE_MALFORMED, Some(line), message);
            }
        }
    }
    entries
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

fn fill(sheet: &mut Sheet<'_>, entries: &[(u64, Entry<'_>)], checksums: &BTreeMap<Cow<'_, str>, Cow<'_, str>>) {
    let identify = |entry: &Entry<'_>| {
        let source = source(entry.source.as_deref());
        purls::of(Ecosystem::CratesIo, &entry.name, &entry.version, &source)
    };
    let purls: Vec<Purl> = entries.iter().map(|(_, entry)| identify(entry)).collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(entries.len());
    for (index, (_, entry)) in entries.iter().enumerate() {
        by_name.entry(&entry.name).or_default().push(index);
    }
    let pinned = checksums.iter().filter_map(|(key, value)| Some((key.strip_prefix("checksum ")?, value.as_ref())));
    let pinned: BTreeMap<&str, &str> = pinned.collect();
    for ((line, entry), own) in entries.iter().zip(&purls) {
        let mut dependencies = Vec::with_capacity(entry.dependencies.len());
        for dependency in &entry.dependencies {
            match resolve(dependency, entries, &by_name) {
                Some(index) => dependencies.extend(purls.get(index).cloned()),
                None => {
                    let message = format!("{} depends on {dependency}, which no entry is", entry.name);
                    sheet.note(&LOCKFILE_MALFORMED, Some(*line), message);
                }
            }
        }
        dependencies.sort_unstable();
        dependencies.dedup();
        let checksums = checksum(sheet, *line, entry, &pinned).into_iter().collect();
        sheet.add(Package {
            name: entry.name.to_string(),
            version: entry.version.to_string(),
            ecosystem: Ecosystem::CratesIo,
            purl: own.clone(),
            source: source(entry.source.as_deref()),
            checksums,
            lockfile: sheet.path().clone(),
            line: Some(*line),
            dependencies,
        });
    }
}

/// What a source says. crates.io has two spellings, its git index and its sparse one, and both are the same registry:
/// to treat them apart hides every advisory of a tree that uses the other one.
fn source(text: Option<&str>) -> PackageSource {
    let Some(text) = text else { return PackageSource::Local };
    let (scheme, address) = text.split_once('+').unwrap_or(("", text));
    let bare = address.trim_end_matches('/');
    match (scheme, bare.strip_suffix(".git").unwrap_or(bare)) {
        ("registry", "https://github.com/rust-lang/crates.io-index")
        | ("sparse" | "registry", "https://index.crates.io") => PackageSource::PublicRegistry,
        ("git", _) => PackageSource::Git(text.to_owned()),
        ("path", _) => PackageSource::Local,
        _ => PackageSource::Registry(text.to_owned()),
    }
}

/// `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`: the shortest that is not ambiguous.
fn resolve(text: &str, entries: &[(u64, Entry<'_>)], by_name: &HashMap<&str, Vec<usize>>) -> Option<usize> {
    let mut words = text.splitn(3, ' ');
    let (name, version, from) = (words.next()?, words.next(), words.next());
    let from = from.and_then(|from| from.strip_prefix('(')?.strip_suffix(')'));
    let mut fitting = by_name.get(name)?.iter().copied().filter(|index| {
        entries.get(*index).is_some_and(|(_, entry)| {
            version.is_none_or(|version| version == entry.version)
                && from.is_none_or(|from| same_source(from, entry.source.as_deref()))
        })
    });
    fitting.next()
}

/// A dependency names a git source without the commit that the entry's own source ends in.
fn same_source(named: &str, own: Option<&str>) -> bool {
    let own = own.unwrap_or_default();
    let bare = |text: &str| text.split('#').next().unwrap_or_default().to_owned();
    named == own || bare(named) == bare(own) || source(Some(named)) == source(Some(own))
}

fn checksum(sheet: &mut Sheet<'_>, line: u64, entry: &Entry<'_>, pinned: &BTreeMap<&str, &str>) -> Option<Digest> {
    let key = || format!("{} {} ({})", entry.name, entry.version, entry.source.as_deref().unwrap_or_default());
    let elsewhere = || pinned.get(key().as_str()).copied();
    let text = match entry.checksum.as_deref() {
        Some(text) => text,
        None if pinned.is_empty() => return None,
        None => elsewhere()?,
    };
    if text == "<none>" {
        return None;
    }
    let digest = Digest::from_hex(Algorithm::Sha256, text);
    if let Err(error) = &digest {
        sheet.note(&LOCKFILE_MALFORMED, Some(line), format!("checksum of {}: {error}", entry.name));
    }
    digest.ok()
}

#[cfg(test)]
#[path = "cargo_lock_tests.rs"]
mod tests;
