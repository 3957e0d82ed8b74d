//! Evidence to findings to one verdict.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::{Artifact, ArtifactPath, Class, Digest, Evidence, Finding, Report, Rule, Ruling, Severity, Verdict};

use super::exceptions::Exceptions;
use super::licences::{LICENCE_NOT_ALLOWED, LICENCE_UNKNOWN};
use super::resolve::Policy;
use super::scope::{Scopes, Terms};
use super::services::SERVICE_NOT_ALLOWED;
use super::wire::{Action, Gaps};
use super::{members, patch_age, rego, require};

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

/// What the policy itself objects to: it said so, whatever the severity.
pub(super) static OBJECTIONS: [&Rule; 6] = [
    &REQUIREMENT_UNMET,
    &FORMAT_NOT_ALLOWED,
    &LICENCE_NOT_ALLOWED,
    &SERVICE_NOT_ALLOWED,
    &patch_age::PATCH_OVERDUE,
    &rego::POLICY_DENIED,
];

/// What is judged, beside the evidence about it.
#[derive(Clone, Copy, Debug)]
pub struct Weighed<'a> {
    /// The model's name.
    pub subject: &'a str,
    /// The digest over all its files.
    pub root: Option<&'a Digest>,
    /// Its files, by path.
    pub artifacts: &'a [Artifact],
}

impl<'a> Weighed<'a> {
    /// What a report is about.
    #[must_use]
    pub fn of(report: &'a Report) -> Self {
        Self { subject: &report.subject, root: report.root.as_ref(), artifacts: &report.artifacts }
    }

    /// The file of that path.
    #[must_use]
    pub fn find(&self, path: &ArtifactPath) -> Option<&'a Artifact> {
        let index = self.artifacts.binary_search_by(|artifact| artifact.path.cmp(path)).ok()?;
        self.artifacts.get(index)
    }
}

/// What a policy made of the evidence.
pub struct Judgement {
    /// Every piece of evidence with its ruling, in report order.
    pub findings: Vec<Finding>,
    /// All rulings joined.
    pub verdict: Verdict,
}

/// Judges evidence about these files under a policy, at a moment (for the end of exceptions and the age of patches and
/// statements).
#[must_use]
pub fn judge(policy: &Policy, weighed: &Weighed<'_>, mut evidence: Vec<Evidence>, now: Timestamp) -> Judgement {
    let today = now.to_zoned(TimeZone::UTC).date();
    let scopes = Scopes::new(&policy.scopes, weighed);
    evidence.extend(weighed.artifacts.iter().filter_map(|artifact| unwelcome(policy, &scopes, artifact)));
    evidence.extend(weighed.artifacts.iter().filter_map(|artifact| members::unwelcome(policy, &scopes, artifact)));
    evidence.extend(policy.services.judge(&evidence));
    evidence.extend(policy.licences.judge(&evidence));
    evidence.extend(patch_age::overdue(policy, &evidence, today));
    evidence.extend(unmet(policy, &evidence));
    evidence.extend(require::unmet(policy, &evidence, now));
    let mut exceptions = Exceptions::new(&policy.exceptions, weighed.root, today);
    let mut findings: Vec<Finding> = evidence
        .into_iter()
        .map(|evidence| {
            let artifact = evidence.artifact.as_ref().and_then(|path| weighed.find(path));
            let mut ruling = rule(policy, &scopes.terms(&evidence, artifact), &evidence);
            let objected = matches!(ruling, Ruling::Warn | Ruling::Fail);
            if (objected || evidence.advisory.is_some())
                && evidence.rule.class != Class::Gap
                && let Some(exception) = exceptions.excuse(&evidence, artifact, objected)
            {
                ruling = Ruling::Excused(exception);
            }
            Finding { severity: evidence.severity(), evidence, ruling }
        })
        .collect();
    findings.extend(exceptions.close().into_iter().map(|evidence| Finding {
        severity: evidence.severity(),
        ruling: rule(policy, &Terms::default(), &evidence),
        evidence,
    }));
    findings.sort_by(|a, b| a.evidence.sort_key().cmp(&b.evidence.sort_key()));
    let verdict = joined(&findings);
    Judgement { findings, verdict }
}

/// All rulings joined.
#[must_use]
pub fn joined(findings: &[Finding]) -> Verdict {
    findings.iter().map(|finding| finding.ruling.verdict()).fold(Verdict::Pass, Verdict::join)
}

fn rule(policy: &Policy, terms: &Terms, evidence: &Evidence) -> Ruling {
    let unstated = evidence.rule == &LICENCE_UNKNOWN && policy.licences.fails_unstated();
    if unstated || OBJECTIONS.contains(&evidence.rule) {
        return Ruling::Fail;
    }
    let by_name = terms.action.as_ref().or_else(|| policy.rules.get(evidence.rule.id));
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
                (terms.fail.unwrap_or(policy.fail), terms.warn.unwrap_or(policy.warn))
            };
            let urgent = evidence.advisory.as_deref().map_or(Ruling::Ok, |advisory| policy.urgency.ruling(advisory));
            match evidence.severity() {
                severity if severity >= fail || urgent == Ruling::Fail => Ruling::Fail,
                severity if severity >= warn || urgent == Ruling::Warn => Ruling::Warn,
                _ => Ruling::Ok,
            }
        }
    }
}

