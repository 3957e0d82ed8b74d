//! What single keys of a GGUF file must be, and how they fit together.
//!
//! Sources: the GGUF specification (`general.alignment`, `general.architecture`, `split.*`), `gguf.cpp` and
//! `llama-vocab.cpp` of llama.cpp, which take the type of these keys for granted. Not looked at: whether dimensions fit
//! the tensors.

use std::ops::Range;

use super::MALFORMED;
use super::header::Value;
use crate::inspect::Scope;
use crate::weigh::View;

/// Number of the type of truth values.
pub const TRUTH: u32 = 7;
/// Number of the type of strings.
pub const TEXT: u32 = 8;
/// Number of the type of arrays.
pub const LIST: u32 = 9;

/// The least alignment of the specification.
const LEAST: u64 = 8;

/// Keys that are strings wherever they occur.
const TEXTS: [&str; 6] = [
    "general.architecture",
    "general.name",
    "general.type",
    "tokenizer.ggml.model",
    "tokenizer.ggml.pre",
    "tokenizer.chat_template",
];

/// Endings of keys that are whole numbers, or arrays of them.
const NUMBERS: [&str; 6] = [
    ".block_count",
    ".context_length",
    ".embedding_length",
    ".feed_forward_length",
    ".attention.head_count",
    ".attention.head_count_kv",
];

/// Architectures of picture models. Their programs take longer names of tensors.
const PICTURES: [&str; 16] = [
    "sd1",
    "sdxl",
    "sd3",
    "flux",
    "aura",
    "hidream",
    "cosmos",
    "ltxv",
    "hyvid",
    "wan",
    "lumina2",
    "qwen_image",
    "unet",
    "pig",
    "sd",
    "diffusion",
];

/// What the keys said.
pub struct Keys {
    /// Bytes to which tensors are aligned.
    pub alignment: u64,
    /// What the model is; `None` if it does not say.
    pub architecture: Option<String>,
    /// Files of measurements, which hold no model, say so here.
    kind: Option<String>,
    tokens: Option<u64>,
    /// Lists with an entry for each token: name, length and place.
    beside: Vec<(&'static str, u64, Range<u64>)>,
    number: Option<i64>,
    count: Option<i64>,
}

impl Default for Keys {
    fn default() -> Self {
        let (architecture, kind, tokens, beside) = (None, None, None, Vec::new());
        Self { alignment: 32, architecture, kind, tokens, beside, number: None, count: None }
    }
}

impl Keys {
    /// One key with its value.
    pub fn meet(
        &mut self,
        key: &str,
        kind: u32,
        value: &Value,
        range: &Range<u64>,
        view: &View<'_>,
        scope: &mut Scope<'_>,
    ) {
        let text = value.texts.first().filter(|_| kind == TEXT);
        let mut wrong = |what: String| scope.raise(&MALFORMED, view, range.clone(), what);
        if TEXTS.contains(&key) && kind != TEXT {
            wrong(format!("{key:?} is no string"));
        }
        if NUMBERS.iter().any(|end| key.ends_with(end)) && matches!(kind, 6 | TRUTH | TEXT | 12) {
            wrong(format!("{key:?} is no whole number"));
        }
        match key {
            "general.alignment" => {
                let alignment = value.number.unwrap_or(0);
                if kind == 4 && alignment.is_power_of_two() && alignment >= LEAST {
                    self.alignment = alignment;
                } else {
                    wrong(format!(
                        "the alignment is {alignment}, which is no power of two of the type uint32 from 8 on"
                    ));
                }
            }
            "general.architecture" => {
                self.architecture = text.cloned();
                if text.is_some_and(String::is_empty) {
                    wrong("the architecture is an empty string".to_owned());
                }
            }
            "general.type" => self.kind = text.cloned(),
            "split.no" => self.number = value.number.and_then(|number| number.try_into().ok()),
            "split.count" => self.count = value.number.and_then(|number| number.try_into().ok()),
            "tokenizer.ggml.tokens" => self.tokens = value.length,
            "tokenizer.ggml.scores" => self.beside.extend(value.length.map(|len| ("scores", len, range.clone()))),
            "tokenizer.ggml.token_type" => self.beside.extend(value.length.map(|len| ("types", len, range.clone()))),
            _ => {}
        }
    }

    /// True for models whose programs take longer names.
    pub fn is_picture(&self) -> bool {
        self.architecture.as_deref().is_some_and(|name| PICTURES.contains(&name))
    }

    /// True for a file that needs no architecture: it holds measurements, or is a later part of a split model, of which
    /// the first part says everything.
    pub fn is_beside(&self) -> bool {
        self.kind.as_deref() == Some("imatrix") || self.number.is_some_and(|number| number > 0)
    }

    /// How the keys fit together.
    pub fn close(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if let Some(tokens) = self.tokens {
            for (name, length, range) in self.beside.iter().filter(|(_, length, _)| *length != tokens) {
                let message = format!("there are {tokens} tokens and {length} {name} of them");
                scope.raise(&MALFORMED, view, range.clone(), message);
            }
        }
        let out = match (self.number, self.count) {
            (Some(number), Some(count)) if number >= count.max(1) => {
                Some(format!("it is the part {number} of {count}, counted from 0"))
            }
            (Some(number), None) => {
                Some(format!("it is the part {number} of a split whose \"split.count\" is missing"))
            }
            _ => None,
        };
        if let Some(message) = out {
            scope.raise(&MALFORMED, view, 0..0, message);
        }
    }
}
