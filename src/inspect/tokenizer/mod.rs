//! Vocabularies and merges: the JSON of tokenizers, the texts of older ones, and SentencePiece.
//!
//! Sources: the deserialisers of the tokenizers library, the readers of `vocab.json`, `merges.txt` and tiktoken's ranks in
//! transformers, `sentencepiece_model.proto` and `model_interface.cc` of SentencePiece. Not looked at: whether the
//! vocabulary is the one that the model was trained with.

mod beside;
mod document;
mod parts;
mod pattern;
mod sentencepiece;

use crate::model::{Class, Rule, Severity};
use crate::weigh::View;

use super::Scope;

pub use beside::held;
pub use document::inspect;
pub use sentencepiece::SentencePiece;

/// A vocabulary that contradicts itself.
pub static TOKENIZER_MALFORMED: Rule = Rule {
    id: "tokenizer-malformed",
    summary: "a vocabulary or its merges are of another shape than tokenizers read, or contradict themselves",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/tokenizer-malformed.md"),
    frameworks: &["CWE-20", "CWE-1287"],
};

/// Looks at a text, if it is one of merges or ranks by its name.
pub fn inspect_text(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if name == "merges.txt" && view.depth() == 0 {
        scope.contents().tokens = beside::merges(text);
    }
    let odd = match name {
        "merges.txt" => text.lines().position(|line| !is_merge(line)),
        // tiktoken: a token in base64 and its rank on each line.
        "tokenizer.model" | "spiece.model" | "sentencepiece.bpe.model" => text.lines().position(|line| !is_rank(line)),
        _ => return,
    };
    if let Some(line) = odd {
        let message = format!("line {} is neither a merge of two tokens nor a token with its rank", line + 1);
        scope.raise(&TOKENIZER_MALFORMED, view, 0..0, message);
    }
}

/// Looks at the bytes of a text of tokens, whose readers decode UTF-8. Lists of words that other programs call the same
/// may be of an older encoding; those of transformers hold tokens that no such list has.
pub fn inspect_encoding(name: &str, bytes: &[u8], view: &View<'_>, scope: &mut Scope<'_>) {
    const OWN: [&[u8]; 5] = [b"[UNK]", b"[PAD]", b"[CLS]", b"<unk>", b"<pad>"];
    let asked = match name {
        "merges.txt" => true,
        "vocab.txt" => bytes.split(|byte| *byte == b'\n').any(|line| OWN.contains(&line.trim_ascii())),
        _ => false,
    };
    if let (true, Err(error)) = (asked, std::str::from_utf8(bytes)) {
        let at = error.valid_up_to() as u64;
        scope.raise(&TOKENIZER_MALFORMED, view, at..at.saturating_add(1), format!("it is not UTF-8 at byte {at}"));
    }
}

/// Two tokens, and in some formats how often they occurred.
fn is_merge(line: &str) -> bool {
    let line = line.trim_end_matches('\r');
    if line.is_empty() || line.contains("#version") {
        return true;
    }
    let parts: Vec<_> = line.split(' ').collect();
    match parts.as_slice() {
        [one, other] => !one.is_empty() && !other.is_empty(),
        [one, other, count] => !one.is_empty() && !other.is_empty() && count.parse::<u64>().is_ok(),
        _ => false,
    }
}

fn is_rank(line: &str) -> bool {
    let base64 =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
    line.trim().is_empty()
        || line.trim_end().split_once(' ').is_some_and(|(token, rank)| base64(token) && rank.parse::<u32>().is_ok())
}
