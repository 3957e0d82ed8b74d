//! Loaders with known flaws, beside a model that has to be loaded by them.
//!
//! A flaw in a loader matters when the tree holds a file of the format that reaches it: both are seen here. The list
//! (`loaders.toml`) has an edition and is part of the program, so it is held against every lockfile, with or without a
//! database. Not known: which loader is really used, and with which flags.

use std::sync::LazyLock;

use serde::Deserialize;

use super::matching::{Affects, affects};
use super::record::{Advisory, Event, Kind};
use crate::model::{
    AdvisoryMatch, Artifact, Class, Ecosystem, Evidence, Package, PackageSource, Place, Rule, Severity,
};

/// A loader that should not be given this model.
pub static LOADER_VULNERABLE: Rule = Rule {
    id: "loader-vulnerable",
    summary: "a locked loader has a flaw that files of a format in this tree can reach",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/loader-vulnerable.md"),
    frameworks: &["CWE-1395", "CWE-502", "OWASP-LLM03", "AML.T0010.001"],
};

static LOADERS: LazyLock<Loaders> = LazyLock::new(|| toml::from_str(include_str!("loaders.toml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loaders {
    edition: String,
    loader: Vec<Loader>,
}

/// One flaw.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Loader {
    id: String,
    aliases: Vec<String>,
    title: String,
    package: String,
    /// Formats whose loading reaches the flaw.
    formats: Vec<String>,
    /// File names that reach it, whatever the format.
    names: Vec<String>,
    severity: Option<Severity>,
    versions: Vec<[String; 2]>,
}

impl Loader {
    /// The first file that reaches the flaw.
    fn reached_by<'a>(&self, artifacts: &'a [Artifact]) -> Option<&'a Artifact> {
        artifacts.iter().find(|artifact| {
            let named = |format: &crate::model::Format| self.formats.iter().any(|name| name == format.name());
            artifact.formats.iter().any(named) || self.names.iter().any(|name| name == artifact.path.name())
        })
    }

    fn affects(&self, version: &str) -> bool {
        let range = |[from, to]: &[String; 2]| vec![Event::Introduced(from.clone()), Event::Fixed(to.clone())];
        let advisory = Advisory {
            id: self.id.clone(),
            aliases: Vec::new(),
            title: String::new(),
            cvss: Vec::new(),
            word: self.severity,
            url: None,
            published: None,
            modified: None,
            epss: None,
            exploited: None,
            kind: Kind::Vulnerability,
            ecosystem: Ecosystem::PyPI,
            package: self.package.clone(),
            ranges: self.versions.iter().map(range).collect(),
            versions: Vec::new(),
            commits_only: false,
            fixed: Vec::new(),
        };
        affects(&advisory, version) == Affects::Yes
    }
}

/// Locked loaders with a flaw that a file of the tree can reach.
#[must_use]
pub fn loaders(artifacts: &[Artifact], packages: &[Package]) -> Vec<Evidence> {
    let locked = packages.iter().filter(|package| {
        package.ecosystem == Ecosystem::PyPI && package.source != PackageSource::Local && !package.version.is_empty()
    });
    let mut evidence = Vec::new();
    for package in locked {
        let key = package.ecosystem.key(&package.name);
        for loader in LOADERS.loader.iter().filter(|loader| loader.package == key) {
            if let Some(reached) = loader.reached_by(artifacts).filter(|_| loader.affects(&package.version)) {
                evidence.push(told(loader, package, reached));
            }
        }
    }
    evidence
}

fn told(loader: &Loader, package: &Package, reached: &Artifact) -> Evidence {
    let (name, version) = (&package.name, &package.version);
    let message = format!("{name} {version} would load {}: {} ({})", reached.path, loader.title, loader.id);
    let mut evidence = Evidence::new(&LOADER_VULNERABLE, message)
        .of(&package.lockfile)
        .at(Place::Package { purl: package.purl.clone(), line: package.line })
        .with("loads", reached.path.as_str())
        .with("edition", LOADERS.edition.as_str())
        .rated(loader.severity.unwrap_or(LOADER_VULNERABLE.severity));
    evidence.advisory = Some(Box::new(AdvisoryMatch {
        id: loader.id.clone(),
        aliases: loader.aliases.clone(),
        title: loader.title.clone(),
        cvss: None,
        url: Some(format!("https://nvd.nist.gov/vuln/detail/{}", loader.id)),
        published: None,
        modified: None,
        epss: None,
        exploited: None,
        fixed: loader.versions.iter().map(|[_, fixed]| fixed.clone()).collect(),
        name: name.clone(),
        version: version.clone(),
        upgrade: None,
        direct: None,
        ecosystem: package.ecosystem,
        purl: package.purl.clone(),
        paths: Vec::new(),
    }));
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        let list: Loaders = toml::from_str(include_str!("loaders.toml")).unwrap();
        assert!(list.edition.parse::<jiff::civil::Date>().is_ok());
        for loader in &list.loader {
            assert!(loader.id.starts_with("CVE-") && !loader.title.is_empty() && loader.severity.is_some());
            assert!(!loader.formats.is_empty() || !loader.names.is_empty(), "{}", loader.id);
            for [from, to] in &loader.versions {
                assert!(!loader.affects(to) && (from == "0" || loader.affects(from)), "{}: {from} {to}", loader.id);
            }
        }
    }
}
