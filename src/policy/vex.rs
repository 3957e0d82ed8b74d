//! What somebody says about flaws in an OpenVEX document, as leave for findings.
//!
//! Source: the OpenVEX specification 0.2.0. Only `not_affected` with a justification or an impact statement gives leave,
//! in the name of the author; `affected`, `fixed` and `under_investigation` give none, and take back what an earlier
//! statement about the same flaw and product said. What is not checked: who wrote the document; whoever names it
//! answers for that.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use crate::model::Evidence;

use super::wire::ExceptionEntry;

/// Rules that a statement can give leave for.
const EXCUSABLE: [&str; 3] = ["loader-vulnerable", "unsound-package", "vulnerable-package"];

/// One statement about one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The flaw, by all of its names.
    names: Vec<String>,
    /// The package.
    purl: String,
    /// When it was made; later ones hold.
    time: String,
    /// Why it is not affected; `None` for every other status.
    reason: Option<String>,
    author: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    author: String,
    #[serde(default)]
    timestamp: String,
    statements: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    vulnerability: Value,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    products: Vec<Product>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(rename = "@id", default)]
    id: String,
    #[serde(default)]
    identifiers: Option<Identifiers>,
    #[serde(default)]
    subcomponents: Vec<Product>,
}

#[derive(Deserialize)]
struct Identifiers {
    #[serde(default)]
    purl: Option<String>,
}

impl Product {
    /// Package URLs of its parts; those of itself when it names none.
    fn purls(&self) -> Vec<String> {
        let own = [Some(&self.id), self.identifiers.as_ref().and_then(|known| known.purl.as_ref())];
        let own = || own.into_iter().flatten().filter(|id| id.starts_with("pkg:")).cloned().collect();
        if self.subcomponents.is_empty() { own() } else { self.subcomponents.iter().flat_map(Self::purls).collect() }
    }
}

/// Reads a document.
///
/// # Errors
/// Says in one line why it is none.
pub fn read(text: &str) -> Result<Vec<Statement>, String> {
    let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if !document.context.starts_with("https://openvex.dev/ns") {
        return Err(format!("not an OpenVEX document: its context is {:?}", document.context));
    }
    let mut statements = Vec::new();
    for entry in &document.statements {
        let words = |text: &Option<String>| text.as_ref().filter(|text| !text.trim().is_empty()).cloned();
        let why = [words(&entry.justification), words(&entry.impact_statement)];
        let why: Vec<String> = why.into_iter().flatten().collect();
        let reason =
            (entry.status == "not_affected" && !why.is_empty()).then(|| format!("not affected: {}", why.join(": ")));
        for purl in entry.products.iter().flat_map(Product::purls) {
            statements.push(Statement {
                names: names(&entry.vulnerability),
                purl,
                time: entry.timestamp.clone().unwrap_or_else(|| document.timestamp.clone()),
                reason: reason.clone(),
                author: document.author.clone(),
            });
        }
    }
    Ok(statements)
}

/// A flaw is a name, or since 0.2 an object with a name and aliases.
fn names(vulnerability: &Value) -> Vec<String> {
    let texts = |value: &Value| value.as_str().map(str::to_owned);
    let aliases = vulnerability.get("aliases").and_then(Value::as_array).into_iter().flatten();
    let own = [Some(vulnerability), vulnerability.get("name")];
    own.into_iter().flatten().chain(aliases).filter_map(texts).collect()
}

impl Statement {
    fn speaks_of(&self, evidence: &Evidence) -> bool {
        let Some(advisory) = &evidence.advisory else { return false };
        let named = |name: &String| *name == advisory.id || advisory.aliases.contains(name);
        self.names.iter().any(named) && covers(&self.purl, advisory.purl.as_str())
    }
}

