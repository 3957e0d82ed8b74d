//! Packages by the licence that is stated for them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{ArtifactPath, Assurance, Class, Evidence, Package, Rule, Severity};

/// Licences, and who is under them.
pub static LICENCE_LISTED: Rule = Rule {
    id: "licence-listed",
    summary: "what is stated about licences: packages by licence, those without one, and the model",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/licence-listed.md"),
    frameworks: &["CWE-1059"],
};

/// Packages that a message names; the details name all.
const NAMED: usize = 5;

/// One piece of evidence for each lockfile and licence in it, and one for all of a lockfile that have none.
pub fn licences<'p>(packages: impl IntoIterator<Item = (&'p Package, Option<&'p str>)>) -> Vec<Evidence> {
    let mut all: BTreeMap<(&ArtifactPath, Option<&str>), Vec<&Package>> = BTreeMap::new();
    for (package, licence) in packages {
        all.entry((&package.lockfile, licence)).or_default().push(package);
    }
    all.into_iter().map(|((lockfile, licence), packages)| group(licence, &packages).of(lockfile)).collect()
}

fn group(licence: Option<&str>, packages: &[&Package]) -> Evidence {
    let called = |package: &&Package| format!("{} {}", package.name, package.version).trim_end().to_owned();
    let mut names: Vec<String> = packages.iter().take(NAMED).map(called).collect();
    if let Some(more) = packages.len().checked_sub(NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    let said = licence.map_or_else(|| "no licence is stated".to_owned(), |licence| format!("{licence:?}"));
    let one = |package: &&Package| {
        let (name, version, purl) = (&package.name, &package.version, package.purl.as_str());
        json!({ "name": name, "version": version, "purl": purl, "line": package.line })
    };
    let listed: Vec<Value> = packages.iter().map(one).collect();
    let message = format!("{said}: {} package(s): {}", packages.len(), names.join(", "));
    let evidence = Evidence::new(&LICENCE_LISTED, message).known_by(Assurance::Declared);
    let evidence = evidence.with("count", packages.len()).with("packages", listed);
    match licence {
        Some(licence) => evidence.with("licence", licence),
        None => evidence,
    }
}

/// What the tree says of itself: licences, each with where it stands, or that none is stated.
pub fn licences_of_whole<'s>(stated: impl IntoIterator<Item = (&'s str, &'s str)>) -> Vec<Evidence> {
    let one = |(licence, source): (&str, &str)| {
        let message = format!("the whole is under {licence:?} ({source})");
        let evidence = Evidence::new(&LICENCE_LISTED, message).known_by(Assurance::Declared);
        evidence.with("licence", licence).with("source", source)
    };
    let all: Vec<Evidence> = stated.into_iter().map(one).collect();
    if all.is_empty() {
        let message = "nothing states the licence of the whole";
        return vec![Evidence::new(&LICENCE_LISTED, message).known_by(Assurance::Declared)];
    }
    all
}
