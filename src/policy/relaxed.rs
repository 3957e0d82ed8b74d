//! What a policy lets through that it would not without some of its lines.

use super::lint::by_severity;
use super::resolve::{Policy, RuleBook};
use super::scope::ScopeEntry;
use crate::model::Severity;

/// One sentence for each thing that a scope relaxes.
pub(super) fn by_scopes(policy: &Policy, rules: &RuleBook) -> Vec<String> {
    let each = policy.scopes.iter().enumerate().flat_map(|(index, scope)| {
        let name = format!("scope {} ({})", index.saturating_add(1), selectors(scope));
        one(policy, rules, scope).into_iter().map(move |what| format!("{name} relaxes {what}"))
    });
    each.collect()
}

/// One sentence for each grave rule that the policy lets pass although its severity would not.
pub(super) fn by_rules(policy: &Policy, rules: &RuleBook) -> Vec<String> {
    let each = policy.rules.iter().filter_map(|(id, action)| {
        let rule = rules.get(id.as_str()).filter(|rule| rule.severity >= Severity::High)?;
        let base = by_severity(policy, rule).filter(|base| action < base)?;
        let (action, base, severity) = (action.name(), base.name(), rule.severity);
        Some(format!("`rules.{id}` relaxes a rule of severity {severity} from {base} to {action}"))
    });
    each.collect()
}

fn selectors(scope: &ScopeEntry) -> String {
    let all = [("artifact", &scope.artifact), ("model", &scope.model), ("sha256", &scope.sha256)];
    let given = all.into_iter().filter_map(|(key, value)| Some(format!("{key} = {:?}", value.as_ref()?)));
    given.collect::<Vec<_>>().join(", ")
}

fn one(policy: &Policy, rules: &RuleBook, scope: &ScopeEntry) -> Vec<String> {
    let mut relaxed = Vec::new();
    let severity = scope.severity.clone().unwrap_or_default();
    for (key, here, base) in [("fail", severity.fail, policy.fail), ("warn", severity.warn, policy.warn)] {
        if let Some(here) = here.filter(|here| *here > base) {
            relaxed.push(format!("`severity.{key}` from {base} to {here}"));
        }
    }
    for (id, action) in &scope.rules {
        let by_severity = || rules.get(id.as_str()).and_then(|rule| by_severity(policy, rule));
        match policy.rules.get(id).copied().or_else(by_severity) {
            Some(base) if *action < base => {
                relaxed.push(format!("`{id}` from {} to {}", base.name(), action.name()));
            }
            // The evidence carries a severity of its own.
            None if *action < super::wire::Action::Fail => relaxed.push(format!("`{id}` to {}", action.name())),
            _ => {}
        }
    }
    let allow = scope.formats.as_ref().and_then(|formats| formats.allow.as_ref());
    if let (Some(here), Some(base)) = (allow, &policy.formats_allow) {
        let more: Vec<&str> = here.iter().filter(|name| !base.contains(*name)).map(String::as_str).collect();
        if !more.is_empty() {
            relaxed.push(format!("`formats.allow` by {}", more.join(", ")));
        }
    }
    relaxed
}
