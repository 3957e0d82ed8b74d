//! Models that are split into several GGUF files, held against each other.
//!
//! Source: `gguf-split` and `llama-model-loader.cpp` of llama.cpp: the parts are called `NAME-00001-of-00002.gguf`,
//! `split.no` counts from 0, `split.count` is the number of parts, `split.tensors.count` that of the tensors of all.

use std::collections::{BTreeMap, BTreeSet};

use super::{DUPLICATE, MALFORMED};
use crate::inspect::claim::SHARD_MISSING;
use crate::model::{Artifact, Evidence, Format, Rule};

/// Parts of a model that are looked for by name.
const MOST: i64 = 10_000;

/// One file of a split.
struct Part<'a> {
    artifact: &'a Artifact,
    /// Its number by its name, from 1 on.
    named: i64,
    number: Option<i64>,
    count: Option<i64>,
    tensors: Option<i64>,
}

/// What the parts say of each other.
#[must_use]
pub fn held(artifacts: &[Artifact]) -> Vec<Evidence> {
    let gguf = Format::named("gguf");
    let mut models: BTreeMap<(&str, i64), Vec<Part<'_>>> = BTreeMap::new();
    let mut evidence = Vec::new();
    for artifact in artifacts.iter().filter(|artifact| artifact.is(&gguf)) {
        let said = |key: &str| artifact.contents.metadata.get(key).and_then(|text| text.parse::<i64>().ok());
        let (number, count, tensors) = (said("split.no"), said("split.count"), said("split.tensors.count"));
        match named(artifact.path.as_str()) {
            Some((stem, n, of)) if count.is_some() => {
                let part = Part { artifact, named: n, number, count, tensors };
                models.entry((stem, of)).or_default().push(part);
            }
            None if count.is_some_and(|count| count > 1) => {
                let message = "it is a part of a split model, but its name does not say which";
                evidence.push(Evidence::new(&MALFORMED, message).of(&artifact.path));
            }
            _ => {
                let own = i64::try_from(artifact.contents.tensors.len()).unwrap_or(i64::MAX);
                if tensors.is_some_and(|tensors| tensors != own) {
                    let message = format!("it says that there are {} tensors, and holds {own}", tensors.unwrap_or(0));
                    evidence.push(Evidence::new(&MALFORMED, message).of(&artifact.path));
                }
            }
        }
    }
    for ((_, of), parts) in &models {
        whole(*of, parts, &mut evidence);
    }
    evidence
}

/// The name before the number, the number and how many there are.
fn named(path: &str) -> Option<(&str, i64, i64)> {
    let (rest, of) = path.strip_suffix(".gguf")?.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    Some((stem, digits(number)?, digits(of)?))
}

fn whole(of: i64, parts: &[Part<'_>], evidence: &mut Vec<Evidence>) {
    let mut raise = |rule: &'static Rule, part: &Part<'_>, message: String| {
        evidence.push(Evidence::new(rule, message).of(&part.artifact.path));
    };
    let Some(first) = parts.first() else { return };
    let mut sum = 0i64;
    let mut names = BTreeSet::new();
    for part in parts {
        let (number, count) = (part.number.unwrap_or(-1), part.count.unwrap_or(-1));
        if count != of || number != part.named - 1 {
            let message = format!(
                "by its name it is part {} of {of}, by its keys \"split.no\" {number} of \"split.count\" {count}",
                part.named
            );
            raise(&MALFORMED, part, message);
        }
        if part.tensors.is_none_or(|tensors| tensors < 0 || part.tensors != first.tensors) {
            let message = "\"split.tensors.count\" is missing or negative, or another part says another number";
            raise(&MALFORMED, part, message.to_owned());
        }
        sum = sum.saturating_add(i64::try_from(part.artifact.contents.tensors.len()).unwrap_or(i64::MAX));
        let twice = part.artifact.contents.tensors.iter().find(|tensor| !names.insert(tensor.name.as_str()));
        if let Some(tensor) = twice {
            raise(&DUPLICATE, part, format!("the tensor {:?} is in another part as well, or twice in it", tensor.name));
        }
    }
    let there: BTreeSet<i64> = parts.iter().map(|part| part.named).collect();
    let missing: Vec<_> = (1..=of.clamp(0, MOST)).filter(|number| !there.contains(number)).collect();
    if let Some(number) = missing.first() {
        let message = format!("{} of {of} parts are not there, the first of them is part {number}", missing.len());
        raise(&SHARD_MISSING, first, message);
    } else if first.tensors.is_some_and(|tensors| tensors != sum) {
        let message = format!("all parts hold {sum} tensors, they say {}", first.tensors.unwrap_or(0));
        raise(&MALFORMED, first, message);
    }
}
