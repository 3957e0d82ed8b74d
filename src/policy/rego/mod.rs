//! What policies in Rego add: objections, and the gap when they could not be heard.
//!
//! A Rego policy sees the report (`weighbridge/report/v1`) as `input` and may add to `data.weighbridge.deny`. It can
//! take nothing away. Whoever evaluates it hands over what came of it as [`Heard`].

#[cfg(feature = "rego")]
mod engine;

#[cfg(feature = "rego")]
pub use engine::evaluate;

use crate::model::{Class, Evidence, Rule, Severity};

/// True if this program can evaluate Rego.
pub const BUILT_IN: bool = cfg!(feature = "rego");

/// A Rego policy objects.
pub static POLICY_DENIED: Rule = Rule {
    id: "policy-denied",
    summary: "a policy in Rego objects",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/policy-denied.md"),
    frameworks: &["CWE-693"],
};

/// A Rego policy could not be evaluated.
pub static POLICY_NOT_EVALUATED: Rule = Rule {
    id: "policy-not-evaluated",
    summary: "a policy in Rego could not be evaluated within its limits",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../../rules/policy-not-evaluated.md"),
    frameworks: &["CWE-400", "CWE-703"],
};

/// What came of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Its objections, each a sentence; none if it has none.
    Denials(Vec<String>),
    /// Why there is no answer: an error, or a limit that was reached.
    Nothing(String),
}

/// As evidence, in a stable order.
#[must_use]
pub fn evidence(heard: Heard) -> Vec<Evidence> {
    match heard {
        Heard::Denials(mut denials) => {
            denials.sort();
            denials.dedup();
            denials.into_iter().map(|denial| Evidence::new(&POLICY_DENIED, denial)).collect()
        }
        Heard::Nothing(why) => {
            vec![Evidence::new(&POLICY_NOT_EVALUATED, format!("the Rego policy gave no answer: {why}"))]
        }
    }
}
