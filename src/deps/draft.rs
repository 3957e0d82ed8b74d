//! Entries as a lockfile states them, before the names they depend on are packages.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rayon::prelude::*;

use crate::model::{Algorithm, Digest, Ecosystem, Package, PackageSource, Purl};

use super::collect::Sheet;
use super::purls;

/// One entry.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Name as the lockfile spells it.
    pub name: String,
    /// Version; empty when none is pinned.
    pub version: String,
    /// Where it comes from.
    pub source: PackageSource,
    /// What its files are pinned with.
    pub checksums: Vec<Digest>,
    /// Line of the entry, from 1.
    pub line: Option<u64>,
    /// Names it depends on, with the version when the lockfile says which.
    pub needs: Vec<(String, Option<String>)>,
    /// Entries it depends on, by their place in the list that is linked, for lockfiles that say which ones.
    pub on: Vec<usize>,
}

impl Draft {
    /// An entry of the public registry without dependencies.
    pub fn new(name: impl Into<String>, version: impl Into<String>, line: Option<u64>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            source: PackageSource::PublicRegistry,
            checksums: Vec::new(),
            line,
            needs: Vec::new(),
            on: Vec::new(),
        }
    }
}

/// Adds the entries to the sheet with their dependencies resolved. An entry that is stated several times (once for
/// each place it is installed in, or each platform) becomes one package.
pub fn link(sheet: &mut Sheet<'_>, ecosystem: Ecosystem, drafts: Vec<Draft>) {
    let purl = |draft: &Draft| purls::of(ecosystem, &draft.name, &draft.version, &draft.source);
    let purls: Vec<Purl> = drafts.par_iter().map(purl).collect();
    let entries = merged(&purls, drafts);
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::with_capacity(entries.len());
    for (index, (_, draft)) in entries.iter().enumerate() {
        by_name.entry(ecosystem.key(&draft.name)).or_default().push(index);
    }
    let needed = |(_, draft): &(Purl, Draft)| {
        let mut found = Vec::with_capacity(draft.needs.len().saturating_add(draft.on.len()));
        found.extend(draft.on.iter().filter_map(|place| purls.get(*place).cloned()));
        for (name, version) in &draft.needs {
            let places = by_name.get(&ecosystem.key(name)).map_or(&[][..], Vec::as_slice);
            let named = || places.iter().filter_map(|index| entries.get(*index));
            let exact = || named().filter(|(_, other)| Some(&other.version) == version.as_ref());
            if exact().next().is_some() {
                found.extend(exact().map(|(purl, _)| purl.clone()));
            } else {
                found.extend(named().map(|(purl, _)| purl.clone()));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    };
    let dependencies: Vec<Vec<Purl>> = entries.par_iter().map(needed).collect();
    for ((purl, draft), dependencies) in entries.into_iter().zip(dependencies) {
        let mut checksums = draft.checksums;
        checksums.sort_unstable();
        checksums.dedup();
        sheet.add(Package {
            name: draft.name,
            version: draft.version,
            ecosystem,
            purl,
            source: draft.source,
            checksums,
            lockfile: sheet.path().clone(),
            line: draft.line,
            dependencies,
        });
    }
}

/// Each entry with its purl, once, in the order of the file.
fn merged(purls: &[Purl], drafts: Vec<Draft>) -> Vec<(Purl, Draft)> {
    let mut places: HashMap<&Purl, usize> = HashMap::with_capacity(drafts.len());
    let mut entries: Vec<(Purl, Draft)> = Vec::with_capacity(drafts.len());
    for (draft, purl) in drafts.into_iter().zip(purls) {
        match places.get(purl).and_then(|place| entries.get_mut(*place)) {
            Some((_, first)) => {
                first.needs.extend(draft.needs);
                first.on.extend(draft.on);
                first.checksums.extend(draft.checksums);
            }
            None => {
                places.insert(purl, entries.len());
                entries.push((purl.clone(), draft));
            }
        }
    }
    entries
}

/// A checksum as Python's lockfiles write it, `sha256:HEX`.
pub fn checksum(text: &str) -> Option<Digest> {
    let (name, digits) = text.split_once(':')?;
    Digest::from_hex(Algorithm::parse(name)?, digits.trim()).ok()
}

/// Checksums as subresource integrity writes them: `sha512-BASE64`, several with spaces between.
pub fn integrity(text: &str) -> Vec<Digest> {
    let one = |word: &str| {
        let (name, encoded) = word.split_once('-')?;
        let bytes = STANDARD.decode(encoded.split('?').next()?).ok()?;
        Digest::new(Algorithm::parse(name)?, &bytes).ok()
    };
    text.split_whitespace().filter_map(one).collect()
}

/// A source by its address: a git repository, or a file somewhere.
pub fn by_address(address: &str) -> PackageSource {
    let bare = address.split(['#', '?']).next().unwrap_or_default();
    let git = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:"];
    if git.iter().any(|scheme| address.starts_with(scheme)) || bare.ends_with(".git") {
        PackageSource::Git(address.to_owned())
    } else if address.starts_with("file:") || address.starts_with("link:") || address.starts_with('.') {
        PackageSource::Local
    } else {
        PackageSource::Archive(address.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_in_both_spellings() {
        let hex = "ab".repeat(32);
        assert_eq!(checksum(&format!("sha256:{hex}")).map(|digest| digest.hex()), Some(hex));
        assert_eq!(checksum("sha256:ab"), None);
        assert_eq!(integrity("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha512-AAAA").len(), 1);
    }

    #[test]
    fn addresses() {
        assert!(matches!(by_address("git+https://example.org/a.git#1"), PackageSource::Git(_)));
        assert!(matches!(by_address("https://example.org/a.git"), PackageSource::Git(_)));
        assert!(matches!(by_address("https://example.org/a.tgz"), PackageSource::Archive(_)));
        assert_eq!(by_address("file:../a"), PackageSource::Local);
    }
}
