//! How soon a flaw must be gone: exploitation, and the time a fix has been there.

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{AdvisoryMatch, Class, Evidence, Finding, Place, Rule, Ruling, Severity};

use super::resolve::seconds;
use super::wire::Action;

/// A flaw that has a fix and was left for longer than allowed.
pub static PATCH_OVERDUE: Rule = Rule {
    id: "patch-overdue",
    summary: "a flaw with a fix has been public for longer than the policy allows",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/patch-overdue.md"),
    frameworks: &["CWE-1395", "OWASP-LLM03"],
};

/// Seconds.
const DAY: i64 = 86_400;

/// How soon flaws must be gone.
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
    /// By severity: how long a flaw with a fix may have been public, such as `critical = "7d"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_within: Option<BTreeMap<Severity, String>>,
}

impl Urgency {
    /// These where they speak, `base` where they are silent.
    pub fn over(self, base: Self) -> Self {
        Self {
            exploited: self.exploited.or(base.exploited),
            epss_fail_per_mille: self.epss_fail_per_mille.or(base.epss_fail_per_mille),
            patch_within: self.patch_within.or(base.patch_within),
        }
    }

    /// A duration that is none.
    pub fn wrong(&self) -> Option<String> {
        self.patch_within.iter().flatten().find_map(|(_, text)| seconds(text).err().map(|error| error.0))
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

    /// Flaws that nobody answers for and that were left for too long.
    pub fn overdue(&self, findings: &[Finding], today: Date) -> Vec<Evidence> {
        let Some(limits) = &self.patch_within else { return Vec::new() };
        let one = |finding: &Finding| {
            let advisory =
                finding.evidence.advisory.as_deref().filter(|_| finding.evidence.rule.class == Class::Defect)?;
            if matches!(finding.ruling, Ruling::Excused(_)) || (advisory.upgrade.is_none() && advisory.fixed.is_empty())
            {
                return None;
            }
            let limit = limits.get(&finding.severity)?;
            let published: Date = advisory.published.as_deref()?.parse().ok()?;
            let days = i64::from(today.since(published).ok()?.get_days());
            if days.saturating_mul(DAY) <= seconds(limit).ok()? {
                return None;
            }
            let AdvisoryMatch { id, name, version, .. } = advisory;
            let message =
                format!("{name} {version}: {id} has been public for {days} days and has a fix; {limit} are allowed");
            let mut evidence = Evidence::new(&PATCH_OVERDUE, message)
                .at(Place::Package { purl: advisory.purl.clone(), line: line(&finding.evidence.place) })
                .with("advisory", id.as_str())
                .with("days", days)
                .with("allowed", limit.as_str());
            evidence.artifact.clone_from(&finding.evidence.artifact);
            Some(evidence)
        };
        findings.iter().filter_map(one).collect()
    }
}

const fn line(place: &Place) -> Option<u64> {
    match place {
        Place::Package { line, .. } => *line,
        _ => None,
    }
}
