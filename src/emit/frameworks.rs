//! Catalogues of weaknesses and risks, and the names of their entries.

use std::collections::BTreeMap;

use serde::Deserialize;

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

/// All catalogues that are known here.
#[must_use]
pub fn all() -> Vec<Framework> {
    #[derive(Deserialize)]
    struct Data {
        framework: Vec<Framework>,
    }
    // A test holds that the data is read.
    toml::from_str::<Data>(DATA).map(|data| data.framework).unwrap_or_default()
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
    id.starts_with("AML.").then(|| ("ATLAS", id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_and_finds_its_own_entries() {
        let all = all();
        assert_eq!(all.len(), 3);
        for framework in all {
            for entry in framework.entries.keys() {
                assert_eq!(place(entry), Some((framework.name.as_str(), entry.clone())).map(|(n, e)| (leak(n), e)));
            }
        }
        assert_eq!(place("OWASP-LLM03"), Some(("OWASP-LLM", "LLM03:2025".to_owned())));
        assert_eq!(place("nothing"), None);
    }

    fn leak(name: &str) -> &'static str {
        ["CWE", "ATLAS", "OWASP-LLM"].into_iter().find(|known| *known == name).unwrap()
    }
}
