//! The JSON files at the root of a model: what it is, how it reads text, how it writes.

use serde_json::{Map, Value};

use crate::model::Assurance;

use super::super::identity::sha256;
use super::{Base, Card, Stated, Template, cut, texts};

/// Settings of `config.json` that say what the model is.
const SETTINGS: [&str; 20] = [
    "auto_map",
    "dtype",
    "head_dim",
    "hidden_size",
    "intermediate_size",
    "max_position_embeddings",
    "model_type",
    "num_attention_heads",
    "num_experts_per_tok",
    "num_hidden_layers",
    "num_key_value_heads",
    "num_labels",
    "num_local_experts",
    "quantization_config",
    "rope_scaling",
    "rope_theta",
    "sliding_window",
    "torch_dtype",
    "transformers_version",
    "vocab_size",
];

/// Settings of `adapter_config.json`.
const ADAPTER: [&str; 7] =
    ["inference_mode", "lora_alpha", "lora_dropout", "peft_type", "r", "target_modules", "task_type"];

/// Settings of `generation_config.json`.
const GENERATION: [&str; 12] = [
    "bos_token_id",
    "do_sample",
    "eos_token_id",
    "max_length",
    "max_new_tokens",
    "num_beams",
    "pad_token_id",
    "repetition_penalty",
    "temperature",
    "top_k",
    "top_p",
    "transformers_version",
];

/// True for the names of the files that are read here.
pub(super) fn reads(name: &str) -> bool {
    let json = [
        "adapter_config.json",
        "chat_template.json",
        "config.json",
        "generation_config.json",
        "model_index.json",
        "tokenizer_config.json",
    ];
    json.contains(&name) || name == "chat_template.jinja"
}

impl Card {
    /// Reads one of the files that [`reads`] names; what cannot be understood is listed.
    pub(super) fn configuration(&mut self, name: &str, bytes: &[u8]) {
        if name == "chat_template.jinja" {
            return self.template("default", bytes, name);
        }
        let map = match serde_json::from_slice::<Map<String, Value>>(bytes) {
            Ok(map) => map,
            Err(error) => return self.unreadable.push((name.to_owned(), error.to_string())),
        };
        let file = File { name, map: &map };
        match name {
            "config.json" => self.config(&file),
            "generation_config.json" => self.generation = file.settings(&GENERATION),
            "tokenizer_config.json" => self.tokenizer_config(&file),
            "adapter_config.json" => self.adapter(&file),
            "model_index.json" => self.architecture = self.architecture.take().or_else(|| file.first("_class_name")),
            _ => self.chat_templates(&file),
        }
    }

    fn config(&mut self, file: &File<'_>) {
        self.architecture = file.first("architectures").or_else(|| self.architecture.take());
        self.family = file.first("model_type");
        self.context = file.first("max_position_embeddings").or_else(|| file.first("n_positions"));
        self.settings.extend(file.settings(&SETTINGS));
        let Some(Value::Object(quantized)) = file.map.get("quantization_config") else { return };
        let said = |key: &str| texts(quantized.get(key)).into_iter().next();
        let bits = said("bits").map(|bits| format!("{bits} bits"));
        let yes = |key: &str, text: &str| (said(key).as_deref() == Some("true")).then(|| text.to_owned());
        let bits = bits.or_else(|| yes("load_in_4bit", "4 bits")).or_else(|| yes("load_in_8bit", "8 bits"));
        let parts: Vec<String> = [said("quant_method"), bits].into_iter().flatten().collect();
        if !parts.is_empty() {
            self.quantization = Some(file.derived(parts.join(", "), "quantization_config"));
        }
    }

    fn adapter(&mut self, file: &File<'_>) {
        let settings = file.settings(&ADAPTER);
        self.settings.extend(settings.into_iter().map(|(key, value)| (format!("adapter:{key}"), value)));
        self.relation = self.relation.take().or_else(|| Some(file.derived("adapter".to_owned(), "peft_type")));
        let Some(base) = file.first("base_model_name_or_path") else { return };
        let mut value = Base::named(&base.value);
        value.revision = file.first("revision").map(|revision| revision.value).or(value.revision);
        // The card's word and the configuration's are about the same model: the configuration is what is loaded.
        self.bases.retain(|stated| stated.value.name != value.name);
        self.bases.insert(0, Stated { value, assurance: base.assurance, source: base.source });
    }

