//! What stands around the model of a `tokenizer.json`: normalisers, splitters, processors, decoders, truncation, padding.
//!
//! Source: the deserialisers of the tokenizers library. Not looked at: what regular expressions mean.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::pattern;
use crate::inspect::json::Tree;
use crate::inspect::settings::{fraction, shown};

/// A part: its key, the key under which a sequence of such parts lists them, and the types that exist.
struct Part {
    key: &'static str,
    listed: &'static str,
    types: &'static [&'static str],
}

static PARTS: [Part; 4] = [
    Part {
        key: "normalizer",
        listed: "normalizers",
        types: &[
            "BertNormalizer",
            "ByteLevel",
            "Lowercase",
            "NFC",
            "NFD",
            "NFKC",
            "NFKD",
            "Nmt",
            "Precompiled",
            "Prepend",
            "Replace",
            "Sequence",
            "Strip",
            "StripAccents",
        ],
    },
    Part {
        key: "pre_tokenizer",
        listed: "pretokenizers",
        types: &[
            "BertPreTokenizer",
            "ByteLevel",
            "CharDelimiterSplit",
            "Delimiter",
            "Digits",
            "FixedLength",
            "Metaspace",
            "Punctuation",
            "Sequence",
            "Split",
            "UnicodeScripts",
            "Whitespace",
            "WhitespaceSplit",
        ],
    },
    Part {
        key: "post_processor",
        listed: "processors",
        types: &["BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence", "TemplateProcessing"],
    },
    Part {
        key: "decoder",
        listed: "decoders",
        types: &[
            "BPEDecoder",
            "ByteFallback",
            "ByteLevel",
            "CTC",
            "Fuse",
            "Metaspace",
            "Replace",
            "Sequence",
            "Strip",
            "WordPiece",
        ],
    },
];

/// What a text that is split at a pattern becomes.
const BEHAVIORS: [&str; 5] = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];

/// Looks at everything but the vocabulary.
pub fn check(tree: &Tree, found: &mut Vec<String>) {
    for part in &PARTS {
        let Some(value) = tree.get(part.key).filter(|value| **value != Tree::Null) else { continue };
        found.extend(self::part(part, value));
    }
    found.extend(truncation(tree));
    found.extend(padding(tree));
}

/// A part, and the parts of it that are a sequence.
fn part(part: &Part, value: &Tree) -> Option<String> {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        let Some(kind) = value.get("type").and_then(Tree::text) else {
            return Some(format!("its {:?} says no type", part.key));
        };
        if !part.types.contains(&kind) {
            let kind: String = kind.chars().take(40).collect();
            return Some(format!("its {:?} is of the type {kind:?}, which does not exist", part.key));
        }
        if kind == "Sequence" {
            match value.get(part.listed) {
                Some(Tree::Array(inner)) => open.extend(inner),
                _ => return Some(format!("a sequence of its {:?} has no list {:?}", part.key, part.listed)),
            }
        }
        if let Some(how) = value.get("behavior").filter(|how| !how.text().is_some_and(|how| BEHAVIORS.contains(&how))) {
            return Some(format!("its {:?} splits by the behavior {}, which does not exist", part.key, shown(how)));
        }
        if let Some(what) = value.get("pattern").and_then(|pattern| pattern.get("Regex")).and_then(regex) {
            return Some(format!("its {:?} has a pattern that cannot be read: {what}", part.key));
        }
        if kind == "TemplateProcessing"
            && let Some(token) = undefined(value)
        {
            return Some(format!("its {:?} puts in the token {token:?}, which it does not define", part.key));
        }
        let map = value.get("precompiled_charsmap").and_then(Tree::text);
        if map.is_some_and(|map| STANDARD.decode(map).is_err()) {
            return Some("its \"precompiled_charsmap\" is not base64".to_owned());
        }
    }
    None
}

fn regex(value: &Tree) -> Option<&'static str> {
    pattern::fault(value.text()?)
}

/// A special token that a template puts in and that is not among those it defines.
fn undefined(template: &Tree) -> Option<String> {
    let defined = template.get("special_tokens")?;
    let pieces = ["single", "pair"].into_iter().filter_map(|key| template.get(key)).flat_map(Tree::values);
    let mut named = pieces.filter_map(|piece| piece.get("SpecialToken")?.get("id")?.text());
    named.find(|token| defined.get(token).is_none()).map(|token| token.chars().take(40).collect())
}

fn one_of(value: &Tree, key: &str, names: &[&str]) -> Option<String> {
    let odd = value.get(key).filter(|value| !value.text().is_some_and(|value| names.contains(&value)))?;
    Some(format!("{key:?} is {}, which does not exist", shown(odd)))
}

fn truncation(tree: &Tree) -> Option<String> {
    let value = tree.get("truncation").filter(|value| **value != Tree::Null)?;
    if !matches!(value, Tree::Object(_)) {
        return Some(format!("its truncation is {}, no object", shown(value)));
    }
    let count = |key: &str| {
        let odd = value.get(key).filter(|value| value.number().is_none())?;
        Some(format!("{key:?} is {}, which is no number from 0 on", shown(odd)))
    };
    let what = one_of(value, "direction", &["Left", "Right"])
        .or_else(|| one_of(value, "strategy", &["LongestFirst", "OnlyFirst", "OnlySecond"]))
        .or_else(|| count("max_length"))
        .or_else(|| count("stride"))?;
    Some(format!("its truncation: {what}"))
}

fn padding(tree: &Tree) -> Option<String> {
    let value = tree.get("padding").filter(|value| **value != Tree::Null)?;
    if !matches!(value, Tree::Object(_)) {
        return Some(format!("its padding is {}, no object", shown(value)));
    }
    one_of(value, "direction", &["Left", "Right"]).map(|what| format!("its padding: {what}"))
}

/// What models of each type need beside their vocabulary.
pub fn model(kind: &str, model: &Tree, found: &mut Vec<String>) {
    let needed: &[&str] = match kind {
        "WordPiece" => &["unk_token", "continuing_subword_prefix", "max_input_chars_per_word"],
        "WordLevel" => &["unk_token"],
        _ => &[],
    };
    if let Some(missing) = needed.iter().find(|key| model.get(key).is_none()) {
        found.push(format!("its model has no {missing:?}"));
    }
    let dropout = model.get("dropout").filter(|dropout| **dropout != Tree::Null);
    if let Some(odd) = dropout.filter(|dropout| !fraction(dropout).is_some_and(|share| (0.0..=1.0).contains(&share))) {
        found.push(format!("its dropout is {}, which is no share between 0 and 1", shown(odd)));
    }
}
