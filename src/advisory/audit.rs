//! The audit: every package looked up, everything that was not looked up counted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::model::{ArtifactPath, Class, Evidence, Package, PackageSource, Place, Rule, Severity};

use super::database::Database;
use super::matching::{Affects, affects};
use super::merge::{Flaw, merge};
use super::paths::Paths;
use super::record::Kind;
use super::remedy::Remedy;
use super::telling::Telling;
use super::version::Version;

/// A package with a known flaw.
pub static VULNERABLE_PACKAGE: Rule = Rule {
    id: "vulnerable-package",
    summary: "a package has a published vulnerability",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/vulnerable-package.md"),
    frameworks: &["CWE-1395", "OWASP-LLM03", "AML.T0010.001"],
};

/// A package that was published to do harm.
pub static MALICIOUS_PACKAGE: Rule = Rule {
    id: "malicious-package",
    summary: "a package is known to have been published to do harm",
    severity: Severity::Critical,
    class: Class::Defect,
    page: include_str!("../rules/malicious-package.md"),
    frameworks: &["CWE-506", "OWASP-LLM03", "AML.T0010.001"],
};

/// A package nobody maintains.
pub static UNMAINTAINED_PACKAGE: Rule = Rule {
    id: "unmaintained-package",
    summary: "a package is no longer maintained",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/unmaintained-package.md"),
    frameworks: &["CWE-1104", "OWASP-LLM03"],
};

/// A package whose safe interface is not safe.
pub static UNSOUND_PACKAGE: Rule = Rule {
    id: "unsound-package",
    summary: "safe code can reach undefined behaviour through a package",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/unsound-package.md"),
    frameworks: &["CWE-758", "OWASP-LLM03"],
};

/// A notice about a package.
pub static ADVISORY_NOTICE: Rule = Rule {
    id: "advisory-notice",
    summary: "an advisory has a notice about a package",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/advisory-notice.md"),
    frameworks: &["OWASP-LLM03"],
};

/// An advisory that could not be evaluated.
pub static ADVISORY_UNCLEAR: Rule = Rule {
    id: "advisory-unclear",
    summary: "an advisory about a package cannot be held against its version",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../rules/advisory-unclear.md"),
    frameworks: &["CWE-1395", "OWASP-LLM03"],
};

/// Packages without a database to look them up in.
pub static ADVISORY_DATABASE_MISSING: Rule = Rule {
    id: "advisory-database-missing",
    summary: "packages were found and no advisory database was given",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/advisory-database-missing.md"),
    frameworks: &["CWE-1395", "OWASP-LLM03"],
};

/// A compiled database that was changed.
pub static ADVISORY_DATABASE_BROKEN: Rule = Rule {
    id: "advisory-database-broken",
    summary: "a part of the advisory database is not what was written",
    severity: Severity::High,
    class: Class::Gap,
    page: include_str!("../rules/advisory-database-broken.md"),
    frameworks: &["CWE-354", "OWASP-LLM03"],
};

/// A database that is too old to rely on.
pub static ADVISORY_DATABASE_STALE: Rule = Rule {
    id: "advisory-database-stale",
    summary: "the advisory database is older than allowed",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/advisory-database-stale.md"),
    frameworks: &["CWE-1395", "OWASP-LLM03"],
};

/// Packages that could not be looked up.
pub static PACKAGE_NOT_AUDITED: Rule = Rule {
    id: "package-not-audited",
    summary: "packages could not be held against advisories",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../rules/package-not-audited.md"),
    frameworks: &["CWE-1395", "OWASP-LLM03"],
};

/// Packages of the tree itself.
pub static PACKAGE_LOCAL: Rule = Rule {
    id: "package-local",
    summary: "packages are part of the tree itself; no advisory speaks of them",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/package-local.md"),
    frameworks: &[],
};

/// What was looked up.
pub static AUDIT_COVERAGE: Rule = Rule {
    id: "audit-coverage",
    summary: "how many packages of a lockfile were held against advisories",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/audit-coverage.md"),
    frameworks: &[],
};

/// Everything was looked up and nothing is known to be wrong.
pub static AUDIT_CLEAN: Rule = Rule {
    id: "audit-clean",
    summary: "no advisory speaks against any package of a lockfile",
    severity: Severity::Info,
    class: Class::Assurance,
    page: include_str!("../rules/audit-clean.md"),
    frameworks: &[],
};

