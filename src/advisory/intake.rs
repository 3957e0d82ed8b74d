//! One source of advisories, as it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::layout::{self, Found};
use super::record::Advisory;
use super::scores::Scores;
use super::{Error, files};

/// Files that are named one by one when they are no advisories; the rest are counted.
const NAMED: usize = 20;

/// Ecosystems that are named one by one; there are about forty.
const ECOSYSTEMS: usize = 100;

/// Where a part of a database came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The name of the folder or file, or that of the source it was fetched from; never a whole local path.
    pub name: String,
    /// The address it was fetched from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the server called this state of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The same by its day of change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Day on which it was the newest there is, `YYYY-MM-DD`, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<String>,
    /// The newest day any of its records names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// Records that were read, withdrawn ones included.
    pub records: u64,
    /// Files that were no sound advisories although they lay where advisories lie.
    pub malformed: u64,
    /// The first of these, with what is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<(String, String)>,
    /// Records about ecosystems that are not audited here, by ecosystem.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unsupported: BTreeMap<String, u64>,
    /// SHA-256 over every file that was read, in the order it was read; hexadecimal.
    pub digest: String,
}

impl Origin {
    /// Counts a record that speaks of such ecosystems.
    fn pass_over(&mut self, ecosystems: BTreeSet<String>) {
        for name in ecosystems {
            let named = self.unsupported.contains_key(&name) || self.unsupported.len() < ECOSYSTEMS;
            let count = self.unsupported.entry(if named { name } else { "others".to_owned() }).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// What one source gave.
#[derive(Debug, Default)]
pub struct Intake {
    /// What it is.
    pub origin: Origin,
    /// Identifiers of all records, withdrawn ones included.
    pub seen: BTreeSet<String>,
    /// Its advisories.
    pub advisories: Vec<Advisory>,
    /// What it says about exploitation.
    pub scores: Scores,
    digest: Sha256,
}

impl Intake {
    /// Reads a folder, an archive or one file.
    ///
    /// # Errors
    /// It cannot be read, or holds nothing of a database.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let mut intake = Self::default();
        files::each(path, &mut |name, bytes| intake.take(name, bytes))?;
        if intake.seen.is_empty() && intake.scores.is_empty() {
            return Err(Error::NoAdvisories(path.display().to_string()));
        }
        let full = path.canonicalize();
        let name = full.as_deref().unwrap_or(path).file_name().unwrap_or_default();
        intake.origin.name = name.to_string_lossy().into_owned();
        intake.origin.digest = hex::encode(std::mem::take(&mut intake.digest).finalize());
        Ok(intake)
    }

    fn take(&mut self, name: &str, bytes: &[u8]) {
        let found = layout::read(name, bytes);
        if found != Found::Nothing {
            self.digest.update((name.len() as u64).to_le_bytes());
            self.digest.update(name.as_bytes());
            self.digest.update((bytes.len() as u64).to_le_bytes());
            self.digest.update(bytes);
        }
        match found {
            Found::Nothing => {}
            Found::Advisories { id, advisories, modified, odd, foreign } => {
                self.origin.pass_over(foreign);
                self.origin.records = self.origin.records.saturating_add(1);
                let published = advisories.iter().map(|one| one.published.clone()).max().flatten();
                self.origin.newest = self.origin.newest.take().max(modified).max(published);
                self.seen.insert(id);
                self.advisories.extend(advisories);
                odd.into_iter().for_each(|why| self.object(name, why));
            }
            Found::Scores(scores) => self.scores.take(*scores),
            Found::Malformed(why) => self.object(name, why),
        }
    }

    fn object(&mut self, name: &str, why: String) {
        self.origin.malformed = self.origin.malformed.saturating_add(1);
        if self.origin.objections.len() < NAMED {
            self.origin.objections.push((name.to_owned(), why));
        }
    }
}
