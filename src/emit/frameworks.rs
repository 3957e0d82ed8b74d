//! Catalogues of weaknesses and risks, and the names of their entries.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::Rule;

/// The data, with edition and source of each catalogue.
const DATA: &str = include_str!("frameworks.toml");

/// One catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Framework {
    /// Short name: `CWE`.
    pub name: String,
    /// Its title.
    pub full_name: String,
    /// Who publishes it.
    pub organization: String,
    /// Edition that the names are from.
    pub edition: String,
    /// Where it is published.
    pub source: String,
    /// Titles by identifier.
    pub entries: BTreeMap<String, String>,
}

/// What follows from entries of one catalogue in another.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Crosswalk {
    from: Vec<String>,
    to: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    framework: Vec<Framework>,
    crosswalk: Vec<Crosswalk>,
}

fn data() -> &'static Data {
    static READ: OnceLock<Data> = OnceLock::new();
    // A test holds that the data is read.
    READ.get_or_init(|| toml::from_str(DATA).unwrap_or_default())
}

/// All catalogues that are known here.
#[must_use]
pub fn all() -> Vec<Framework> {
    data().framework.clone()
}

/// Entries that a rule points at, by catalogue: those it names, and what follows from them in the other catalogues. In
/// the order of the catalogues.
#[must_use]
pub fn of(rule: &Rule) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = rule.frameworks.iter().filter_map(|id| place(id)).collect();
    let named: Vec<String> = found.iter().map(|(_, entry)| entry.clone()).collect();
    let walks = data().crosswalk.iter().filter(|walk| walk.from.iter().any(|from| named.contains(from)));
    found.extend(walks.flat_map(|walk| &walk.to).filter_map(|id| place(id)));
    let rank = |name: &str| data().framework.iter().position(|framework| framework.name == name);
    found.sort_by(|a, b| (rank(a.0), &a.1).cmp(&(rank(b.0), &b.1)));
    found.dedup();
    found
}

/// What a rule points at, a line for each catalogue: name, edition, and its entries with their titles.
#[must_use]
pub fn lines(rule: &Rule) -> Vec<String> {
    let of = of(rule);
    let line = |framework: &Framework| {
        let titled = of.iter().filter(|(name, _)| *name == framework.name).map(|(_, entry)| {
            framework.entries.get(entry).map_or_else(|| entry.clone(), |title| format!("{entry} {title}"))
        });
        let titled: Vec<String> = titled.collect();
        (!titled.is_empty()).then(|| format!("{} {}: {}", framework.full_name, framework.edition, titled.join("; ")))
    };
    data().framework.iter().filter_map(line).collect()
}

/// The catalogue that an identifier of a rule belongs to, and the identifier as the catalogue spells it.
///
/// `LLM03`, `OWASP-LLM03` and `LLM03:2025` are the same entry.
#[must_use]
pub fn place(id: &str) -> Option<(&'static str, String)> {
    let short = id.strip_prefix("OWASP-").unwrap_or(id);
    if short.starts_with("LLM") {
        let entry = if short.contains(':') { short.to_owned() } else { format!("{short}:2025") };
        return Some(("OWASP-LLM", entry));
    }
    if id.starts_with("CWE-") {
        return Some(("CWE", id.to_owned()));
    }
    if ["GOVERN ", "MAP ", "MEASURE ", "MANAGE "].iter().any(|function| id.starts_with(function)) {
        return Some(("NIST-AI-RMF", id.to_owned()));
    }
    if id.starts_with("Article ") {
        return Some(("EU-AI-ACT", id.to_owned()));
    }
    id.starts_with("AML.").then(|| ("ATLAS", id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_and_finds_its_own_entries() {
        let all = all();
        assert_eq!(all.len(), 5);
        for framework in all {
            for entry in framework.entries.keys() {
                assert_eq!(place(entry), Some((framework.name.as_str(), entry.clone())).map(|(n, e)| (leak(n), e)));
            }
        }
        assert_eq!(place("OWASP-LLM03"), Some(("OWASP-LLM", "LLM03:2025".to_owned())));
        assert_eq!(place("nothing"), None);
    }

    #[test]
    fn what_follows_is_named_and_exists() {
        for walk in &data().crosswalk {
            for id in walk.from.iter().chain(&walk.to) {
                let (name, entry) = place(id).unwrap();
                let framework = all().into_iter().find(|framework| framework.name == name).unwrap();
                assert!(framework.entries.contains_key(&entry), "{id} has no title");
            }
        }
        let entries: Vec<String> = of(super::super::sample::rule("pickle-dangerous-call").unwrap())
            .into_iter()
            .map(|(_, entry)| entry)
            .collect();
        assert_eq!(entries, ["CWE-502", "AML.T0011.000", "LLM03:2025", "MANAGE 3.2", "Article 15"]);
    }

    fn leak(name: &str) -> &'static str {
        ["CWE", "ATLAS", "OWASP-LLM", "NIST-AI-RMF", "EU-AI-ACT"].into_iter().find(|known| *known == name).unwrap()
    }
}
