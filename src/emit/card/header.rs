//! What the header of a GGUF file says about the model. Keys: `docs/gguf.md` of ggml.

use crate::model::{Artifact, Assurance};

use super::super::license;
use super::{Base, Card, Stated, cut, names};

/// Models and datasets of a header that are read.
const NUMBERED: usize = 16;

/// Figures of the architecture, behind its name.
const FACTS: [&str; 7] = [
    "attention.head_count",
    "attention.head_count_kv",
    "block_count",
    "embedding_length",
    "expert_count",
    "feed_forward_length",
    "vocab_size",
];

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
        self.header_license(&header);
        if let Some(family) = said("general.architecture") {
            for key in FACTS {
                if let Some(fact) = said(&format!("{}.{key}", family.value)) {
                    self.settings.entry(key.to_owned()).or_insert(fact);
                }
            }
        }
        if self.tags.is_empty() {
            self.tags = header.list("general.tags");
        }
        if self.languages.is_empty() {
            self.languages = header.list("general.languages");
        }
        if self.bases.is_empty() {
            self.bases = (0..NUMBERED).map_while(|number| header.base(number)).collect();
        }
        if self.datasets.is_empty() {
            self.datasets = (0..NUMBERED).map_while(|number| header.dataset(number)).collect();
        }
        let template = "tokenizer.chat_template";
        for (key, text) in &artifact.contents.metadata {
            let Some(rest) = key.strip_prefix(template) else { continue };
            let name = rest.strip_prefix('.').unwrap_or(if rest.is_empty() { "default" } else { continue });
            self.template(name, text.as_bytes(), &format!("{} {key}", artifact.path));
        }
    }
}

impl Card {
    /// Its licence, or beside the card's the other that it states. `other` is the Hub's word for a licence that has its
    /// name elsewhere.
    fn header_license(&mut self, header: &Header<'_>) {
        let named = header.said("general.license.name");
        let stated = header.said("general.license").filter(|license| license.value != "unknown");
        let Some(stated) = stated.filter(|license| license.value != "other" || named.is_none()).or(named) else {
            return;
        };
        let own = license::read(&stated.value);
        let same = |known: &Stated<String>| license::read(&known.value) == own;
        if self.licenses.is_empty() {
            self.licenses.push(stated);
        } else if !self.licenses.iter().chain(&self.other_licenses).any(same) {
            self.other_licenses.push(stated);
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

    /// A list, as the inspector of GGUF joins it.
    fn list(&self, key: &str) -> Vec<Stated<String>> {
        let Some(all) = self.said(key) else { return Vec::new() };
        let one = |text: &str| Stated { value: text.to_owned(), ..all.clone() };
        all.value.split('\n').filter(|text| !text.is_empty()).map(one).collect()
    }

    /// `general.KIND.N.name`, with its organisation in front; by its name on the Hub, or its address, where one is said.
    fn named(&self, kind: &str, number: usize) -> Option<(Stated<String>, Option<String>)> {
        let field = |key: &str| self.said(&format!("general.{kind}.{number}.{key}"));
        if let Some(address) = field("repo_url").or_else(|| field("url")) {
            let (value, revision) = names::read(&address.value);
            return Some((Stated { value, ..address }, revision));
        }
        let name = field("name")?;
        let owner = field("organization").or_else(|| field("author"));
        let value = owner.map_or_else(|| name.value.clone(), |owner| format!("{}/{}", owner.value, name.value));
        Some((Stated { value, ..name }, None))
    }

    fn dataset(&self, number: usize) -> Option<Stated<String>> {
        self.named("dataset", number).map(|(stated, _)| stated)
    }

    /// The model it was made from.
    fn base(&self, number: usize) -> Option<Stated<Base>> {
        let (Stated { value, assurance, source }, revision) = self.named("base_model", number)?;
        let version = self.said(&format!("general.base_model.{number}.version")).map(|version| version.value);
        Some(Stated { value: Base { name: value, revision, version }, assurance, source })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::*;

    fn card(pairs: &[(&str, &str)], readme: &str) -> Card {
        let mut report = sample::bare();
        let mut card = Card::default();
        card.readme(readme.as_bytes());
        let metadata = &mut report.artifacts[0].contents.metadata;
        metadata.extend(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        card.header(&report.artifacts[0]);
        card
    }

    #[test]
    fn a_header_names_its_bases_data_and_layers() {
        let card = card(
            &[
                ("general.architecture", "llama"),
                ("llama.block_count", "32"),
                ("llama.context_length", "8192"),
                ("general.tags", "chat\nllama"),
                ("general.base_model.0.name", "Base 7B"),
                ("general.base_model.0.organization", "Acme"),
                ("general.base_model.0.version", "v0.2"),
                ("general.base_model.0.repo_url", "https://huggingface.co/acme/base-7b"),
                ("general.dataset.0.name", "C4"),
                ("general.dataset.0.repo_url", "https://huggingface.co/datasets/allenai/c4"),
                ("general.dataset.1.name", "Own"),
            ],
            "",
        );
        let base = Base { name: "acme/base-7b".to_owned(), revision: None, version: Some("v0.2".to_owned()) };
        assert_eq!(card.bases[0].value, base);
        let data: Vec<&str> = card.datasets.iter().map(|data| data.value.as_str()).collect();
        assert_eq!(data, ["allenai/c4", "Own"]);
        assert_eq!((card.settings["block_count"].value.as_str(), card.context.unwrap().value.as_str()), ("32", "8192"));
        assert_eq!(card.tags.len(), 2);
    }

    #[test]
    fn two_words_about_the_licence_are_both_kept() {
        let both = card(&[("general.license", "mit")], "---\nlicense: apache-2.0\n---\n");
        assert_eq!((both.licenses[0].value.as_str(), both.other_licenses[0].value.as_str()), ("apache-2.0", "mit"));
        let same = card(&[("general.license", "MIT")], "---\nlicense: mit\n---\n");
        assert_eq!((same.licenses.len(), same.other_licenses.len()), (1, 0));
        let other = card(&[("general.license", "other"), ("general.license.name", "acme-1")], "");
        assert_eq!(other.licenses[0].value, "acme-1");
    }
}
