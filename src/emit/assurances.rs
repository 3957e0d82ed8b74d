//! How each field of a model is known.

use std::collections::BTreeMap;

use super::bill::{Bill, known};
use super::card::{Card, Metric, Stated, ports_of};

/// Each field of the model that a buyer asks for, and how it is known; `unknown` where it is not. `supplied` says
/// that the supplier was named by whoever makes the bill.
#[must_use]
pub fn of(bill: &Bill<'_>, supplied: bool) -> BTreeMap<&'static str, String> {
    let card = &bill.card;
    let unknown = || "unknown".to_owned();
    let one = |stated: Option<&Stated<String>>| stated.map_or_else(unknown, known);
    let metrics = card.metrics.first().map_or_else(unknown, known::<Metric>);
    // What goes in and comes out follows from the task, as the Hub defines it.
    let task = card.task.as_ref().filter(|task| ports_of(&task.value).is_some());
    let ports = || one(task);
    let mut all = BTreeMap::from([
        ("architectureFamily", one(card.family.as_ref())),
        ("chatTemplate", card.templates.first().map_or_else(unknown, known)),
        ("considerations", one(card.uses.first().or(card.limitations.first()).or(card.ethics.first()))),
        ("contextLength", one(card.context.as_ref())),
        ("datasets", one(card.datasets.first())),
        ("co2", one(card.emissions.as_ref())),
        ("description", one(bill.description())),
        ("generation", one(card.generation.values().next())),
        ("inputs", ports()),
        ("language", one(card.languages.first())),
        ("library", one(card.library.as_ref())),
        ("licenses", one(bill.licenses().first().copied())),
        ("modelArchitecture", one(card.architecture.as_ref())),
        ("outputs", ports()),
        ("pedigree", card.bases.first().map_or_else(unknown, known)),
        ("performanceMetrics", metrics),
        ("quantization", one(card.quantization.as_ref())),
        ("tags", one(card.tags.first())),
        ("task", one(card.task.as_ref())),
        ("tokenizer", one(card.tokenizer.as_ref())),
        ("training", one(card.training.first())),
        ("version", one(bill.version().as_ref())),
    ]);
    let hashes = if bill.root().is_some() { "verified (computed from the bytes)".to_owned() } else { unknown() };
    all.insert("hashes", hashes);
    let tensors = if bill.weights.is_some() { "derived (headers of the weights)".to_owned() } else { unknown() };
    all.insert("tensors", tensors);
    let supplier = match &card.producer {
        _ if supplied => "declared (by whoever made this bill)".to_owned(),
        producer => one(producer.as_ref()),
    };
    all.insert("supplier", supplier);
    all
}

/// How each setting of the model is known, by the name that bills give it.
#[must_use]
pub fn of_settings(card: &Card) -> BTreeMap<String, String> {
    card.settings.iter().map(|(key, setting)| (format!("config:{key}"), known(setting))).collect()
}
