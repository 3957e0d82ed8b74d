//! The in-toto test result v0.1: which rules passed, warned and failed.
//!
//! A rule passes when it spoke and the policy objects to nothing it said. A rule that said nothing is in no list:
//! silence may also mean that there was nothing for it to look at.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Report, Ruling, Verdict};

use super::statement::{self, NoSubject};

/// The predicate's type.
pub const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Passed,
    Warned,
    Failed,
}

/// The statement, ready to be signed. `policy` is where the policy is; by its name when there is none.
///
/// # Errors
/// [`NoSubject`] if nothing was hashed.
pub fn statement(report: &Report, policy: Option<&str>) -> Result<Value, NoSubject> {
    let mut rules: BTreeMap<&str, Outcome> = BTreeMap::new();
    for finding in &report.findings {
        let outcome = match finding.ruling {
            Ruling::Ok => Outcome::Passed,
            Ruling::Warn | Ruling::Excused(_) => Outcome::Warned,
            Ruling::Unknown | Ruling::Fail => Outcome::Failed,
        };
        let worst = rules.entry(finding.evidence.rule.id).or_insert(outcome);
        *worst = outcome.max(*worst);
    }
    let of = |wanted: Outcome| -> Vec<&str> {
        rules.iter().filter(|(_, outcome)| **outcome == wanted).map(|(rule, _)| *rule).collect()
    };
    let warned = of(Outcome::Warned);
    let result = match report.verdict {
        Verdict::Pass if warned.is_empty() => "PASSED",
        Verdict::Pass => "WARNED",
        Verdict::Unknown | Verdict::Fail => "FAILED",
    };
    let mut configuration = vec![statement::policy(&report.policy, policy)];
    configuration.extend(report.inputs.iter().map(statement::input));
    let predicate = json!({
        "result": result,
        "configuration": configuration,
        "passedTests": of(Outcome::Passed),
        "warnedTests": warned,
        "failedTests": of(Outcome::Failed),
    });
    statement::of(report, PREDICATE_TYPE, predicate)
}

#[cfg(test)]
mod tests {
    use super::super::{encode, sample};
    use super::*;

    #[test]
    fn published_samples_are_current() {
        let failed = statement(&sample::report(), None).unwrap();
        assert_eq!(failed["predicate"]["failedTests"], json!(["limit-reached", "pickle-dangerous-call"]));
        assert_eq!(failed["predicate"]["warnedTests"], json!(["chat-template-call", "vulnerable-package"]));
        sample::published("failed.test-result.json", &encode::pretty(&failed));
        let passed = statement(&sample::clean(), None).unwrap();
        assert_eq!(passed["predicate"]["result"], "PASSED");
        sample::published("passed.test-result.json", &encode::pretty(&passed));
    }
}
