//! What somebody says about flaws in an OpenVEX document, as leave for findings.
//!
//! Source: the OpenVEX specification 0.2.0. Only `not_affected` with a justification or an impact statement gives leave,
//! in the name of the author and for a package with its version; `affected`, `fixed` and `under_investigation` give
//! none, and take back what an earlier statement about the same flaw and package said. A statement of a time yet to come
//! gives none. What is not checked: who wrote the document, and whether the product that it names is this one; whoever
//! names the document answers for that.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use packageurl::PackageUrl;
use serde::Deserialize;
use serde_json::Value;

use crate::model::{Ecosystem, Evidence, NotAffected};

use super::exceptions::EXCEPTION_UNUSED;
use super::wire::ExceptionEntry;

/// Rules that a statement can give leave for.
const EXCUSABLE: [&str; 3] = ["loader-vulnerable", "unsound-package", "vulnerable-package"];

/// Words for why a product is not affected.
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "inline_mitigations_already_exist",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_not_present",
];

/// What a statement can say.
const STATUSES: [&str; 4] = ["affected", "fixed", "not_affected", "under_investigation"];

/// Qualifiers that say whose package it is: the same name elsewhere is another package.
const ORIGINS: [&str; 4] = ["download_url", "registry_url", "repository_url", "vcs_url"];

/// Clocks differ by so much.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// One statement about one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The flaw, by all of its names.
    names: Vec<String>,
    /// The package.
    purl: String,
    /// When it was made; later ones hold.
    time: Timestamp,
    /// Why it is not affected; `None` where it may be, or where no reason is given.
    said: Option<NotAffected>,
    author: String,
    /// Which statement of which document, and in which product.
    place: String,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@id", default)]
    id: String,
    author: String,
    #[serde(default)]
    timestamp: Option<String>,
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
    for (index, entry) in document.statements.iter().enumerate() {
        let number = index.saturating_add(1);
        let odd = |why: String| format!("statement {number} {why}");
        if !STATUSES.contains(&entry.status.as_str()) {
            return Err(odd(format!("has the status {:?}, which OpenVEX does not know", entry.status)));
        }
        let words = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let said = NotAffected {
            justification: words(&entry.justification),
            impact_statement: words(&entry.impact_statement),
        };
        if let Some(word) = said.justification.as_deref().filter(|word| !JUSTIFICATIONS.contains(word)) {
            return Err(odd(format!("gives the justification {word:?}, which OpenVEX does not know")));
        }
        let time = entry.timestamp.as_ref().or(document.timestamp.as_ref());
        let time = time.ok_or_else(|| odd("does not say when it was made".to_owned()))?;
        let time: Timestamp = time.parse().map_err(|_| odd(format!("is of {time:?}, which is no time")))?;
        let reasoned = said.justification.is_some() || said.impact_statement.is_some();
        for product in &entry.products {
            for purl in product.purls() {
                if let Err(error) = purl.parse::<PackageUrl<'_>>() {
                    return Err(odd(format!("names {purl:?}, which is no package URL: {error}")));
                }
                statements.push(Statement {
                    names: names(&entry.vulnerability),
                    place: place(number, &document.id, product, &purl),
                    purl,
                    time,
                    said: (entry.status == "not_affected" && reasoned).then(|| said.clone()),
                    author: document.author.clone(),
                });
            }
        }
    }
    Ok(statements)
}

/// Which words these are, for whoever has to look them up.
fn place(number: usize, document: &str, product: &Product, purl: &str) -> String {
    let mut place = format!("statement {number}");
    if !document.is_empty() {
        place.push_str(&format!(" of {document}"));
    }
    place.push_str(&format!(", on {purl}"));
    if !product.subcomponents.is_empty() {
        let name = if product.id.is_empty() { "a product without a name" } else { product.id.as_str() };
        place.push_str(&format!(" in {name}"));
    }
    place
}

/// A flaw is a name, or since 0.2 an object with a name and aliases.
fn names(vulnerability: &Value) -> Vec<String> {
    let texts = |value: &Value| value.as_str().map(str::to_owned);
    let aliases = vulnerability.get("aliases").and_then(Value::as_array).into_iter().flatten();
    let own = [Some(vulnerability), vulnerability.get("name")];
    own.into_iter().flatten().chain(aliases).filter_map(texts).collect()
}

/// How well a statement's package is the one that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It is another.
    Other,
    /// It may be: no version is named, or not whose package it is.
    Wide,
    /// It is.
    Exact,
}

impl Statement {
    /// Whether it is about this flaw of this package.
    fn fits(&self, evidence: &Evidence) -> Fit {
        let Some(advisory) = &evidence.advisory else { return Fit::Other };
        let mut known = std::iter::once(&advisory.id).chain(&advisory.aliases);
        match known.any(|id| self.names.iter().any(|name| name.eq_ignore_ascii_case(id))) {
            true => fit(&self.purl, advisory.purl.as_str()),
            false => Fit::Other,
        }
    }

