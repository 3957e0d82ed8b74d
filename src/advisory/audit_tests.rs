//! What the audit says of a few packages and a small database in a folder.

use std::fs;

use super::*;
use crate::model::{Assurance, Ecosystem, Purl};

fn package(name: &str, version: &str, source: PackageSource, dependencies: &[&str]) -> Package {
    Package {
        name: name.into(),
        version: version.into(),
        ecosystem: Ecosystem::CratesIo,
        purl: Purl::new(format!("pkg:cargo/{name}@{version}")),
        source,
        checksums: vec![],
        lockfile: ArtifactPath::new("Cargo.lock"),
        line: Some(7),
        dependencies: dependencies.iter().map(|name| Purl::new(format!("pkg:cargo/{name}"))).collect(),
    }
}

fn advisory(id: &str, package: &str, more: &str, versions: &str) -> String {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"{package}\"\ndate = \"2099-01-02\"\n{more}\n[versions]\n{versions}\n```\n\n# A title\n\nText.\n"
    )
}

fn database(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn small() -> tempfile::TempDir {
    let flaw = advisory(
        "RUSTSEC-2099-0001",
        "bad",
        "cvss = \"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"\naliases = [\"CVE-2099-1\"]",
        "patched = [\">= 1.2.0\"]",
    );
    let tired = advisory("RUSTSEC-2099-0002", "old", "informational = \"unmaintained\"", "patched = []");
    let gone = advisory("RUSTSEC-2099-0003", "bad", "withdrawn = \"2099-02-01\"", "patched = []");
    database(&[
        ("crates/bad/RUSTSEC-2099-0001.md", flaw),
        ("crates/old/RUSTSEC-2099-0002.md", tired),
        ("crates/bad/RUSTSEC-2099-0003.md", gone),
        ("crates/bad/RUSTSEC-2099-0004.md", "not an advisory".into()),
        ("crates/odd/RUSTSEC-2099-0009.md", "```tomlé".into()),
        ("README.md", "not an advisory either".into()),
    ])
}

fn said(evidence: &[Evidence]) -> Vec<(&'static str, Severity)> {
    evidence.iter().map(|one| (one.rule.id, one.severity())).collect()
}

#[test]
fn a_flaw_carries_everything_known_about_it() {
    let folder = small();
    let database = Database::open(folder.path()).unwrap();
    assert_eq!(database.about().malformed(), 2);
    let packages = [
        package("app", "0.1.0", PackageSource::Local, &["middle@1.0.0", "bad@1.1.9"]),
        package("middle", "1.0.0", PackageSource::PublicRegistry, &["bad@1.1.9", "middle@1.0.0"]),
        package("bad", "1.1.9", PackageSource::PublicRegistry, &["middle@1.0.0"]),
        package("old", "9.0.0", PackageSource::PublicRegistry, &[]),
    ];
    let evidence = audit(&packages, &[], &database, &Terms::default());
    assert_eq!(
        said(&evidence),
        [
            ("advisory-malformed", Severity::Low),
            ("advisory-malformed", Severity::Low),
            ("vulnerable-package", Severity::Critical),
            ("unmaintained-package", Severity::Low),
            ("package-local", Severity::Info),
            ("audit-coverage", Severity::Info),
        ]
    );
    let advisory = evidence[2].advisory.as_ref().unwrap();
    assert_eq!(advisory.fixed, [">=1.2.0"]);
    assert_eq!(advisory.aliases, ["CVE-2099-1"]);
    assert_eq!(advisory.paths, [vec!["app 0.1.0", "bad 1.1.9"], vec!["app 0.1.0", "middle 1.0.0", "bad 1.1.9"]]);
    assert_eq!(evidence[2].place.to_string(), "line 7, pkg:cargo/bad@1.1.9");
}

#[test]
fn clean_means_that_everything_was_looked_up() {
    let folder = small();
    let database = Database::open(folder.path()).unwrap();
    let good = package("bad", "1.2.0", PackageSource::PublicRegistry, &[]);
    let clean = audit(std::slice::from_ref(&good), &[], &database, &Terms::default());
    assert!(clean.iter().any(|one| one.rule == &AUDIT_CLEAN));
    let git = package("bad", "1.0.0", PackageSource::Git("git+https://example.org/bad#1".into()), &[]);
    let evidence = audit(&[good.clone(), git], &[], &database, &Terms::default());
    assert!(!evidence.iter().any(|one| one.rule == &AUDIT_CLEAN));
    let flaw = evidence.iter().find(|one| one.rule == &VULNERABLE_PACKAGE).unwrap();
    assert_eq!(flaw.assurance, Assurance::Declared);
    assert!(evidence.iter().any(|one| one.rule == &PACKAGE_NOT_AUDITED));
    let python = Package { ecosystem: Ecosystem::PyPI, ..good };
    let evidence = audit(&[python], &[], &database, &Terms::default());
    assert!(evidence.iter().any(|one| one.fact.message.contains("says nothing about PyPI")));
}

#[test]
fn age_is_a_gap() {
    let folder = small();
    let database = Database::open(folder.path()).unwrap();
    let terms = |day: &str| Terms { today: Some(day.parse().unwrap()), stale_after: Some(30) };
    let rules = |terms: &Terms| audit(&[], &[], &database, terms).iter().map(|one| one.rule.id).collect::<Vec<_>>();
    assert!(!rules(&terms("2099-01-31")).contains(&"advisory-database-stale"));
    assert!(rules(&terms("2099-03-31")).contains(&"advisory-database-stale"));
    // A day yet to come is no sign of freshness.
    assert!(rules(&terms("2026-01-01")).contains(&"advisory-database-stale"));
}

#[test]
fn a_database_is_as_old_as_the_last_question_to_its_sources() {
    let folder = small();
    let mut database = Database::open(folder.path()).unwrap();
    database.origins().iter_mut().for_each(|origin| origin.fetched = Some("2099-03-30".to_owned()));
    let terms = |day: &str| Terms { today: Some(day.parse().unwrap()), stale_after: Some(30) };
    let is_stale = |day: &str| {
        let rules = audit(&[], &[], &database, &terms(day));
        assert_eq!(rules.iter().any(|one| one.rule.id == "advisory-database-stale"), {
            stale(database.about().current(), &terms(day)).is_some()
        });
        stale(database.about().current(), &terms(day)).is_some()
    };
    assert!(!is_stale("2099-03-31") && is_stale("2099-05-31") && is_stale("2099-03-29"));
}

#[test]
fn an_empty_database_is_an_error_and_none_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Database::open(folder.path()), Err(crate::advisory::Error::NoAdvisories(_))));
    assert!(Database::open(&folder.path().join("missing")).is_err());
    let missing = without_database(&[package("a", "1.0.0", PackageSource::PublicRegistry, &[])]);
    assert_eq!(said(&missing), [("advisory-database-missing", Severity::Medium)]);
    assert!(without_database(&[]).is_empty());
}

