//! What CycloneDX says of models and datasets, and how this tool said that it is known.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Fields, Kind, Word, list, note, said, text, word};

/// Fields of the model card and of component data.
pub(super) fn cyclonedx(component: &Value, kind: Kind, fields: &mut Fields) {
    let card = component.get("modelCard").cloned().unwrap_or_default();
    let parameters = card.get("modelParameters").cloned().unwrap_or_default();
    note(fields, "task", word(text(&parameters, "task")));
    note(fields, "architecture", word(text(&parameters, "architectureFamily")));
    note(fields, "architecture", word(text(&parameters, "modelArchitecture")));
    note(fields, "datasets", said(list(&parameters, "datasets").next().is_some()));
    let ports = list(&parameters, "inputs").chain(list(&parameters, "outputs"));
    note(fields, "inputs-outputs", said(ports.count() > 0));
    let approach = parameters.get("approach").and_then(|approach| text(approach, "type"));
    note(fields, "training", word(approach));
    let analysis = card.get("quantitativeAnalysis").cloned().unwrap_or_default();
    note(fields, "metrics", said(list(&analysis, "performanceMetrics").next().is_some()));
    let thoughts = card.get("considerations").cloned().unwrap_or_default();
    for (key, field) in [
        ("useCases", "intended-use"),
        ("users", "intended-use"),
        ("technicalLimitations", "limitations"),
        ("ethicalConsiderations", "ethics"),
    ] {
        note(fields, field, said(list(&thoughts, key).next().is_some()));
    }
    let energy = thoughts.get("environmentalConsiderations");
    note(fields, "energy", said(energy.is_some_and(|energy| list(energy, "energyConsumptions").next().is_some())));
    properties(component, &card, fields);
    note(fields, "pedigree", said(component.get("pedigree").is_some_and(|pedigree| pedigree.is_object())));
    if kind == Kind::Dataset {
        dataset(component, fields);
    }
}

/// Properties by what their names hold; tools spell them as they like.
fn properties(component: &Value, card: &Value, fields: &mut Fields) {
    for property in list(component, "properties").chain(list(card, "properties")) {
        let name = text(property, "name").unwrap_or_default().to_ascii_lowercase();
        // A digest is hexadecimal or not there: that it is unknown, only a property can say.
        if name == "weighbridge:assurance:hashes" && text(property, "value") == Some("unknown") {
            note(fields, "hash", Some(Word::Unknown));
            note(fields, "hash-algorithm", Some(Word::Unknown));
        }
        if name.contains(":assurance:") {
            continue;
        }
        let value = word(text(property, "value"));
        let holds = |words: &[&str]| words.iter().any(|word| name.contains(word));
        if holds(&["parameter", "quantiz", "context", "tensor", "hidden_size", "vocab"]) {
            note(fields, "parameters", value);
        }
        if holds(&["training"]) {
            note(fields, "training", value);
        }
        if holds(&["chat-template", "chat_template", "chattemplate"]) {
            note(fields, "chat-template", value);
        }
    }
}

fn dataset(component: &Value, fields: &mut Fields) {
    for data in list(component, "data") {
        note(fields, "sensitivity", word(text(data, "classification")));
        let sensitive = list(data, "sensitiveData").filter_map(Value::as_str);
        for one in sensitive {
            note(fields, "sensitivity", word(Some(one)));
        }
        note(fields, "description", word(text(data, "description")));
        note(fields, "content", said(data.get("contents").is_some()));
        note(fields, "content", word(text(data, "type")));
        let governance = data.get("governance");
        note(fields, "provenance", said(governance.is_some_and(Value::is_object)));
        let graphics = data.get("graphics");
        note(fields, "statistics", said(graphics.is_some()));
    }
}

/// Counts `weighbridge:assurance:` properties of models by their first word.
pub(super) fn assurances(component: &Value, counts: &mut BTreeMap<String, usize>) {
    if component.get("type").and_then(Value::as_str) != Some("machine-learning-model") {
        return;
    }
    for property in list(component, "properties") {
        let name = text(property, "name").unwrap_or_default();
        if let (true, Some(value)) = (name.starts_with("weighbridge:assurance:"), text(property, "value")) {
            let class = value.split(' ').next().unwrap_or_default();
            if ["verified", "derived", "attested", "declared", "unknown"].contains(&class) {
                let count = counts.entry(class.to_owned()).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
}

/// Fields of the AI and dataset profiles of SPDX 3.
pub(super) fn spdx3(element: &Value, fields: &mut Fields) {
    let lists = [
        ("ai_typeOfModel", "architecture"),
        ("ai_domain", "task"),
        ("ai_hyperparameter", "parameters"),
        ("ai_metric", "metrics"),
        ("ai_modelDataPreprocessing", "training"),
        ("dataset_datasetType", "content"),
        ("dataset_dataPreprocessing", "provenance"),
        ("dataset_sensor", "provenance"),
    ];
    for (key, field) in lists {
        let words = list(element, key).map(|one| one.as_str().map_or(Some(Word::Said), |text| word(Some(text))));
        for one in words {
            note(fields, field, one.map(|word| unknown_type(element, key, word)));
        }
    }
    let texts = [
        ("ai_limitation", "limitations"),
        ("ai_informationAboutApplication", "intended-use"),
        ("ai_informationAboutTraining", "training"),
        ("ai_safetyRiskAssessment", "safety"),
        ("ai_useSensitivePersonalInformation", "sensitivity"),
        ("dataset_hasSensitivePersonalInformation", "sensitivity"),
        ("dataset_confidentialityLevel", "sensitivity"),
        ("dataset_dataCollectionProcess", "provenance"),
        ("dataset_intendedUse", "intended-use"),
        ("dataset_datasetNoise", "statistics"),
        ("builtTime", "timestamp"),
        ("releaseTime", "timestamp"),
    ];
    for (key, field) in texts {
        note(fields, field, word(text(element, key)));
    }
    note(fields, "statistics", said(element.get("dataset_datasetSize").is_some()));
    note(fields, "energy", said(element.get("ai_energyConsumption").is_some()));
}

fn unknown_type(element: &Value, key: &str, word: Word) -> Word {
    let nothing = list(element, key).all(|one| one.as_str() == Some("noAssertion"));
    if nothing { Word::Unknown } else { word }
}