    /// True if it says something about this evidence that counts. What speaks against somebody's leave counts also where
    /// it is vague or early; what gives it must be exact.
    fn counts(&self, evidence: &Evidence, now: Timestamp) -> bool {
        match (self.fits(evidence), &self.said) {
            (Fit::Other, _) | (Fit::Wide, Some(_)) => false,
            (_, None) => true,
            (Fit::Exact, Some(_)) => !self.is_early(now),
        }
    }

    fn is_early(&self, now: Timestamp) -> bool {
        self.time.duration_since(now) > SKEW
    }

    fn words(&self) -> String {
        let said = self.said.iter().flat_map(|said| [&said.justification, &said.impact_statement]);
        let said: Vec<&str> = said.flatten().map(String::as_str).collect();
        format!("not affected: {} ({})", said.join(": "), self.place)
    }

    /// Why it gives no leave, unless a later word is the cause.
    fn idle(&self, evidence: &[Evidence], now: Timestamp) -> Option<String> {
        let fits: Vec<Fit> = evidence.iter().map(|seen| self.fits(seen)).collect();
        if self.is_early(now) {
            return Some(format!("it is of {}, which is yet to come", self.time));
        }
        if fits.contains(&Fit::Exact) {
            return None;
        }
        Some(match fits.contains(&Fit::Wide) {
            true => "it does not name the version, or not whose package it is".to_owned(),
            false => "nothing was seen that it speaks of".to_owned(),
        })
    }
}

fn fit(said: &str, seen: &str) -> Fit {
    // What is said was read before; what was seen is a package URL of our own, and one that is none may be any package.
    let (Ok(said), Ok(seen)) = (said.parse::<PackageUrl<'_>>(), seen.parse::<PackageUrl<'_>>()) else {
        return Fit::Wide;
    };
    if said.ty() != seen.ty() || name(&said) != name(&seen) {
        return Fit::Other;
    }
    let version = said.version().filter(|version| !version.is_empty());
    if version.is_some_and(|version| Some(version) != seen.version()) {
        return Fit::Other;
    }
    let (own, its) = (said.qualifiers(), seen.qualifiers());
    let origin = ORIGINS.iter().all(|key| own.get(*key) == its.get(*key));
    let narrow = own.iter().all(|(key, value)| its.get(key) == Some(value));
    if version.is_some() && origin && narrow { Fit::Exact } else { Fit::Wide }
}

/// Namespace and name as the registry compares them.
fn name(url: &PackageUrl<'_>) -> String {
    let full = url.namespace().map_or_else(|| url.name().to_owned(), |space| format!("{space}/{}", url.name()));
    match url.ty() {
        "pypi" => Ecosystem::PyPI.key(&full),
        "composer" => Ecosystem::Packagist.key(&full),
        _ => full,
    }
}

/// The leave that the statements give for this evidence at a moment, as exceptions without a last day; and what is to
/// be said of statements that give none although they would.
#[must_use]
pub fn leave(statements: &[Statement], evidence: &[Evidence], now: Timestamp) -> (Vec<ExceptionEntry>, Vec<Evidence>) {
    let mut leave: Vec<ExceptionEntry> = Vec::new();
    for seen in evidence.iter().filter(|seen| EXCUSABLE.contains(&seen.rule.id)) {
        let about = statements.iter().filter(|statement| statement.counts(seen, now));
        // Of two of the same moment the one that gives no leave is the last word.
        let last = about.max_by_key(|statement| (statement.time, statement.said.is_none()));
        let (Some(last), Some(advisory)) = (last, seen.advisory.as_ref()) else { continue };
        let Some(said) = &last.said else { continue };
        let entry = ExceptionEntry {
            rule: seen.rule.id.to_owned(),
            artifact: None,
            sha256: None,
            package: Some(advisory.purl.as_str().to_owned()),
            advisory: Some(advisory.id.clone()),
            reason: last.words(),
            owner: last.author.clone(),
            until: Date::MAX,
            not_affected: Some(said.clone()),
        };
        if !leave.contains(&entry) {
            leave.push(entry);
        }
    }
    let excusing = statements.iter().filter(|statement| statement.said.is_some());
    let idle = excusing.filter_map(|statement| {
        let why = statement.idle(evidence, now)?;
        let message = format!("OpenVEX by {}: {} excuses nothing: {why}", statement.author, statement.place);
        Some(Evidence::new(&EXCEPTION_UNUSED, message).with("owner", statement.author.as_str()))
    });
    (leave, idle.collect())
}

#[cfg(test)]
#[path = "vex_tests.rs"]
mod tests;
