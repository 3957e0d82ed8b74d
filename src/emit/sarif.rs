//! SARIF 2.1.0 for code scanning: defects and gaps as results, with the policy's ruling as their level.
//!
//! Good news and inventory are no results. What is excused stays, as a suppressed result. Places inside a member of a
//! container are logical locations: their offsets are not those of the file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::model::{Artifact, ArtifactPath, Class, Excerpt, Finding, Place, Report, Rule, Ruling, Severity, percent};

use super::{encode, excerpt, frameworks};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What relative addresses are relative to: the root of what was weighed.
const BASE: &str = "ROOT";

/// One run as indented JSON with a line break at the end. `rules` are those that could have spoken; the pages of all
/// of them are in the document.
#[must_use]
pub fn render(report: &Report, rules: &[&'static Rule]) -> String {
    let mut catalogue: BTreeMap<&str, &'static Rule> = rules.iter().map(|rule| (rule.id, *rule)).collect();
    let mut findings: Vec<&Finding> = report.findings.iter().filter(|finding| is_result(finding)).collect();
    findings.sort_by(|a, b| a.evidence.sort_key().cmp(&b.evidence.sort_key()));
    catalogue.extend(findings.iter().map(|finding| (finding.evidence.rule.id, finding.evidence.rule)));
    catalogue.retain(|_, rule| is_raised(rule));
    let taxonomies = Taxonomies::of(catalogue.values().copied());
    let mut artifacts: Vec<&Artifact> = report.artifacts.iter().collect();
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    let run = Run {
        report,
        rules: catalogue.keys().enumerate().map(|(index, id)| (*id, index)).collect(),
        files: artifacts.iter().enumerate().map(|(index, artifact)| (&artifact.path, index)).collect(),
        taxonomies,
    };
    encode::pretty(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": report.tool.name,
                "version": report.tool.version,
                "semanticVersion": report.tool.version,
                "rules": catalogue.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
                "supportedTaxonomies": run.taxonomies.references(),
            }},
            "automationDetails": { "id": format!("weighbridge/{}/", report.policy.name) },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { BASE: { "description": { "text": "The root of what was weighed." } } },
            "invocations": [{ "executionSuccessful": true }],
            "artifacts": artifacts.into_iter().map(|artifact| run.artifact(artifact)).collect::<Vec<_>>(),
            "results": run.results(&findings),
            "taxonomies": run.taxonomies.components(),
            "properties": properties(report),
        }],
    }))
}

/// The bytes around a region, if they are more than the region itself, as a context must be (SARIF 2.1.0, 3.29.5).
fn context(shown: &Excerpt, region: Range<u64>) -> Option<Value> {
    let end = shown.start.saturating_add(shown.bytes.len() as u64);
    let around = shown.start <= region.start && end >= region.end && (shown.start..end) != region;
    around.then(|| {
        let snippet = json!({ "binary": STANDARD.encode(&shown.bytes) });
        json!({ "byteOffset": shown.start, "byteLength": shown.bytes.len(), "snippet": snippet })
    })
}

fn is_raised(rule: &Rule) -> bool {
    matches!(rule.class, Class::Defect | Class::Gap)
}

fn is_result(finding: &Finding) -> bool {
    is_raised(finding.evidence.rule)
}

fn properties(report: &Report) -> Value {
    let mut properties = json!({
        "verdict": report.verdict.name(),
        "policy": report.policy.name,
        "policyDigest": report.policy.digest,
        "notRequired": report.not_required,
        "notAssessed": report.not_assessed,
    });
    if let Some(root) = &report.root {
        properties["root"] = root.to_string().into();
    }
    properties
}

/// A rule with its page.
fn descriptor(rule: &Rule) -> Value {
    let mut tags = vec!["security".to_owned()];
    let mut relationships = Vec::new();
    for (framework, entry) in frameworks::of(rule) {
        if framework == "CWE" {
            tags.push(format!("external/cwe/{}", entry.to_lowercase()));
        }
        let target = json!({ "id": entry, "toolComponent": { "name": framework } });
        relationships.push(json!({ "target": target, "kinds": ["relevant"] }));
    }
    let mut descriptor = json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": { "text": rule.summary },
        "help": { "text": rule.page, "markdown": rule.page },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "security-severity": score(rule.severity),
            "precision": if rule.class == Class::Gap { "medium" } else { "high" },
            "tags": tags,
        },
    });
    if rule.page.is_empty() {
        descriptor["help"] = json!({ "text": rule.summary });
    }
    if !relationships.is_empty() {
        descriptor["relationships"] = relationships.into();
    }
    descriptor
}

fn pascal(id: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    id.split('-').map(word).collect()
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// In the bands that code scanning knows: above 9.0, from 7.0, from 4.0, above 0.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
        Severity::Info => "0.0",
    }
}

