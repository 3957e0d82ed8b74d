//! The SLSA Verification Summary: one signed word about a model, PASSED or FAILED.
//!
//! Field by field after SLSA 1.2, and readable by verifiers of 1.0 (which need `timeVerified`). A verdict of
//! `unknown` is FAILED: the format has no third word, and what was not looked at has not passed. The extension field
//! says which it was. Levels are this project's own, as the format allows for names that do not begin with `SLSA_`:
//! `WEIGHBRIDGE_TIER_PRODUCTION` says that the policy of that name was met, and only `policy.digest` says which
//! policy bore the name.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::model::{Report, Ruling, Verdict, tier};

use super::json;
use super::statement::{self, NAMESPACE, NoSubject};

/// The predicate's type, the same for SLSA 1.0, 1.1 and 1.2.
pub const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// An attestation or document that was among the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputAttestation {
    /// Where it is.
    pub uri: String,
    /// `sha256:…` of its bytes.
    pub digest: String,
}

/// What a summary says beyond the report.
#[derive(Clone, Debug)]
pub struct Options {
    /// URI of who verified; a consumer pairs it with the key.
    pub verifier: String,
    /// When, as RFC 3339.
    pub time: String,
    /// URI where the model is fetched from.
    pub resource: String,
    /// URI of the policy; by its name when there is none.
    pub policy: Option<String>,
    /// All attestations that were evidence; the format wants all or none.
    pub inputs: Vec<InputAttestation>,
}

/// URI of this program as a verifier, when whoever runs it has none of their own.
#[must_use]
pub fn default_verifier() -> String {
    format!("{NAMESPACE}verifier/v1")
}

/// The statement, ready to be signed.
///
/// # Errors
/// [`NoSubject`] if nothing was hashed.
pub fn statement(report: &Report, options: &Options) -> Result<Value, NoSubject> {
    let passed = report.verdict == Verdict::Pass;
    let inputs: Vec<Value> =
        options.inputs.iter().map(|input| statement::described(&input.uri, None, Some(&input.digest))).collect();
    let mut predicate = json!({
        "verifier": { "id": options.verifier, "version": { report.tool.name.clone(): report.tool.version } },
        "timeVerified": options.time,
        "resourceUri": options.resource,
        "policy": statement::policy(&report.policy, options.policy.as_deref()),
        "verificationResult": if passed { "PASSED" } else { "FAILED" },
        "verifiedLevels": [if passed { tier::level(&report.policy.name) } else { "FAILED".to_owned() }],
        "slsaVersion": "1.2",
    });
    if !inputs.is_empty() {
        predicate["inputAttestations"] = inputs.into();
    }
    predicate[format!("{NAMESPACE}verdict/v1")] = extension(report);
    statement::of(report, PREDICATE_TYPE, predicate)
}

/// What the word rests on: which verdict it was, how many findings, who excused what, what was left out, and the
/// digest of the full report.
fn extension(report: &Report) -> Value {
    let count = |wanted: fn(&Ruling) -> bool| report.findings.iter().filter(|finding| wanted(&finding.ruling)).count();
    let excused: Vec<Value> = report
        .findings
        .iter()
        .filter_map(|finding| match &finding.ruling {
            Ruling::Excused(exception) => Some(json!({
                "rule": finding.evidence.rule.id,
                "artifact": finding.evidence.artifact,
                "reason": exception.reason,
                "owner": exception.owner,
                "until": exception.until,
            })),
            _ => None,
        })
        .collect();
    json!({
        "verdict": report.verdict.name(),
        "findings": {
            "fail": count(|ruling| matches!(ruling, Ruling::Fail)),
            "unknown": count(|ruling| matches!(ruling, Ruling::Unknown)),
            "warn": count(|ruling| matches!(ruling, Ruling::Warn)),
        },
        "excused": excused,
        "checks": report.checks,
        "notRequired": report.not_required,
        "notAssessed": report.not_assessed,
        "inputs": report.inputs.iter().map(statement::input).collect::<Vec<_>>(),
        "report": { "sha256": hex::encode(Sha256::digest(json::render(report))) },
    })
}

#[cfg(test)]
mod tests {
    use super::super::{encode, sample};
    use super::*;

    fn options() -> Options {
        Options {
            verifier: default_verifier(),
            time: "2026-11-23T00:00:00Z".to_owned(),
            resource: "https://models.acme.example/demo".to_owned(),
            policy: None,
            inputs: vec![InputAttestation {
                uri: "model.sig".to_owned(),
                digest: sample::report().root.unwrap().to_string(),
            }],
        }
    }

    #[test]
    fn published_samples_are_current() {
        let passed = statement(&sample::clean(), &options()).unwrap();
        sample::published("passed.vsa.json", &encode::pretty(&passed));
        let failed = statement(&sample::report(), &options()).unwrap();
        sample::published("failed.vsa.json", &encode::pretty(&failed));
    }

    #[test]
    fn only_a_pass_is_passed() {
        for verdict in [Verdict::Unknown, Verdict::Fail] {
            let statement = statement(&Report { verdict, ..sample::report() }, &options()).unwrap();
            let predicate = &statement["predicate"];
            assert_eq!(predicate["verificationResult"], "FAILED");
            assert_eq!(predicate["verifiedLevels"], json!(["FAILED"]));
            assert_eq!(predicate["https://weighbridge.dev/ns/verdict/v1"]["verdict"], verdict.name());
        }
        let statement = statement(&sample::clean(), &options()).unwrap();
        assert_eq!(statement["predicate"]["verifiedLevels"], json!(["WEIGHBRIDGE_TIER_DEVELOPMENT"]));
    }
}
