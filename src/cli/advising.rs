//! Lockfiles against the advisory database.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::assess::Request;
use super::db;
use super::exit::Mistake;
use super::metadata;
use crate::advisory::{self, Database, Index, Terms};
use crate::deps;
use crate::model::{Artifact, Check, Evidence, Input, Package, Report};
use crate::policy::Policy;

/// Seconds.
const DAY: i64 = 86_400;

/// The database, as an input of a report.
const DATABASE: &str = "advisory-database";

/// The day of the newest advisory, as an input of a report: by it the database ages.
const NEWEST: &str = "newest-advisory";

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
            audited.inputs.push(database.input());
            if let Some(newest) = database.about().current() {
                audited.inputs.push(Input { role: NEWEST.to_owned(), name: newest.to_owned(), digest: None });
            }
            let terms = terms(policy, request.now.at);
            let told = advisory::audit(&dependencies.packages, &audited.evidence, &database, &terms);
            audited.evidence.extend(told);
        }
    }
    if let Some(folder) = &request.advising.index {
        audited.evidence.extend(advisory::withdrawn(&dependencies.packages, &Index::open(folder)?));
    }
    audited.evidence.extend(advisory::loaders(artifacts, &dependencies.packages));
    if request.advising.trusted_tree {
        metadata::tell(request.path, &mut audited.evidence)?;
    }
    audited.packages = dependencies.packages;
    Ok(audited)
}

/// The database that a fresh look would rest on: the policy's own, else the one that the stored report rests on.
pub fn wanted(request: &Request<'_>, stored: &Report) -> Result<Vec<Input>, Mistake> {
    let same = || stored.inputs.iter().filter(|input| input.role == DATABASE).cloned().collect();
    if stored.packages.is_empty() || !request.checks.contains(&Check::Audit) {
        return Ok(same());
    }
    Ok(database(request)?.map_or_else(same, |database| vec![database.input()]))
}

fn terms(policy: &Policy, now: Timestamp) -> Terms {
    Terms {
        today: Some(now.to_zoned(TimeZone::UTC).date()),
        stale_after: policy.database_max_age.map(|seconds| u32::try_from(seconds / DAY).unwrap_or(u32::MAX)),
    }
}

/// Whether the database that a stored report rests on is too old by now. Nothing if it rests on none.
pub fn stale_again(policy: &Policy, report: &Report, now: Timestamp) -> Option<Evidence> {
    let of = |role: &str| report.inputs.iter().find(|input| input.role == role).map(|input| input.name.as_str());
    of(DATABASE)?;
    advisory::stale(of(NEWEST), &terms(policy, now))
}

/// The database that a flag names, or else the policy, or else the usual one if it is there.
fn database(request: &Request<'_>) -> Result<Option<Database>, Mistake> {
    let by_policy = || request.loaded.policy.database.as_ref().map(|name| request.loaded.folder.join(name));
    let usual = || db::usual_place().filter(|path| path.is_file());
    let Some(path) = request.advising.db.clone().or_else(by_policy).or_else(usual) else { return Ok(None) };
    Database::open(&path).map(Some).map_err(|error| {
        Mistake::new(error).help(
            "`weighbridge db import` and `db update` make one; --db also takes a folder or archive of RustSec, PyPA or OSV",
        )
    })
}