struct Run<'r> {
    report: &'r Report,
    rules: BTreeMap<&'r str, usize>,
    files: BTreeMap<&'r ArtifactPath, usize>,
    taxonomies: Taxonomies,
}

impl Run<'_> {
    fn artifact(&self, artifact: &Artifact) -> Value {
        let name = |algorithm: &str| match algorithm {
            "sha1" => "sha-1".to_owned(),
            other if other.starts_with("sha") => format!("sha-{}", &other[3..]),
            other => other.to_owned(),
        };
        let hashes: Map<String, Value> =
            artifact.digests.iter().map(|digest| (name(digest.algorithm().name()), digest.hex().into())).collect();
        let formats: Vec<&str> = artifact.formats.iter().map(|format| format.name()).collect();
        json!({
            "location": { "uri": self.uri(&artifact.path), "uriBaseId": BASE },
            "length": artifact.size,
            "roles": ["analysisTarget"],
            "hashes": hashes,
            "properties": { "formats": formats },
        })
    }

    fn uri(&self, path: &ArtifactPath) -> String {
        let path = if path.as_str() == "." { &self.report.subject } else { path.as_str() };
        percent::encode(path, "/")
    }

    fn results(&self, findings: &[&Finding]) -> Vec<Value> {
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        findings.iter().map(|finding| self.result(finding, &mut seen)).collect()
    }

    fn result(&self, finding: &Finding, seen: &mut BTreeMap<String, u64>) -> Value {
        let evidence = &finding.evidence;
        let print = fingerprint(finding);
        let times = seen.entry(print.clone()).or_default();
        *times = times.saturating_add(1);
        let mut result = json!({
            "ruleId": evidence.rule.id,
            "ruleIndex": self.rules.get(evidence.rule.id),
            "level": ruled(finding),
            "message": { "text": plain(&evidence.fact.message) },
            "locations": [self.location(finding)],
            "partialFingerprints": { "primaryLocationLineHash": format!("{print}:{times}") },
            "properties": {
                "ruling": finding.ruling.name(),
                "severity": finding.severity.name(),
                "security-severity": score(finding.severity),
                "assurance": evidence.assurance.name(),
                "place": evidence.place,
                "facts": evidence.fact.details,
            },
        });
        let taxa = self.taxonomies.taxa(evidence.rule);
        if !taxa.is_empty() {
            result["taxa"] = taxa.into();
        }
        if let Ruling::Excused(exception) = &finding.ruling {
            let justification = format!("{} ({})", exception.reason, exception.leave());
            result["suppressions"] =
                json!([{ "kind": "external", "status": "accepted", "justification": justification }]);
        }
        if let Some(advisory) = &evidence.advisory {
            result["properties"]["advisory"] = json!(advisory);
        }
        result
    }

    fn location(&self, finding: &Finding) -> Value {
        let evidence = &finding.evidence;
        let mut place = match &evidence.artifact {
            Some(path) => json!({ "uri": self.uri(path), "uriBaseId": BASE }),
            None => json!({ "uri": "./", "uriBaseId": BASE }),
        };
        if let Some(index) = evidence.artifact.as_ref().and_then(|path| self.files.get(path)) {
            place["index"] = (*index).into();
        }
        let mut physical = json!({ "artifactLocation": place });
        let mut logical = None;
        match &evidence.place {
            Place::Bytes { start, end } => {
                physical["region"] = json!({ "byteOffset": start, "byteLength": end.saturating_sub(*start) });
                if let Some(context) = evidence.excerpt.as_ref().and_then(|shown| context(shown, *start..*end)) {
                    physical["contextRegion"] = context;
                }
            }
            Place::Line { line, column } => {
                physical["region"] = json!({ "startLine": line, "startColumn": column });
                if let Some((marked, shown)) = evidence.excerpt.as_ref().and_then(excerpt::snippets) {
                    physical["region"]["endColumn"] = column.saturating_add(marked.chars().count() as u64).into();
                    physical["region"]["snippet"] = json!({ "text": marked });
                    physical["contextRegion"] = json!({ "startLine": line, "snippet": { "text": shown } });
                }
            }
            Place::Package { purl, line } => {
                if let Some(line) = line {
                    physical["region"] = json!({ "startLine": line });
                }
                logical = Some(json!([{ "name": purl.as_str(), "kind": "package" }]));
            }
            Place::Entry { name, .. } => {
                logical = Some(json!([{ "name": name, "kind": "resource" }]));
            }
            Place::Tensor { name } => logical = Some(json!([{ "name": name, "kind": "object" }])),
            Place::Whole => {}
        }
        let mut location = json!({ "physicalLocation": physical });
        if let Some(logical) = logical {
            location["logicalLocations"] = logical;
        }
        location
    }
}

