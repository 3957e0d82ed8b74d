//! The order of Maven versions.
//!
//! Source: Maven's "Version Order Specification" (POM reference). A version is a list of numbers and words, cut at
//! `.`, `-`, and between digits and letters; zeros and release words at the end of a part count for nothing.

use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Digits without leading zeros; compared by length, then by text, so that no number is too large.
    Number(String),
    /// A word in lower case.
    Word(String),
}

/// A version cut into tokens, each with the separator before it.
#[derive(Clone, Debug)]
pub struct Version(Vec<(char, Token)>);

impl Version {
    /// Every text is a version for Maven.
    pub fn parse(text: &str) -> Self {
        let mut tokens: Vec<(char, Token)> = Vec::new();
        let mut separator = '.';
        let lower = text.to_ascii_lowercase();
        let mut rest = lower.as_str();
        while let Some(first) = rest.chars().next() {
            if matches!(first, '.' | '-' | '_') {
                // Nothing between two separators is a zero.
                rest = rest.get(1..).unwrap_or_default();
                if rest.starts_with(['.', '-', '_']) {
                    tokens.push((separator, Token::Number("0".to_owned())));
                }
                separator = if first == '.' { '.' } else { '-' };
                continue;
            }
            let digits = first.is_ascii_digit();
            let end =
                rest.find(|c: char| c.is_ascii_digit() != digits || matches!(c, '.' | '-' | '_')).unwrap_or(rest.len());
            let Some((part, after)) = rest.split_at_checked(end) else { break };
            let token = if digits {
                let plain = part.trim_start_matches('0');
                Token::Number(if plain.is_empty() { "0" } else { plain }.to_owned())
            } else {
                Token::Word(word(part, after.starts_with(|c: char| c.is_ascii_digit())))
            };
            tokens.push((separator, token));
            rest = after;
            separator = '-';
        }
        Self(trim(tokens))
    }

    pub fn order(&self, other: &Self) -> Ordering {
        let longest = self.0.len().max(other.0.len());
        for index in 0..longest {
            let order = match (self.0.get(index), other.0.get(index)) {
                (Some(one), Some(two)) => compare(one, two),
                (Some(one), None) => compare(one, &padding(one)),
                (None, Some(two)) => compare(&padding(two), two),
                (None, None) => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

/// `a1`, `b1`, `m1` are short for words; so are the words for a release.
fn word(text: &str, before_digits: bool) -> String {
    match text {
        "a" if before_digits => "alpha",
        "b" if before_digits => "beta",
        "m" if before_digits => "milestone",
        "cr" => "rc",
        "ga" | "final" | "release" => "",
        text => text,
    }
    .to_owned()
}

fn null(token: &Token) -> bool {
    match token {
        Token::Number(number) => number == "0",
        Token::Word(word) => word.is_empty(),
    }
}

/// Drops what counts for nothing at the end, and before each hyphen.
fn trim(tokens: Vec<(char, Token)>) -> Vec<(char, Token)> {
    let mut kept: Vec<(char, Token)> = Vec::new();
    for (separator, token) in tokens {
        if separator == '-' {
            while kept.last().is_some_and(|(_, last)| null(last)) {
                kept.pop();
            }
        }
        kept.push((separator, token));
    }
    while kept.last().is_some_and(|(_, last)| null(last)) {
        kept.pop();
    }
    kept
}

/// What a missing token counts as, beside `other`.
fn padding(other: &(char, Token)) -> (char, Token) {
    match other {
        (separator, Token::Number(_)) => (*separator, Token::Number("0".to_owned())),
        (separator, Token::Word(_)) => (*separator, Token::Word(String::new())),
    }
}

/// With the same separator numbers come after words; `.WORD` = `-WORD` < `-NUMBER` < `.NUMBER`.
fn compare(one: &(char, Token), two: &(char, Token)) -> Ordering {
    let class = |(separator, token): &(char, Token)| match (token, separator) {
        (Token::Word(_), _) => 0,
        (Token::Number(_), '-') => 1,
        (Token::Number(_), _) => 2,
    };
    match (&one.1, &two.1) {
        (Token::Word(first), Token::Word(second)) => rank(first).cmp(&rank(second)),
        (Token::Number(first), Token::Number(second)) if class(one) == class(two) => {
            (first.len(), first).cmp(&(second.len(), second))
        }
        _ => class(one).cmp(&class(two)),
    }
}

/// Known words in their order; unknown ones come after all of them, by the alphabet.
fn rank(word: &str) -> (usize, &str) {
    const KNOWN: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
    KNOWN.iter().position(|known| *known == word).map_or((KNOWN.len(), word), |at| (at, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_specification() {
        let ascending = [
            "1-alpha-1",
            "1-beta",
            "1-milestone-1",
            "1-rc",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-whatever",
            "1-1",
            "1.1",
            "1.1.1",
            "1.2",
            "1.10",
            "2.0.0.RC1",
            "2.0.0",
            "99999999999999999999999",
        ];
        for (at, one) in ascending.iter().enumerate() {
            for two in ascending.iter().skip(at + 1) {
                assert_eq!(Version::parse(one).order(&Version::parse(two)), Ordering::Less, "{one} {two}");
            }
        }
        for (one, two) in [
            ("1", "1.0.0"),
            ("1.ga", "1"),
            ("1-cr1", "1.rc1"),
            ("1-a1", "1-alpha-1"),
            ("1.0-final", "1"),
            ("1.0.0-0", "1"),
        ] {
            assert_eq!(Version::parse(one).order(&Version::parse(two)), Ordering::Equal, "{one} {two}");
        }
    }
}
