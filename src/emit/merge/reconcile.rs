//! Two words about the same thing.

use std::collections::BTreeSet;

use packageurl::PackageUrl;
use serde_json::{Value, json};

use super::super::license;
use super::property;

/// Characters of the other word that are kept beside the first.
const KEPT: usize = 1_000;

/// What tells whether two components are the same: they are when one key of each is.
pub(super) fn keys(component: &Value) -> Vec<String> {
    let text = |key: &str| component[key].as_str().unwrap_or_default();
    let hashes = component["hashes"].as_array().into_iter().flatten();
    let hashes: BTreeSet<String> =
        hashes.map(|hash| format!("{}:{}", hash["alg"], hash["content"]).to_ascii_lowercase()).collect();
    if text("type") == "file" && !hashes.is_empty() {
        let path = text("name").trim_start_matches("./");
        return hashes.into_iter().map(|hash| format!("file\0{path}\0{hash}")).collect();
    }
    if let Some(purl) = component["purl"].as_str() {
        // Generators differ in what they escape.
        let plain = purl.parse::<PackageUrl<'_>>().map_or_else(|_| purl.to_owned(), |url| url.to_string());
        return vec![format!("purl\0{plain}")];
    }
    let hashes: Vec<String> = hashes.into_iter().collect();
    let own = ["type", "group", "name", "version"].map(text).join("\0");
    vec![format!("{own}\0{}", hashes.join(","))]
}

/// True if a type says more than another: `library` is what generators write for what they have no word for.
fn says_more(ours: &Value, theirs: &Value) -> bool {
    ours == "library" && ["machine-learning-model", "data", "file"].iter().any(|kind| theirs == kind)
}

/// Licences as one expression in one order; of the list all hold. `None` for what cannot be compared so.
fn licence(list: &Value) -> Option<String> {
    let one = |license: &Value| {
        let said = license["expression"].as_str().or(license["license"]["id"].as_str());
        said.or(license["license"]["name"].as_str()).map(str::to_owned)
    };
    let texts: Vec<String> = list.as_array()?.iter().map(one).collect::<Option<_>>()?;
    let (expression, _) = license::expression(texts.iter().map(String::as_str))?;
    license::in_order(&expression)
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
            ("type", ours, theirs) => {
                if says_more(ours, theirs) {
                    *ours = theirs.clone();
                }
            }
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
            ("licenses", ours, theirs) if licence(ours).is_some_and(|ours| licence(theirs) == Some(ours)) => {}
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
