//! What a stored report cannot answer when it is judged again.

use crate::model::{Check, Class, Evidence, Input, Report, Rule, Severity};

/// Nobody looked.
pub static REPORT_CHECK_MISSING: Rule = Rule {
    id: "report-check-missing",
    summary: "a stored report lacks a check that the policy asks for",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/report-check-missing.md"),
    frameworks: &["CWE-693"],
};

/// Somebody looked otherwise.
pub static REPORT_TERMS_DIFFER: Rule = Rule {
    id: "report-terms-differ",
    summary: "a stored report was made with other keys, limits or flags than are asked for",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/report-terms-differ.md"),
    frameworks: &["CWE-693"],
};

/// Inputs that decide what is seen, and not only what is thought of it.
const TERMS: [&str; 13] = [
    "reading",
    "trusted-key",
    "trusted-certificate",
    "trusted-identity",
    "signature-threshold",
    "signature-terms",
    "revoked-digest",
    "attestation-key",
    "attestation-identity",
    "pickle-terms",
    "limits",
    "advisory-database",
    LICENCES,
];

/// Licences are listed for a policy that restricts them; a list that nobody asks for hides nothing.
const LICENCES: &str = "licences";

/// One gap for each check that the policy asks for and the report lacks, and one for each kind of input that differs
/// from `wanted`, what a fresh look under the policy and with the same flags would rest on.
#[must_use]
pub fn gaps(report: &Report, checks: &[Check], wanted: &[Input]) -> Vec<Evidence> {
    let missing = checks.iter().filter(|check| !report.checks.contains(check)).map(|check| {
        let message = format!("the policy asks for {check}, and the report was made without it");
        Evidence::new(&REPORT_CHECK_MISSING, message).with("check", check.name())
    });
    let of = |inputs: &[Input], role: &str| {
        let mut values: Vec<String> = inputs.iter().filter(|input| input.role == role).map(value).collect();
        values.sort();
        values.dedup();
        values
    };
    let differing = TERMS.into_iter().filter_map(|role| {
        let (here, there) = (of(wanted, role), of(&report.inputs, role));
        (here != there && !(role == LICENCES && here.is_empty())).then(|| {
            let say = |values: &[String]| if values.is_empty() { "none".to_owned() } else { values.join(", ") };
            let message = format!("{role}: the report was made with {}, and {} was asked for", say(&there), say(&here));
            Evidence::new(&REPORT_TERMS_DIFFER, message).with("role", role)
        })
    });
    missing.chain(differing).collect()
}

fn value(input: &Input) -> String {
    match &input.digest {
        Some(digest) => format!("{} {digest}", input.name),
        None => input.name.clone(),
    }
}
