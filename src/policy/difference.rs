//! What another policy would change.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::model::{Finding, Ruling};

use super::resolve::Policy;

/// A value that two policies decide differently; absent where one is silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Which, with dots between its parts.
    pub key: String,
    /// In the first policy, as JSON.
    pub before: Option<String>,
    /// In the second one.
    pub after: Option<String>,
}

/// A finding that two policies rule differently; absent where one does not raise it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The rule.
    pub rule: &'static str,
    /// The file.
    pub artifact: Option<String>,
    /// What was seen.
    pub message: String,
    /// The ruling under the first policy.
    pub before: Option<&'static str>,
    /// The ruling under the second one.
    pub after: Option<&'static str>,
}

/// Every value that differs, by key. Names and descriptions are no difference.
#[must_use]
pub fn settings(before: &Policy, after: &Policy) -> Vec<Setting> {
    let (before, after) = (flat(before), flat(after));
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter(|key| key.as_str() != "name" && before.get(*key) != after.get(*key))
        .map(|key| Setting { key: key.clone(), before: before.get(key).cloned(), after: after.get(key).cloned() })
        .collect()
}

/// Tables by their parts, lists and plain values as one.
fn flat(policy: &Policy) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let Ok(Value::Object(top)) = serde_json::to_value(policy) else { return out };
    for (key, value) in top {
        let written = KEYS.iter().find(|(held, _)| *held == key).map_or(key.as_str(), |(_, written)| written);
        match value {
            Value::Object(inner) => {
                let inner = inner.into_iter().map(|(inner, value)| (format!("{written}.{inner}"), value));
                out.extend(inner.map(|(key, value)| (key, said(written, &value))));
            }
            Value::Null => {}
            value => {
                out.insert(written.to_owned(), said(written, &value));
            }
        }
    }
    out
}

/// Values that a policy holds under another key than the one that its file is written with.
const KEYS: [(&str, &str); 12] = [
    ("advisory-fail", "audit.severity.fail"),
    ("advisory-warn", "audit.severity.warn"),
    ("attestations", "require.attestations"),
    ("database", "audit.database"),
    ("database-max-age", "audit.database-max-age"),
    ("fail", "severity.fail"),
    ("formats-allow", "formats.allow"),
    ("formats-deny", "formats.deny"),
    ("keys", "signature.keys"),
    ("patch-age", "audit.patch-age"),
    ("threshold", "signature.threshold"),
    ("urgency", "audit.urgency"),
];

/// A value as the file would write it: ages, which are held in seconds, in the longest unit that fits.
fn said(key: &str, value: &Value) -> String {
    let age = matches!(key, "audit.database-max-age" | "audit.patch-age").then(|| value.as_u64()).flatten();
    let Some(seconds) = age else {
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    };
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let fits = units.iter().find(|(unit, _)| seconds % unit == 0 && seconds > 0);
    fits.map_or_else(|| "0s".to_owned(), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

/// Every finding that is ruled differently, in report order.
#[must_use]
pub fn changes(before: &[Finding], after: &[Finding]) -> Vec<Change> {
    let key = |finding: &'_ Finding| -> (Option<String>, String, &'static str, String) {
        let evidence = &finding.evidence;
        (
            evidence.artifact.as_ref().map(ToString::to_string),
            evidence.place.to_string(),
            evidence.rule.id,
            evidence.fact.message.clone(),
        )
    };
    let mut all: BTreeMap<_, (Vec<&'static str>, Vec<&'static str>)> = BTreeMap::new();
    for finding in before {
        all.entry(key(finding)).or_default().0.push(finding.ruling.name());
    }
    for finding in after {
        all.entry(key(finding)).or_default().1.push(finding.ruling.name());
    }
    let mut changes = Vec::new();
    for ((artifact, _, rule, message), (mut before, mut after)) in all {
        before.sort_unstable();
        after.sort_unstable();
        for index in 0..before.len().max(after.len()) {
            let (before, after) = (before.get(index).copied(), after.get(index).copied());
            if before != after && !quiet(before, after) {
                changes.push(Change { rule, artifact: artifact.clone(), message: message.clone(), before, after });
            }
        }
    }
    changes
}

/// Evidence that one policy does not even ask for, and the other has nothing against.
fn quiet(before: Option<&str>, after: Option<&str>) -> bool {
    let silent = |ruling: Option<&str>| ruling.is_none_or(|ruling| ruling == Ruling::Ok.name());
    silent(before) && silent(after)
}
