//! The list of operators: who is behind a package, a module or a host.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::Ecosystem;

/// The list that is part of the program.
pub static OPERATORS: LazyLock<Operators> =
    LazyLock::new(|| toml::from_str(include_str!("operators.toml")).unwrap_or_default());

/// Who runs a service.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// Short name, for policies.
    pub id: String,
    /// Name of the company or body.
    pub name: String,
    /// Country of its seat, ISO 3166-1 alpha-2. Left out for gateways that pass requests on to whom they are told.
    pub jurisdiction: Option<String>,
    /// Hosts; a label may hold `{region}`, and `*` stands for one label or more at the front.
    hosts: Vec<String>,
    /// Packages by ecosystem, as OSV spells it.
    packages: BTreeMap<String, Vec<String>>,
    /// Python modules; those inside of them count as well.
    modules: Vec<String>,
}

/// All operators.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operators {
    /// Day of the list.
    pub edition: String,
    operator: Vec<Operator>,
}

/// An operator that was recognised.
#[derive(Debug)]
pub struct Match<'a> {
    /// Who.
    pub operator: &'a Operator,
    /// The region that a host names, as the operator spells it.
    pub region: Option<String>,
}

impl Match<'_> {
    /// Name and seat as people read them.
    pub fn words(&self) -> String {
        let seat = self.operator.jurisdiction.as_ref();
        let seat = seat.map_or_else(|| "who serves is configured elsewhere".to_owned(), |seat| format!("seat: {seat}"));
        let region = self.region.as_ref().map_or_else(String::new, |region| format!(", region {region}"));
        format!("{} ({seat}{region})", self.operator.name)
    }
}

impl Operators {
    /// Whose package that is.
    pub fn by_package(&self, ecosystem: Ecosystem, name: &str) -> Option<Match<'_>> {
        let name = match ecosystem {
            Ecosystem::PyPI => name.to_ascii_lowercase().replace(['_', '.'], "-"),
            _ => name.to_owned(),
        };
        self.find(|operator| operator.packages.get(ecosystem.name()).is_some_and(|names| names.contains(&name)))
    }

    /// Whose module that is; npm packages are imported by their names.
    pub fn by_module(&self, module: &str) -> Option<Match<'_>> {
        let inside = |known: &String| {
            module == known || module.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        self.find(|operator| operator.modules.iter().any(inside)).or_else(|| self.by_package(Ecosystem::Npm, module))
    }

    /// Whose host that is.
    pub fn by_host(&self, host: &str) -> Option<Match<'_>> {
        self.operator.iter().find_map(|operator| {
            let region = operator.hosts.iter().find_map(|pattern| fits(pattern, host))?;
            Some(Match { operator, region })
        })
    }

    fn find(&self, is: impl Fn(&Operator) -> bool) -> Option<Match<'_>> {
        self.operator.iter().find(|operator| is(operator)).map(|operator| Match { operator, region: None })
    }
}

/// `Some` if the host is of that pattern; inside, the region that it names, if it names one.
fn fits(pattern: &str, host: &str) -> Option<Option<String>> {
    let mut labels = host.split('.').rev();
    let mut region = None;
    for part in pattern.split('.').rev() {
        let label = labels.next()?;
        if part == "*" {
            return Some(region);
        }
        match part.split_once("{region}") {
            Some((before, after)) => {
                let named = label.strip_prefix(before)?.strip_suffix(after)?;
                let open = named.is_empty() || named.contains(['{', '}', '$']);
                region = (!open).then(|| named.to_owned());
            }
            None if part == label => {}
            None => return None,
        }
    }
    labels.next().is_none().then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        let list: Operators = toml::from_str(include_str!("operators.toml")).unwrap();
        assert!(list.edition.parse::<jiff::civil::Date>().is_ok());
        let mut ids: Vec<&str> = list.operator.iter().map(|operator| operator.id.as_str()).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all);
        let ecosystems = ["crates.io", "PyPI", "npm", "Go", "Maven", "RubyGems", "Packagist"];
        for operator in &list.operator {
            assert!(operator.jurisdiction.as_ref().is_none_or(|seat| seat.len() == 2 && seat.to_uppercase() == *seat));
            assert!(operator.packages.keys().all(|name| ecosystems.contains(&name.as_str())), "{}", operator.id);
            assert!(!operator.hosts.is_empty() || !operator.packages.is_empty(), "{}", operator.id);
        }
    }

    #[test]
    fn patterns() {
        assert_eq!(fits("api.openai.com", "api.openai.com"), Some(None));
        assert_eq!(fits("api.openai.com", "eu.api.openai.com"), None);
        assert_eq!(fits("*.openai.azure.com", "mine.openai.azure.com"), Some(None));
        assert_eq!(fits("*.openai.azure.com", "openai.azure.com"), None);
        assert_eq!(
            fits("{region}-aiplatform.googleapis.com", "us-east1-aiplatform.googleapis.com"),
            Some(Some("us-east1".into()))
        );
        assert_eq!(fits("b.{region}.amazonaws.com", "b.{region}.amazonaws.com"), Some(None));
    }
}
