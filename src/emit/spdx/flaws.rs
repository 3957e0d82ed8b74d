//! Advisories and defects as SPDX 3 vulnerabilities.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use serde_json::{Value, json};

use crate::model::{ArtifactPath, Purl};

use super::super::bill::{self, Affected, Bill, Flaw};
use super::graph::Graph;
use super::v3::ADDRESS;
use crate::model::percent;

/// All flaws, with what each affects and how it is rated.
pub(super) fn flaws(
    graph: &mut Graph<'_>,
    bill: &Bill<'_>,
    root: &str,
    files: &BTreeMap<&ArtifactPath, String>,
    packages: &BTreeMap<&Purl, String>,
) {
    for (index, flaw) in bill.flaws.iter().enumerate() {
        let summary = flaw.findings.first().map_or("", |finding| finding.evidence.rule.summary);
        let vulnerability = graph.add(
            "security_Vulnerability",
            &format!("flaw-{index}"),
            &[
                ("name", flaw.id.to_owned()),
                ("summary", flaw.advisory.map_or(summary, |advisory| &advisory.title).to_owned()),
                ("description", bill::sightings(flaw, 20)),
                ("comment", bill::ruling(flaw, bill.report)),
            ],
        );
        graph.set("externalIdentifier", identifiers(flaw));
        let affected = flaw.affects().into_iter().map(|affected| match affected {
            Affected::Whole => root.to_owned(),
            Affected::File(path) => files.get(path).cloned().unwrap_or_else(|| root.to_owned()),
            Affected::Package(purl) => packages.get(purl).cloned().unwrap_or_else(|| root.to_owned()),
        });
        let mut affected: Vec<String> = affected.collect();
        affected.dedup();
        for one in &affected {
            graph.relate(one, "hasAssociatedVulnerability", std::slice::from_ref(&vulnerability), "noAssertion");
        }
        rate(graph, flaw, &vulnerability, &affected);
        excuse(graph, flaw, &vulnerability, &affected);
    }
}

/// That it does not affect anything here, where somebody says so of all that it is in.
fn excuse(graph: &mut Graph<'_>, flaw: &Flaw<'_>, vulnerability: &str, affected: &[String]) {
    let Some(said) = flaw.not_affected() else { return };
    graph.relations += 1;
    let name = format!("relation-{}", graph.relations);
    graph.add(
        "security_VexNotAffectedVulnAssessmentRelationship",
        &name,
        &[("from", vulnerability.to_owned()), ("relationshipType", "doesNotAffect".to_owned())],
    );
    graph.set("to", json!(affected));
    graph.set("security_justificationType", json!(said.justification.as_deref().map(camel)));
    graph.set("security_impactStatement", json!(said.impact_statement));
}

/// A word of OpenVEX as SPDX spells it.
fn camel(word: &str) -> String {
    let mut parts = word.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut all, part| {
        let mut letters = part.chars();
        all.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        all.push_str(letters.as_str());
        all
    })
}

fn identifiers(flaw: &Flaw<'_>) -> Value {
    let Some(advisory) = flaw.advisory else { return Value::Null };
    let kind = |id: &str| if id.starts_with("CVE-") { "cve" } else { "securityOther" };
    let one =
        |id: &String| json!({ "type": "ExternalIdentifier", "externalIdentifierType": kind(id), "identifier": id });
    let mut all: Vec<Value> = std::iter::once(&advisory.id).chain(&advisory.aliases).map(one).collect();
    if let (Some(first), Some(url)) = (all.first_mut(), &advisory.url) {
        first["identifierLocator"] = json!([percent::encode(url, ADDRESS)]);
    }
    all.into()
}

/// The score of version 3 of CVSS, when the advisory has one.
fn rate(graph: &mut Graph<'_>, flaw: &Flaw<'_>, vulnerability: &str, affected: &[String]) {
    let vector = flaw.advisory.and_then(|advisory| advisory.cvss.as_deref()).filter(|v| v.starts_with("CVSS:3"));
    let Some((vector, cvss)) = vector.and_then(|vector| Some((vector, cvss::Cvss::from_str(vector).ok()?))) else {
        return;
    };
    graph.relations += 1;
    let name = format!("relation-{}", graph.relations);
    graph.add(
        "security_CvssV3VulnAssessmentRelationship",
        &name,
        &[
            ("from", vulnerability.to_owned()),
            ("relationshipType", "hasAssessmentFor".to_owned()),
            ("security_vectorString", vector.to_owned()),
            ("security_severity", cvss.severity().to_string().to_lowercase()),
        ],
    );
    graph.set("to", json!(affected));
    // A decimal, which JSON-LD makes of text alone: a number would be a double.
    graph.set("security_score", format!("{:.1}", cvss.score()).into());
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::super::sample;
    use super::super::{Options, Spec, document};
    use crate::model::{Exception, NotAffected, Ruling};

    #[test]
    fn a_word_of_openvex_is_a_word_of_spdx() {
        let mut report = sample::report();
        for finding in report.findings.iter_mut().filter(|finding| finding.evidence.advisory.is_some()) {
            let justification = Some("vulnerable_code_cannot_be_controlled_by_adversary".to_owned());
            finding.ruling = Ruling::Excused(Exception {
                reason: "r".to_owned(),
                owner: "o".to_owned(),
                until: None,
                not_affected: Some(NotAffected { justification, impact_statement: None }),
            });
        }
        let timestamp = "2026-11-23T00:00:00Z".to_owned();
        let document = document(&report, &Options { spec: Spec::V3_0_1, timestamp, author: None, supplier: None });
        let all: Vec<&Value> = document["@graph"].as_array().unwrap().iter().collect();
        let vex = all.iter().find(|one| one["relationshipType"] == "doesNotAffect").unwrap();
        assert_eq!(vex["security_justificationType"], "vulnerableCodeCannotBeControlledByAdversary");
        assert_eq!(vex.get("security_impactStatement"), None);
        assert!(all.iter().any(|one| one["spdxId"] == vex["from"]));
    }
}
