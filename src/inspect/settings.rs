//! The values of the JSON files that libraries build models from: objects, numbers that can be, texts.
//!
//! Sources: the configuration classes of transformers, PEFT and diffusers. Files are told by their names, as the loaders
//! tell them; names of numbers are those that most architectures share. Not looked at: whether the numbers fit each other
//! or the weights.

use super::json::Tree;
use super::{Scope, words, zarr};
use crate::model::{Class, Rule, Severity};
use crate::weigh::View;

/// Values that no model has.
pub static CONFIGURATION_MALFORMED: Rule = Rule {
    id: "configuration-malformed",
    summary: "a configuration is of another shape than its readers need, or holds a value that no model has",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/configuration-malformed.md"),
    frameworks: &["CWE-20", "CWE-1287"],
};

/// Files whose readers need an object.
const OBJECTS: [&str; 13] = [
    "config.json",
    "tokenizer_config.json",
    "generation_config.json",
    "adapter_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "scheduler_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "model_index.json",
    "modular_model_index.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
];

/// Whole numbers of a model.
const SIZES: [&str; 26] = [
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "num_layers",
    "num_heads",
    "vocab_size",
    "type_vocab_size",
    "max_position_embeddings",
    "n_embd",
    "n_head",
    "n_layer",
    "n_positions",
    "n_ctx",
    "d_model",
    "d_ff",
    "d_kv",
    "encoder_layers",
    "decoder_layers",
    "encoder_attention_heads",
    "decoder_attention_heads",
    "encoder_ffn_dim",
    "decoder_ffn_dim",
    "num_experts",
    "image_size",
];

/// Those of them by which everything else is divided.
const DIVISORS: [&str; 6] = ["hidden_size", "num_attention_heads", "n_embd", "n_head", "d_model", "num_heads"];

/// What no model has reached by far, and no loader can set aside.
const ABSURD: f64 = 1e11;

/// True for the name of a file whose readers need an object.
pub fn needs_object(name: &str) -> bool {
    OBJECTS.contains(&name) || matches!(name, "tokenizer.json" | "vocab.json") || name.ends_with(".index.json")
}

/// Looks at a configuration as a whole.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = words::name(view, scope);
    let mut found = Vec::new();
    if OBJECTS.contains(&name.as_str()) && !matches!(tree, Tree::Object(_)) {
        found.push(format!("{name:?} holds no object"));
    }
    match name.as_str() {
        "config.json" => {
            model(tree, &mut found);
            let parts = tree.members().iter().filter(|(part, _)| part.ends_with("_config"));
            parts.for_each(|(_, part)| sizes(part, &mut found));
        }
        "tokenizer_config.json" => tokenizer(tree, &mut found),
        "generation_config.json" => generation(tree, &mut found),
        "adapter_config.json" => adapter(tree, &mut found),
        name if zarr::is_description(name) => zarr::describe(name, tree, scope.contents(), &mut found),
        _ => {}
    }
    for what in found {
        scope.raise(&CONFIGURATION_MALFORMED, view, 0..0, what);
    }
}

fn model(tree: &Tree, found: &mut Vec<String>) {
    sizes(tree, found);
    let names = tree.get("architectures").filter(|names| **names != Tree::Null);
    if names.is_some_and(|names| !matches!(names, Tree::Array(all) if all.iter().all(|one| one.text().is_some()))) {
        found.push("\"architectures\" is no list of names".to_owned());
    }
    for (key, what) in [("id2label", "object"), ("label2id", "object"), ("auto_map", "object")] {
        let listed = key == "auto_map" && matches!(tree.get(key), Some(Tree::Array(_)));
        if tree.get(key).is_some_and(|value| !matches!(value, Tree::Object(_) | Tree::Null)) && !listed {
            found.push(format!("{key:?} is no {what}"));
        }
    }
    for key in ["model_type", "torch_dtype", "dtype"] {
        let odd = |value: &Tree| matches!(value, Tree::Number(_) | Tree::Array(_) | Tree::Bool(_));
        if tree.get(key).is_some_and(odd) {
            found.push(format!("{key:?} is no text"));
        }
    }
    for (key, value) in tree.members() {
        let share = key.ends_with("_dropout") || key.ends_with("_dropout_prob") || key.ends_with("_pdrop");
        let bound = key.ends_with("_norm_eps") || key == "initializer_range" || key == "rope_theta";
        if share
            && !matches!(value, Tree::Null | Tree::Bool(_))
            && !fraction(value).is_some_and(|n| (0.0..=1.0).contains(&n))
        {
            found.push(format!("{key:?} is {}, which is no share between 0 and 1", shown(value)));
        }
        if bound && *value != Tree::Null && !fraction(value).is_some_and(|number| number.is_finite() && number >= 0.0) {
            found.push(format!("{key:?} is {}, which is no number from 0 on", shown(value)));
        }
    }
}

