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
    /// Last day it holds, `YYYY-MM-DD`.
    pub until: String,
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
