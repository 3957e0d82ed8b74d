//! What the metadata of a model says that is more than a description: secrets, and templates of a tokenizer.
//!
//! Sources: safetensors (`__metadata__`), GGUF (values that are strings), ONNX (`metadata_props` and `doc_string`). Looked
//! at once a file was read, as far as its metadata was listed.

use super::json::Tree;
use super::{Scope, chat_template, secrets};
use crate::weigh::View;

/// Formats whose metadata is free text.
const FORMATS: [&str; 3] = ["safetensors", "gguf", "onnx"];

/// Values of one file that are looked at, and bytes of all of them.
const VALUES: usize = 10_000;
const BYTES: usize = 16 << 20;

/// Objects inside of objects in a value that is JSON.
const NESTED: usize = 64;

/// Looks at the metadata that was listed of a file.
pub fn inspect(view: &View<'_>, scope: &mut Scope<'_>) {
    let is = |name: &str| scope.formats().iter().any(|format| format.name() == name);
    let free = FORMATS.iter().any(|name| is(name));
    if !free || !scope.judges_texts {
        return;
    }
    let templates = !is("gguf");
    let mut left = BYTES;
    if scope.contents().metadata.len() > VALUES {
        scope.limit("metadata-values", VALUES as u64, view);
    }
    let listed = scope.contents().metadata.iter().take(VALUES);
    let values: Vec<(String, String)> = listed.map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in values {
        let Some(rest) = left.checked_sub(value.len()) else {
            return scope.limit("metadata-bytes", BYTES as u64, view);
        };
        left = rest;
        if let Some(covered) = secrets::of_value(&key, &value, view, scope) {
            scope.contents().metadata.insert(key.clone(), covered);
        }
        if !templates || !(value.contains("{{") || value.contains("{%")) {
            continue;
        }
        match Tree::read(value.as_bytes(), NESTED) {
            Some(tree) => chat_template::of_configuration(&tree, view, scope),
            None if key.contains("template") => chat_template::inspect(&value, view, scope),
            // It is no JSON, or nested too deeply to be told: what it would lead out of is said all the same.
            None => chat_template::of_prompt(&value, view, scope),
        }
    }
}
