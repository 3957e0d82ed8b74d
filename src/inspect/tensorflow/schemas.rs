//! Which operators TensorFlow has, and which attributes their nodes must have.
//!
//! Source: the operators of TensorFlow 2.21, those without a default among their attributes. What is added to an operator
//! later has a default, so that graphs of all versions have them. Not looked at: operators of other libraries.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::inspect::misspelt::is_misspelt;

static OPERATORS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("operators.txt").lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split(' '));
    words.filter_map(|mut line| line.next().map(|name| (name, line.collect()))).collect()
});

/// The attributes that a node of that operator must have; `None` if TensorFlow has no such operator.
pub fn needed(operator: &str) -> Option<&'static [&'static str]> {
    OPERATORS.get(operator).map(Vec::as_slice)
}

/// The operator that an unknown one was before a letter of it was changed. One that differs in its number only is of a
/// newer version.
pub fn intended(operator: &str) -> Option<&'static str> {
    let plain = |name: &str| name.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let numbered = |known: &str| known.get(..plain(known)) == operator.get(..plain(operator));
    let near = |known: &&&str| known.len() > 3 && is_misspelt(operator, known) && !numbered(known);
    OPERATORS.keys().filter(|known| near(known)).min().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_known_by_name() {
        assert_eq!(needed("Relu"), Some(&["T"][..]));
        assert!(needed("Reluu").is_none() && needed("NoOp").is_some_and(<[&str]>::is_empty));
        assert_eq!(intended("Reluu"), Some("Relu"));
        assert!(intended("RestoreV3").is_none() && intended("SentencepieceOp").is_none());
    }
}
