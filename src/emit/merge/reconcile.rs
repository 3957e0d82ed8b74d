//! Two words about the same thing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::property;

/// Characters of the other word that are kept beside the first.
const KEPT: usize = 1_000;

/// What tells whether two components are the same.
pub(super) fn key(component: &Value) -> String {
    let text = |key: &str| component[key].as_str().unwrap_or_default();
    // The tree and the model in it may be named by the same content; their types tell them apart.
    if let Some(purl) = component["purl"].as_str() {
        return format!("purl\0{}\0{purl}", kind(text("type")));
    }
    let hashes = component["hashes"].as_array().into_iter().flatten();
    let hashes: BTreeSet<String> =
        hashes.map(|hash| format!("{}:{}", hash["alg"], hash["content"]).to_ascii_lowercase()).collect();
    let hashes: Vec<String> = hashes.into_iter().collect();
    format!("{}\0{}\0{}\0{}\0{}", text("type"), text("group"), text("name"), text("version"), hashes.join(","))
}

/// Types that one generator calls this and the other that.
fn kind(kind: &str) -> &str {
    match kind {
        "application" | "framework" | "library" | "platform" => "software",
        kind => kind,
    }
}

/// Adds what `other` says to `known`.
pub(super) fn component(known: &mut Value, other: &Value, from: &str, conflicts: &mut Vec<String>) {
    let name = known["name"].as_str().unwrap_or_default().to_owned();
    let mut disputed: Vec<(String, String)> = Vec::new();
    for (key, theirs) in other.as_object().into_iter().flatten() {
        if key == "bom-ref" {
            continue;
        }
        let Some(ours) = known.get_mut(key) else {
            known[key.as_str()] = theirs.clone();
            continue;
        };
        if ours == theirs || is_unknown(theirs) {
            continue;
        }
        if is_unknown(ours) {
            *ours = theirs.clone();
            continue;
        }
        match (key.as_str(), ours, theirs) {
            ("type", ..) => {}
            ("hashes", Value::Array(ours), Value::Array(theirs)) => {
                for hash in theirs {
                    let same = |one: &Value| one["alg"] == hash["alg"] && one["content"] == hash["content"];
                    if ours.iter().any(same) {
                        continue;
                    }
                    if ours.iter().any(|one| one["alg"] == hash["alg"]) {
                        disputed.push((key.clone(), format!("{} {}", hash["alg"], hash["content"])));
                    }
                    ours.push(hash.clone());
                }
            }
            // Licences of two lists cannot stand in one: an expression stands alone.
            ("licenses", _, theirs) => disputed.push((key.clone(), theirs.to_string())),
            (_, Value::Array(ours), Value::Array(theirs)) => {
                let new: Vec<Value> = theirs.iter().filter(|one| !ours.contains(one)).cloned().collect();
                ours.extend(new);
            }
            (_, _, theirs) => {
                let said = theirs.as_str().map_or_else(|| theirs.to_string(), str::to_owned);
                disputed.push((key.clone(), said));
            }
        }
    }
    for (field, said) in disputed {
        let said: String = said.chars().take(KEPT).collect();
        conflicts.push(format!("{name}: {from} says another {field}: {said}"));
        property(known, &format!("weighbridge:conflict:{field}"), &format!("{said} ({from})"));
    }
}

/// Adds what `other` says of the same flaw: whom it affects, how it is rated.
pub(super) fn flaw(known: &mut Value, other: &Value, from: &str, conflicts: &mut Vec<String>) {
    for key in ["affects", "ratings", "references", "advisories", "cwes"] {
        let Some(theirs) = other[key].as_array() else { continue };
        let ours = known[key].as_array().cloned().unwrap_or_default();
        let new = theirs.iter().filter(|one| !ours.contains(one)).cloned();
        let all: Vec<Value> = ours.iter().cloned().chain(new).collect();
        known[key] = json!(all);
    }
    let (ours, theirs) = (&known["analysis"]["state"], &other["analysis"]["state"]);
    if !theirs.is_null() && ours != theirs {
        conflicts.push(format!("{}: {from} says another analysis: {theirs}", known["id"].as_str().unwrap_or_default()));
        property(known, "weighbridge:conflict:analysis", &format!("{} ({from})", other["analysis"]));
    }
    for (key, theirs) in other.as_object().into_iter().flatten() {
        if known.get(key).is_none_or(Value::is_null) {
            known[key.as_str()] = theirs.clone();
        }
    }
}

/// A value that says that nothing is known.
fn is_unknown(value: &Value) -> bool {
    match value {
        Value::String(text) => ["UNKNOWN", "NOASSERTION"].iter().any(|mark| text.eq_ignore_ascii_case(mark)),
        Value::Object(map) => map.len() == 1 && map.values().all(is_unknown),
        Value::Array(items) => items.iter().all(is_unknown),
        Value::Null => true,
        _ => false,
    }
}
