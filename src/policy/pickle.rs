//! Callables of pickles that a policy vouches for or warns of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Beside the built-in lists: `package.module.name`, `package.module.*`, or `package.**` for all of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pickle {
    /// Known to rebuild plain data. What is known to be dangerous cannot be vouched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// As bad as what is known to run code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<Vec<String>>,
}

impl Pickle {
    /// This where it speaks, `base` where it is silent.
    pub(super) fn over(self, base: Self) -> Self {
        Self { allow: self.allow.or(base.allow), deny: self.deny.or(base.deny) }
    }

    /// True if it adds nothing to the built-in lists.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.allow, &self.deny].into_iter().flatten().all(Vec::is_empty)
    }
}
