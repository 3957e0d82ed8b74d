//! How long a fix has been public while the flawed package is still here.

use jiff::civil::Date;

use crate::model::{Class, Evidence, Rule, Severity};

use super::resolve::Policy;

/// Too long.
pub static PATCH_OVERDUE: Rule = Rule {
    id: "patch-overdue",
    summary: "a fix for a flawed package has been public for longer than the policy allows",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/patch-overdue.md"),
    frameworks: &["CWE-1395", "CWE-1104", "LLM03:2025"],
};

/// Nobody says for how long.
pub static PATCH_AGE_UNKNOWN: Rule = Rule {
    id: "patch-age-unknown",
    summary: "the policy bounds the age of patches, but an advisory does not say since when it is public",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/patch-age-unknown.md"),
    frameworks: &["CWE-1395"],
};

/// Seconds.
const DAY: i64 = 86_400;

/// Evidence about every advisory with a fix that the policy's patience does not cover. The clock starts on the day the
/// advisory was published: the fix was public then, or the advisory could not name it.
pub fn overdue(policy: &Policy, evidence: &[Evidence], today: Date) -> Vec<Evidence> {
    if policy.patch_age.is_empty() {
        return Vec::new();
    }
    evidence.iter().filter_map(|seen| one(policy, seen, today)).collect()
}

fn one(policy: &Policy, seen: &Evidence, today: Date) -> Option<Evidence> {
    let advisory =
        seen.advisory.as_ref().filter(|advisory| !advisory.fixed.is_empty() || advisory.upgrade.is_some())?;
    if seen.rule.class != Class::Defect {
        return None;
    }
    let severity = seen.severity();
    let allowed = *policy.patch_age.get(severity.name())?;
    let about = |rule: &'static Rule, message: String| {
        let mut about = Evidence::new(rule, message)
            .at(seen.place.clone())
            .known_by(seen.assurance)
            .rated(severity)
            .with("advisory", advisory.id.as_str())
            .with("allowed-days", allowed / DAY);
        about.artifact.clone_from(&seen.artifact);
        about.advisory.clone_from(&seen.advisory);
        about
    };
    let package = format!("{} {}", advisory.name, advisory.version);
    let published =
        advisory.published.as_deref().and_then(|day| day.get(..10)).and_then(|day| day.parse::<Date>().ok());
    let Some(published) = published else {
        let message = format!("{} for {package} does not say since when it is public", advisory.id);
        return Some(about(&PATCH_AGE_UNKNOWN, message));
    };
    let days = i64::from(today.since(published).map_or(0, |span| span.get_days()));
    if days.saturating_mul(DAY) <= allowed {
        return None;
    }
    let message = format!(
        "{package}: {} names a fix ({}) and is public for {days} days; this policy allows {} for severity {severity}",
        advisory.id,
        advisory.fixed.join(", "),
        allowed / DAY,
    );
    Some(about(&PATCH_OVERDUE, message).with("days", days).with("published", published.to_string()))
}
