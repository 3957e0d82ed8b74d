//! The order of versions that are numbers and words in a row: RubyGems and Composer.
//!
//! Sources: `Gem::Version` of RubyGems; Composer's `VersionParser` and PHP's `version_compare`.

use std::cmp::Ordering;

/// One part of a version. The order is that of the variants: a word comes before the end, which comes before a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Word(u8, String),
    Number(usize, String),
}

/// A version cut into parts.
#[derive(Clone, Debug)]
pub struct Version {
    parts: Vec<Part>,
}

fn number(digits: &str) -> Part {
    let plain = digits.trim_start_matches('0');
    Part::Number(plain.len(), plain.to_owned())
}

fn cut(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for piece in text.split(['.', '-', '_', '+']) {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let end = rest.find(|c: char| c.is_ascii_digit() != first.is_ascii_digit()).unwrap_or(rest.len());
            let (part, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            parts.push(part);
            rest = after;
        }
    }
    parts
}

impl Version {
    /// A gem's version; `None` when it has other characters than letters, digits and dots.
    pub fn gem(text: &str) -> Option<Self> {
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(fine) {
            return None;
        }
        // A hyphen begins a pre-release.
        let text = text.replace('-', ".pre.");
        let part = |part: &str| match part.starts_with(|c: char| c.is_ascii_digit()) {
            true => number(part),
            false => Part::Word(0, part.to_owned()),
        };
        Some(Self { parts: cut(&text).into_iter().map(part).collect() })
    }

    /// A version of Composer; `None` for branches (`dev-main`) and what is no version.
    pub fn composer(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(['v', 'V']).to_ascii_lowercase();
        let text = text.split(['+', ' ']).next().unwrap_or_default();
        if !text.starts_with(|c: char| c.is_ascii_digit())
            || text.ends_with("-dev")
            || text.contains('x')
            || text.contains('*')
        {
            return None;
        }
        let mut parts = Vec::new();
        for part in cut(text) {
            parts.push(match part {
                "alpha" | "a" => Part::Word(1, String::new()),
                "beta" | "b" => Part::Word(2, String::new()),
                "rc" | "c" => Part::Word(3, String::new()),
                // A patch comes after the release it patches.
                "patch" | "pl" | "p" => number("0"),
                "stable" => continue,
                digits if digits.starts_with(|c: char| c.is_ascii_digit()) => number(digits),
                _ => return None,
            });
        }
        Some(Self { parts })
    }

    pub fn order(&self, other: &Self) -> Ordering {
        let longest = self.parts.len().max(other.parts.len());
        let nothing = number("0");
        for index in 0..longest {
            // What is missing is a zero: after every word, before every other number.
            let (one, two) = (self.parts.get(index).unwrap_or(&nothing), other.parts.get(index).unwrap_or(&nothing));
            let order = one.cmp(two);
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascending(parse: fn(&str) -> Option<Version>, versions: &[&str]) {
        for (at, one) in versions.iter().enumerate() {
            for two in versions.iter().skip(at + 1) {
                assert_eq!(parse(one).unwrap().order(&parse(two).unwrap()), Ordering::Less, "{one} {two}");
            }
        }
    }

    #[test]
    fn gems() {
        ascending(
            Version::gem,
            &["1.0.a", "1.0.b1", "1.0.b2", "1.0.pre", "1.0.rc1", "1.0", "1.0.1", "1.2", "1.10", "2"],
        );
        assert_eq!(Version::gem("1").unwrap().order(&Version::gem("1.0.0").unwrap()), Ordering::Equal);
        assert!(Version::gem("master").is_none() && Version::gem("1 2").is_none());
    }

    #[test]
    fn composer() {
        ascending(
            Version::composer,
            &["1.0-alpha1", "1.0-beta1", "1.0.0-RC1", "1.0.0-RC2", "v1.0.0", "1.0.1", "1.10.0", "2"],
        );
        assert_eq!(Version::composer("1.0").unwrap().order(&Version::composer("1.0.0.0").unwrap()), Ordering::Equal);
        assert!(Version::composer("dev-main").is_none() && Version::composer("1.x-dev").is_none());
    }
}