    fn tokenizer_config(&mut self, file: &File<'_>) {
        self.tokenizer = file.first("tokenizer_class");
        for key in ["model_max_length", "bos_token", "eos_token", "pad_token", "unk_token"] {
            let value = match file.map.get(key) {
                Some(Value::Object(token)) => texts(token.get("content")).into_iter().next(),
                value => texts(value).into_iter().next(),
            };
            if let Some(value) = value {
                self.settings.insert(format!("tokenizer:{key}"), file.derived(value, key));
            }
        }
        self.chat_templates(file);
    }

    /// `chat_template`: one text, or a list of them by name.
    fn chat_templates(&mut self, file: &File<'_>) {
        let source = format!("{} chat_template", file.name);
        match file.map.get("chat_template") {
            Some(Value::String(text)) => self.template("default", text.as_bytes(), &source),
            Some(Value::Array(list)) => {
                for one in list.iter().take(super::ENTRIES) {
                    let text = |key: &str| one.get(key).and_then(Value::as_str);
                    if let (Some(name), Some(template)) = (text("name"), text("template")) {
                        self.template(name, template.as_bytes(), &source);
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes the digest of a chat template.
    pub(super) fn template(&mut self, name: &str, text: &[u8], source: &str) {
        let value = Template { name: cut(name), sha256: sha256(text) };
        self.templates.push(Stated { value, assurance: Assurance::Verified, source: source.to_owned() });
    }
}

/// A file and what it holds.
struct File<'f> {
    name: &'f str,
    map: &'f Map<String, Value>,
}

impl File<'_> {
    fn derived(&self, value: String, key: &str) -> Stated<String> {
        Stated { value, assurance: Assurance::Derived, source: format!("{} {key}", self.name) }
    }

    /// The first text under a key.
    fn first(&self, key: &str) -> Option<Stated<String>> {
        texts(self.map.get(key)).into_iter().next().map(|value| self.derived(value, key))
    }

    /// The values under some keys as texts.
    fn settings(&self, keys: &[&str]) -> std::collections::BTreeMap<String, Stated<String>> {
        let one = |key: &&str| {
            let value = self.map.get(*key).filter(|value| !value.is_null())?;
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(((*key).to_owned(), self.derived(cut(&text), key)))
        };
        keys.iter().filter_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn card(files: &[(&str, Value)]) -> Card {
        let mut card = Card::default();
        for (name, value) in files {
            card.configuration(name, value.to_string().as_bytes());
        }
        card
    }

    #[test]
    fn each_file_says_its_part() {
        let card = card(&[
            (
                "config.json",
                json!({"model_type": "llama", "max_position_embeddings": 4096,
                       "quantization_config": {"quant_method": "gptq", "bits": 4}}),
            ),
            ("generation_config.json", json!({"temperature": 0.6, "do_sample": true})),
            ("tokenizer_config.json", json!({"tokenizer_class": "LlamaTokenizer", "chat_template": "{{ x }}"})),
            ("adapter_config.json", json!({"base_model_name_or_path": "acme/base", "revision": "abc", "r": 8})),
        ]);
        assert_eq!(card.quantization.unwrap().value, "gptq, 4 bits");
        assert_eq!(card.context.unwrap().value, "4096");
        assert_eq!(card.generation["temperature"].value, "0.6");
        assert_eq!(card.tokenizer.unwrap().value, "LlamaTokenizer");
        assert_eq!(card.templates[0].value.sha256, sha256(b"{{ x }}"));
        assert_eq!(card.bases[0].value, Base::named("https://huggingface.co/acme/base/tree/abc"));
    }

    #[test]
    fn templates_by_name_are_told_apart() {
        let list = json!([{"name": "default", "template": "a"}, {"name": "tool_use", "template": "b"}, 7]);
        let card = card(&[("tokenizer_config.json", json!({"chat_template": list}))]);
        let names: Vec<&str> = card.templates.iter().map(|stated| stated.value.name.as_str()).collect();
        assert_eq!(names, ["default", "tool_use"]);
    }
}