/// The level by ruling: what fails is an error, what could not be looked at or only warns is a warning.
fn ruled(finding: &Finding) -> &'static str {
    match finding.ruling {
        Ruling::Fail => "error",
        Ruling::Unknown | Ruling::Warn => "warning",
        Ruling::Excused(_) => level(finding.severity),
        Ruling::Ok => "note",
    }
}

/// The same for the same thing in the same file, wherever its bytes have moved to.
fn fingerprint(finding: &Finding) -> String {
    let evidence = &finding.evidence;
    let inside = match &evidence.place {
        Place::Entry { name, .. } | Place::Tensor { name } => name.as_str(),
        Place::Package { purl, .. } => purl.as_str(),
        Place::Whole | Place::Bytes { .. } | Place::Line { .. } => "",
    };
    let advisory = evidence.advisory.as_ref().map_or("", |advisory| &advisory.id);
    let path = evidence.artifact.as_ref().map_or("", ArtifactPath::as_str);
    let mut hash = Sha256::new();
    for part in [evidence.rule.id, path, inside, advisory, &evidence.fact.message] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..8])
}

/// A message that makes no link: in SARIF `[text](target)` is one, and the text may be an attacker's.
fn plain(message: &str) -> String {
    message.replace("](", "] (")
}

/// The catalogues that the rules point at, with the entries that they point at.
struct Taxonomies(Vec<(frameworks::Framework, BTreeSet<String>)>);

impl Taxonomies {
    fn of<'a>(rules: impl Iterator<Item = &'a Rule>) -> Self {
        let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (framework, entry) in rules.flat_map(frameworks::of) {
            used.entry(framework).or_default().insert(entry);
        }
        let known = frameworks::all().into_iter();
        Self(known.filter_map(|one| used.remove(one.name.as_str()).map(|entries| (one, entries))).collect())
    }

    fn references(&self) -> Vec<Value> {
        let one = |(index, (framework, _)): (usize, &(frameworks::Framework, _))| json!({ "name": framework.name, "index": index });
        self.0.iter().enumerate().map(one).collect()
    }

    fn components(&self) -> Vec<Value> {
        let taxon = |framework: &frameworks::Framework, id: &String| match framework.entries.get(id) {
            Some(name) => json!({ "id": id, "shortDescription": { "text": name } }),
            None => json!({ "id": id }),
        };
        let one = |(framework, used): &(frameworks::Framework, BTreeSet<String>)| {
            json!({
                "name": framework.name,
                "fullName": framework.full_name,
                "organization": framework.organization,
                "version": framework.edition,
                "informationUri": framework.source,
                "isComprehensive": false,
                "taxa": used.iter().map(|id| taxon(framework, id)).collect::<Vec<_>>(),
            })
        };
        self.0.iter().map(one).collect()
    }

    fn taxa(&self, rule: &Rule) -> Vec<Value> {
        let mut taxa = Vec::new();
        for (name, entry) in frameworks::of(rule) {
            for (component, (framework, used)) in self.0.iter().enumerate() {
                if let (true, Some(index)) = (framework.name == name, used.iter().position(|id| *id == entry)) {
                    let of = json!({ "name": name, "index": component });
                    taxa.push(json!({ "id": entry, "index": index, "toolComponent": of }));
                }
            }
        }
        taxa
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn published_samples_are_current() {
        sample::published("demo.sarif", &render(&sample::report(), sample::RULES));
        sample::published("clean.sarif", &render(&sample::clean(), &[]));
    }

    #[test]
    fn defects_and_gaps_are_results_and_excused_ones_are_suppressed() {
        let document: Value = serde_json::from_str(&render(&sample::report(), sample::RULES)).unwrap();
        let results = document["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 4);
        for result in results {
            let excused = result["properties"]["ruling"] == "excused";
            assert_eq!(result.get("suppressions").is_some(), excused);
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(document["runs"][0]["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn fingerprints_survive_a_move_and_tell_repeats_apart() {
        let mut report = sample::report();
        let original = report.findings.iter().find(|finding| is_result(finding)).unwrap().clone();
        let mut copy = original.clone();
        copy.evidence.place = match copy.evidence.place {
            Place::Entry { name, start, end } => Place::Entry { name, start: start + 7, end: end + 7 },
            Place::Bytes { start, end } => Place::bytes(start + 7, end + 7),
            other => other,
        };
        assert_eq!(fingerprint(&copy), fingerprint(&original));
        report.findings.push(copy);
        let document: Value = serde_json::from_str(&render(&report, &[])).unwrap();
        let results = document["runs"][0]["results"].as_array().unwrap();
        let prints: BTreeSet<String> = results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
        assert_eq!(prints.len(), results.len());
    }

    #[test]
    fn a_message_makes_no_link() {
        assert_eq!(plain("see [here](http://evil.example)"), "see [here] (http://evil.example)");
    }
}
