//! Which hosted services may be spoken to.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Class, Evidence, Rule, Severity};

/// A service that may not be spoken to.
pub static SERVICE_NOT_ALLOWED: Rule = Rule {
    id: "service-not-allowed",
    summary: "the tree speaks to a hosted AI service that the policy does not allow",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/service-not-allowed.md"),
    frameworks: &["CWE-1357", "LLM02:2025", "AML.T0096"],
};

/// The evidence that lists services.
const LISTED: &str = "hosted-service";

/// Member states of the European Union, ISO 3166-1 alpha-2, as of 2026.
const EUROPEAN_UNION: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Which hosted AI services may be spoken to, by operator (as `hosted-service` names it) and by the country of the
/// operator's seat (ISO 3166-1 alpha-2, or `EU`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Services {
    /// Only these operators; one that is not known is none of them. Left out: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_operators: Option<BTreeSet<String>>,
    /// Never these operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny_operators: Option<BTreeSet<String>>,
    /// Only operators of these countries; one whose seat is not known is of none. Left out: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_regions: Option<BTreeSet<String>>,
    /// Never operators of these countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny_regions: Option<BTreeSet<String>>,
}

impl Services {
    /// These where they speak, `base` where they are silent.
    pub fn over(self, base: Self) -> Self {
        Self {
            allow_operators: self.allow_operators.or(base.allow_operators),
            deny_operators: self.deny_operators.or(base.deny_operators),
            allow_regions: self.allow_regions.or(base.allow_regions),
            deny_regions: self.deny_regions.or(base.deny_regions),
        }
    }

    /// A region that is none, if there is one.
    pub fn wrong_region(&self) -> Option<&str> {
        let all = self.allow_regions.iter().chain(&self.deny_regions).flatten();
        let mut wrong = all.filter(|region| region.len() != 2 || !region.bytes().all(|byte| byte.is_ascii_uppercase()));
        wrong.next().map(String::as_str)
    }

    /// What is said about every listed service that may not be spoken to.
    pub fn judge(&self, evidence: &[Evidence]) -> Vec<Evidence> {
        let listed = evidence.iter().filter(|evidence| evidence.rule.id == LISTED);
        listed.filter_map(|evidence| Some(self.refuse(evidence)?.at(evidence.place.clone()))).collect()
    }

    fn refuse(&self, listed: &Evidence) -> Option<Evidence> {
        let fact = |name: &str| listed.fact.details.get(name).and_then(Value::as_str);
        let (operator, region) = (fact("operator"), fact("jurisdiction"));
        let why = unwelcome(operator, &self.allow_operators, &self.deny_operators, str::eq)
            .map(|denied| format!("operator {denied}"))
            .or_else(|| {
                unwelcome(region, &self.allow_regions, &self.deny_regions, lies_in)
                    .map(|denied| format!("operators seated in {denied}"))
            })?;
        let message = format!("{}; this policy does not allow {why}", listed.fact.message);
        let mut evidence = Evidence::new(&SERVICE_NOT_ALLOWED, message).known_by(listed.assurance);
        evidence.artifact.clone_from(&listed.artifact);
        for (name, value) in &listed.fact.details {
            evidence = evidence.with(name, value.clone());
        }
        Some(evidence)
    }
}

/// What speaks against a name under an allow list and a deny list.
fn unwelcome<'a>(
    name: Option<&'a str>,
    allow: &Option<BTreeSet<String>>,
    deny: &Option<BTreeSet<String>>,
    is: impl Fn(&str, &str) -> bool,
) -> Option<&'a str> {
    let among = |list: &BTreeSet<String>| name.is_some_and(|name| list.iter().any(|one| is(name, one)));
    let denied = deny.as_ref().is_some_and(&among) || allow.as_ref().is_some_and(|allow| !among(allow));
    denied.then_some(name.unwrap_or("nobody knows"))
}

fn lies_in(country: &str, region: &str) -> bool {
    country == region || (region == "EU" && EUROPEAN_UNION.contains(&country))
}

#[cfg(test)]
mod tests {
    use super::*;

    static SERVICE: Rule =
        Rule { id: LISTED, summary: "", severity: Severity::Info, class: Class::Inventory, page: "", frameworks: &[] };

    fn refused(services: &Services, operator: Option<&str>, region: Option<&str>) -> bool {
        let mut evidence = Evidence::new(&SERVICE, "it speaks");
        if let Some(operator) = operator {
            evidence = evidence.with("operator", operator);
        }
        if let Some(region) = region {
            evidence = evidence.with("jurisdiction", region);
        }
        !services.judge(&[evidence]).is_empty()
    }

    fn set(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn operators_and_regions_are_let_in_or_kept_out() {
        let europe = Services { allow_regions: set(&["EU"]), ..Services::default() };
        assert!(!refused(&europe, Some("mistral"), Some("FR")));
        assert!(refused(&europe, Some("openai"), Some("US")));
        assert!(refused(&europe, None, None), "nobody knows where that is");
        let without = Services { deny_operators: set(&["openai"]), ..Services::default() };
        assert!(refused(&without, Some("openai"), Some("US")));
        assert!(!refused(&without, None, None));
        assert!(!refused(&Services::default(), None, None));
    }

    #[test]
    fn regions_are_countries() {
        assert_eq!(Services { deny_regions: set(&["China"]), ..Services::default() }.wrong_region(), Some("China"));
        assert_eq!(Services { deny_regions: set(&["CN", "EU"]), ..Services::default() }.wrong_region(), None);
    }
}
