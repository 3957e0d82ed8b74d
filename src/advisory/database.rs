//! The advisories that packages are held against.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::{Ecosystem, Evidence, Input};

use super::intake::{Intake, Origin};
use super::record::Advisory;
use super::scores::Scores;
use super::store::{self, Store};
use super::{ADVISORY_MALFORMED, Error};

/// Advisories by package, with what is known about where they come from.
#[derive(Debug, Default)]
pub struct Database {
    advisories: BTreeMap<(Ecosystem, String), Vec<Advisory>>,
    scores: Scores,
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
    /// The same by ecosystem; one that is not here is one it says nothing about.
    pub ecosystems: BTreeMap<Ecosystem, u64>,
    /// The newest day any of its advisories names, `YYYY-MM-DD`. It is at least as young as that.
    pub newest: Option<String>,
    /// CVEs with a forecast of exploitation, and the day of the forecasts.
    #[serde(default)]
    pub forecasts: (u64, Option<String>),
    /// CVEs that are known to be exploited, and the day of the list.
    #[serde(default)]
    pub exploited: (u64, Option<String>),
    /// What it was made of.
    pub origins: Vec<Origin>,
    /// SHA-256 over every file that was read, or of the root of a compiled database, which covers all of it;
    /// hexadecimal.
    pub digest: String,
}

impl About {
    /// Files that were no sound advisories although they lay where advisories lie.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.origins.iter().map(|origin| origin.malformed).fold(0, u64::saturating_add)
    }

    /// The day up to which it is known to be whole: when its sources were asked, that of the one longest not asked; else
    /// that of its newest advisory.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        let advisories = || self.origins.iter().filter(|origin| origin.records > 0);
        let asked = if advisories().all(|origin| origin.fetched.is_some()) {
            advisories().filter_map(|origin| origin.fetched.as_deref()).min()
        } else {
            None
        };
        asked.or(self.newest.as_deref())
    }
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
            return Ok(Self { evidence: objections(&about), about, store: Some(store), ..Self::default() });
        }
        let database = Self::read(&[path])?;
        if database.about.advisories == 0 {
            return Err(Error::NoAdvisories(path.display().to_string()));
        }
        Ok(database)
    }

    /// Opens a compiled database and takes all of it into memory, so that more can be added.
    ///
    /// # Errors
    /// The path is no compiled database, or not as it was written.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let broken = |why: String| Error::Broken { path: path.display().to_string(), why };
        let Some(store) = Store::open(path)? else { return Err(broken("not made by `db import`".to_owned())) };
        let mut database =
            Self { scores: store.scores().map_err(broken)?, about: store.about().clone(), ..Self::default() };
        store.all(&mut |advisory| database.add(advisory)).map_err(broken)?;
        database.settle();
        Ok(database)
    }

    /// Reads several sources into one.
    ///
    /// # Errors
    /// One of them cannot be read, or holds nothing of a database.
    pub fn read(paths: &[&Path]) -> Result<Self, Error> {
        let mut database = Self::default();
        for path in paths {
            database.absorb(Intake::of(path)?);
        }
        database.settle();
        Ok(database)
    }

    /// Adds a source. A record that is there already under the same identifier is replaced, or gone when it was
    /// withdrawn; so is what is known about a source of the same name. [`Database::settle`] ends it.
    pub fn absorb(&mut self, intake: Intake) {
        let Intake { origin, seen, advisories, scores, .. } = intake;
        for list in self.advisories.values_mut() {
            list.retain(|advisory| !seen.contains(&advisory.id));
        }
        self.advisories.retain(|_, list| !list.is_empty());
        advisories.into_iter().for_each(|advisory| self.add(advisory));
        self.scores.take(scores);
        self.about.origins.retain(|other| other.name != origin.name);
        self.about.origins.push(origin);
        self.about.origins.sort_by(|one, two| one.name.cmp(&two.name));
    }

    /// Counts what is there, and tells every advisory what is known about exploitation.
    pub fn settle(&mut self) {
        let about = &mut self.about;
        (about.advisories, about.sources, about.ecosystems) = (0, BTreeMap::new(), BTreeMap::new());
        for advisory in self.advisories.values_mut().flatten() {
            self.scores.tell(advisory);
            about.advisories = about.advisories.saturating_add(1);
            let source = about.sources.entry(advisory.prefix().to_owned()).or_default();
            let ecosystem = about.ecosystems.entry(advisory.ecosystem).or_default();
            (*source, *ecosystem) = (source.saturating_add(1), ecosystem.saturating_add(1));
        }
        about.newest = about.origins.iter().map(|origin| origin.newest.clone()).max().flatten();
        about.forecasts = (self.scores.epss.len() as u64, self.scores.scored.clone());
        about.exploited = (self.scores.exploited.len() as u64, self.scores.listed.clone());
        let mut digests = about.origins.iter().map(|origin| origin.digest.as_str());
        about.digest = match (digests.next(), digests.next()) {
            (Some(only), None) => only.to_owned(),
            _ => hex::encode(Sha256::digest(
                about.origins.iter().map(|origin| origin.digest.as_str()).collect::<String>(),
            )),
        };
        self.evidence = objections(about);
    }

    /// Compiles it into one file, replacing what is there as a whole. Returns the digest of the new database.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn compile(&self, target: &Path) -> Result<String, Error> {
        store::write(target, &self.about, &self.advisories, &self.scores)
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

    /// Adds one advisory.
    fn add(&mut self, advisory: Advisory) {
        let package = (advisory.ecosystem, advisory.ecosystem.key(&advisory.package));
        self.advisories.entry(package).or_default().push(advisory);
    }

    /// What it is.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// The sources it was made of, for those who fetch them anew.
    pub const fn origins(&mut self) -> &mut Vec<Origin> {
        &mut self.about.origins
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
        let name = ecosystem.key(name);
        match &self.store {
            Some(store) => store.advisories(ecosystem, &name).map(Cow::Owned),
            None => Ok(self.advisories.get(&(ecosystem, name)).map_or(&[][..], Vec::as_slice).into()),
        }
    }

    /// What a result that rests on it must name.
    #[must_use]
    pub fn input(&self) -> Input {
        let sources = self.about.sources.iter().map(|(source, count)| format!("{source} ({count})"));
        Input {
            role: "advisory-database".to_owned(),
            name: sources.collect::<Vec<_>>().join(", "),
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

/// Writes what is known about the sources of a compiled database anew, and nothing else of it.
///
/// # Errors
/// It is no compiled database, or cannot be written.
pub fn restate(path: &Path, origins: &[Origin]) -> Result<(), Error> {
    let mut about = match Store::open(path)? {
        Some(store) => store.about().clone(),
        None => return Err(Error::NoAdvisories(path.display().to_string())),
    };
    about.origins = origins.to_vec();
    store::restate(path, about)
}

/// What was wrong with the files of all sources.
fn objections(about: &About) -> Vec<Evidence> {
    let named = about.origins.iter().flat_map(|origin| &origin.objections).map(|(name, why)| {
        let message = format!("{name} is not a sound advisory: {why}");
        Evidence::new(&ADVISORY_MALFORMED, message).with("file", name.as_str())
    });
    let mut evidence: Vec<Evidence> = named.collect();
    let more = about.malformed().saturating_sub(evidence.len() as u64);
    if more > 0 {
        let message = format!("{more} more files of the database are not sound advisories");
        evidence.push(Evidence::new(&ADVISORY_MALFORMED, message).with("count", more));
    }
    evidence
}
