//! Advisories that match, as an in-toto vulnerability statement v0.2 and as an OpenVEX document 0.2.0.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use serde_json::{Value, json};

use crate::model::{Finding, Report, Ruling};

use super::bill::{Bill, Flaw, is_deadline};
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
    statement::annotated(report, PREDICATE_TYPE, predicate)
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
/// A statement is `not_affected` where an OpenVEX document that was read says so, in its words; `affected` where the
/// policy's exception answers for it, with that reason as the action; else `under_investigation`: nobody has looked yet
/// whether the flaw can be reached. A flaw with several answers has several statements, each about its packages.
#[must_use]
pub fn openvex(report: &Report, author: &str, timestamp: &str) -> Option<Value> {
    let bill = Bill::of(report);
    let product = content_purl(&report.subject, None, bill.root());
    let statements: Vec<Value> = advisories(&bill).flat_map(|flaw| vex(flaw, &product)).collect();
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

/// What is said of a package, in the order in which the worse decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer<'f> {
    NotAffected { justification: Option<&'f str>, impact_statement: Option<&'f str>, author: &'f str },
    Affected { action: String },
    UnderInvestigation,
}

fn answer<'f>(finding: &'f Finding) -> Answer<'f> {
    let Ruling::Excused(exception) = &finding.ruling else { return Answer::UnderInvestigation };
    match &exception.not_affected {
        Some(said) => Answer::NotAffected {
            justification: said.justification.as_deref(),
            impact_statement: said.impact_statement.as_deref(),
            author: &exception.owner,
        },
        None => Answer::Affected { action: format!("{} ({})", exception.reason, exception.leave()) },
    }
}

fn vex(flaw: &Flaw<'_>, product: &str) -> Vec<Value> {
    let mut by_package: BTreeMap<&str, Answer<'_>> = BTreeMap::new();
    for finding in flaw.findings.iter().filter(|finding| !is_deadline(finding)) {
        let Some(advisory) = &finding.evidence.advisory else { continue };
        let here = answer(finding);
        let told = by_package.entry(advisory.purl.as_str()).or_insert_with(|| here.clone());
        *told = told.clone().max(here);
    }
    let mut by_answer: BTreeMap<Answer<'_>, Vec<&str>> = BTreeMap::new();
    for (purl, answer) in by_package {
        by_answer.entry(answer).or_default().push(purl);
    }
    by_answer.into_iter().map(|(answer, purls)| said(flaw, product, &answer, &purls)).collect()
}

fn said(flaw: &Flaw<'_>, product: &str, answer: &Answer<'_>, purls: &[&str]) -> Value {
    let parts: Vec<Value> = purls.iter().map(|purl| json!({ "@id": purl })).collect();
    let mut vulnerability = json!({ "name": flaw.id });
    if let Some(advisory) = flaw.advisory {
        vulnerability["description"] = advisory.title.as_str().into();
        vulnerability["aliases"] = json!(advisory.aliases);
    }
    let mut statement = json!({
        "vulnerability": vulnerability,
        "products": [{ "@id": product, "subcomponents": parts }],
    });
    match answer {
        Answer::UnderInvestigation => statement["status"] = "under_investigation".into(),
        Answer::Affected { action } => {
            statement["status"] = "affected".into();
            statement["action_statement"] = action.as_str().into();
        }
        Answer::NotAffected { justification, impact_statement, author } => {
            statement["status"] = "not_affected".into();
            statement["status_notes"] = format!("stated by {author}").into();
            for (key, text) in [("justification", justification), ("impact_statement", impact_statement)] {
                if let Some(text) = text {
                    statement[key] = (*text).into();
                }
            }
        }
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
