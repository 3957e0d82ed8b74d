//! The in-toto Simple Verification Result v0.2: the properties that were verified, and no others.
//!
//! The format has no word for failure, so nothing is written for a verdict other than pass.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{Class, Report, Ruling, Verdict, tier};

use super::statement::{self, NoSubject};
use super::summary;

/// The predicate's type.
pub const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/svr/v0.2";

/// The statement, ready to be signed; `None` unless the verdict is pass.
///
/// Properties are the policy's tier and `WEIGHBRIDGE_` with each rule of good news that spoke: `WEIGHBRIDGE_
/// SIGNATURE_VALID`.
///
/// # Errors
/// [`NoSubject`] if nothing was hashed.
pub fn statement(report: &Report, options: &summary::Options) -> Result<Option<Value>, NoSubject> {
    if report.verdict != Verdict::Pass {
        return Ok(None);
    }
    let good = report
        .findings
        .iter()
        .filter(|finding| finding.evidence.rule.class == Class::Assurance && finding.ruling == Ruling::Ok)
        .map(|finding| format!("WEIGHBRIDGE_{}", finding.evidence.rule.id.replace('-', "_").to_ascii_uppercase()));
    let mut properties: BTreeSet<String> = good.collect();
    properties.insert(tier::level(&report.policy.name));
    let predicate = json!({
        "verifier": {
            "id": options.verifier,
            "policies": [statement::policy(&report.policy, options.policy.as_deref())],
        },
        "timeCreated": options.time,
        "properties": properties,
    });
    statement::annotated(report, PREDICATE_TYPE, predicate).map(Some)
}

#[cfg(test)]
mod tests {
    use super::super::{encode, sample};
    use super::*;

    #[test]
    fn only_what_passed_is_written() {
        let options = summary::Options {
            verifier: summary::default_verifier(),
            time: "2026-11-23T00:00:00Z".to_owned(),
            resource: String::new(),
            policy: None,
            inputs: Vec::new(),
        };
        assert_eq!(statement(&sample::report(), &options), Ok(None));
        let passed = statement(&sample::clean(), &options).unwrap().unwrap();
        let expected =
            json!(["WEIGHBRIDGE_DIGEST_MATCH", "WEIGHBRIDGE_SIGNATURE_VALID", "WEIGHBRIDGE_TIER_DEVELOPMENT"]);
        assert_eq!(passed["predicate"]["properties"], expected);
        sample::published("passed.svr.json", &encode::pretty(&passed));
    }
}
