//! `tokenizer.json` and `vocab.json`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{TOKENIZER_MALFORMED, beside, parts};
use crate::inspect::json::Tree;
use crate::inspect::settings::{fraction, shown};
use crate::inspect::{Scope, words};
use crate::weigh::View;

/// The models of the tokenizers library.
const MODELS: [&str; 4] = ["BPE", "WordPiece", "WordLevel", "Unigram"];

/// What a tokenizer is made of; its reader stops at anything else.
const KEYS: [&str; 9] = [
    "version",
    "truncation",
    "padding",
    "added_tokens",
    "normalizer",
    "pre_tokenizer",
    "post_processor",
    "decoder",
    "model",
];

/// What each added token says of itself, beside its number and text.
const SAID: [&str; 5] = ["single_word", "lstrip", "rstrip", "normalized", "special"];

/// Looks at a JSON text, if it is a vocabulary by its name.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = words::name(view, scope);
    if name == "vocab.json" && view.depth() == 0 {
        scope.contents().tokens = beside::vocabulary(tree);
    }
    let found = match name.as_str() {
        // Keras calls its own by the same name.
        "tokenizer.json" if tree.get("class_name").is_some() && tree.get("config").is_some() => return,
        "tokenizer.json" => document(tree),
        // Some models keep the whole tokenizer under the name of the vocabulary.
        "vocab.json" if tree.get("model").is_some_and(|model| matches!(model, Tree::Object(_))) => document(tree),
        "vocab.json" => vocabulary(tree, true).into_iter().collect(),
        _ => return,
    };
    for what in found {
        scope.raise(&TOKENIZER_MALFORMED, view, 0..0, what);
    }
}

fn document(tree: &Tree) -> Vec<String> {
    let Tree::Object(_) = tree else { return vec![format!("the tokenizer is {}, no object", shown(tree))] };
    let mut found = Vec::new();
    if tree.get("version").is_some_and(|version| version.text() != Some("1.0")) {
        found.push("its version is not \"1.0\"".to_owned());
    }
    let other = |key: &str| !KEYS.contains(&key);
    let own = tree.get("model").is_some() && tree.get("version").is_some();
    if let Some((key, _)) = tree.members().iter().find(|(key, _)| own && other(key)) {
        found.push(format!("it has {:?}, which tokenizers do not have", head(key)));
    }
    parts::check(tree, &mut found);
    added(tree, &mut found);
    match tree.get("model") {
        Some(model @ Tree::Object(_)) => self::model(model, &mut found),
        Some(other) => found.push(format!("its model is {}", shown(other))),
        None => found.push("it has no model".to_owned()),
    }
    found
}

/// Tokens beside the vocabulary: a number and a text each, no number for two texts.
fn added(tree: &Tree, found: &mut Vec<String>) {
    let Some(tokens) = tree.get("added_tokens").filter(|tokens| **tokens != Tree::Null) else { return };
    let Tree::Array(tokens) = tokens else {
        return found.push(format!("the added tokens are {}, no list", shown(tokens)));
    };
    let mut seen: BTreeMap<u32, &str> = BTreeMap::new();
    for (n, token) in tokens.iter().enumerate() {
        let id = token.get("id").and_then(Tree::number).and_then(|id| u32::try_from(id).ok());
        let (Some(id), Some(content)) = (id, token.get("content").and_then(Tree::text)) else {
            return found.push(format!("the added token {n} has no number of 32 bits or no text"));
        };
        if let Some(key) = SAID.iter().find(|key| !matches!(token.get(key), Some(Tree::Bool(_)))) {
            return found.push(format!("the added token {:?} does not say {key:?}", head(content)));
        }
        if let Some(other) = seen.insert(id, content).filter(|other| *other != content) {
            return found.push(format!("the added tokens {other:?} and {content:?} have the same number {id}"));
        }
    }
}

