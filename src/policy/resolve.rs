//! A policy as it holds: every value decided.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::{Check, Class, Limits, PolicyId, Rule, Severity};

use super::services::Services;
use super::signature;
use super::urgency::Urgency;
use super::wire::{Action, ExceptionEntry, Gaps, Signature, Thresholds, Wire, nearest, parse};

/// The policies that are part of the program, by name.
pub static BUILT_IN: [(&str, &str); 3] = [
    ("development", include_str!("../../policies/development.toml")),
    ("production", include_str!("../../policies/production.toml")),
    ("regulated", include_str!("../../policies/regulated.toml")),
];

/// The text of a built-in policy.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// The rules a policy may speak of, by id.
pub type RuleBook = BTreeMap<&'static str, &'static Rule>;

/// A policy with every value decided. Its digest is that of its meaning, not of its text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// Name, shown in every verdict.
    pub name: String,
    /// What `verify` does.
    pub checks: Vec<Check>,
    /// What becomes of things that could not be looked at.
    pub gaps: Gaps,
    /// Lowest severity of a defect that fails.
    pub fail: Severity,
    /// Lowest severity of a defect that is said.
    pub warn: Severity,
    /// Lowest severity of an advisory that fails.
    pub advisory_fail: Severity,
    /// Lowest severity of an advisory that is said.
    pub advisory_warn: Severity,
    /// Rules judged otherwise.
    pub rules: BTreeMap<String, Action>,
    /// Assurances that must have been seen.
    pub require: BTreeSet<String>,
    /// Only these formats.
    pub formats_allow: Option<BTreeSet<String>>,
    /// Never these formats.
    pub formats_deny: BTreeSet<String>,
    /// Files with trusted keys, as written.
    pub keys: Vec<String>,
    /// Distinct trusted signers that must have signed.
    pub threshold: u32,
    /// Everything else about signatures, as written.
    pub signature: Signature,
    /// The advisory database, as written.
    pub database: Option<String>,
    /// Oldest acceptable database, in seconds.
    pub database_max_age: Option<i64>,
    /// How soon flaws must be gone.
    pub urgency: Urgency,
    /// Hosted services that may be spoken to.
    pub services: Services,
    /// Bounds of inspection.
    pub limits: Limits,
    /// Leave for findings.
    pub exceptions: Vec<ExceptionEntry>,
    /// The same as a policy file that extends none.
    #[serde(skip)]
    pub resolved: Wire,
    /// `sha256:` and the SHA-256 of all the above as JSON, in this order.
    #[serde(skip)]
    digest: String,
}

impl Policy {
    /// Name and digest for reports.
    #[must_use]
    pub fn id(&self) -> PolicyId {
        PolicyId { name: self.name.clone(), digest: self.digest.clone() }
    }
}

/// Reads a policy file and decides every value, through the built-in policy it extends.
///
/// # Errors
/// [`Error`] with what is wrong and where, for unknown keys, rules, formats of values, and for leave that no policy
/// may give.
pub fn resolve(text: &str, rules: &RuleBook) -> Result<Policy, Error> {
    let mut wires = vec![parse(text).map_err(Error)?];
    while let Some(base) = wires.last().and_then(|wire| wire.extends.clone()) {
        let text = built_in(&base).ok_or_else(|| {
            let near = nearest(&base, BUILT_IN.iter().map(|(name, _)| *name)).unwrap_or_else(|| "development".into());
            Error(format!("`extends` names no built-in policy: {base:?}; did you mean `{near}`?"))
        })?;
        wires.push(parse(text).map_err(Error)?);
        if wires.len() > BUILT_IN.len() + 1 {
            return Err(Error("policies extend each other in a circle".to_owned()));
        }
    }
    let mut merged = Wire::default();
    for wire in wires.into_iter().rev() {
        merged = over(wire, merged);
    }
    decide(merged, rules)
}