/// Packages that are named in evidence about many.
const NAMED: usize = 5;

/// What the audit cannot know by itself.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The day of the audit.
    pub today: Option<Date>,
    /// Days after which a database is stale; needs `today`.
    pub stale_after: Option<u32>,
}

/// Holds every package against the database.
///
/// A package of the public registry is matched by name and version. One from git, another registry or an archive is
/// matched too, as `declared`: the name says which code it is, nothing proves it; it also counts as not audited.
/// Advisories about malicious packages are not applied to those: such packages often imitate the names of private
/// ones. Packages of the tree itself are inventory.
///
/// `gaps` is what was said when the lockfiles were read: one that was not read whole is never called clean.
///
/// What is not checked: whether the affected code is reached or compiled for this platform.
#[must_use]
pub fn audit(packages: &[Package], gaps: &[Evidence], database: &Database, terms: &Terms) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = database.evidence().to_vec();
    evidence.extend(stale(database.about().current(), terms));
    let mut lockfiles: BTreeMap<&ArtifactPath, Vec<&Package>> = BTreeMap::new();
    for package in packages {
        lockfiles.entry(&package.lockfile).or_default().push(package);
    }
    let torn: BTreeSet<&ArtifactPath> =
        gaps.iter().filter(|gap| gap.rule.class == Class::Gap).filter_map(|gap| gap.artifact.as_ref()).collect();
    for (lockfile, packages) in lockfiles {
        evidence.extend(one_lockfile(lockfile, packages, database, terms.today, torn.contains(lockfile)));
    }
    evidence
}

/// What is to be said when there are packages and no database; nothing when there are none.
#[must_use]
pub fn without_database(packages: &[Package]) -> Vec<Evidence> {
    let mut lockfiles: BTreeMap<&ArtifactPath, u64> = BTreeMap::new();
    for package in packages {
        let count = lockfiles.entry(&package.lockfile).or_default();
        *count = count.saturating_add(1);
    }
    let missing = |(lockfile, count): (&ArtifactPath, u64)| {
        let message = format!("{count} packages were not audited: no advisory database was given");
        Evidence::new(&ADVISORY_DATABASE_MISSING, message).of(lockfile).with("packages", count)
    };
    lockfiles.into_iter().map(missing).collect()
}

/// What is to be said of a database that is known to be whole up to that day (`YYYY-MM-DD`), if it is too old. Of a day
/// that is yet to come nobody can know that: then its age is not known.
#[must_use]
pub fn stale(current: Option<&str>, terms: &Terms) -> Option<Evidence> {
    let (today, limit) = (terms.today?, terms.stale_after?);
    let age = current.and_then(|day| day.parse::<Date>().ok()).and_then(|day| today.since(day).ok());
    match age.map(|span| span.get_days()) {
        Some(age) if age < 0 => {
            let day = current.unwrap_or_default();
            let message =
                format!("the advisory database says that it is of {day}, a day yet to come: its age is not known");
            Some(Evidence::new(&ADVISORY_DATABASE_STALE, message).with("days", age))
        }
        Some(age) if i64::from(age) <= i64::from(limit) => None,
        Some(age) => {
            let message = format!("the advisory database is {age} days old; at most {limit} are allowed");
            Some(Evidence::new(&ADVISORY_DATABASE_STALE, message).with("days", age))
        }
        None => Some(Evidence::new(&ADVISORY_DATABASE_STALE, "no advisory says of which day it is")),
    }
}

/// Why a package counts as not audited.
fn reason(package: &Package, database: &Database) -> Option<String> {
    if !database.about().ecosystems.contains_key(&package.ecosystem) {
        return Some(format!("the database says nothing about {}", package.ecosystem));
    }
    match &package.source {
        PackageSource::Registry(_) => return Some("from another registry".to_owned()),
        PackageSource::Git(_) => return Some("from a git repository".to_owned()),
        PackageSource::Archive(_) => return Some("from a file by its address".to_owned()),
        PackageSource::PublicRegistry | PackageSource::Local => {}
    }
    if package.version.is_empty() {
        return Some("no version is pinned".to_owned());
    }
    let ordered = Version::parse(package.ecosystem, &package.version).is_some();
    (!ordered).then(|| format!("the version is none of {}", package.ecosystem))
}

