//! Rules: each a static value in the file that raises it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a defect can do, not how sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Inventory.
    Info,
    /// Worth knowing.
    Low,
    /// Malformed or inconsistent: a loader may crash or read something else.
    Medium,
    /// Reaches outside the model's data, or defeats a scanner.
    High,
    /// Code runs when the file is loaded in its usual way.
    Critical,
}

impl Severity {
    /// The name used in JSON and policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which of the homes of trouble evidence of this rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Good news that a policy may require: a digest matched, a signature is valid.
    Assurance,
    /// Neither good nor bad: what is there.
    Inventory,
    /// Something wrong with the bytes, judged by severity.
    Defect,
    /// Something could not be looked at. The verdict is then at least `unknown`.
    Gap,
}

/// A kind of thing that can be seen.
///
/// `id` is the kebab-case noun of what is seen, and also the name of its page (`src/rules/<id>.md`) and of its
/// fixtures (`testdata/<id>/`).
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case noun.
    pub id: &'static str,
    /// One line without a full stop; the second line of the page says the same.
    pub summary: &'static str,
    /// Severity unless the evidence carries a rating of its own (an advisory's CVSS).
    pub severity: Severity,
    /// Its home.
    pub class: Class,
    /// The page that `weighbridge explain` shows, in Markdown.
    pub page: &'static str,
    /// Identifiers in the catalogues of weaknesses and risks, such as `CWE-502` or `AML.T0011.000`.
    pub frameworks: &'static [&'static str],
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}
