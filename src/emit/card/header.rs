//! What the header of a GGUF file says about the model. Keys: `docs/gguf.md` of ggml.

use crate::model::{Artifact, Assurance};

use super::{Base, Card, Stated, cut};

/// Models and datasets of a header that are read.
const NUMBERED: usize = 16;

/// Names of `general.file_type`, the number of llama.cpp's `llama_ftype`.
const FILE_TYPES: [(&str, &str); 33] = [
    ("0", "F32"),
    ("1", "F16"),
    ("2", "Q4_0"),
    ("3", "Q4_1"),
    ("7", "Q8_0"),
    ("8", "Q5_0"),
    ("9", "Q5_1"),
    ("10", "Q2_K"),
    ("11", "Q3_K_S"),
    ("12", "Q3_K_M"),
    ("13", "Q3_K_L"),
    ("14", "Q4_K_S"),
    ("15", "Q4_K_M"),
    ("16", "Q5_K_S"),
    ("17", "Q5_K_M"),
    ("18", "Q6_K"),
    ("19", "IQ2_XXS"),
    ("20", "IQ2_XS"),
    ("21", "Q2_K_S"),
    ("22", "IQ3_XS"),
    ("23", "IQ3_XXS"),
    ("24", "IQ1_S"),
    ("25", "IQ4_NL"),
    ("26", "IQ3_S"),
    ("27", "IQ3_M"),
    ("28", "IQ2_S"),
    ("29", "IQ2_M"),
    ("30", "IQ4_XS"),
    ("31", "IQ1_M"),
    ("32", "BF16"),
    ("36", "TQ1_0"),
    ("37", "TQ2_0"),
    ("38", "MXFP4_MOE"),
];

impl Card {
    /// What the header of a GGUF file says, where nothing better is known.
    pub(super) fn header(&mut self, artifact: &Artifact) {
        let header = Header { artifact };
        let said = |key: &str| header.said(key);
        let or = |known: &mut Option<Stated<String>>, key: &str| {
            if known.is_none() {
                *known = said(key);
            }
        };
        or(&mut self.family, "general.architecture");
        or(&mut self.version, "general.version");
        or(&mut self.description, "general.description");
        or(&mut self.producer, "general.organization");
        or(&mut self.producer, "general.author");
        or(&mut self.license_link, "general.license.link");
        or(&mut self.tokenizer, "tokenizer.ggml.model");
        if let Some(family) = said("general.architecture") {
            or(&mut self.context, &format!("{}.context_length", family.value));
        }
        if self.quantization.is_none() {
            self.quantization = said("general.file_type").map(|kind| {
                let name = FILE_TYPES.iter().find(|(number, _)| *number == kind.value);
                let value = name.map_or_else(|| format!("file type {}", kind.value), |(_, name)| (*name).to_owned());
                Stated { value, ..kind }
            });
        }
        if self.licenses.is_empty() {
            self.licenses.extend(said("general.license"));
        }
        if self.bases.is_empty() {
            self.bases = (0..NUMBERED).map_while(|number| header.base(number)).collect();
        }
        if self.datasets.is_empty() {
            self.datasets = (0..NUMBERED).map_while(|number| header.named("dataset", number)).collect();
        }
        let template = "tokenizer.chat_template";
        for (key, text) in &artifact.contents.metadata {
            let Some(rest) = key.strip_prefix(template) else { continue };
            let name = rest.strip_prefix('.').unwrap_or(if rest.is_empty() { "default" } else { continue });
            self.template(name, text.as_bytes(), &format!("{} {key}", artifact.path));
        }
    }
}

struct Header<'a> {
    artifact: &'a Artifact,
}

impl Header<'_> {
    fn said(&self, key: &str) -> Option<Stated<String>> {
        let value = self.artifact.contents.metadata.get(key).filter(|value| !value.is_empty())?;
        let source = format!("{} {key}", self.artifact.path);
        Some(Stated { value: cut(value), assurance: Assurance::Derived, source })
    }

    /// `general.KIND.N.name`, with its organisation in front.
    fn named(&self, kind: &str, number: usize) -> Option<Stated<String>> {
        let name = self.said(&format!("general.{kind}.{number}.name"))?;
        let owner = self.said(&format!("general.{kind}.{number}.organization"));
        let value = owner.map_or_else(|| name.value.clone(), |owner| format!("{}/{}", owner.value, name.value));
        Some(Stated { value, ..name })
    }

    /// The model it was made from; by its name on the Hub where its address says so.
    fn base(&self, number: usize) -> Option<Stated<Base>> {
        let Stated { value, assurance, source } = self.named("base_model", number)?;
        let address = self.said(&format!("general.base_model.{number}.repo_url"));
        let hub = address.and_then(|address| {
            let name = address.value.strip_prefix("https://huggingface.co/")?;
            Some(name.trim_end_matches('/').to_owned())
        });
        Some(Stated { value: Base { name: hub.unwrap_or(value), revision: None }, assurance, source })
    }
}
