//! The model itself: its card, where it comes from, and how each statement is known.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::TensorSummary;

use super::super::bill::{self, Bill};
use super::super::card::{Metric, Stated};
use super::super::identity::content_purl;
use super::super::percent;
use super::components::{dataset_reference, datasets, hashes, licenses};
use super::{MODEL, Options, TOOL, UNKNOWN, property, put};

/// Prefix of the properties that say how a field is known.
const ASSURANCE: &str = "weighbridge:assurance:";

/// The model as a component.
pub(super) fn model(bill: &Bill<'_>, options: &Options) -> Value {
    let card = &bill.card;
    let mut component = Map::new();
    let mut text = |key: &str, value: &str| component.insert(key.to_owned(), value.into());
    text("type", "machine-learning-model");
    text("bom-ref", MODEL);
    text("name", &bill.report.subject);
    // With its version, so that it is not the purl of the tree that holds it.
    let version = bill.version().map_or_else(|| UNKNOWN.to_owned(), |version| version.value);
    text("version", &version);
    text("purl", &content_purl(&bill.report.subject, Some(&version), bill.root()));
    if let Some(description) = &card.description {
        text("description", &description.value);
    }
    component.insert("supplier".to_owned(), json!({ "name": options.supplier.as_deref().unwrap_or(UNKNOWN) }));
    put(&mut component, "hashes", hashes(bill.root()));
    put(&mut component, "licenses", licenses(card.licenses.iter().map(|license| license.value.as_str())));
    put(&mut component, "tags", card.tags.iter().map(|tag| tag.value.as_str().into()).collect());
    let bases: Vec<Value> = card.bases.iter().map(base).collect();
    if !bases.is_empty() {
        component.insert("pedigree".to_owned(), json!({ "ancestors": bases }));
    }
    if bill.report.artifacts.iter().any(|artifact| artifact.path.as_str() == "README.md") {
        put(&mut component, "externalReferences", vec![json!({ "type": "model-card", "url": "README.md" })]);
    }
    component.insert("modelCard".to_owned(), model_card(bill));
    put(&mut component, "properties", properties(bill, options));
    component.into()
}

fn base(base: &Stated<String>) -> Value {
    json!({
        "type": "machine-learning-model",
        "bom-ref": format!("base:{}", base.value),
        "name": base.value,
        "version": UNKNOWN,
        "purl": format!("pkg:huggingface/{}", percent::encode(&base.value, "/")),
        "properties": [
            property("weighbridge:assurance:name", &bill::known(base)),
            property("weighbridge:assurance:hashes", "unknown"),
        ],
    })
}

fn model_card(bill: &Bill<'_>) -> Value {
    let card = &bill.card;
    let mut parameters = Map::new();
    let fields =
        [("task", &card.task), ("architectureFamily", &card.family), ("modelArchitecture", &card.architecture)];
    for (key, stated) in fields {
        if let Some(stated) = stated {
            parameters.insert(key.to_owned(), stated.value.as_str().into());
        }
    }
    let references = datasets(bill).into_iter().map(|name| json!({ "ref": dataset_reference(name) })).collect();
    put(&mut parameters, "datasets", references);
    if let Some((inputs, outputs)) = card.task.as_ref().and_then(|task| formats(&task.value)) {
        let list = |formats: &[&str]| formats.iter().map(|format| json!({ "format": format })).collect();
        put(&mut parameters, "inputs", list(inputs));
        put(&mut parameters, "outputs", list(outputs));
    }
    let mut model_card = Map::new();
    model_card.insert("modelParameters".to_owned(), parameters.into());
    if !card.metrics.is_empty() {
        let metrics: Vec<Value> = card.metrics.iter().map(|metric| performance(&metric.value)).collect();
        model_card.insert("quantitativeAnalysis".to_owned(), json!({ "performanceMetrics": metrics }));
    }
    let mut considerations = Map::new();
    let texts = |all: &[Stated<String>]| all.iter().map(|stated| stated.value.as_str().into()).collect();
    put(&mut considerations, "useCases", texts(&card.uses));
    put(&mut considerations, "technicalLimitations", texts(&card.limitations));
    if !considerations.is_empty() {
        model_card.insert("considerations".to_owned(), considerations.into());
    }
    model_card.into()
}

fn performance(metric: &Metric) -> Value {
    let mut value = json!({ "type": metric.kind, "value": metric.value });
    if let Some(dataset) = &metric.dataset {
        value["slice"] = dataset.as_str().into();
    }
    value
}