fn model(model: &Tree, found: &mut Vec<String>) {
    let kind = model.get("type");
    if kind.is_some_and(|kind| !kind.text().is_some_and(|kind| MODELS.contains(&kind))) {
        found.push(format!("its model is of the type {}, which does not exist", kind.map_or(String::new(), shown)));
    }
    parts::model(kind.and_then(Tree::text).unwrap_or_default(), model, found);
    let Some(vocab) = model.get("vocab") else { return found.push("its model has no vocabulary".to_owned()) };
    let pieces = kind.map_or(matches!(vocab, Tree::Array(_)), |kind| kind.text() == Some("Unigram"));
    if pieces {
        return scored(model, vocab, found);
    }
    found.extend(vocabulary(vocab, false));
    let merges = model.get("merges");
    match merges {
        None if kind.and_then(Tree::text) == Some("BPE") => found.push("its model has no merges".to_owned()),
        None | Some(Tree::Null) => {}
        Some(Tree::Array(merges)) => {
            let prefix = model.get("continuing_subword_prefix").and_then(Tree::text).map_or(0, str::len);
            found.extend(self::merges(merges, vocab, prefix));
        }
        Some(other) => found.push(format!("its merges are {}, no list", shown(other))),
    }
}

/// Unigram: pieces with their scores.
fn scored(model: &Tree, vocab: &Tree, found: &mut Vec<String>) {
    let Tree::Array(pieces) = vocab else {
        return found.push(format!("the vocabulary of pieces is {}, no list", shown(vocab)));
    };
    let good =
        |piece: &Tree| matches!(piece.values(), [text, score] if text.text().is_some() && fraction(score).is_some());
    if let Some(at) = pieces.iter().position(|piece| !good(piece)) {
        found.push(format!("the piece {at} is no text with a score"));
    }
    if let Some(unknown) = model.get("unk_id").filter(|unknown| **unknown != Tree::Null)
        && unknown.number().is_none_or(|id| id >= pieces.len() as u64)
    {
        found.push(format!("the number of the unknown piece is {}, there are {}", shown(unknown), pieces.len()));
    }
}

/// Each token has a number of its own. `alone` says that it is a file by itself, of which there are more kinds.
fn vocabulary(vocab: &Tree, alone: bool) -> Option<String> {
    let members = match vocab {
        Tree::Object(members) => members,
        Tree::Array(tokens) if alone && tokens.iter().all(|token| token.text().is_some()) => return None,
        other => return Some(format!("the vocabulary is {}, no object", shown(other))),
    };
    // One vocabulary for each language, or the other way round, from number to token.
    let nested = alone && !members.is_empty() && members.iter().all(|(_, value)| matches!(value, Tree::Object(_)));
    if nested {
        return members.iter().find_map(|(_, inner)| vocabulary(inner, false));
    }
    let parts = |(_, value): &(String, Tree)| matches!(value, Tree::Object(_) | Tree::Array(_));
    if alone && members.iter().any(parts) && !members.iter().any(|(_, value)| matches!(value, Tree::Number(_))) {
        // Of another program.
        return None;
    }
    if alone && members.iter().all(|(id, token)| id.parse::<u32>().is_ok() && token.text().is_some()) {
        return None;
    }
    let mut seen: HashMap<u32, &str> = HashMap::with_capacity(members.len());
    for (token, id) in members {
        let token: &str = token;
        let Some(number) = id.number().and_then(|id| u32::try_from(id).ok()) else {
            return Some(format!("the number of the token {:?} is {}", head(token), shown(id)));
        };
        if let Some(other) = seen.insert(number, token).filter(|other| *other != token) {
            return Some(format!("the tokens {:?} and {:?} have the same number {number}", head(other), head(token)));
        }
    }
    None
}

/// Each merge is of two tokens of the vocabulary, and makes one of it: the second is put behind the first without the mark
/// of what continues a word, which is `prefix` bytes long.
fn merges(merges: &[Tree], vocab: &Tree, prefix: usize) -> Option<String> {
    let tokens: HashSet<&str> = vocab.members().iter().map(|(token, _)| token.as_str()).collect();
    merges.iter().enumerate().find_map(|(n, merge)| {
        let pair = match merge {
            Tree::String(text) => text.split_once(' ').filter(|(_, other)| !other.contains(' ')),
            Tree::Array(pair) => match pair.as_slice() {
                [one, other] => one.text().zip(other.text()),
                _ => None,
            },
            _ => None,
        };
        let Some((one, other)) = pair else { return Some(format!("the merge {n} is no pair of tokens")) };
        if let Some(missing) = [one, other].into_iter().find(|token| !tokens.contains(token)) {
            return Some(format!("the merge {n} is of {:?}, which is not in the vocabulary", head(missing)));
        }
        let made = format!("{one}{}", other.get(prefix..)?);
        let unknown = !tokens.contains(made.as_str());
        unknown.then(|| format!("the merge {n} makes {:?}, which is not in the vocabulary", head(&made)))
    })
}

fn head(token: &str) -> String {
    token.chars().take(40).collect()
}