/// Numbers of layers, heads and the like. Some models have one for each of their stages.
fn sizes(tree: &Tree, found: &mut Vec<String>) {
    for (key, value) in tree.members().iter().filter(|(key, _)| SIZES.contains(&key.as_str())) {
        let all = if let Tree::Array(all) = value { all.as_slice() } else { std::slice::from_ref(value) };
        // Pictures have an object with height and width.
        let exempt = |one: &Tree| match one {
            Tree::Null => true,
            Tree::Object(_) | Tree::Array(_) => key == "image_size",
            _ => false,
        };
        let Some(odd) = all.iter().find(|one| !exempt(one) && !is_size(key, one)) else { continue };
        found.push(format!("{key:?} is {}, which no model has", shown(odd)));
    }
}

fn is_size(key: &str, value: &Tree) -> bool {
    let Some(number) = fraction(value) else { return false };
    let least = if DIVISORS.contains(&key) { 1.0 } else { 0.0 };
    // Some models say -1 where nothing bounds the positions.
    let open = number == -1.0 && matches!(key, "max_position_embeddings" | "n_positions" | "n_ctx");
    open || (number.fract() == 0.0 && (least..ABSURD).contains(&number))
}

fn tokenizer(tree: &Tree, found: &mut Vec<String>) {
    if tree.get("model_max_length").is_some_and(|most| *most != Tree::Null && !fraction(most).is_some_and(|n| n > 0.0))
    {
        found.push("\"model_max_length\" is no number above 0".to_owned());
    }
    if tree.get("tokenizer_class").is_some_and(|class| *class != Tree::Null && class.text().is_none()) {
        found.push("\"tokenizer_class\" is no text".to_owned());
    }
    if tree.get("chat_template").is_some_and(|template| matches!(template, Tree::Number(_) | Tree::Bool(_))) {
        found.push("\"chat_template\" is no text".to_owned());
    }
    if let Some(tokens) = tree.get("added_tokens_decoder").filter(|tokens| **tokens != Tree::Null) {
        let token = |(id, token): &(String, Tree)| id.parse::<u32>().is_ok() && matches!(token, Tree::Object(_));
        if !matches!(tokens, Tree::Object(all) if all.iter().all(token)) {
            found.push("\"added_tokens_decoder\" is no object of numbers and tokens".to_owned());
        }
    }
}

fn generation(tree: &Tree, found: &mut Vec<String>) {
    let numbers = ["max_length", "max_new_tokens", "min_length", "temperature", "top_p", "top_k", "repetition_penalty"];
    for key in numbers {
        let Some(value) = tree.get(key).filter(|value| **value != Tree::Null) else { continue };
        if !fraction(value).is_some_and(|number| number.is_finite() && number >= 0.0) {
            found.push(format!("{key:?} is {}, which is no number from 0 on", shown(value)));
        }
    }
}

fn adapter(tree: &Tree, found: &mut Vec<String>) {
    for key in ["r", "lora_alpha", "lora_dropout", "num_virtual_tokens"] {
        let Some(value) = tree.get(key).filter(|value| **value != Tree::Null) else { continue };
        if !fraction(value).is_some_and(|number| (0.0..ABSURD).contains(&number)) {
            found.push(format!("{key:?} is {}, which is no number from 0 on", shown(value)));
        }
    }
    if tree.get("peft_type").is_some_and(|kind| kind.text().is_none()) {
        found.push("\"peft_type\" is no text".to_owned());
    }
}

/// A number; `None` for what is none.
pub fn fraction(value: &Tree) -> Option<f64> {
    match value {
        Tree::Number(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value as messages show it.
pub fn shown(value: &Tree) -> String {
    match value {
        Tree::Object(_) => "an object".to_owned(),
        Tree::Array(_) => "a list".to_owned(),
        Tree::String(text) => format!("the text {:?}", text.chars().take(40).collect::<String>()),
        Tree::Number(number) => number.chars().take(40).collect(),
        Tree::Bool(value) => value.to_string(),
        Tree::Null => "null".to_owned(),
    }
}