/// True if one purl is the other; without a version it is every version.
fn covers(wide: &str, purl: &str) -> bool {
    let plain = |text: &str| text.split(['?', '#']).next().unwrap_or_default().to_owned();
    let (wide, purl) = (plain(wide), plain(purl));
    let versioned = |text: &str| text.rfind('@').is_some_and(|at| text.rfind('/').is_none_or(|slash| slash < at));
    wide == purl || (!versioned(&wide) && purl.strip_prefix(&wide).is_some_and(|rest| rest.starts_with('@')))
}

/// The leave that the statements give for this evidence, as exceptions without a last day. A statement that speaks of
/// nothing that was seen becomes one that is of no use, and is then said.
#[must_use]
pub fn leave(mut statements: Vec<Statement>, evidence: &[Evidence]) -> Vec<ExceptionEntry> {
    statements.sort_by(|one, two| one.time.cmp(&two.time));
    let mut last: Vec<Statement> = Vec::new();
    for statement in statements {
        let same = |other: &Statement| {
            other.purl == statement.purl && other.names.iter().any(|name| statement.names.contains(name))
        };
        last.retain(|other| !same(other));
        last.push(statement);
    }
    let mut leave = Vec::new();
    for statement in last {
        let Some(reason) = &statement.reason else { continue };
        let seen = evidence.iter().filter(|seen| EXCUSABLE.contains(&seen.rule.id) && statement.speaks_of(seen));
        let entry = |rule: &str, advisory: Option<String>, package: &str| ExceptionEntry {
            rule: rule.to_owned(),
            artifact: None,
            sha256: None,
            package: Some(package.to_owned()),
            advisory,
            reason: reason.clone(),
            owner: statement.author.clone(),
            until: Date::MAX,
        };
        let found: Vec<ExceptionEntry> = seen
            .filter_map(|seen| {
                let advisory = seen.advisory.as_ref()?;
                Some(entry(seen.rule.id, Some(advisory.id.clone()), advisory.purl.as_str()))
            })
            .collect();
        if found.is_empty() {
            leave.push(entry("vulnerable-package", statement.names.first().cloned(), &statement.purl));
        }
        for entry in found {
            if !leave.contains(&entry) {
                leave.push(entry);
            }
        }
    }
    leave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reasons_give_leave_and_the_last_word_holds() {
        let document = |status: &str, more: &str, time: &str| {
            format!(
                r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "author": "A", "timestamp": "{time}", "statements": [
                    {{"vulnerability": {{"name": "CVE-1", "aliases": ["GHSA-1"]}}, "status": "{status}"{more},
                      "products": [{{"@id": "pkg:oci/app", "subcomponents": [{{"@id": "pkg:npm/a@1.0.0"}}]}}]}}]}}"#
            )
        };
        let why = r#", "justification": "vulnerable_code_not_present""#;
        let early = read(&document("not_affected", why, "2099-01-01T00:00:00Z")).unwrap();
        assert_eq!(leave(early.clone(), &[])[0].reason, "not affected: vulnerable_code_not_present");
        for (status, more) in [("not_affected", ""), ("affected", why), ("under_investigation", why), ("fixed", why)] {
            let later = read(&document(status, more, "2099-01-02T00:00:00Z")).unwrap();
            assert_eq!(leave([early.clone(), later.clone()].concat(), &[]), [], "{status}");
            assert_eq!(leave(later, &[]), [], "{status}");
        }
        assert!(read("{}").is_err() && read(&document("x", "", "").replace("openvex.dev", "example.org")).is_err());
    }

    #[test]
    fn a_product_without_a_version_is_every_version() {
        assert!(covers("pkg:npm/a", "pkg:npm/a@1") && covers("pkg:npm/%40s/a", "pkg:npm/%40s/a@1"));
        assert!(!covers("pkg:npm/a@2", "pkg:npm/a@1") && !covers("pkg:npm/a", "pkg:npm/ab@1"));
        assert!(covers("pkg:npm/a@1?arch=x", "pkg:npm/a@1"));
    }
}
