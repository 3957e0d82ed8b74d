//! Advisories and defects as SPDX 3 vulnerabilities.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use serde_json::{Value, json};

use crate::model::{ArtifactPath, Purl};

use super::super::bill::{self, Affected, Bill, Flaw};
use super::super::percent;
use super::graph::Graph;
use super::v3::ADDRESS;

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
    }
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