fn unwelcome(policy: &Policy, scopes: &Scopes<'_>, artifact: &Artifact) -> Option<Evidence> {
    let scoped = scopes.formats(artifact);
    let denied = artifact.formats.iter().find(|format| {
        let name = format.name();
        let allowed = match &scoped.allow {
            Some(allow) => allow.iter().any(|allowed| allowed == name),
            None => policy.formats_allow.as_ref().is_none_or(|allow| allow.contains(name)),
        };
        !allowed || policy.formats_deny.contains(name) || scoped.deny.iter().any(|denied| denied == name)
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

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::super::{RuleBook, resolve};
    use super::*;
    use crate::model::Exception;

    const fn of(id: &'static str, severity: Severity, class: Class) -> Rule {
        Rule { id, summary: "", severity, class, page: "", frameworks: &[] }
    }

    static GAP: Rule = of("gap", Severity::Low, Class::Gap);
    static NEWS: Rule = of("signature-valid", Severity::Info, Class::Assurance);
    static LOW: Rule = of("low", Severity::Low, Class::Defect);
    static HIGH: Rule = of("high", Severity::High, Class::Defect);
    static INFO: Rule = of("info", Severity::Info, Class::Defect);
    static ALL: [&Rule; 5] = [&GAP, &NEWS, &LOW, &HIGH, &INFO];
    static BOOK: LazyLock<RuleBook> = LazyLock::new(|| ALL.iter().map(|rule| (rule.id, *rule)).collect());

    const NOTHING: Weighed<'static> = Weighed { subject: "model", root: None, artifacts: &[] };

    fn policy(rest: &str) -> Policy {
        resolve(&format!("schema = 1\nname = 'test'\nextends = 'development'\n{rest}"), &BOOK).unwrap()
    }

    fn verdict(policy: &Policy, evidence: &[&'static Rule]) -> (Verdict, Vec<&'static str>) {
        let evidence = evidence.iter().map(|rule| Evidence::new(rule, "seen")).collect();
        let judged = judge(policy, &NOTHING, evidence, Timestamp::UNIX_EPOCH);
        (judged.verdict, judged.findings.iter().map(|finding| finding.ruling.name()).collect())
    }

    #[test]
    fn severities_decide_unless_a_rule_is_named() {
        assert_eq!(verdict(&policy(""), &[&LOW]), (Verdict::Pass, vec!["warn"]));
        assert_eq!(verdict(&policy(""), &[&INFO]), (Verdict::Pass, vec!["ok"]));
        assert_eq!(verdict(&policy(""), &[&HIGH]), (Verdict::Fail, vec!["fail"]));
        assert_eq!(verdict(&policy("rules = { high = 'warn' }"), &[&HIGH]), (Verdict::Pass, vec!["warn"]));
        assert_eq!(verdict(&policy("rules = { low = 'fail' }"), &[&LOW]), (Verdict::Fail, vec!["fail"]));
    }

    #[test]
    fn a_gap_is_unknown_or_fail() {
        assert_eq!(verdict(&policy(""), &[&GAP]), (Verdict::Unknown, vec!["unknown"]));
        assert_eq!(verdict(&policy("gaps = 'fail'"), &[&GAP]), (Verdict::Fail, vec!["fail"]));
    }

    #[test]
    fn missing_good_news_is_bad_news() {
        let strict = policy("require = ['signature-valid']");
        assert_eq!(verdict(&strict, &[&NEWS]).0, Verdict::Pass);
        assert_eq!(verdict(&strict, &[]).0, Verdict::Fail);
    }

    #[test]
    fn leave_ends_on_its_day() {
        let leave =
            |until: &str| policy(&format!("[[exceptions]]\nrule = 'high'\nreason = 'r'\nowner = 'o'\nuntil = {until}"));
        let evidence = || vec![Evidence::new(&HIGH, "seen")];
        let last_day = judge(&leave("1970-01-01"), &NOTHING, evidence(), Timestamp::UNIX_EPOCH);
        assert_eq!(last_day.verdict, Verdict::Pass);
        let excuse =
            Exception { reason: "r".into(), owner: "o".into(), until: Some("1970-01-01".into()), not_affected: None };
        assert_eq!(last_day.findings[0].ruling, Ruling::Excused(excuse));
        let day_after = judge(&leave("1969-12-31"), &NOTHING, evidence(), Timestamp::UNIX_EPOCH);
        assert_eq!(day_after.verdict, Verdict::Fail);
        assert!(day_after.findings.iter().any(|finding| finding.evidence.rule.id == "exception-expired"));
    }

    proptest! {
        #[test]
        fn more_evidence_never_improves_a_verdict(some in seen(), more in seen()) {
            let together: Vec<_> = some.iter().chain(&more).copied().collect();
            for text in ["", "gaps = 'fail'", "rules = { high = 'warn', low = 'fail' }"] {
                let policy = policy(text);
                prop_assert!(verdict(&policy, &together).0 >= verdict(&policy, &some).0);
            }
        }

        #[test]
        fn joining_is_associative_commutative_and_keeps_the_worse(a in 0..3u8, b in 0..3u8, c in 0..3u8) {
            let of = |n| [Verdict::Pass, Verdict::Unknown, Verdict::Fail][usize::from(n)];
            let (a, b, c) = (of(a), of(b), of(c));
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            prop_assert!(a.join(b) >= a);
        }
    }

    fn seen() -> impl Strategy<Value = Vec<&'static Rule>> {
        prop::collection::vec(prop::sample::select(&ALL[..]), 0..6)
    }
}
