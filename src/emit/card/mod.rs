//! What a model says about itself: README.md and config.json at the root, and the headers of its weights.
//!
//! Nothing here is checked against anything: each statement keeps where it stands and how it is known, so that a
//! document can say so. Fields of the README's front matter are those of the Hugging Face Hub's model cards.

mod flow;
mod front_matter;
mod prose;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::{Artifact, Assurance, Report};

/// A value, where it stands, and how it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// How it is known.
    pub assurance: Assurance,
    /// The file, and what in it.
    pub source: String,
}

/// One measured figure of the card's `model-index`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// `accuracy`, `f1`, …
    pub kind: String,
    /// As the card writes it.
    pub value: String,
    /// The dataset it was measured on.
    pub dataset: Option<String>,
}

/// What a model says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// `BertForSequenceClassification`.
    pub architecture: Option<Stated<String>>,
    /// `bert`.
    pub family: Option<Stated<String>>,
    /// `text-classification`.
    pub task: Option<Stated<String>>,
    /// `transformers`.
    pub library: Option<Stated<String>>,
    /// A version of the model itself.
    pub version: Option<Stated<String>>,
    /// The first paragraph of the text.
    pub description: Option<Stated<String>>,
    /// Licences as the card spells them.
    pub licenses: Vec<Stated<String>>,
    /// Data it was trained on, by name on the Hub.
    pub datasets: Vec<Stated<String>>,
    /// Models it was made from, by name on the Hub.
    pub bases: Vec<Stated<String>>,
    /// `finetune`, `quantized`, `adapter`, `merge`.
    pub relation: Option<Stated<String>>,
    /// Languages.
    pub languages: Vec<Stated<String>>,
    /// Free words.
    pub tags: Vec<Stated<String>>,
    /// Measured figures.
    pub metrics: Vec<Stated<Metric>>,
    /// Paragraphs about intended use.
    pub uses: Vec<Stated<String>>,
    /// Paragraphs about limits, bias and risk.
    pub limitations: Vec<Stated<String>>,
    /// Settings of the configuration, such as `hidden_size`.
    pub settings: BTreeMap<String, Stated<String>>,
    /// Files that are there and could not be understood, with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// Settings of `config.json` that say what the model is.
const SETTINGS: [&str; 14] = [
    "auto_map",
    "dtype",
    "hidden_size",
    "intermediate_size",
    "max_position_embeddings",
    "model_type",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "num_local_experts",
    "quantization_config",
    "torch_dtype",
    "transformers_version",
    "vocab_size",
];

/// Characters of one statement that are kept.
const TEXT: usize = 2_000;
/// Entries of one list that are kept.
const ENTRIES: usize = 500;

