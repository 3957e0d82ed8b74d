//! What no policy may say.

use std::collections::BTreeMap;

use crate::model::{Class, Rule};

use super::require::AttestationEntry;
use super::resolve::{Error, Policy, RuleBook, glob};
use super::scope::ScopeEntry;
use super::wire::{Action, nearest};

/// Everything that no policy may say.
pub(super) fn check(policy: &Policy, rules: &RuleBook) -> Result<(), Error> {
    if policy.warn > policy.fail || policy.advisory_warn > policy.advisory_fail {
        return Err(Error("`severity.warn` is above `severity.fail`: what fails would not be said".to_owned()));
    }
    if let Some(wrong) = policy.services.wrong_region() {
        return Err(Error(format!(
            "`services` names a region that is none: {wrong:?}; write the country by ISO 3166-1, such as \"DE\", or \"EU\""
        )));
    }
    if let Some(entry) = policy.licences.joined() {
        return Err(Error(format!(
            "`licences` names several licences at once: {entry:?}; name each by itself, an expression is read in what is held against them"
        )));
    }
    check_rules(policy, rules)
}

/// No policy may name a rule that does not exist, or wave through what was not looked at.
fn check_rules(policy: &Policy, rules: &RuleBook) -> Result<(), Error> {
    let known = |id: &str, key: &str| known(rules, id, key);
    check_actions(&policy.rules, "rules", rules)?;
    for scope in &policy.scopes {
        check_actions(&scope.rules, "scopes.rules", rules)?;
        check_scope(policy, scope)?;
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
    if let Some(mistake) = policy.attestations.iter().find_map(AttestationEntry::mistake) {
        return Err(Error(mistake));
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
        check_pin(exception.sha256.as_deref())?;
    }
    Ok(())
}

pub(super) fn known(rules: &RuleBook, id: &str, key: &str) -> Result<&'static Rule, Error> {
    rules.get(id).copied().ok_or_else(|| {
        let near = nearest(id, rules.keys().copied()).map(|near| format!("; did you mean `{near}`?"));
        Error(format!("`{key}` names a rule that does not exist: {id:?}{}", near.unwrap_or_default()))
    })
}

fn check_actions(actions: &BTreeMap<String, Action>, key: &str, rules: &RuleBook) -> Result<(), Error> {
    for (id, action) in actions {
        if known(rules, id, key)?.class == Class::Gap && *action != Action::Fail {
            return Err(Error(format!(
                "`{key}` would let `{id}` pass, but it says that something was not looked at; \
                 a policy can make it fail, never pass (leave files out with --ignore instead)"
            )));
        }
    }
    Ok(())
}

fn check_scope(policy: &Policy, scope: &ScopeEntry) -> Result<(), Error> {
    if scope.artifact.is_none() && scope.model.is_none() && scope.sha256.is_none() {
        return Err(Error(
            "a scope names neither `artifact` nor `model` nor `sha256`; it would hold for all".to_owned(),
        ));
    }
    for pattern in [&scope.artifact, &scope.model].into_iter().flatten() {
        glob(pattern)?;
    }
    let severity = scope.severity.clone().unwrap_or_default();
    if severity.warn.unwrap_or(policy.warn) > severity.fail.unwrap_or(policy.fail) {
        return Err(Error("`scopes.severity.warn` is above `fail`: what fails would not be said".to_owned()));
    }
    check_pin(scope.sha256.as_deref())
}

fn check_pin(sha256: Option<&str>) -> Result<(), Error> {
    match sha256 {
        Some(text) if text.len() != 64 || hex::decode(text).is_err() => {
            Err(Error(format!("`sha256` is {text:?}, which is not 64 hexadecimal digits")))
        }
        _ => Ok(()),
    }
}
