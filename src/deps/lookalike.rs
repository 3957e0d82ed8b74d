//! Names that look like those of packages everybody knows.
//!
//! A name one slip away from a popular one (a letter more, less, other, or two exchanged), or the same but for its
//! separators where the registry tells them apart, is said. What is not checked: whether the package is known to be
//! malicious (advisories say that), and names that only sound alike.

use std::collections::BTreeSet;

use crate::model::resemblance::{is_one_slip, same_letters};
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
    popular.into_iter().find(|word| is_one_slip(word, &name) || (word.len() != name.len() && same_letters(word, &name)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
