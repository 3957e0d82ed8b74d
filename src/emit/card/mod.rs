//! What a model says about itself: README.md and the configurations at the root, and the headers of its weights.
//!
//! Nothing here is checked against anything: each statement keeps where it stands and how it is known, so that a
//! document can say so. Fields of the README's front matter are those of the Hugging Face Hub's model cards.

mod configuration;
mod flow;
mod front_matter;
mod header;
mod names;
mod prose;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::{Artifact, Assurance, Report};

use super::weights;

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

/// A model that this one was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// Its name on the Hub.
    pub name: String,
    /// Branch, tag or commit, where one is said.
    pub revision: Option<String>,
    /// The version that its maker gave it, where one is said.
    pub version: Option<String>,
}

impl Base {
    /// A model by what a card or a configuration calls it.
    fn named(text: &str) -> Self {
        let (name, revision) = names::read(text);
        Self { name, revision, version: None }
    }
}

/// A chat template, by digest: a change of one word in it can change what the model does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// `default`, or the name that it is chosen by.
    pub name: String,
    /// SHA-256 of its text as UTF-8, in hexadecimal.
    pub sha256: String,
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
    /// Licences that the headers of weights state and the card does not.
    pub other_licenses: Vec<Stated<String>>,
    /// Data it was trained on, by name on the Hub.
    pub datasets: Vec<Stated<String>>,
    /// Models it was made from.
    pub bases: Vec<Stated<Base>>,
    /// Who made it.
    pub producer: Option<Stated<String>>,
    /// How its numbers were shortened: `gptq, 4 bits`, `Q4_K - Medium`.
    pub quantization: Option<Stated<String>>,
    /// Tokens it can look at.
    pub context: Option<Stated<String>>,
    /// Class or kind of its tokenizer.
    pub tokenizer: Option<Stated<String>>,
    /// Chat templates, wherever they stand.
    pub templates: Vec<Stated<Template>>,
    /// How text is generated unless a caller says otherwise.
    pub generation: BTreeMap<String, Stated<String>>,
    /// Addresses of papers about it.
    pub papers: Vec<Stated<String>>,
    /// Address of its licence.
    pub license_link: Option<Stated<String>>,
    /// Carbon dioxide that training set free, as the card says it.
    pub emissions: Option<Stated<String>>,
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
    /// Paragraphs about ethics.
    pub ethics: Vec<Stated<String>>,
    /// Paragraphs about the data and the way of training.
    pub training: Vec<Stated<String>>,
    /// Settings of the configuration, such as `hidden_size`.
    pub settings: BTreeMap<String, Stated<String>>,
    /// Files that are there and could not be understood, with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// True for the files that a card is made from.
#[must_use]
pub fn reads(name: &str) -> bool {
    name == "README.md" || configuration::reads(name)
}

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
                (name, Some(bytes)) if configuration::reads(name) => card.configuration(name, bytes),
                _ => {}
            }
        }
        // What is loaded speaks before other ways to write down the same weights.
        let weights = weights::of(report).unwrap_or_default();
        let mut headers: Vec<&Artifact> = report.artifacts.iter().collect();
        headers.sort_by_key(|artifact| (!weights.counted.contains(&&artifact.path), &artifact.path));
        for artifact in headers {
            card.header(artifact);
        }
        let mut names = std::collections::BTreeSet::new();
        card.bases.retain(|base| names.insert(base.value.name.clone()));
        card.templates.sort_by(|a, b| (&a.value.name, &a.source).cmp(&(&b.value.name, &b.source)));
        card
    }

    fn readme(&mut self, bytes: &[u8]) {
        let file = "README.md";
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.unreadable.push((file.to_owned(), "it is not UTF-8".to_owned()));
            return;
        };
        let (front, body) = front_matter::split(text);
        match front.and_then(|front| front.map(front_matter::read).transpose()) {
            Ok(Some(front)) => self.front(&front),
            Ok(None) => {}
            Err(trouble) => self.unreadable.push((file.to_owned(), trouble.to_string())),
        }
        let declared = |value: String| Stated { value, assurance: Assurance::Declared, source: file.to_owned() };
        let prose = prose::Prose::of(body);
        self.description = prose.description.map(declared);
        self.uses = prose.uses.into_iter().map(declared).collect();
        self.limitations = prose.limitations.into_iter().map(declared).collect();
        self.ethics = prose.ethics.into_iter().map(declared).collect();
        self.training = prose.training.into_iter().map(declared).collect();
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
        // The Hub's word for a licence that nobody has stated.
        self.licenses.retain(|license| license.value != "unknown");
        // `license: other` says only that the name stands elsewhere.
        if let Some(name) = first("license_name") {
            self.licenses.retain(|license| license.value != "other");
            self.licenses.push(name);
        }
        let data = |stated: Stated<String>| Stated { value: names::read(&stated.value).0, ..stated };
        self.datasets = all("datasets").into_iter().map(data).collect();
        let base = |stated: Stated<String>| Stated {
            value: Base::named(&stated.value),
            assurance: stated.assurance,
            source: stated.source,
        };
        self.bases = all("base_model").into_iter().map(base).collect();
        self.license_link = first("license_link");
        self.emissions = emissions(front);
        self.languages = all("language");
        self.tags = all("tags");
        let paper = |tag: &Stated<String>| {
            let number = tag.value.strip_prefix("arxiv:")?;
            let plain = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./-".contains(&byte));
            plain.then(|| declared(format!("https://arxiv.org/abs/{number}"), "tags"))
        };
        self.papers = self.tags.iter().filter_map(paper).collect();
        self.metrics = metrics(front);
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

/// `co2_eq_emissions`: grams, alone or with how they were measured.
fn emissions(front: &Map<String, Value>) -> Option<Stated<String>> {
    let value = front.get("co2_eq_emissions")?;
    let said = match value {
        Value::Object(map) => texts(map.get("emissions")).into_iter().next()?,
        value => texts(Some(value)).into_iter().next()?,
    };
    Some(declared(format!("{said} g"), "co2_eq_emissions"))
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

/// What goes in and comes out, where the task's own definition says so.
#[must_use]
pub fn ports_of(task: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
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
