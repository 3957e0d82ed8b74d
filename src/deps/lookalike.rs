//! Names that look like those of packages everybody knows.
//!
//! A name one slip away from a popular one (a letter more, less, other, or two exchanged), or the same but for its
//! separators where the registry tells them apart, is said. What is not checked: whether the package is known to be
//! malicious (advisories say that), and names that only sound alike.

use std::collections::BTreeSet;

use crate::model::{Class, Ecosystem, Evidence, Package, PackageSource, Place, Rule, Severity};

use super::collect::Sheet;

/// A name close to that of a popular package.
pub static PACKAGE_LOOKALIKE: Rule = Rule {
    id: "package-lookalike",
    summary: "a package's name is one slip away from that of a popular one",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/package-lookalike.md"),
    frameworks: &["CWE-1007", "OWASP-LLM03", "AML.T0074"],
};

/// Popular packages, and behind `!` those that are close to one and are meant.
const POPULAR: &[(Ecosystem, &str)] = &[
    (Ecosystem::CratesIo, include_str!("popular/crates.txt")),
    (Ecosystem::Npm, include_str!("popular/npm.txt")),
    (Ecosystem::PyPI, include_str!("popular/pypi.txt")),
];
/// Shorter names are close to too many others.
const SHORTEST: usize = 5;
/// Separators by which a name may differ.
const SEPARATORS: usize = 3;

/// Says which packages of one lockfile look like others.
pub fn look(sheet: &mut Sheet<'_>) {
    let mut told = Vec::new();
    for (ecosystem, list) in POPULAR {
        let mut packages = sheet.packages().iter().filter(|package| package.ecosystem == *ecosystem).peekable();
        if packages.peek().is_none() {
            continue;
        }
        let words: BTreeSet<&str> = list.split_whitespace().collect();
        let fetched = packages.filter(|package| package.source != PackageSource::Local);
        told.extend(fetched.filter_map(|package| Some(told_of(package, like(*ecosystem, &package.name, &words)?))));
    }
    told.into_iter().for_each(|evidence| sheet.say(evidence));
}

fn told_of(package: &Package, popular: &str) -> Evidence {
    let message = format!("{} is one slip away from {popular}", package.name);
    Evidence::new(&PACKAGE_LOOKALIKE, message)
        .at(Place::Package { purl: package.purl.clone(), line: package.line })
        .with("popular", popular)
}

fn like<'a>(ecosystem: Ecosystem, name: &str, words: &BTreeSet<&'a str>) -> Option<&'a str> {
    let name = if ecosystem == Ecosystem::PyPI { ecosystem.key(name) } else { name.to_owned() };
    if words.contains(name.as_str()) || words.contains(format!("!{name}").as_str()) {
        return None;
    }
    let near = |word: &&str| word.len() >= SHORTEST && word.len().abs_diff(name.len()) <= SEPARATORS;
    let popular = words.iter().copied().filter(|word| !word.starts_with('!')).filter(near);
    popular.into_iter().find(|word| one_slip(word, &name) || (word.len() != name.len() && same_letters(word, &name)))
}

/// The same name but for its separators.
fn same_letters(one: &str, two: &str) -> bool {
    let separator = |byte: &u8| matches!(byte, b'-' | b'_' | b'.');
    one.bytes().filter(|byte| !separator(byte)).eq(two.bytes().filter(|byte| !separator(byte)))
}

/// One letter more, less or other, or two neighbours exchanged.
fn one_slip(one: &str, two: &str) -> bool {
    let (one, two) = (one.as_bytes(), two.as_bytes());
    if one.len().abs_diff(two.len()) > 1 {
        return false;
    }
    let head = one.iter().zip(two).take_while(|(one, two)| one == two).count();
    let (one, two) = (one.get(head..).unwrap_or_default(), two.get(head..).unwrap_or_default());
    let rest = |bytes: &[u8], skip: usize| bytes.get(skip..).map(<[u8]>::to_vec);
    match (one, two) {
        ([], []) => false,
        ([a, b, one @ ..], [c, d, two @ ..]) if a == d && b == c && one == two => true,
        // A number at the end is a version of the name, not a slip.
        ([], [more]) | ([more], []) => !more.is_ascii_digit(),
        _ if one.len() == two.len() => rest(one, 1) == rest(two, 1) && !both_digits(one, two),
        _ if one.len() < two.len() => rest(two, 1).as_deref() == Some(one),
        _ => rest(one, 1).as_deref() == Some(two),
    }
}

fn both_digits(one: &[u8], two: &[u8]) -> bool {
    let digit = |bytes: &[u8]| bytes.first().is_some_and(u8::is_ascii_digit);
    digit(one) || digit(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        for (one, two) in
            [("torch", "toch"), ("torch", "ttorch"), ("torch", "trochh"), ("numpy", "nunpy"), ("numpy", "nmupy")]
        {
            assert_eq!(one_slip(one, two), two != "trochh", "{one} {two}");
        }
        for (one, two) in [("torch", "torch"), ("boto3", "boto2"), ("click", "click8"), ("numpy", "scipy")] {
            assert!(!one_slip(one, two), "{one} {two}");
        }
    }

    #[test]
    fn no_popular_package_is_taken_for_a_slip() {
        for (ecosystem, list) in POPULAR {
            let words: BTreeSet<&str> = list.split_whitespace().collect();
            for word in &words {
                assert_eq!(like(*ecosystem, word.trim_start_matches('!'), &words), None);
            }
        }
        let words: BTreeSet<&str> = POPULAR[2].1.split_whitespace().collect();
        assert_eq!(like(Ecosystem::PyPI, "Huggingface_Hubb", &words), Some("huggingface-hub"));
        assert_eq!(like(Ecosystem::PyPI, "scikitlearn", &words), Some("scikit-learn"));
    }
}
