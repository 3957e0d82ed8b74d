//! The risks that a buyer asks about: each assessed with this evidence, or not assessed. Never a guess.
//!
//! Which rule is evidence for which risk stands in `risks.toml`. Evidence that something could not be looked at
//! assesses nothing, and silence does only where a check ran that would have spoken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{Check, Class, Finding, Report, Ruling};

/// The data.
const DATA: &str = include_str!("risks.toml");

/// One thing that a buyer asks about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// Kebab-case name.
    pub id: String,
    /// Its name in words.
    pub title: String,
    /// The question.
    pub asks: String,
    /// What no static check can answer.
    pub cannot: String,
    /// Rules that are evidence for it; `*` at the end stands for any ending.
    rules: Vec<String>,
    /// Checks whose silence is an answer, if they had something to look at.
    #[serde(default)]
    looks: Vec<Check>,
    /// Signed verification summaries of the same files are evidence too.
    #[serde(default)]
    summaries: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    whole: Vec<String>,
    dimension: Vec<Dimension>,
}

// A test holds that the data is read.
static ALL: LazyLock<Data> = LazyLock::new(|| toml::from_str(DATA).unwrap_or_default());

/// All dimensions, in the order in which they are shown.
#[must_use]
pub fn dimensions() -> &'static [Dimension] {
    &ALL.dimension
}

/// The dimensions that a rule is evidence for; `None` if the data does not know the rule. A rule about the look itself
/// has an empty list.
#[must_use]
pub fn of_rule(id: &str) -> Option<Vec<&'static str>> {
    let found: Vec<&str> =
        ALL.dimension.iter().filter(|dimension| dimension.hears(id)).map(|dimension| dimension.id.as_str()).collect();
    (!found.is_empty() || fits(&ALL.whole, id)).then_some(found)
}

impl Dimension {
    fn hears(&self, id: &str) -> bool {
        fits(&self.rules, id)
    }

    fn is_evidence(&self, finding: &Finding) -> bool {
        let evidence = &finding.evidence;
        let summary = || {
            let kind = evidence.fact.details.get("kind").and_then(serde_json::Value::as_str);
            evidence.rule.id == "attestation-valid"
                || (evidence.rule.id == "statement-signed" && kind == Some("summary"))
        };
        self.hears(evidence.rule.id) || (self.summaries && summary())
    }

    /// The check that ran and would have spoken, in words with what it looked at.
    fn looked(&self, report: &Report) -> Option<String> {
        self.looks.iter().filter(|check| report.checks.contains(check)).find_map(|check| match check {
            Check::Scan => {
                // A file that could not be looked at in full says nothing by its silence.
                let gap = |finding: &&Finding| finding.evidence.rule.class == Class::Gap;
                let blind: BTreeSet<_> = report
                    .findings
                    .iter()
                    .filter(gap)
                    .filter_map(|finding| finding.evidence.artifact.as_ref())
                    .collect();
                let seen =
                    report.artifacts.iter().filter(|file| !file.formats.is_empty() && !blind.contains(&file.path));
                let count = seen.count();
                (count > 0).then(|| format!("scan of {count} file(s) of known formats"))
            }
            Check::Audit => {
                let held = report.inputs.iter().any(|input| input.role == "advisory-database");
                let count = report.packages.len();
                (held && count > 0).then(|| format!("audit of {count} package(s)"))
            }
            Check::Integrity | Check::Signature => None,
        })
    }
}

fn fits(patterns: &[String], id: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => pattern == id,
    })
}

/// Evidence of one rule, in sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The rule.
    pub rule: &'static str,
    /// How often it spoke.
    pub count: u64,
    /// The worst that the policy made of it.
    pub ruling: &'static str,
}

/// What is known about one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// Which.
    pub dimension: &'static Dimension,
    /// True if there is an answer.
    pub assessed: bool,
    /// What was looked at, where silence is an answer.
    pub looked: Option<String>,
    /// The evidence, by rule; gaps among it.
    pub evidence: Vec<Weight>,
}

/// Every dimension, from what this report holds.
#[must_use]
pub fn assess(report: &Report) -> Vec<Assessment> {
    dimensions().iter().map(|dimension| one(dimension, report)).collect()
}

fn one(dimension: &'static Dimension, report: &Report) -> Assessment {
    let mut evidence: BTreeMap<&'static str, (u64, &Ruling)> = BTreeMap::new();
    let mut answered = false;
    for finding in report.findings.iter().filter(|finding| dimension.is_evidence(finding)) {
        answered |= finding.evidence.rule.class != Class::Gap;
        let sum = evidence.entry(finding.evidence.rule.id).or_insert((0, &finding.ruling));
        sum.0 = sum.0.saturating_add(1);
        if rank(&finding.ruling) > rank(sum.1) {
            sum.1 = &finding.ruling;
        }
    }
    let looked = dimension.looked(report);
    let evidence = evidence.into_iter();
    Assessment {
        dimension,
        assessed: answered || looked.is_some(),
        looked,
        evidence: evidence.map(|(rule, (count, ruling))| Weight { rule, count, ruling: ruling.name() }).collect(),
    }
}

const fn rank(ruling: &Ruling) -> u8 {
    match ruling {
        Ruling::Ok => 0,
        Ruling::Excused(_) => 1,
        Ruling::Warn => 2,
        Ruling::Unknown => 3,
        Ruling::Fail => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn assessed(report: &Report) -> Vec<&'static str> {
        let known = assess(report).into_iter().filter(|known| known.assessed);
        known.map(|known| known.dimension.id.as_str()).collect()
    }

    #[test]
    fn the_data_is_read() {
        assert_eq!(dimensions().len(), 12);
        assert_eq!(of_rule("limit-reached"), Some(Vec::new()));
        assert_eq!(of_rule("no-such-rule"), None);
    }

    #[test]
    fn silence_and_gaps_assess_nothing() {
        assert_eq!(assessed(&sample::bare()), Vec::<&str>::new());
        let all = assessed(&sample::report());
        let known = ["open-source-tampering", "model-manipulation", "api-and-residency", "third-party-dependencies"];
        assert_eq!(all, [&known[..], &["response-time"]].concat());
        let mut scan_only = sample::clean();
        scan_only.checks = vec![Check::Scan];
        scan_only.findings.clear();
        assert_eq!(assessed(&scan_only), ["model-manipulation"]);
    }
}