/// What goes in and comes out, where the task's own definition says so.
fn formats(task: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match task {
        "text-generation" | "text2text-generation" | "summarization" | "translation" | "fill-mask" => {
            (&["text"], &["text"])
        }
        "text-classification" | "token-classification" | "zero-shot-classification" => (&["text"], &["label"]),
        "feature-extraction" | "sentence-similarity" => (&["text"], &["embedding"]),
        "question-answering" => (&["text"], &["text"]),
        "image-classification" => (&["image"], &["label"]),
        "object-detection" => (&["image"], &["bounding boxes"]),
        "image-segmentation" => (&["image"], &["mask"]),
        "text-to-image" => (&["text"], &["image"]),
        "image-to-text" => (&["image"], &["text"]),
        "image-text-to-text" => (&["image", "text"], &["text"]),
        "automatic-speech-recognition" => (&["audio"], &["text"]),
        "text-to-speech" => (&["text"], &["audio"]),
        "audio-classification" => (&["audio"], &["label"]),
        _ => return None,
    })
}

/// Figures of tensors as properties.
pub(super) fn tensors(sum: &TensorSummary) -> Vec<Value> {
    let mut all = vec![
        property("weighbridge:tensors:count", &sum.count.to_string()),
        property("weighbridge:tensors:parameters", &sum.parameters.to_string()),
    ];
    for (dtype, count) in &sum.dtypes {
        all.push(property(&format!("weighbridge:tensors:dtype:{dtype}"), &count.to_string()));
    }
    all
}

fn properties(bill: &Bill<'_>, options: &Options) -> Vec<Value> {
    let card = &bill.card;
    let mut all = Vec::new();
    if let Some(root) = &bill.report.root {
        all.push(property("weighbridge:root", &root.to_string()));
        all.push(property("weighbridge:root:method", "SHA-256 over all files as OpenSSF model signing orders them"));
    }
    if let Some(sum) = &bill.tensors {
        all.extend(tensors(sum));
    }
    if let Some(library) = &card.library {
        all.push(property("weighbridge:library", &library.value));
    }
    if let Some(relation) = &card.relation {
        all.push(property("weighbridge:base-model:relation", &relation.value));
    }
    all.extend(card.languages.iter().map(|language| property("weighbridge:language", &language.value)));
    for (key, setting) in &card.settings {
        all.push(property(&format!("weighbridge:config:{key}"), &setting.value));
    }
    for (file, why) in &card.unreadable {
        all.push(property("weighbridge:unreadable", &format!("{file}: {why}")));
    }
    for (field, known) in bill::assurances(bill, options.supplier.is_some()) {
        all.push(property(&format!("{ASSURANCE}{field}"), &known));
    }
    all
}

/// The same as citations of 1.7: pointers into the document, grouped by how their fields are known.
pub(super) fn citations(components: &[Value], timestamp: &str) -> Vec<Value> {
    let mut pointers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (index, component) in components.iter().enumerate() {
        let at = format!("/components/{index}");
        if component["type"] == "file" && component.get("hashes").is_some() {
            let note = "verified (computed from the bytes)".to_owned();
            pointers.entry(note).or_default().push(format!("{at}/hashes"));
        }
        if component["type"] != "machine-learning-model" {
            continue;
        }
        for property in component["properties"].as_array().into_iter().flatten() {
            let field = property["name"].as_str().and_then(|name| name.strip_prefix(ASSURANCE));
            let (Some(field), Some(note)) = (field, property["value"].as_str()) else { continue };
            let inside = match field {
                "architectureFamily" | "datasets" | "modelArchitecture" | "task" => {
                    format!("/modelCard/modelParameters/{field}")
                }
                "considerations" => "/modelCard/considerations".to_owned(),
                "performanceMetrics" => "/modelCard/quantitativeAnalysis/performanceMetrics".to_owned(),
                field => format!("/{field}"),
            };
            if component.pointer(&inside).is_some() {
                pointers.entry(note.to_owned()).or_default().push(format!("{at}{inside}"));
            }
        }
    }
    let citation = |(note, pointers): (String, Vec<String>)| {
        json!({
            "timestamp": timestamp,
            "pointers": pointers,
            "attributedTo": TOOL,
            "note": format!("assurance: {note}"),
        })
    };
    pointers.into_iter().map(citation).collect()
}
