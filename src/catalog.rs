//! Every rule of every room.

use crate::model::{Check, Rule};
use crate::policy::RuleBook;
use crate::{advisory, deps, emit, inspect, policy, service, trust, weigh};

/// All rules, by id.
#[must_use]
pub fn rules() -> RuleBook {
    let facts = [weigh::RULES, inspect::RULES, trust::RULES, deps::RULES, advisory::RULES, service::RULES];
    let rooms = facts.into_iter().chain([policy::RULES, emit::RULES]);
    rooms.into_iter().flatten().map(|rule| (rule.id, *rule)).collect()
}

/// The rule of that id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().get(id).copied()
}

/// The checks that raise a rule; none for what every look raises and for a policy's own opinions.
#[must_use]
pub fn checks(rule: &Rule) -> &'static [Check] {
    if inspect::INTEGRITY.contains(&rule) {
        return &[Check::Integrity, Check::Scan];
    }
    if inspect::RULES.contains(&rule) {
        return &[Check::Scan];
    }
    if trust::RULES.contains(&rule) {
        return match rule.id.split('-').next() {
            Some("checksums") => &[Check::Integrity],
            Some("attestation" | "statement") => &[],
            _ => &[Check::Signature],
        };
    }
    if service::RULES.contains(&rule) {
        return &[Check::Audit, Check::Scan];
    }
    if deps::RULES.contains(&rule) || advisory::RULES.contains(&rule) {
        return &[Check::Audit];
    }
    &[]
}
