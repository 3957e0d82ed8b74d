//! What a policy thinks of evidence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Evidence, Severity, Verdict};

/// Somebody's reasoned leave for a finding, as the policy file states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exception {
    /// Why it is fine here.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day it holds, `YYYY-MM-DD`; absent for what a VEX document says, which holds until it is revised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Present when it is a statement that the flaw does not affect the package here (VEX).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_affected: Option<NotAffected>,
}

impl Exception {
    /// Who answers for it, and until when.
    #[must_use]
    pub fn leave(&self) -> String {
        match &self.until {
            Some(until) => format!("until {until} by {}", self.owner),
            None => format!("by {}", self.owner),
        }
    }
}

/// Why a flaw does not affect a package, in the terms of OpenVEX 0.2.0; at least one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotAffected {
    /// A word of the specification, such as `vulnerable_code_not_in_execute_path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// In somebody's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_statement: Option<String>,
}

/// What the policy makes of one piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Nothing to object.
    Ok,
    /// Said, and no more.
    Warn,
    /// Would warn or fail; somebody answers for it until a day.
    Excused(Exception),
    /// Could not be looked at: the verdict is at least unknown.
    Unknown,
    /// Forbidden: the verdict is fail.
    Fail,
}

impl Ruling {
    /// The name used in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Excused(_) => "excused",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }

    /// What it does to the verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Ok | Self::Warn | Self::Excused(_) => Verdict::Pass,
            Self::Unknown => Verdict::Unknown,
            Self::Fail => Verdict::Fail,
        }
    }
}

/// Evidence with a policy's opinion.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What was seen.
    pub evidence: Evidence,
    /// How bad the policy holds it to be.
    pub severity: Severity,
    /// What follows.
    pub ruling: Ruling,
}
