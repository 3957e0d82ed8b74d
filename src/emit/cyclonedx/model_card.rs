//! The model itself: its card, where it comes from, and how each statement is known.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::TensorSummary;

use super::super::assurances;
use super::super::bill::{self, Bill};
use super::super::card::{Base, Card, Metric, Stated, ports_of};
use super::super::identity::{content_purl, hub_purl};
use super::components::{ADDRESS, dataset_reference, datasets, hashes, licenses};
use super::{MODEL, Options, TOOL, UNKNOWN, property, put};
use crate::model::address::without_credentials;
use crate::model::percent;

/// Prefix of the properties that say how a field is known.
const ASSURANCE: &str = "weighbridge:assurance:";

/// The model as a component.
pub(super) fn model(bill: &Bill<'_>, options: &Options) -> Value {
    let card = &bill.card;
    let mut component = Map::new();
    let mut text = |key: &str, value: &str| component.insert(key.to_owned(), value.into());
    text("type", "machine-learning-model");
    text("bom-ref", MODEL);
    text("name", bill.name());
    // With its version, so that it is not the purl of the tree that holds it.
    let version = bill.version().map_or_else(|| UNKNOWN.to_owned(), |version| version.value);
    text("version", &version);
    text("purl", &content_purl(bill.name(), Some(&version), bill.root()));
    if let Some(description) = &card.description {
        text("description", &description.value);
    }
    let producer = card.producer.as_ref().map(|producer| producer.value.as_str());
    let supplier = options.supplier.as_deref().or(producer).unwrap_or(UNKNOWN);
    component.insert("supplier".to_owned(), json!({ "name": supplier }));
    put(&mut component, "hashes", hashes(bill.root()));
    let mut own = licenses(card.licenses.iter().map(|license| license.value.as_str()));
    // The name of a licence that is on no list leads nowhere without its address.
    if let ([only], Some(link)) = (own.as_mut_slice(), address(card))
        && only["license"]["name"].is_string()
        && !card.licenses.is_empty()
    {
        only["license"]["url"] = link.into();
    }
    put(&mut component, "licenses", own);
    put(&mut component, "tags", card.tags.iter().map(|tag| tag.value.as_str().into()).collect());
    let bases: Vec<Value> = card.bases.iter().map(base).collect();
    if !bases.is_empty() {
        component.insert("pedigree".to_owned(), json!({ "ancestors": bases }));
    }
    put(&mut component, "externalReferences", references(bill));
    component.insert("modelCard".to_owned(), model_card(bill));
    put(&mut component, "properties", properties(bill, options));
    component.into()
}

/// Where to read on: the card, with the digest of its bytes, papers and the licence's address.
fn references(bill: &Bill<'_>) -> Vec<Value> {
    let readme = bill.report.artifacts.iter().find(|artifact| artifact.path.as_str() == "README.md");
    let card = readme.map(|readme| {
        let mut card = json!({ "type": "model-card", "url": "README.md" });
        let hashes = hashes(readme.digests.iter());
        if !hashes.is_empty() {
            card["hashes"] = hashes.into();
        }
        card
    });
    let papers = bill.card.papers.iter().map(|paper| json!({ "type": "documentation", "url": paper.value }));
    let license = address(&bill.card).map(|link| json!({ "type": "license", "url": link }));
    card.into_iter().chain(papers).chain(license).collect()
}

/// The address of its licence: as the card says it, or of a file beside the card.
fn address(card: &Card) -> Option<String> {
    let link = without_credentials(&card.license_link.as_ref()?.value);
    let is_file = !link.contains(':') && !link.starts_with(['/', '.']) && !link.is_empty();
    (link.starts_with("https://") || is_file).then(|| percent::encode(&link, ADDRESS))
}

