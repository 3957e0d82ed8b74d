//! The score that OWASP's AIBOM generator would give, for comparison.
//!
//! It counts which of its fields are there, looks at the first component alone, and asks nobody whether they are true:
//! a bill full of placeholders reaches 100. Some of its paths (`$.component.…`) lead nowhere in any CycloneDX document;
//! it then looks for the field's name in a few places, and so does this.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::foreign::Foreign;

const DATA: &str = include_str!("owasp.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    edition: String,
    source: String,
    points: BTreeMap<String, f64>,
    field: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    tier: Tier,
    category: String,
    path: String,
    #[serde(default)]
    optional: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tier {
    Critical,
    Important,
    Supplementary,
}

/// Points of 100, and what is missing for more.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Points.
    pub points: f64,
    /// Edition of the rules.
    pub edition: String,
    /// Where they are published.
    pub source: String,
    /// Fields that it did not find, by name.
    pub missing: Vec<String>,
}

impl Score {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "points": self.points,
            "of": 100,
            "edition": self.edition,
            "source": self.source,
            "missing": self.missing,
            "note": "counts which fields are there, whatever they say",
        })
    }
}

/// True for bills that it knows how to read.
#[must_use]
pub fn reads(bill: &Foreign) -> bool {
    bill.format == "CycloneDX"
}

/// The score of a CycloneDX document; `None` for anything else.
#[must_use]
pub fn score(bill: &Value) -> Option<Score> {
    bill.get("bomFormat")?;
    let registry: Registry = toml::from_str(DATA).ok()?;
    let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let (mut critical, mut important, mut missing) = (0usize, 0usize, Vec::new());
    for field in &registry.field {
        let present = at(bill, &field.path) || by_name(bill, &field.name);
        let count = counts.entry(field.category.as_str()).or_default();
        if present || !field.optional {
            count.1 += 1.0;
        }
        if present {
            count.0 += 1.0;
        } else if !field.optional {
            missing.push(field.name.clone());
            critical = critical.saturating_add(usize::from(field.tier == Tier::Critical));
            important = important.saturating_add(usize::from(field.tier == Tier::Important));
        }
    }
    let tenth = |points: f64| (points * 10.0).round() / 10.0;
    let points = |(category, (present, all)): (&&str, &(f64, f64))| {
        let most = registry.points.get(*category).copied().unwrap_or_default();
        if *all > 0.0 { tenth(present / all * most) } else { 0.0 }
    };
    let sum: f64 = counts.iter().map(points).sum();
    let factor = match critical {
        0..2 => 1.0,
        2..=3 => 0.9,
        _ => 0.8,
    } * if important >= 5 { 0.95 } else { 1.0 };
    let points = tenth(sum * factor).clamp(0.0, 100.0);
    Some(Score { points, edition: registry.edition, source: registry.source, missing })
}

/// Follows a path such as `$.components[0].externalReferences[?(@.type=='vcs')].url`. A filter of two conditions is
/// not understood, as it is not there.
fn at(bill: &Value, path: &str) -> bool {
    let path = path.strip_prefix("$.").unwrap_or(path);
    let value = match path.split_once("[?(@.") {
        None => walk(bill, path),
        Some((base, rest)) => {
            let Some((condition, suffix)) = rest.split_once(")]") else { return false };
            let Some((key, wanted)) = condition.split_once("==") else { return false };
            let Some(wanted) = wanted.strip_prefix('\'').and_then(|one| one.strip_suffix('\'')) else { return false };
            if wanted.contains('\'') {
                return false;
            }
            let items = walk(bill, base).and_then(Value::as_array).into_iter().flatten();
            let found = items.into_iter().find(|item| item.get(key).and_then(Value::as_str) == Some(wanted));
            match (found, suffix.strip_prefix('.')) {
                (Some(found), Some(suffix)) => walk(found, suffix),
                (found, _) => return found.is_some(),
            }
        }
    };
    value.is_some_and(is_meaningful)
}

fn walk<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, part| match part.split_once('[') {
        None => value.get(part),
        Some((key, index)) => value.get(key)?.get(index.trim_end_matches(']').parse::<usize>().ok()?),
    })
}

fn is_meaningful(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("") && value.as_array().is_none_or(|items| !items.is_empty())
}

/// Looks for a field by its name: at the top, in the metadata, in the first component and its model card.
fn by_name(bill: &Value, name: &str) -> bool {
    let has = |value: Option<&Value>| value.is_some_and(|value| value.get(name).is_some());
    let property = |value: Option<&Value>| {
        let properties = value.and_then(|value| value.get("properties")?.as_array()).into_iter().flatten();
        let names = properties.into_iter().filter_map(|one| one.get("name")?.as_str());
        names.into_iter().any(|one| one == name || one.strip_prefix("spdx:") == Some(name))
    };
    let metadata = bill.get("metadata");
    let first = bill.pointer("/components/0");
    let card = first.and_then(|first| first.get("modelCard"));
    let thoughts = card.and_then(|card| card.get("considerations"));
    if has(Some(bill)) || has(metadata) || property(metadata) || has(first) || property(first) || has(card) {
        return true;
    }
    let full = |key: &str| {
        thoughts.and_then(|thoughts| thoughts.get(key)).is_some_and(|value| match value {
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
            other => is_meaningful(other),
        })
    };
    let considered = match name {
        "technicalLimitations" => full("technicalLimitations") || full("limitations"),
        "safetyRiskAssessment" => full("ethicalConsiderations") || full("safetyRiskAssessment"),
        "energyConsumption" => full("environmentalConsiderations") || full("energyConsumption"),
        _ => false,
    };
    let references = first.and_then(|first| first.get("externalReferences")?.as_array()).into_iter().flatten();
    let kinds: &[&str] = match name {
        "downloadLocation" => &["distribution", "website"],
        "vcs" => &["vcs"],
        "website" => &["website"],
        "paper" => &["documentation"],
        _ => &[],
    };
    let referenced = references.into_iter().any(|one| {
        let kind = one.get("type").and_then(Value::as_str).unwrap_or_default();
        kinds.contains(&kind) && one.get("url").is_some_and(is_meaningful)
    });
    has(card.and_then(|card| card.get("modelParameters"))) || considered || has(thoughts) || referenced
}
