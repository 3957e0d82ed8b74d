//! The advisories that packages are held against.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::{Ecosystem, Evidence, Input};

use super::files;
use super::layout::{self, Found};
use super::names::key;
use super::record::Advisory;
use super::store::{self, Store};
use super::{ADVISORY_MALFORMED, Error};

/// Files that are named one by one when they are no advisories; the rest are counted.
const NAMED: usize = 20;

/// Advisories by package, with what is known about where they come from.
#[derive(Debug, Default)]
pub struct Database {
    advisories: BTreeMap<(Ecosystem, String), Vec<Advisory>>,
    store: Option<Store>,
    about: About,
    evidence: Vec<Evidence>,
}

/// What a database is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Advisories, counted once for each package they are about.
    pub advisories: u64,
    /// The same by the prefix of their identifiers.
    pub sources: BTreeMap<String, u64>,
    /// Ecosystems it says anything about.
    pub ecosystems: BTreeSet<Ecosystem>,
    /// The newest day any of its advisories names, `YYYY-MM-DD`. It is at least as young as that.
    pub newest: Option<String>,
    /// Files that were no sound advisories although they lay where advisories lie.
    pub malformed: u64,
    /// SHA-256 over every file that was read, in the order of their names, or of the root of a compiled database,
    /// which covers all of it; hexadecimal.
    pub digest: String,
}

impl Database {
    /// Opens a compiled database, or reads a folder, an archive (`.tar`, `.tar.gz`, `.zip`) or a single record in the
    /// layout of RustSec, PyPA or OSV (GitHub's advisories and the OpenSSF's malicious packages among them).
    ///
    /// Files that are no advisories are evidence ([`Database::evidence`]) and lose nothing but themselves.
    ///
    /// # Errors
    /// The path cannot be read, is a compiled database that was changed, or holds no advisory at all.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_file()
            && let Some(store) = Store::open(path)?
        {
            let about = store.about().clone();
            // Which files they were is not kept, only that something was lost.
            let lost = (about.malformed > 0).then(|| {
                let message = format!("{} files of its sources were not sound advisories", about.malformed);
                Evidence::new(&ADVISORY_MALFORMED, message).with("count", about.malformed)
            });
            return Ok(Self { about, store: Some(store), evidence: lost.into_iter().collect(), ..Self::default() });
        }
        Self::read(&[path])
    }

    /// Reads several sources into one.
    ///
    /// # Errors
    /// One of them cannot be read, or holds no advisory at all.
    pub fn read(paths: &[&Path]) -> Result<Self, Error> {
        let mut database = Self::default();
        let mut digest = Sha256::new();
        for path in paths {
            let before = database.about.advisories;
            files::each(path, &mut |name, bytes| database.take(name, bytes, &mut digest))?;
            if database.about.advisories == before {
                return Err(Error::NoAdvisories(path.display().to_string()));
            }
        }
        database.about.digest = hex::encode(digest.finalize());
        database.count_surplus();
        Ok(database)
    }

    /// Compiles it into one file, replacing what is there as a whole. Returns the digest of the new database.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn compile(&self, target: &Path) -> Result<String, Error> {
        store::write(target, &self.about, &self.advisories)
    }

    /// Checks every byte of a compiled database; one that was read just now needs no check.
    ///
    /// # Errors
    /// The first place that is not as it was written.
    pub fn check(&self) -> Result<(), String> {
        let Some(store) = &self.store else { return Ok(()) };
        let count = store.check()?;
        if count == self.about.advisories {
            return Ok(());
        }
        Err(format!("{count} advisories where {} should be", self.about.advisories))
    }

    fn take(&mut self, name: &str, bytes: &[u8], digest: &mut Sha256) {
        let found = layout::read(name, bytes);
        if found != Found::Nothing {
            digest.update((name.len() as u64).to_le_bytes());
            digest.update(name.as_bytes());
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        }
        match found {
            Found::Nothing => {}
            Found::Advisories { advisories, modified, odd } => {
                self.about.newest = self.about.newest.take().max(modified);
                advisories.into_iter().for_each(|advisory| self.add(advisory));
                odd.into_iter().for_each(|why| self.object(name, &why));
            }
            Found::Malformed(why) => self.object(name, &why),
        }
    }

    fn object(&mut self, name: &str, why: &str) {
        self.about.malformed = self.about.malformed.saturating_add(1);
        if self.evidence.len() < NAMED {
            let evidence = Evidence::new(&ADVISORY_MALFORMED, format!("{name} is not a sound advisory: {why}"));
            self.evidence.push(evidence.with("file", name));
        }
    }

    fn count_surplus(&mut self) {
        let more = self.about.malformed.saturating_sub(self.evidence.len() as u64);
        if more > 0 {
            let message = format!("{more} more files of the database are not sound advisories");
            self.evidence.push(Evidence::new(&ADVISORY_MALFORMED, message).with("count", more));
        }
    }

    /// Adds one advisory.
    pub fn add(&mut self, advisory: Advisory) {
        self.about.advisories = self.about.advisories.saturating_add(1);
        let count = self.about.sources.entry(advisory.prefix().to_owned()).or_default();
        *count = count.saturating_add(1);
        self.about.ecosystems.insert(advisory.ecosystem);
        self.about.newest = self.about.newest.take().max(advisory.published.clone());
        let package = (advisory.ecosystem, key(advisory.ecosystem, &advisory.package));
        self.advisories.entry(package).or_default().push(advisory);
    }

    /// What it is.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// What was wrong with its files.
    #[must_use]
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// Every advisory about a package, whatever the version.
    ///
    /// # Errors
    /// A compiled database was changed at the place where they stand.
    pub fn about_package(&self, ecosystem: Ecosystem, name: &str) -> Result<Cow<'_, [Advisory]>, String> {
        let name = key(ecosystem, name);
        match &self.store {
            Some(store) => store.advisories(ecosystem, &name).map(Cow::Owned),
            None => Ok(self.advisories.get(&(ecosystem, name)).map_or(&[][..], Vec::as_slice).into()),
        }
    }

    /// What a result that rests on it must name.
    #[must_use]
    pub fn input(&self) -> Input {
        Input {
            role: "advisory-database".to_owned(),
            name: self.title(),
            digest: Some(format!("sha256:{}", self.about.digest)),
        }
    }

    /// Its sources, size and age in one clause.
    #[must_use]
    pub fn title(&self) -> String {
        let sources: Vec<&str> = self.about.sources.keys().map(String::as_str).collect();
        let newest = self.about.newest.as_deref().unwrap_or("an unknown day");
        format!("{}, {} advisories, newest of {newest}", sources.join(" "), self.about.advisories)
    }
}