#[test]
fn a_damaged_database_is_no_clean_one() {
    let (source, damaged) = (small(), tempfile::tempdir().unwrap());
    let target = damaged.path().join("compiled.db");
    Database::open(source.path()).unwrap().compile(&target).unwrap();
    let bytes = fs::read(&target).unwrap();
    let bad = package("bad", "1.2.0", PackageSource::PublicRegistry, &[]);
    let ids = || {
        let database = Database::open(&target).ok()?;
        let evidence = audit(std::slice::from_ref(&bad), &[], &database, &Terms::default());
        Some(evidence.iter().map(|one| one.rule.id).collect::<Vec<_>>())
    };
    assert_eq!(ids().unwrap(), ["advisory-malformed", "advisory-malformed", "audit-coverage", "audit-clean"]);
    let mut broken = 0;
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 0x40;
        fs::write(&target, &other).unwrap();
        match ids() {
            None => {}
            Some(ids) if ids.contains(&"advisory-database-broken") => {
                assert_eq!(
                    ids,
                    ["advisory-malformed", "advisory-malformed", "advisory-database-broken", "audit-coverage"],
                    "byte {at}"
                );
                broken += 1;
            }
            // The byte is of records about another package, which is not looked up.
            Some(ids) => assert_eq!(
                ids,
                ["advisory-malformed", "advisory-malformed", "audit-coverage", "audit-clean"],
                "byte {at}"
            ),
        }
    }
    assert!(broken > 100, "{broken} of {} bytes", bytes.len());
}