impl Card {
    /// Reads what the report's files carry. Files whose bytes were not kept say nothing.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut card = Self::default();
        for artifact in &report.artifacts {
            match (artifact.path.as_str(), artifact.kept.as_deref()) {
                ("README.md", Some(bytes)) => card.readme(bytes),
                ("config.json", Some(bytes)) => card.config(bytes),
                _ => {}
            }
        }
        for artifact in &report.artifacts {
            card.header(artifact);
        }
        card
    }

    fn readme(&mut self, bytes: &[u8]) {
        let file = "README.md";
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.unreadable.push((file.to_owned(), "it is not UTF-8".to_owned()));
            return;
        };
        let (front, body) = front_matter::split(text);
        match front.map(front_matter::read).transpose() {
            Ok(Some(front)) => self.front(&front),
            Ok(None) => {}
            Err(trouble) => self.unreadable.push((file.to_owned(), trouble.to_string())),
        }
        let declared = |value: String| Stated { value, assurance: Assurance::Declared, source: file.to_owned() };
        let prose = prose::Prose::of(body);
        self.description = prose.description.map(declared);
        self.uses = prose.uses.into_iter().map(declared).collect();
        self.limitations = prose.limitations.into_iter().map(declared).collect();
    }

    fn front(&mut self, front: &Map<String, Value>) {
        let all = |key: &str| -> Vec<Stated<String>> {
            texts(front.get(key)).into_iter().map(|value| declared(value, key)).collect()
        };
        let first = |key: &str| all(key).into_iter().next();
        self.task = first("pipeline_tag");
        self.library = first("library_name");
        self.relation = first("base_model_relation");
        self.licenses = all("license");
        // `license: other` says only that the name stands elsewhere.
        if let Some(name) = first("license_name") {
            self.licenses.retain(|license| license.value != "other");
            self.licenses.push(name);
        }
        self.datasets = all("datasets");
        self.bases = all("base_model");
        self.languages = all("language");
        self.tags = all("tags");
        self.metrics = metrics(front);
    }

    fn config(&mut self, bytes: &[u8]) {
        let config = match serde_json::from_slice::<Map<String, Value>>(bytes) {
            Ok(config) => config,
            Err(error) => {
                self.unreadable.push(("config.json".to_owned(), error.to_string()));
                return;
            }
        };
        let derived = |value: String, key: &str| Stated {
            value,
            assurance: Assurance::Derived,
            source: format!("config.json {key}"),
        };
        self.architecture =
            texts(config.get("architectures")).into_iter().next().map(|value| derived(value, "architectures"));
        self.family = texts(config.get("model_type")).into_iter().next().map(|value| derived(value, "model_type"));
        for key in SETTINGS {
            if let Some(value) = config.get(key).filter(|value| !value.is_null()) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.settings.insert(key.to_owned(), derived(cut(&text), key));
            }
        }
    }

    /// What the header of a GGUF file says, where nothing better is known.
    fn header(&mut self, artifact: &Artifact) {
        let metadata = &artifact.contents.metadata;
        let said = |key: &str| {
            metadata.get(key).filter(|value| !value.is_empty()).map(|value| Stated {
                value: cut(value),
                assurance: Assurance::Derived,
                source: format!("{} {key}", artifact.path),
            })
        };
        self.family = self.family.take().or_else(|| said("general.architecture"));
        self.version = self.version.take().or_else(|| said("general.version"));
        self.description = self.description.take().or_else(|| said("general.description"));
        if self.licenses.is_empty() {
            self.licenses.extend(said("general.license"));
        }
        if self.bases.is_empty() {
            let bases = (0..16).map_while(|n| {
                let name = said(&format!("general.base_model.{n}.name"))?;
                let owner = said(&format!("general.base_model.{n}.organization"));
                let value = owner.map_or_else(|| name.value.clone(), |owner| format!("{}/{}", owner.value, name.value));
                Some(Stated { value, ..name })
            });
            self.bases = bases.collect();
        }
    }
}

fn declared(value: String, key: &str) -> Stated<String> {
    Stated { value, assurance: Assurance::Declared, source: format!("README.md {key}") }
}

/// A value as texts: a list of scalars, or one.
fn texts(value: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Some(cut(text.trim())),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(one).take(ENTRIES).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// `model-index` › `results` › `metrics`.
fn metrics(front: &Map<String, Value>) -> Vec<Stated<Metric>> {
    let items = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut metrics = Vec::new();
    for model in items(front.get("model-index")) {
        for result in items(model.get("results")) {
            let dataset = result.get("dataset").and_then(|dataset| texts(dataset.get("name")).into_iter().next());
            for metric in items(result.get("metrics")) {
                let text = |key: &str| texts(metric.get(key)).into_iter().next();
                if let (Some(kind), Some(value)) = (text("type"), text("value")) {
                    let metric = Metric { kind, value, dataset: dataset.clone() };
                    metrics.push(Stated {
                        value: metric,
                        assurance: Assurance::Declared,
                        source: "README.md model-index".to_owned(),
                    });
                }
            }
        }
    }
    metrics.truncate(ENTRIES);
    metrics
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn each_statement_keeps_its_source() {
        let card = Card::of(&sample::report());
        assert_eq!(card.task.unwrap(), declared("text-classification".to_owned(), "pipeline_tag"));
        let architecture = card.architecture.unwrap();
        assert_eq!(
            (architecture.value.as_str(), architecture.assurance),
            ("BertForSequenceClassification", Assurance::Derived)
        );
        assert_eq!(card.datasets.len(), 2);
        assert_eq!(card.settings["hidden_size"].value, "768");
        assert!(card.unreadable.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let mut report = sample::report();
        report.artifacts[0].kept = Some(b"---\nlicense: &a mit\n---\n".to_vec());
        report.artifacts[1].kept = Some(b"{\"model_type\": ".to_vec());
        let files: Vec<String> = Card::of(&report).unreadable.into_iter().map(|(file, _)| file).collect();
        assert_eq!(files, ["README.md", "config.json"]);
    }
}
