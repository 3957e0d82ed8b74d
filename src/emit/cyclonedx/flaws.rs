//! Advisories and defects as vulnerabilities, with the policy's ruling as their analysis.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use serde_json::{Value, json};

use crate::model::{AdvisoryMatch, Finding, Purl};

use super::super::bill::{self, Affected, Bill, Flaw};
use super::components::file_reference;
use super::{MODEL, SUBJECT};

/// Findings of one flaw that are told one by one.
const TOLD: usize = 20;

/// All flaws: advisories first, then what was seen in files.
pub(super) fn all(bill: &Bill<'_>) -> Vec<Value> {
    bill.flaws.iter().map(|flaw| one(flaw, bill)).collect()
}

fn one(flaw: &Flaw<'_>, bill: &Bill<'_>) -> Value {
    let summary = flaw.findings.first().map_or("", |finding| finding.evidence.rule.summary);
    let mut value = json!({
        "bom-ref": format!("flaw:{}", flaw.id),
        "id": flaw.id,
        "description": flaw.advisory.map_or(summary, |advisory| &advisory.title),
        "detail": bill::sightings(flaw, TOLD),
        "ratings": [rating(flaw)],
        "affects": affects(flaw, bill),
        "analysis": analysis(flaw, bill),
    });
    match flaw.advisory {
        Some(advisory) => describe(&mut value, advisory),
        None => {
            // Those of a rule about packages say nothing about the flaw inside one.
            let cwes = flaw.cwes();
            if !cwes.is_empty() {
                value["cwes"] = cwes.into();
            }
            value["source"] = json!({ "name": bill.report.tool.name });
            let rule = flaw.findings.first().map(|finding| finding.evidence.rule);
            let lines = rule.map(super::super::frameworks::lines).unwrap_or_default();
            let properties: Vec<Value> =
                lines.iter().map(|line| super::property("weighbridge:catalogue", line)).collect();
            if !properties.is_empty() {
                value["properties"] = properties.into();
            }
            value["recommendation"] = format!("{} explain {}", bill.report.tool.name, flaw.id).into();
        }
    }
    value
}

/// What follows for a running system is for people to say: it stays open until somebody did.
fn analysis(flaw: &Flaw<'_>, bill: &Bill<'_>) -> Value {
    let detail = bill::ruling(flaw, bill.report);
    let Some(said) = flaw.not_affected() else { return json!({ "state": "in_triage", "detail": detail }) };
    let mut analysis = json!({ "state": "not_affected", "detail": detail });
    // OpenVEX has words that CycloneDX has not: those stand in the detail alone.
    let justification = match said.justification.as_deref() {
        Some("component_not_present" | "vulnerable_code_not_present") => "code_not_present",
        Some("vulnerable_code_not_in_execute_path") => "code_not_reachable",
        Some("inline_mitigations_already_exist") => "protected_by_mitigating_control",
        _ => return analysis,
    };
    analysis["justification"] = justification.into();
    analysis
}

fn describe(value: &mut Value, advisory: &AdvisoryMatch) {
    value["source"] = match &advisory.url {
        Some(url) => json!({ "name": database(&advisory.id), "url": url }),
        None => json!({ "name": database(&advisory.id) }),
    };
    if !advisory.aliases.is_empty() {
        let of = |id: &String| json!({ "id": id, "source": { "name": database(id) } });
        value["references"] = advisory.aliases.iter().map(of).collect();
    }
    if let Some(day) = &advisory.published {
        value["published"] = if day.len() == 10 { format!("{day}T00:00:00Z") } else { day.clone() }.into();
    }
    value["recommendation"] = match advisory.fixed.as_slice() {
        [] => "No fixed version is known.".to_owned(),
        fixed => format!("Use {} {}", advisory.name, fixed.join(" or ")),
    }
    .into();
}

/// The database that an identifier is of, by its prefix.
pub(super) fn database(id: &str) -> &'static str {
    let known = [
        ("CVE-", "NVD"),
        ("GHSA-", "GitHub Advisory Database"),
        ("RUSTSEC-", "RustSec"),
        ("PYSEC-", "PyPA"),
        ("GO-", "Go Vulnerability Database"),
        ("MAL-", "OpenSSF Malicious Packages"),
    ];
    known.iter().find(|(prefix, _)| id.starts_with(prefix)).map_or("OSV", |(_, name)| name)
}

fn rating(flaw: &Flaw<'_>) -> Value {
    let mut rating = json!({ "severity": flaw.severity().name(), "method": "other" });
    if let Some(vector) = flaw.advisory.and_then(|advisory| advisory.cvss.as_deref()) {
        let method = match vector.split('/').next() {
            Some("CVSS:4.0") => "CVSSv4",
            Some("CVSS:3.1") => "CVSSv31",
            Some("CVSS:3.0") => "CVSSv3",
            _ => "CVSSv2",
        };
        rating["method"] = method.into();
        rating["vector"] = vector.into();
        if let Ok(cvss) = cvss::Cvss::from_str(vector) {
            rating["score"] = cvss.score().into();
        }
    }
    rating
}

fn affects(flaw: &Flaw<'_>, bill: &Bill<'_>) -> Vec<Value> {
    let version = |purl: &str| {
        let mut advisories = flaw.findings.iter().filter_map(|finding: &&Finding| finding.evidence.advisory.as_deref());
        advisories.find(|advisory| advisory.purl.as_str() == purl).map(|advisory| advisory.version.clone())
    };
    let listed: BTreeSet<&Purl> = bill.packages.iter().map(|locked| &locked.package.purl).collect();
    let one = |affected| match affected {
        Affected::Whole => json!({ "ref": if bill.is_model { MODEL } else { SUBJECT } }),
        Affected::File(path) if bill.paths.contains(path) => json!({ "ref": file_reference(path) }),
        Affected::File(_) => json!({ "ref": SUBJECT }),
        Affected::Package(purl) if !listed.contains(purl) => json!({ "ref": SUBJECT }),
        // The version is one that the advisory names; that it is of no effect here, only somebody's word says.
        Affected::Package(purl) => match version(purl.as_str()) {
            Some(version) => json!({
                "ref": purl.as_str(),
                "versions": [{
                    "version": version,
                    "status": if flaw.spares(affected) { "unaffected" } else { "affected" },
                }],
            }),
            None => json!({ "ref": purl.as_str() }),
        },
    };
    let mut all: Vec<Value> = flaw.affects().into_iter().map(one).collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::{Options, document};
    use crate::model::{Exception, NotAffected, Ruling};

    #[test]
    fn no_version_is_affected_by_what_does_not_affect() {
        let mut report = sample::report();
        for finding in report.findings.iter_mut().filter(|finding| finding.evidence.advisory.is_some()) {
            let justification = Some("vulnerable_code_not_present".to_owned());
            finding.ruling = Ruling::Excused(Exception {
                reason: "r".to_owned(),
                owner: "o".to_owned(),
                until: None,
                not_affected: Some(NotAffected { justification, impact_statement: None }),
            });
        }
        let status = |report| {
            let document = document(report, &Options::default());
            let flaw = document["vulnerabilities"][0].clone();
            (flaw["analysis"]["state"].clone(), flaw["affects"][0]["versions"][0]["status"].clone())
        };
        assert_eq!(status(&report), ("not_affected".into(), "unaffected".into()));
        assert_eq!(status(&sample::report()), ("in_triage".into(), "affected".into()));
    }
}
