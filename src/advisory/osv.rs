//! Records in the OSV schema: GitHub's advisories, PyPA's (in YAML), the malicious packages of the OpenSSF, and every
//! ecosystem export of osv.dev.
//!
//! Source: the OSV schema 1.7. Unknown fields are passed over; a record about several packages becomes one advisory for
//! each. Ranges of git commits are not evaluated.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Ecosystem, Limits, Severity};

use super::record::{Advisory, Event, Kind};

#[derive(Deserialize)]
struct Record {
    id: String,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    published: Option<String>,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    severity: Option<Vec<Score>>,
    #[serde(default)]
    affected: Option<Vec<Affected>>,
    #[serde(default)]
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct Score {
    score: String,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(default)]
    package: Option<Package>,
    #[serde(default)]
    ranges: Option<Vec<Range>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    severity: Option<Vec<Score>>,
    #[serde(default)]
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    events: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    introduced: Option<String>,
    #[serde(default)]
    fixed: Option<String>,
    #[serde(default)]
    last_affected: Option<String>,
    #[serde(default)]
    limit: Option<String>,
}

/// One record.
#[derive(Debug)]
pub struct Read {
    /// Its identifier.
    pub id: String,
    /// Its advisories, one for each package; none when it was withdrawn.
    pub advisories: Vec<Advisory>,
    /// Day of its last change.
    pub modified: Option<String>,
    /// Ecosystems it speaks of that are not audited here.
    pub foreign: BTreeSet<String>,
}

/// Reads a record in JSON.
///
/// # Errors
/// Says in one line why it is none.
pub fn json(bytes: &[u8]) -> Result<Read, String> {
    serde_json::from_slice::<Record>(bytes).map(advisories).map_err(|error| error.to_string())
}

/// Reads a record in YAML.
///
/// # Errors
/// Says in one line why it is none.
pub fn yaml(text: &str) -> Result<Read, String> {
    let options = serde_saphyr::options! {
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: Limits::yaml_replays(text.len()) },
        with_snippet: false,
    };
    let record = serde_saphyr::from_str_with_options::<Record>(text, options);
    record.map(advisories).map_err(|error| error.to_string())
}

fn advisories(record: Record) -> Read {
    let modified = record.modified.as_deref().map(day);
    if record.withdrawn.is_some() {
        return Read { id: record.id, advisories: Vec::new(), modified, foreign: BTreeSet::new() };
    }
    let affected = record.affected.as_deref().unwrap_or_default();
    let named = affected.iter().filter_map(|affected| Some(affected.package.as_ref()?.ecosystem.as_str()));
    let foreign = named.filter(|name| ecosystem(name).is_none());
    // What stands behind a colon is a release: `Debian:12`.
    let foreign = foreign.map(|name| name.split(':').next().unwrap_or_default().chars().take(64).collect()).collect();
    let one = |affected: &Affected| {
        let package = affected.package.as_ref()?;
        Some(advisory(&record, affected, ecosystem(&package.ecosystem)?, &package.name))
    };
    let mut all: Vec<Advisory> = affected.iter().filter_map(one).collect();
    // One package may be listed once for each of its ranges.
    all.sort_by(|one, two| (one.ecosystem, &one.package).cmp(&(two.ecosystem, &two.package)));
    all.dedup_by(|later, first| {
        let same = (later.ecosystem, &later.package) == (first.ecosystem, &first.package);
        if same {
            first.commits_only &= later.commits_only;
            first.ranges.append(&mut later.ranges);
            first.versions.append(&mut later.versions);
            first.fixed.append(&mut later.fixed);
        }
        same
    });
    Read { id: record.id, advisories: all, modified, foreign }
}

fn advisory(record: &Record, affected: &Affected, ecosystem: Ecosystem, name: &str) -> Advisory {
    let ranges = affected.ranges.as_deref().unwrap_or_default();
    let versions = affected.versions.clone().unwrap_or_default();
    let (commits, ordered): (Vec<&Range>, Vec<&Range>) = ranges.iter().partition(|range| range.kind == "GIT");
    let events = |range: &&Range| -> Vec<Event> { range.events.iter().flat_map(steps).collect() };
    let ranges: Vec<Vec<Event>> = ordered.iter().map(events).filter(|events| !events.is_empty()).collect();
    let fixed = ranges.iter().flatten().filter_map(|event| match event {
        Event::Fixed(version) => Some(version.clone()),
        _ => None,
    });
    let scores = [&affected.severity, &record.severity].into_iter().flatten().flatten();
    Advisory {
        id: record.id.clone(),
        aliases: record.aliases.clone().unwrap_or_default(),
        title: title(record),
        cvss: scores.map(|score| score.score.clone()).collect(),
        word: word(record.database_specific.as_ref()),
        url: Some(format!("https://osv.dev/vulnerability/{}", record.id)),
        published: record.published.as_deref().map(day),
        modified: record.modified.as_deref().map(day),
        epss: None,
        exploited: None,
        kind: kind(record, affected),
        ecosystem,
        package: ecosystem.key(name),
        fixed: fixed.collect(),
        commits_only: ranges.is_empty() && versions.is_empty() && !commits.is_empty(),
        ranges,
        versions,
    }
}

