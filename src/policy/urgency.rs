//! What exploitation of a flaw leads to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{AdvisoryMatch, Ruling};

use super::wire::Action;

/// Flaws that are exploited, or likely to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Urgency {
    /// What a flaw leads to that CISA lists as exploited, whatever its severity; the database needs that list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploited: Option<Action>,
    /// Lowest probability of exploitation (EPSS, in per mille) that fails, whatever the severity; the database needs
    /// the forecasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss_fail_per_mille: Option<u16>,
}

impl Urgency {
    /// These where they speak, `base` where they are silent.
    pub fn over(self, base: Self) -> Self {
        Self {
            exploited: self.exploited.or(base.exploited),
            epss_fail_per_mille: self.epss_fail_per_mille.or(base.epss_fail_per_mille),
        }
    }

    /// What exploitation of a flaw leads to.
    pub fn ruling(&self, advisory: &AdvisoryMatch) -> Ruling {
        let likely = advisory.epss.zip(self.epss_fail_per_mille);
        if likely.is_some_and(|(epss, limit)| epss.score * 1000.0 >= f64::from(limit)) {
            return Ruling::Fail;
        }
        match self.exploited.filter(|_| advisory.exploited.is_some()) {
            Some(Action::Fail) => Ruling::Fail,
            Some(Action::Warn) => Ruling::Warn,
            Some(Action::Ok) | None => Ruling::Ok,
        }
    }
}
