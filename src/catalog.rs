//! Every rule of every room.

use crate::model::Rule;
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
