//! Advisories that match, as an in-toto vulnerability statement v0.2 and as an OpenVEX document 0.2.0.

use std::str::FromStr as _;

use serde_json::{Value, json};

use crate::model::{Finding, Report, Ruling};

use super::bill::{Bill, Flaw};
use super::identity::{content_purl, uuid};
use super::statement::{self, NAMESPACE, NoSubject};

/// The predicate's type.
pub const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/vulns/v0.2";

/// What the statement says beyond the report. Times are RFC 3339.
#[derive(Clone, Debug)]
pub struct Options {
    /// URI of the scanner; [`super::summary::default_verifier`] when whoever runs it has none.
    pub scanner: String,
    /// URI of the advisory database.
    pub database: String,
    /// When the database was updated last.
    pub updated: String,
    /// When the look began.
    pub started: String,
    /// When it ended.
    pub finished: String,
}

/// The in-toto statement, ready to be signed. Each result is one advisory, whatever the policy makes of it; the
/// ruling stands in the annotations. An empty list says that none matched.
///
/// # Errors
/// [`NoSubject`] if nothing was hashed.
pub fn statement(report: &Report, options: &Options) -> Result<Value, NoSubject> {
    let bill = Bill::of(report);
    let predicate = json!({
        "scanner": {
            "uri": options.scanner,
            "version": report.tool.version,
            "db": { "uri": options.database, "lastUpdate": options.updated },
            "result": advisories(&bill).map(|flaw| result(flaw, report)).collect::<Vec<_>>(),
        },
        "metadata": { "scanStartedOn": options.started, "scanFinishedOn": options.finished },
    });
    statement::of(report, PREDICATE_TYPE, predicate)
}

fn advisories<'b>(bill: &'b Bill<'_>) -> impl Iterator<Item = &'b Flaw<'b>> {
    bill.flaws.iter().filter(|flaw| flaw.advisory.is_some())
}

/// Findings of a flaw that an advisory stands behind, by package.
fn packages<'f>(flaw: &'f Flaw<'_>) -> Vec<&'f str> {
    let mut purls: Vec<&str> = flaw
        .findings
        .iter()
        .filter_map(|finding: &&Finding| finding.evidence.advisory.as_ref())
        .map(|advisory| advisory.purl.as_str())
        .collect();
    purls.sort_unstable();
    purls.dedup();
    purls
}

fn result(flaw: &Flaw<'_>, report: &Report) -> Value {
    let mut severity = vec![json!({ "method": "weighbridge", "score": flaw.severity().name() })];
    if let Some(vector) = flaw.advisory.and_then(|advisory| advisory.cvss.as_deref()) {
        severity.push(json!({ "method": "cvss_vector", "score": vector }));
        if let Ok(cvss) = cvss::Cvss::from_str(vector) {
            severity.push(json!({ "method": "cvss_score", "score": format!("{:.1}", cvss.score()) }));
        }
    }
    let aliases = flaw.advisory.map(|advisory| advisory.aliases.as_slice()).unwrap_or_default();
    json!({
        "id": flaw.id,
        "severity": severity,
        "annotations": [
            { "packages": packages(flaw) },
            { "aliases": aliases },
            { "ruling": super::bill::ruling(flaw, report) },
        ],
    })
}

/// An OpenVEX document; `None` when no advisory matches, since the format has no empty one.
///
/// Nobody has looked yet whether the flaw can be reached, so each statement is `under_investigation`; only where
/// somebody answers for it is it `affected`, with their reason as the action.
#[must_use]
pub fn openvex(report: &Report, author: &str, timestamp: &str) -> Option<Value> {
    let bill = Bill::of(report);
    let product = content_purl(&report.subject, None, bill.root());
    let statements: Vec<Value> = advisories(&bill).map(|flaw| vex(flaw, &product)).collect();
    if statements.is_empty() {
        return None;
    }
    let mut document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "author": author,
        "timestamp": timestamp,
        "version": 1,
        "tooling": format!("{} {}", report.tool.name, report.tool.version),
        "statements": statements,
    });
    document["@id"] = format!("{NAMESPACE}vex/{}", uuid(document.to_string().as_bytes())).into();
    Some(document)
}

fn vex(flaw: &Flaw<'_>, product: &str) -> Value {
    let parts: Vec<Value> = packages(flaw).into_iter().map(|purl| json!({ "@id": purl })).collect();
    let mut vulnerability = json!({ "name": flaw.id });
    if let Some(advisory) = flaw.advisory {
        vulnerability["description"] = advisory.title.as_str().into();
        vulnerability["aliases"] = json!(advisory.aliases);
    }
    let mut statement = json!({
        "vulnerability": vulnerability,
        "products": [{ "@id": product, "subcomponents": parts }],
        "status": "under_investigation",
    });
    let excused = flaw.findings.iter().find_map(|finding| match &finding.ruling {
        Ruling::Excused(exception) => Some(exception),
        _ => None,
    });
    if let Some(exception) = excused {
        statement["status"] = "affected".into();
        statement["action_statement"] =
            format!("{} (until {}, {})", exception.reason, exception.until, exception.owner).into();
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::super::{encode, sample, summary};
    use super::*;

    #[test]
    fn published_samples_are_current() {
        let time = "2026-11-23T00:00:00Z".to_owned();
        let options = Options {
            scanner: summary::default_verifier(),
            database: "https://osv.dev/".to_owned(),
            updated: time.clone(),
            started: time.clone(),
            finished: time.clone(),
        };
        let found = statement(&sample::report(), &options).unwrap();
        sample::published("found.vulns.json", &encode::pretty(&found));
        let none = statement(&sample::clean(), &options).unwrap();
        assert_eq!(none["predicate"]["scanner"]["result"], json!([]));
        let vex = openvex(&sample::report(), "Acme", &time).unwrap();
        sample::published("demo.openvex.json", &encode::pretty(&vex));
        assert_eq!(openvex(&sample::clean(), "Acme", &time), None);
    }
}
