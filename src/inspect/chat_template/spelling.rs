//! Names of Python's internals that a template does not write out, but puts together.
//!
//! Only what the texts of one piece of code spell as they stand; what is made of them is followed by `machine`.

use super::tokens::Token;
use super::{INTERNAL, is_internal};

/// Names that stand between two pairs of underscores and lead on to code.
static NAMES: [&str; 20] = [
    "class",
    "mro",
    "base",
    "bases",
    "subclasses",
    "globals",
    "builtins",
    "import",
    "init",
    "getattribute",
    "dict",
    "reduce",
    "reduce_ex",
    "code",
    "func",
    "self",
    "module",
    "call",
    "loader",
    "spec",
];

/// Those that stand for nothing else, without which no way leads out.
static CHAIN: [&str; 5] = ["globals", "subclasses", "builtins", "mro", "getattribute"];

/// What the texts of one piece of code spell, also backwards or in capitals.
pub fn joined(tokens: &[Token]) -> Option<(usize, String)> {
    let mut all = String::new();
    let mut first = None;
    for token in tokens {
        if let Token::Text(text, at) = token {
            // Prose may speak of such names.
            if text.contains(char::is_whitespace) {
                continue;
            }
            first.get_or_insert(*at);
            all.push_str(text);
            // `map(attribute='gi_frame.f_back')` follows a path.
            if let Some(part) = text.split('.').find(|part| INTERNAL.contains(part)) {
                return Some((*at, format!("it names {part:?}")));
            }
            if text.contains("%c") {
                return Some((*at, "it makes characters out of numbers".to_owned()));
            }
        }
    }
    let at = first?;
    let all = all.to_lowercase();
    let backwards: String = all.chars().rev().collect();
    let spelt = |name: &&&str| [&all, &backwards].iter().any(|text| text.contains(&format!("__{name}__")));
    let name = NAMES.iter().find(spelt)?;
    Some((at, format!("its texts spell `__{name}__`")))
}

/// True for a part of such a name, which what a template is given can make whole.
pub fn is_stem(text: &str) -> bool {
    text.contains("__") || is_internal(text) || CHAIN.contains(&text.to_lowercase().as_str())
}