/// `top` where it speaks, `base` where it is silent.
fn over(top: Wire, base: Wire) -> Wire {
    let (severity, audit) = (top.severity.clone(), top.audit.clone());
    let thresholds = |top: Option<Thresholds>, base: Option<Thresholds>| {
        let (top, base) = (top.unwrap_or_default(), base.unwrap_or_default());
        Some(Thresholds { fail: top.fail.or(base.fail), warn: top.warn.or(base.warn) })
    };
    let (top_audit, base_audit) = (audit.unwrap_or_default(), base.audit.unwrap_or_default());
    let (top_formats, base_formats) = (top.formats.unwrap_or_default(), base.formats.unwrap_or_default());
    let mut rules = base.rules.unwrap_or_default();
    rules.extend(top.rules.unwrap_or_default());
    let mut exceptions = base.exceptions.unwrap_or_default();
    exceptions.extend(top.exceptions.unwrap_or_default());
    Wire {
        schema: top.schema.or(base.schema),
        name: top.name.or(base.name),
        description: top.description.or(base.description),
        extends: None,
        checks: top.checks.or(base.checks),
        gaps: top.gaps.or(base.gaps),
        severity: thresholds(severity, base.severity),
        rules: Some(rules),
        require: top.require.or(base.require),
        formats: Some(super::wire::Formats {
            allow: top_formats.allow.or(base_formats.allow),
            deny: top_formats.deny.or(base_formats.deny),
        }),
        signature: Some(signature::over(top.signature.unwrap_or_default(), base.signature.unwrap_or_default())),
        audit: Some(super::wire::Audit {
            database: top_audit.database.or(base_audit.database),
            database_max_age: top_audit.database_max_age.or(base_audit.database_max_age),
            urgency: Some(top_audit.urgency.unwrap_or_default().over(base_audit.urgency.unwrap_or_default())),
            severity: thresholds(top_audit.severity, base_audit.severity),
        }),
        services: Some(top.services.unwrap_or_default().over(base.services.unwrap_or_default())),
        limits: top.limits.or(base.limits),
        exceptions: Some(exceptions),
    }
}

fn decide(wire: Wire, rules: &RuleBook) -> Result<Policy, Error> {
    let missing = |what: &str| Error(format!("`{what}` is missing; set it, or `extends = \"development\"`"));
    if wire.schema != Some(1) {
        return Err(Error("`schema = 1` is missing, the version of the policy format".to_owned()));
    }
    let resolved = wire.clone();
    let severity = wire.severity.unwrap_or_default();
    let audit = wire.audit.unwrap_or_default();
    let advisories = audit.severity.unwrap_or_default();
    let mut signature = wire.signature.unwrap_or_default();
    signature::check(&signature)?;
    let formats = wire.formats.unwrap_or_default();
    let mut require: BTreeSet<String> = wire.require.unwrap_or_default().into_iter().collect();
    if signature.threshold.unwrap_or(0) > 0 {
        require.insert("signature-valid".to_owned());
    }
    if wire.checks.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error("`checks` is empty: a policy that looks at nothing would pass everything".to_owned()));
    }
    let fail = severity.fail.ok_or_else(|| missing("severity.fail"))?;
    let warn = severity.warn.ok_or_else(|| missing("severity.warn"))?;
    let mut policy = Policy {
        name: wire.name.ok_or_else(|| missing("name"))?,
        checks: wire.checks.ok_or_else(|| missing("checks"))?,
        gaps: wire.gaps.unwrap_or(Gaps::Unknown),
        fail,
        warn,
        advisory_fail: advisories.fail.unwrap_or(fail),
        advisory_warn: advisories.warn.unwrap_or(warn),
        rules: wire.rules.unwrap_or_default(),
        require,
        formats_allow: formats.allow.map(|allow| allow.into_iter().collect()),
        formats_deny: formats.deny.unwrap_or_default().into_iter().collect(),
        keys: signature.keys.take().unwrap_or_default(),
        threshold: signature.threshold.take().unwrap_or(0),
        signature,
        database: audit.database,
        database_max_age: audit.database_max_age.as_deref().map(seconds).transpose()?,
        urgency: audit.urgency.unwrap_or_default(),
        services: wire.services.unwrap_or_default(),
        limits: wire.limits.unwrap_or_default(),
        exceptions: wire.exceptions.unwrap_or_default(),
        resolved,
        digest: String::new(),
    };
    if policy.warn > policy.fail || policy.advisory_warn > policy.advisory_fail {
        return Err(Error("`severity.warn` is above `severity.fail`: what fails would not be said".to_owned()));
    }
    if let Some(wrong) = policy.urgency.wrong() {
        return Err(Error(format!("`audit.urgency.patch-within`: {wrong}")));
    }
    if let Some(wrong) = policy.services.wrong_region() {
        return Err(Error(format!(
            "`services` names a region that is none: {wrong:?}; write the country by ISO 3166-1, such as \"DE\", or \"EU\""
        )));
    }
    check_rules(&policy, rules)?;
    let text = serde_json::to_vec(&policy).map_err(|error| Error(format!("it cannot be written as JSON: {error}")))?;
    policy.digest = format!("sha256:{}", hex::encode(Sha256::digest(text)));
    Ok(policy)
}

