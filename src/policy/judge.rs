//! Evidence to findings to one verdict.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{Artifact, ArtifactPath, Class, Evidence, Finding, Rule, Ruling, Severity, Verdict};

use super::exceptions::Exceptions;
use super::resolve::Policy;
use super::wire::{Action, Gaps};

/// Something the policy asks for was not seen.
pub static REQUIREMENT_UNMET: Rule = Rule {
    id: "requirement-unmet",
    summary: "the policy requires evidence that was not seen",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/requirement-unmet.md"),
    frameworks: &["CWE-345", "CWE-353"],
};

/// A format that the policy does not let in.
pub static FORMAT_NOT_ALLOWED: Rule = Rule {
    id: "format-not-allowed",
    summary: "a file is of a format that the policy does not allow",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/format-not-allowed.md"),
    frameworks: &["CWE-829"],
};

/// What a policy made of the evidence.
pub struct Judgement {
    /// Every piece of evidence with its ruling, in report order.
    pub findings: Vec<Finding>,
    /// All rulings joined.
    pub verdict: Verdict,
}

/// Judges evidence about these artifacts under a policy, at a moment (for the end of exceptions).
#[must_use]
pub fn judge(policy: &Policy, artifacts: &[Artifact], mut evidence: Vec<Evidence>, now: Timestamp) -> Judgement {
    evidence.extend(artifacts.iter().filter_map(|artifact| unwelcome(policy, artifact)));
    evidence.extend(unmet(policy, &evidence));
    let mut exceptions = Exceptions::new(&policy.exceptions, now.to_zoned(TimeZone::UTC).date());
    let mut findings: Vec<Finding> = evidence
        .into_iter()
        .map(|evidence| {
            let artifact = evidence.artifact.as_ref().and_then(|path| find(artifacts, path));
            let mut ruling = rule(policy, &evidence);
            if matches!(ruling, Ruling::Warn | Ruling::Fail)
                && evidence.rule.class != Class::Gap
                && let Some(exception) = exceptions.excuse(&evidence, artifact)
            {
                ruling = Ruling::Excused(exception);
            }
            Finding { severity: evidence.severity(), evidence, ruling }
        })
        .collect();
    findings.extend(exceptions.close().into_iter().map(|evidence| Finding {
        severity: evidence.severity(),
        ruling: rule(policy, &evidence),
        evidence,
    }));
    findings.sort_by(|a, b| a.evidence.sort_key().cmp(&b.evidence.sort_key()));
    let verdict = findings.iter().map(|finding| finding.ruling.verdict()).fold(Verdict::Pass, Verdict::join);
    Judgement { findings, verdict }
}

fn find<'a>(artifacts: &'a [Artifact], path: &ArtifactPath) -> Option<&'a Artifact> {
    artifacts.binary_search_by(|artifact| artifact.path.cmp(path)).ok().and_then(|index| artifacts.get(index))
}

fn rule(policy: &Policy, evidence: &Evidence) -> Ruling {
    if evidence.rule.id == REQUIREMENT_UNMET.id || evidence.rule.id == FORMAT_NOT_ALLOWED.id {
        return Ruling::Fail;
    }
    let by_name = policy.rules.get(evidence.rule.id);
    match (evidence.rule.class, by_name) {
        (_, Some(Action::Fail)) => Ruling::Fail,
        (Class::Gap, _) if policy.gaps == Gaps::Fail => Ruling::Fail,
        (Class::Gap, _) => Ruling::Unknown,
        (_, Some(Action::Warn)) => Ruling::Warn,
        (_, Some(Action::Ok)) | (Class::Assurance | Class::Inventory, None) => Ruling::Ok,
        (Class::Defect, None) => {
            let (fail, warn) = if evidence.advisory.is_some() {
                (policy.advisory_fail, policy.advisory_warn)
            } else {
                (policy.fail, policy.warn)
            };
            match evidence.severity() {
                severity if severity >= fail => Ruling::Fail,
                severity if severity >= warn => Ruling::Warn,
                _ => Ruling::Ok,
            }
        }
    }
}

fn unwelcome(policy: &Policy, artifact: &Artifact) -> Option<Evidence> {
    let denied = artifact.formats.iter().find(|format| {
        policy.formats_deny.contains(format.name())
            || policy.formats_allow.as_ref().is_some_and(|allow| !allow.contains(format.name()))
    })?;
    Some(
        Evidence::new(&FORMAT_NOT_ALLOWED, format!("the file is {denied}, which this policy does not allow"))
            .of(&artifact.path)
            .with("format", denied.name()),
    )
}

fn unmet(policy: &Policy, evidence: &[Evidence]) -> Vec<Evidence> {
    let seen = |id: &str| evidence.iter().any(|evidence| evidence.rule.id == id);
    policy
        .require
        .iter()
        .filter(|id| !seen(id))
        .map(|id| {
            Evidence::new(&REQUIREMENT_UNMET, format!("the policy requires `{id}`, which was not seen"))
                .with("requires", id.as_str())
        })
        .collect()
}