/// A model that this one was made from. Its bytes are not here, so its digest is unknown, unless the revision is one.
fn base(stated: &Stated<Base>) -> Value {
    let Base { name, revision, version } = &stated.value;
    let owner = name.split_once('/').filter(|_| !name.contains("://")).map_or(UNKNOWN, |(owner, _)| owner);
    json!({
        "type": "machine-learning-model",
        "bom-ref": format!("base:{name}"),
        "name": name,
        "version": revision.as_deref().or(version.as_deref()).unwrap_or(UNKNOWN),
        "supplier": { "name": owner },
        "licenses": licenses([]),
        "purl": hub_purl("", name, revision.as_deref()),
        "properties": [
            property("weighbridge:assurance:name", &bill::known(stated)),
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
    if let Some((inputs, outputs)) = card.task.as_ref().and_then(|task| ports_of(&task.value)) {
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
    let ethics = card.ethics.iter().map(|stated| json!({ "name": stated.value }));
    put(&mut considerations, "ethicalConsiderations", ethics.collect());
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
    if let Some(weights) = &bill.weights {
        all.extend(tensors(&weights.sum));
        // Where nothing else lies there, nothing was chosen.
        if !weights.others.is_empty() {
            all.extend(weights.counted.iter().map(|path| property("weighbridge:tensors:counted", path.as_str())));
            all.extend(weights.others.iter().map(|path| property("weighbridge:tensors:not-counted", path.as_str())));
        }
    }
    all.extend(stated(card));
    for other in &card.other_licenses {
        let said = format!("{} ({})", other.value, other.source);
        all.push(property("weighbridge:conflict:licenses", &said));
    }
    for (file, why) in &card.unreadable {
        all.push(property("weighbridge:unreadable", &format!("{file}: {why}")));
    }
    for (field, known) in assurances::of(bill, options.supplier.is_some()) {
        all.push(property(&format!("{ASSURANCE}{field}"), &known));
    }
    for (field, known) in assurances::of_settings(card) {
        all.push(property(&format!("{ASSURANCE}{field}"), &known));
    }
    all
}

/// What the format has no field for.
fn stated(card: &Card) -> Vec<Value> {
    let single = [
        ("library", &card.library),
        ("base-model:relation", &card.relation),
        ("context-length", &card.context),
        ("quantization", &card.quantization),
        ("tokenizer", &card.tokenizer),
        ("co2", &card.emissions),
    ];
    let single = single.into_iter().filter_map(|(name, stated)| Some((name.to_owned(), &stated.as_ref()?.value)));
    let languages = card.languages.iter().map(|language| ("language".to_owned(), &language.value));
    let training = card.training.iter().map(|training| ("training".to_owned(), &training.value));
    let templates = card
        .templates
        .iter()
        .map(|stated| (format!("chat-template:{}:sha256", stated.value.name), &stated.value.sha256));
    let settings = card.settings.iter().map(|(key, setting)| (format!("config:{key}"), &setting.value));
    let generation = card.generation.iter().map(|(key, setting)| (format!("generation:{key}"), &setting.value));
    let all = single.chain(languages).chain(training).chain(templates).chain(settings).chain(generation);
    all.map(|(name, value)| property(&format!("weighbridge:{name}"), value)).collect()
}

/// Fields that stand in properties: their names, or with a colon at the end what they begin with.
const IN_PROPERTIES: [(&str, &str); 10] = [
    ("chatTemplate", "chat-template:"),
    ("co2", "co2"),
    ("contextLength", "context-length"),
    ("generation", "generation:"),
    ("language", "language"),
    ("library", "library"),
    ("quantization", "quantization"),
    ("tensors", "tensors:"),
    ("tokenizer", "tokenizer"),
    ("training", "training"),
];

/// Pointers to the properties of a name.
fn places(component: &Value, field: &str) -> Vec<String> {
    let properties = component["properties"].as_array().into_iter().flatten().enumerate();
    let wanted = format!("weighbridge:{field}");
    let is = |name: &str| if wanted.ends_with(':') { name.starts_with(&wanted) } else { name == wanted };
    let found = properties.filter(|(_, one)| one["name"].as_str().is_some_and(is));
    found.map(|(index, _)| format!("/properties/{index}")).collect()
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
            let inside: Vec<String> = match field {
                "architectureFamily" | "datasets" | "inputs" | "modelArchitecture" | "outputs" | "task" => {
                    vec![format!("/modelCard/modelParameters/{field}")]
                }
                "considerations" => vec!["/modelCard/considerations".to_owned()],
                "performanceMetrics" => vec!["/modelCard/quantitativeAnalysis/performanceMetrics".to_owned()],
                field if field.starts_with("config:") => places(component, field),
                field => match IN_PROPERTIES.iter().find(|(name, _)| *name == field) {
                    Some((_, prefix)) => places(component, prefix),
                    None => vec![format!("/{field}")],
                },
            };
            let inside = inside.into_iter().filter(|inside| component.pointer(inside).is_some());
            let inside: Vec<String> = inside.map(|inside| format!("{at}{inside}")).collect();
            if !inside.is_empty() {
                pointers.entry(note.to_owned()).or_default().extend(inside);
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