fn one_lockfile(
    lockfile: &ArtifactPath,
    packages: Vec<&Package>,
    database: &Database,
    today: Option<Date>,
    torn: bool,
) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut left_out: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    let mut local = Vec::new();
    let mut paths: Option<Paths<'_>> = None;
    let (mut audited, mut affected, mut by_name) = (0u64, 0u64, 0u64);
    for package in &packages {
        if package.source == PackageSource::Local {
            local.push(*package);
            continue;
        }
        let reason = reason(package, database);
        let counted = if reason.is_some() { &mut by_name } else { &mut affected };
        match reason {
            Some(reason) => left_out.entry(reason).or_default().push(package),
            None => audited = audited.saturating_add(1),
        }
        let matches = one_package(package, database).unwrap_or_else(|why| {
            let message = format!("the advisories about {} cannot be read: {why}", package.name);
            let place = Place::Package { purl: package.purl.clone(), line: package.line };
            evidence.push(Evidence::new(&ADVISORY_DATABASE_BROKEN, message).of(lockfile).at(place));
            Vec::new()
        });
        if !matches.is_empty() {
            *counted = counted.saturating_add(1);
            let paths = paths.get_or_insert_with(|| Paths::of(packages.clone()));
            let known = database.about_package(package.ecosystem, &package.name).unwrap_or_default();
            let telling = Telling { package, paths, remedy: Remedy::of(package, &known), today };
            evidence.extend(matches.into_iter().map(|(flaw, answer)| telling.told(flaw, answer).of(lockfile)));
        }
    }
    if !local.is_empty() {
        let message = format!("{} packages of the tree itself: {}", local.len(), named(&local));
        evidence.push(Evidence::new(&PACKAGE_LOCAL, message).of(lockfile).with("count", local.len()));
    }
    for (reason, packages) in &left_out {
        let message = format!("{} packages were not audited, {reason}: {}", packages.len(), named(packages));
        let told = Evidence::new(&PACKAGE_NOT_AUDITED, message).of(lockfile);
        evidence.push(told.with("count", packages.len()).with("reason", reason.as_str()));
    }
    let title = database.title();
    let all = packages.len();
    let more = if by_name > 0 { format!("; {by_name} more if they are what they are named") } else { String::new() };
    let coverage = format!("{audited} of {all} packages audited, {affected} affected{more} ({title})");
    let coverage = Evidence::new(&AUDIT_COVERAGE, coverage).of(lockfile).with("affected_by_name", by_name);
    evidence.push(coverage.with("audited", audited).with("packages", all).with("affected", affected));
    let broken = evidence.iter().any(|one| one.rule == &ADVISORY_DATABASE_BROKEN);
    if affected == 0 && left_out.is_empty() && audited > 0 && !broken && !torn {
        let message = format!("no advisory speaks against any of {audited} packages ({title})");
        evidence.push(Evidence::new(&AUDIT_CLEAN, message).of(lockfile).with("packages", audited));
    }
    evidence
}

fn named(packages: &[&Package]) -> String {
    let first: Vec<String> =
        packages.iter().take(NAMED).map(|p| format!("{} {}", p.name, p.version).trim_end().to_owned()).collect();
    let more = packages.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", first.join(", ")) } else { first.join(", ") }
}

/// The flaws of one package, and which of them could not be told.
fn one_package(package: &Package, database: &Database) -> Result<Vec<(Flaw, Affects)>, String> {
    let foreign = package.source != PackageSource::PublicRegistry;
    let (mut sure, mut unclear) = (Vec::new(), Vec::new());
    for advisory in database.about_package(package.ecosystem, &package.name)?.iter() {
        if foreign && advisory.kind == Kind::Malicious {
            continue;
        }
        match affects(advisory, &package.version) {
            Affects::Yes => sure.push(advisory.clone()),
            Affects::No => {}
            _ => unclear.push(advisory.clone()),
        }
    }
    let sure = merge(sure);
    let known = |flaw: &Flaw, id: &str| flaw.advisory.id == id || flaw.aliases.iter().any(|alias| alias == id);
    unclear.retain(|one| !sure.iter().any(|flaw| known(flaw, &one.id) || one.aliases.iter().any(|id| known(flaw, id))));
    let unclear = merge(unclear).into_iter().map(|flaw| (flaw, Affects::Unclear));
    Ok(sure.into_iter().map(|flaw| (flaw, Affects::Yes)).chain(unclear).collect())
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