fn steps(step: &Step) -> impl Iterator<Item = Event> {
    let introduced = step.introduced.clone().map(Event::Introduced);
    let fixed = step.fixed.clone().map(Event::Fixed);
    let last = step.last_affected.clone().map(Event::LastAffected);
    [introduced, fixed, last, step.limit.clone().map(Event::Limit)].into_iter().flatten()
}

/// The summary, or the first line of the details when there is none.
fn title(record: &Record) -> String {
    const LONGEST: usize = 200;
    let summary = record.summary.as_deref().map(str::trim).filter(|summary| !summary.is_empty());
    let details =
        || record.details.as_deref()?.lines().map(|line| line.trim_matches(['#', ' '])).find(|line| !line.is_empty());
    let text = summary.or_else(details).unwrap_or_default();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn day(time: &str) -> String {
    time.chars().take(10).collect()
}

fn word(specific: Option<&Value>) -> Option<Severity> {
    match specific?.get("severity")?.as_str()?.to_ascii_uppercase().as_str() {
        "CRITICAL" => Some(Severity::Critical),
        "HIGH" => Some(Severity::High),
        "MODERATE" | "MEDIUM" => Some(Severity::Medium),
        "LOW" => Some(Severity::Low),
        _ => None,
    }
}

/// RustSec's export says in a field of its own what is no vulnerability.
fn kind(record: &Record, affected: &Affected) -> Kind {
    let informational = affected.database_specific.as_ref().and_then(|value| value.get("informational")?.as_str());
    match informational {
        _ if record.id.starts_with("MAL-") => Kind::Malicious,
        Some("unmaintained") => Kind::Unmaintained,
        Some("unsound") => Kind::Unsound,
        Some(_) => Kind::Notice,
        None => Kind::Vulnerability,
    }
}

/// An ecosystem by OSV's name, whatever repository of it is named behind a colon.
fn ecosystem(name: &str) -> Option<Ecosystem> {
    Some(match name.split(':').next().unwrap_or_default() {
        "crates.io" => Ecosystem::CratesIo,
        "PyPI" => Ecosystem::PyPI,
        "npm" => Ecosystem::Npm,
        "Go" => Ecosystem::Go,
        "Maven" => Ecosystem::Maven,
        "RubyGems" => Ecosystem::RubyGems,
        "Packagist" => Ecosystem::Packagist,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::matching::{Affects, affects};

    #[test]
    fn a_record_becomes_one_advisory_for_each_package() {
        let text = r#"{"id": "GHSA-x", "modified": "2099-01-02T00:00:00Z", "aliases": ["CVE-1"], "details": "\n# First line\nmore",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "database_specific": {"severity": "LOW"}, "unknown": 7,
            "affected": [
              {"package": {"ecosystem": "PyPI", "name": "A_B"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0"}]}]},
              {"package": {"ecosystem": "PyPI", "name": "a-b"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"last_affected": "2.1"}]}], "versions": ["3.0"]},
              {"package": {"ecosystem": "Maven:https://repo.example/", "name": "g:a"}, "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]},
              {"package": {"ecosystem": "Debian:12", "name": "x"}}, {"ranges": []}]}"#;
        let Read { advisories: all, modified, .. } = json(text.as_bytes()).unwrap();
        assert_eq!(modified.as_deref(), Some("2099-01-02"));
        let [python, java] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((python.title.as_str(), python.severity()), ("First line", Some(Severity::Critical)));
        let versions = ["0.9", "1.0", "2.0", "2.1", "2.2", "3.0"].map(|version| affects(python, version));
        assert_eq!(versions, [Affects::Yes, Affects::No, Affects::Yes, Affects::Yes, Affects::No, Affects::Yes]);
        assert_eq!(affects(java, "1"), Affects::CommitsOnly);
        assert_eq!((python.package.as_str(), python.fixed.as_slice()), ("a-b", ["1.0".to_owned()].as_slice()));
    }

    #[test]
    fn yaml_keeps_versions_as_they_are_written() {
        let text = "id: PYSEC-1\nmodified: 2024-01-02T03:04:05Z\naffected:\n- package: {ecosystem: PyPI, name: a}\n  versions:\n  - 1.10\n  - '1.2'\n";
        let Read { advisories: all, modified, .. } = yaml(text).unwrap();
        assert_eq!(
            all.first().map(|one| one.versions.as_slice()),
            Some(["1.10".to_owned(), "1.2".to_owned()].as_slice())
        );
        assert_eq!(modified.as_deref(), Some("2024-01-02"));
        let withdrawn =
            yaml("id: X\nwithdrawn: 2024-01-02\naffected:\n- package: {ecosystem: PyPI, name: a}\n").unwrap();
        assert!(withdrawn.advisories.is_empty() && withdrawn.id == "X");
    }
}
