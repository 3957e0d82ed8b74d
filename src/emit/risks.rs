//! The risks that a buyer asks about: each assessed with this evidence, or not assessed. Never a guess.
//!
//! Which rule is evidence for which risk stands in `risks.toml`. Evidence that something could not be looked at
//! assesses nothing, and silence does only where a check ran that would have spoken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{Artifact, ArtifactPath, Check, Class, Evidence, Finding, Format, Report, Rule, Ruling};

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
    /// Rules that are shown beside the evidence and answer nothing by themselves.
    #[serde(default)]
    hints: Vec<String>,
    /// Looks whose silence is an answer, if they had something to look at.
    #[serde(default)]
    looks: Vec<Look>,
    /// Signed verification summaries of the same files are evidence too.
    #[serde(default)]
    summaries: bool,
}

/// A check, and what it must have looked at to say something by its silence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    check: Check,
    /// Files of these formats.
    #[serde(default)]
    formats: Vec<String>,
    /// Files with these names, in small letters; `*` stands for any letters.
    #[serde(default)]
    names: Vec<String>,
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
        fits(&self.rules, id) || fits(&self.hints, id)
    }

    /// True for a signed verification summary, where those are evidence.
    fn is_summary(&self, evidence: &Evidence) -> bool {
        let kind = || evidence.fact.details.get("kind").and_then(serde_json::Value::as_str);
        self.summaries
            && (evidence.rule.id == "attestation-valid"
                || (evidence.rule.id == "statement-signed" && kind() == Some("summary")))
    }

    /// True for evidence that answers the question, well or badly.
    fn is_answer(&self, rule: &Rule) -> bool {
        rule.class != Class::Gap && !fits(&self.hints, rule.id)
    }

    /// The check that ran and would have spoken, in words with what it looked at.
    fn looked(&self, report: &Report, blind: &BTreeSet<&ArtifactPath>) -> Option<String> {
        self.looks.iter().filter(|look| report.checks.contains(&look.check)).find_map(|look| match look.check {
            Check::Scan => {
                // A file that could not be looked at in full says nothing by its silence.
                let seen = report.artifacts.iter().filter(|file| look.is_at(file) && !blind.contains(&file.path));
                let count = seen.count();
                let which = if look.formats.is_empty() && look.names.is_empty() { " of known formats" } else { "" };
                (count > 0).then(|| format!("scan of {}{which}", counted(count, "file")))
            }
            Check::Audit => {
                let held = report.inputs.iter().any(|input| input.role == "advisory-database");
                let count = report.packages.len();
                (held && count > 0).then(|| format!("audit of {}", counted(count, "package")))
            }
            Check::Integrity | Check::Signature => None,
        })
    }
}

impl Look {
    fn is_at(&self, file: &Artifact) -> bool {
        if !self.names.is_empty() {
            let name = file.path.as_str().rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            return self.names.iter().any(|pattern| is_like(pattern, &name));
        }
        let named = |format: &Format| self.formats.iter().any(|name| name == format.name());
        !file.formats.is_empty() && (self.formats.is_empty() || file.formats.iter().any(named))
    }
}

/// True for a name that the pattern, with one `*` at most, stands for.
fn is_like(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((begin, end)) => name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end),
    }
}

/// `1 file`, `2 files`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
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
    // Each rule is asked for once, however often it spoke.
    let mut by_rule: BTreeMap<&'static str, Vec<&Finding>> = BTreeMap::new();
    for finding in &report.findings {
        by_rule.entry(finding.evidence.rule.id).or_default().push(finding);
    }
    let gaps = report.findings.iter().filter(|finding| finding.evidence.rule.class == Class::Gap);
    let blind = gaps.filter_map(|finding| finding.evidence.artifact.as_ref()).collect();
    dimensions().iter().map(|dimension| one(dimension, report, &by_rule, &blind)).collect()
}

fn one(
    dimension: &'static Dimension,
    report: &Report,
    by_rule: &BTreeMap<&'static str, Vec<&Finding>>,
    blind: &BTreeSet<&ArtifactPath>,
) -> Assessment {
    let mut evidence = Vec::new();
    let mut answered = false;
    for (&rule, findings) in by_rule {
        let heard = dimension.hears(rule);
        let mine = findings.iter().filter(|finding| heard || dimension.is_summary(&finding.evidence));
        let (mut count, mut worst) = (0u64, None);
        for finding in mine {
            count = count.saturating_add(1);
            answered |= dimension.is_answer(finding.evidence.rule);
            worst = worst.into_iter().chain([&finding.ruling]).max_by_key(|ruling| rank(ruling));
        }
        evidence.extend(worst.map(|worst| Weight { rule, count, ruling: worst.name() }));
    }
    let looked = dimension.looked(report, blind);
    Assessment { dimension, assessed: answered || looked.is_some(), looked, evidence }
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
        let known = ["open-source-tampering", "data-exposure", "model-manipulation", "api-and-residency"];
        assert_eq!(all, [&known[..], &["third-party-dependencies", "response-time"]].concat());
        let mut scan_only = sample::clean();
        scan_only.checks = vec![Check::Scan];
        scan_only.findings.clear();
        assert_eq!(assessed(&scan_only), ["data-exposure", "model-manipulation"]);
    }
}
