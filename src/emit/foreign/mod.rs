//! Bills of material by anybody: what they state, and whether they hold together.
//!
//! Read are CycloneDX 1.2 to 1.7 (JSON and XML), SPDX 2.2 and 2.3 (JSON) and SPDX 3.0 (JSON-LD). A bill is taken apart
//! into fields, by names of our own, each said or said to be unknown; what is in neither way there is absent. What is
//! not checked: whether any of it is true.

pub(super) mod convert;
mod cyclonedx;
mod marks;
mod model;
mod sound;
mod spdx2;
mod spdx3;
pub mod xml;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::json;

/// How a field stands in a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Marked as unknown: `NOASSERTION`, `UNKNOWN`.
    Unknown,
    /// Said.
    Said,
}

/// Fields by name.
pub type Fields = BTreeMap<&'static str, Word>;

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Machine-learning model.
    Model,
    /// Dataset.
    Dataset,
    /// A file of something else: named and hashed, no package of its own.
    File,
    /// Anything else: library, application, container, …
    Package,
}

/// A component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How the bill refers to it; by its place where it has no reference.
    pub reference: String,
    /// Its name, empty when it has none.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What is said of it.
    pub fields: Fields,
}

/// A bill as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreign {
    /// `CycloneDX` or `SPDX`.
    pub format: &'static str,
    /// Its version.
    pub version: String,
    /// `JSON`, `XML` or `JSON-LD`.
    pub syntax: &'static str,
    /// What the document says of itself and of the whole.
    pub fields: Fields,
    /// Components.
    pub parts: Vec<Part>,
    /// What does not hold together.
    pub unsound: Vec<Unsound>,
    /// Fields of models by how this tool said that they are known.
    pub assurances: BTreeMap<String, usize>,
    /// The document as JSON, in the shape of its format; of XML what has the same meaning.
    pub value: Value,
}

/// One thing that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsound {
    /// Where: a JSON pointer or a reference.
    pub place: String,
    /// What, as a sentence without a full stop.
    pub what: String,
}

/// Why bytes could not be read as a bill.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No JSON and no XML.
    #[error("it cannot be parsed: {0}")]
    Malformed(String),
    /// JSON or XML of something else.
    #[error("it is no bill of materials that is known here")]
    Other,
    /// SPDX in another of its forms.
    #[error(
        "it is SPDX in {0}, which is not read here; `pyspdxtools --infile FILE --outfile bill.spdx.json` writes it as JSON"
    )]
    Syntax(&'static str),
    /// A version that nothing here reads.
    #[error("{0}, which is not read here")]
    Version(String),
}

/// Reads a bill, whatever its format, by its content.
///
/// # Errors
/// [`Trouble`], when there is nothing to take apart.
pub fn read(bytes: &[u8]) -> Result<Foreign, Trouble> {
    let text = std::str::from_utf8(bytes).map_err(|error| Trouble::Malformed(format!("no UTF-8: {error}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(syntax) = other_syntax(text) {
        return Err(Trouble::Syntax(syntax));
    }
    if text.trim_start().starts_with('<') {
        let value = xml::to_json(text)?;
        let mut bill = cyclonedx::read(value)?;
        bill.syntax = "XML";
        return Ok(bill);
    }
    let (value, repeated) = json::read(text).map_err(|error| Trouble::Malformed(error.to_string()))?;
    let mut bill = if value.get("bomFormat").is_some() {
        cyclonedx::read(value)?
    } else if value.get("spdxVersion").is_some() {
        spdx2::read(value)?
    } else if value.get("@graph").is_some() && value.get("@context").is_some() {
        spdx3::read(value)?
    } else if value.get("specFormat").is_some() {
        return Err(Trouble::Version("CycloneDX of the 2.0 family".to_owned()));
    } else {
        return Err(Trouble::Other);
    };
    let doubt = |place| Unsound { place, what: "a key given twice: readers disagree on which one counts".to_owned() };
    bill.unsound.extend(repeated.into_iter().map(doubt));
    bill.unsound.sort();
    bill.unsound.dedup();
    Ok(bill)
}

/// The form of an SPDX document that is neither JSON nor JSON-LD.
fn other_syntax(text: &str) -> Option<&'static str> {
    let begin = text.trim_start();
    let head = begin.get(..begin.floor_char_boundary(4096)).unwrap_or_default();
    if begin.starts_with('<') {
        return head.contains("http://spdx.org/rdf/terms").then_some("RDF/XML");
    }
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if first.is_some_and(|line| line.starts_with("SPDXVersion:")) {
        return Some("the tag-value form");
    }
    text.lines().any(|line| line.starts_with("spdxVersion:")).then_some("YAML")
}

/// Notes a field; what was said once stays said.
fn note(fields: &mut Fields, name: &'static str, word: Option<Word>) {
    if let Some(word) = word {
        let slot = fields.entry(name).or_insert(word);
        *slot = (*slot).max(word);
    }
}

/// A text as a word: absent when blank.
fn word(text: Option<&str>) -> Option<Word> {
    let text = text?.trim();
    if text.is_empty() {
        return None;
    }
    let bare = ["Organization:", "Person:", "Tool:"].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text);
    let marks = ["NOASSERTION", "NONE", "UNKNOWN", "NO ASSERTION", "N/A", "NOT SPECIFIED"];
    let unknown = marks.iter().any(|mark| bare.trim().eq_ignore_ascii_case(mark));
    Some(if unknown { Word::Unknown } else { Word::Said })
}

/// Said, if it is so.
fn said(is: bool) -> Option<Word> {
    is.then_some(Word::Said)
}

/// The items of a list under a key; none when there is no list.
fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A text under a key.
fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// Marks every part that stands at either end of an edge: its dependencies are said.
fn connect(parts: &mut [Part], connected: &BTreeSet<String>) {
    for part in parts {
        note(&mut part.fields, "dependency", said(connected.contains(&part.reference)));
    }
}

#[cfg(test)]
mod tests;
