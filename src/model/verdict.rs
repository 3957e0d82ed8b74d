//! The one word a report ends in.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `Pass < Unknown < Fail`. Joining takes the worse, so more evidence never improves a verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything the policy asked for was looked at, and nothing it forbids was seen.
    #[default]
    Pass,
    /// Something the policy asked for could not be looked at.
    Unknown,
    /// Something the policy forbids was seen, or something it requires was not.
    Fail,
}

impl Verdict {
    /// The worse of the two.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.max(other)
    }

    /// The name used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
