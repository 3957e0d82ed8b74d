//! Lockfiles against the advisory database.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::assess::Request;
use super::exit::Mistake;
use crate::advisory::{self, Database, Terms};
use crate::deps;
use crate::model::{Artifact, Evidence, Input, Package};

/// Seconds.
const DAY: i64 = 86_400;

/// What the audit of a tree gave.
#[derive(Default)]
pub struct Audited {
    /// Entries of all lockfiles.
    pub packages: Vec<Package>,
    /// What is wrong with them.
    pub evidence: Vec<Evidence>,
    /// The database, if one was asked.
    pub inputs: Vec<Input>,
    /// Number of lockfiles found.
    pub lockfiles: usize,
}

/// Reads the lockfiles among the artifacts and holds their packages against the database.
pub fn audit(request: &Request<'_>, artifacts: &[Artifact]) -> Result<Audited, Mistake> {
    let policy = &request.loaded.policy;
    let lockfiles = artifacts.iter().filter(|artifact| deps::recognise(&artifact.path).is_some());
    let found: Vec<_> = lockfiles.map(|artifact| (&artifact.path, artifact.kept.as_deref())).collect();
    let embedded = artifacts.iter().filter_map(|artifact| Some((&artifact.path, artifact.contents.lock.as_deref()?)));
    let embedded: Vec<_> = embedded.collect();
    let count = found.len().saturating_add(embedded.len());
    let mut dependencies = deps::read_all(found, &policy.limits);
    let carried = deps::read_embedded(embedded, &policy.limits);
    dependencies.packages.extend(carried.packages);
    dependencies.evidence.extend(carried.evidence);
    let mut audited = Audited { lockfiles: count, ..Audited::default() };
    audited.evidence = dependencies.evidence;
    match database(request)? {
        _ if dependencies.packages.is_empty() => {}
        None => audited.evidence.extend(advisory::without_database(&dependencies.packages)),
        Some(database) => {
            let about = database.about();
            audited.inputs.push(Input {
                role: "advisory-database".to_owned(),
                name: about
                    .sources
                    .iter()
                    .map(|(source, count)| format!("{source} ({count})"))
                    .collect::<Vec<_>>()
                    .join(", "),
                digest: Some(format!("sha256:{}", about.digest)),
            });
            let terms = Terms {
                today: Some(request.now.to_zoned(TimeZone::UTC).date()),
                stale_after: policy.database_max_age.map(|seconds| u32::try_from(seconds / DAY).unwrap_or(u32::MAX)),
            };
            audited.evidence.extend(advisory::audit(&dependencies.packages, &database, &terms));
        }
    }
    audited.evidence.extend(advisory::loaders(artifacts, &dependencies.packages));
    audited.packages = dependencies.packages;
    Ok(audited)
}

/// The database that a flag names, or else the policy.
fn database(request: &Request<'_>) -> Result<Option<Database>, Mistake> {
    let by_policy = request.loaded.policy.database.as_ref().map(|name| request.loaded.folder.join(name));
    let Some(path): Option<PathBuf> = request.advising.db.clone().or(by_policy) else { return Ok(None) };
    Database::open(&path)
        .map(Some)
        .map_err(|error| Mistake::new(error).help("`weighbridge db import` and `db update` make one; --db also takes a folder or archive of RustSec, PyPA or OSV"))
}