/// No policy may name a rule that does not exist, or wave through what was not looked at.
fn check_rules(policy: &Policy, rules: &RuleBook) -> Result<(), Error> {
    let known = |id: &str, key: &str| -> Result<&'static Rule, Error> {
        rules.get(id).copied().ok_or_else(|| {
            let near = nearest(id, rules.keys().copied()).map(|near| format!("; did you mean `{near}`?"));
            Error(format!("`{key}` names a rule that does not exist: {id:?}{}", near.unwrap_or_default()))
        })
    };
    for (id, action) in &policy.rules {
        if known(id, "rules")?.class == Class::Gap && *action != Action::Fail {
            return Err(Error(format!(
                "`rules` would let `{id}` pass, but it says that something was not looked at; \
                 a policy can make it fail, never pass (leave files out with --ignore instead)"
            )));
        }
    }
    for id in &policy.require {
        if known(id, "require")?.class != Class::Assurance {
            let positive: Vec<_> =
                rules.values().filter(|rule| rule.class == Class::Assurance).map(|rule| rule.id).collect();
            return Err(Error(format!(
                "`require` can only ask for good news; `{id}` is not. Choose among: {}",
                positive.join(", ")
            )));
        }
    }
    for exception in &policy.exceptions {
        if known(&exception.rule, "exceptions.rule")?.class == Class::Gap {
            return Err(Error(format!(
                "an exception excuses `{}`, but that says that something was not looked at; nobody can vouch for that",
                exception.rule
            )));
        }
        if let Some(pattern) = &exception.artifact {
            glob(pattern)?;
        }
        if exception.reason.trim().is_empty() || exception.owner.trim().is_empty() {
            return Err(Error(format!("the exception for `{}` needs a reason and an owner", exception.rule)));
        }
    }
    Ok(())
}

/// A glob on artifact paths: `*` stays inside a folder, `**` does not.
pub(super) fn glob(pattern: &str) -> Result<GlobMatcher, Error> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| Error(format!("`exceptions.artifact` is not a glob: {error}")))
}

/// `90m`, `72h`, `30d` or `2w` as seconds.
///
/// # Errors
/// [`Error`] for anything else.
pub fn seconds(text: &str) -> Result<i64, Error> {
    let wrong = || Error(format!("{text:?} is not a duration; write `90m`, `72h`, `30d` or `2w`"));
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        Some('w') => 604_800,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(i64::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    static GAP: Rule =
        Rule { id: "gap", summary: "", severity: Severity::Low, class: Class::Gap, page: "", frameworks: &[] };
    static NEWS: Rule =
        Rule { id: "news", summary: "", severity: Severity::Low, class: Class::Assurance, page: "", frameworks: &[] };

    fn book() -> RuleBook {
        [&GAP, &NEWS].into_iter().map(|rule| (rule.id, rule)).collect()
    }

    const BARE: &str = "schema = 1\nname = 'bare'\nchecks = ['scan']\nseverity = { fail = 'high', warn = 'low' }\n";

    fn said(rest: &str) -> String {
        resolve(&format!("{BARE}{rest}"), &book()).unwrap_err().0
    }

    #[test]
    fn what_was_not_looked_at_cannot_be_waved_through() {
        assert!(said("rules = { gap = 'ok' }").contains("never pass"));
        assert!(said("rules = { gap = 'warn' }").contains("never pass"));
        assert!(resolve(&format!("{BARE}rules = {{ gap = 'fail' }}"), &book()).is_ok());
        let excuse = "[[exceptions]]\nrule = 'gap'\nreason = 'r'\nowner = 'o'\nuntil = '2099-01-01'";
        assert!(said(excuse).contains("not looked at"));
    }

    #[test]
    fn rules_must_exist_and_requirements_be_good_news() {
        assert!(said("rules = { nesw = 'ok' }").contains("did you mean `news`?"));
        assert!(said("require = ['gap']").contains("good news"));
    }

    #[test]
    fn durations() {
        assert_eq!(seconds("72h"), Ok(259_200));
        assert!(seconds("72").is_err() && seconds("h").is_err() && seconds("-1h").is_err() && seconds("").is_err());
    }

    #[test]
    fn the_digest_is_of_the_meaning_not_of_the_text() {
        let plain = resolve(BARE, &book()).unwrap();
        let commented = resolve(&format!("# a comment\n{BARE}gaps = 'unknown'"), &book()).unwrap();
        assert_eq!(plain.id(), commented.id());
        let stricter = resolve(&format!("{BARE}gaps = 'fail'"), &book()).unwrap();
        assert_ne!(plain.id(), stricter.id());
        // Past 2^53, where some writers of JSON give up.
        let wide = |n: u64| resolve(&format!("{BARE}limits = {{ files = {n} }}"), &book()).unwrap().id();
        assert_ne!(wide(1 << 60), wide((1 << 60) + 1));
    }
}
