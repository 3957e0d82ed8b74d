//! Names of Python's internals that a template does not write out, but puts together.
//!
//! Not followed: names that come out of the conversation, or out of arithmetic on single characters.

use super::INTERNAL;
use super::tokens::{Code, Token};

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

/// What the texts of one piece of code spell, also backwards or in capitals.
pub fn joined(tokens: &[Token]) -> Option<(usize, String)> {
    let mut all = String::new();
    let mut first = None;
    for token in tokens {
        if let Token::Text(text, at) = token {
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

/// An item that is asked for by a name that is computed, where underscores lie ready to compute it from; or a call of
/// what such a look-up gave. Conversations hold nothing that a template could call.
pub fn computed(codes: &[Code]) -> Option<(usize, String)> {
    let underscores = codes.iter().flat_map(|code| &code.tokens).any(|token| match token {
        Token::Text(text, _) => text.starts_with("__") || text.ends_with("__") || text == "_",
        _ => false,
    });
    codes.iter().find_map(|code| in_code(code, underscores))
}

const fn is_word(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Name(..) | Token::Text(..)))
}

fn in_code(code: &Code, underscores: bool) -> Option<(usize, String)> {
    // For each open bracket: whether it asks for an item, and whether what stands in it is computed, or a name.
    let mut open: Vec<(bool, bool, bool)> = Vec::new();
    let mut before: Option<&Token> = None;
    for (n, token) in code.tokens.iter().enumerate() {
        match token {
            Token::Sign(b'[') => {
                let value = matches!(before, Some(Token::Name(..) | Token::Text(..) | Token::Sign(b')' | b']')));
                open.push((value, false, false));
            }
            Token::Sign(b']') => {
                let called = code.tokens.get(n + 1) == Some(&Token::Sign(b'('));
                let (value, computed, named) = open.pop().unwrap_or_default();
                if value && computed && underscores {
                    return Some((code.at, "it asks for an item by a name that it puts together".to_owned()));
                }
                if value && (computed || named) && called {
                    return Some((code.at, "it calls what a look-up by a computed name gave".to_owned()));
                }
            }
            Token::Sign(sign @ (b'~' | b'*')) if *sign == b'~' || matches!(before, Some(Token::Text(..))) => {
                open.iter_mut().for_each(|bracket| bracket.1 = true);
            }
            Token::Sign(b'+') if is_word(before) && is_word(code.tokens.get(n + 1)) => {
                open.iter_mut().for_each(|bracket| bracket.1 = true);
            }
            Token::Name(..) | Token::Text(..) => open.iter_mut().for_each(|bracket| bracket.2 = true),
            _ => {}
        }
        before = Some(token);
    }
    None
}
