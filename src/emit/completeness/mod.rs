//! How complete a bill of materials is, against catalogues of minimum elements.
//!
//! Counted is what is said, by whoever said it: a complete bill may still be wrong. A field marked as unknown is told
//! apart from a missing one, and whether it is enough depends on the catalogue. The catalogues are data
//! (`standards.toml`), with their editions. Not checked: practices around a bill (frequency, access, distribution).

pub mod owasp;
mod render;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::foreign::{Fields, Foreign, Kind, Word};

pub use render::terminal;

/// The data, with edition and source of each catalogue.
const DATA: &str = include_str!("standards.toml");
/// Components of one element that are named one by one.
const NAMED: usize = 50;

/// One catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// Short name: `cisa-2026`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who publishes it.
    pub publisher: String,
    /// Edition that the elements are of.
    pub edition: String,
    /// Where it is published.
    pub source: String,
    /// True where a field that is marked as unknown is enough.
    pub unknown: bool,
    /// Which bills it is about.
    pub about: About,
    /// What it asks for.
    pub element: Vec<Element>,
}

/// Which bills a catalogue is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// Any.
    Any,
    /// Those that list a model.
    Models,
}

/// One thing that a catalogue asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// Its number or short name.
    pub id: String,
    /// Its name in the catalogue.
    pub title: String,
    /// What must say it.
    pub on: On,
    /// The field, by a name of ours.
    pub field: String,
    /// How much it is asked for.
    pub need: Need,
    /// Whether being marked as unknown is enough, where that differs from the rest of the catalogue.
    pub unknown: Option<bool>,
}

/// What must say a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// The document, or anything in it.
    Document,
    /// The component that the document is about, which is the first one.
    System,
    /// Every package, model and dataset; files are parts of these.
    Component,
    /// Every model.
    Model,
    /// Every dataset.
    Dataset,
}

/// How much a catalogue asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// It demands it.
    Must,
    /// It asks for it where it can be had.
    Should,
}

/// One element as a bill answers it.
#[derive(Clone, Debug)]
pub struct Answer<'s> {
    /// The element.
    pub element: &'s Element,
    /// Who had to say it.
    pub asked: usize,
    /// Who said that it is unknown, by name.
    pub unknown: Vec<String>,
    /// Who said nothing, by name.
    pub absent: Vec<String>,
    /// True when that is enough.
    pub met: bool,
    /// Where it can come from, if it is missing.
    pub from: Option<&'s str>,
}

/// One catalogue as a bill answers it.
#[derive(Clone, Debug)]
pub struct Outcome<'s> {
    /// The catalogue.
    pub standard: &'s Standard,
    /// False when it is about other bills.
    pub applies: bool,
    /// Its elements, in order.
    pub answers: Vec<Answer<'s>>,
}

impl Outcome<'_> {
    /// True when everything that is demanded is there.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.answers.iter().all(|answer| answer.met || answer.element.need == Need::Should)
    }

    /// Elements that are met, of those that are demanded and asked for.
    #[must_use]
    pub fn count(&self, need: Need) -> (usize, usize) {
        let of: Vec<_> = self.answers.iter().filter(|answer| answer.element.need == need).collect();
        (of.iter().filter(|answer| answer.met).count(), of.len())
    }
}

/// All catalogues, and where missing fields can come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Catalogues in order.
    pub standard: Vec<Standard>,
    /// By field.
    pub from: BTreeMap<String, String>,
}

/// Reads the data. A test holds that it can be read.
#[must_use]
pub fn catalogue() -> Catalogue {
    toml::from_str(DATA).unwrap_or_else(|_| Catalogue { standard: Vec::new(), from: BTreeMap::new() })
}

/// Holds a bill against every catalogue.
#[must_use]
pub fn check<'s>(bill: &Foreign, catalogue: &'s Catalogue) -> Vec<Outcome<'s>> {
    let models = bill.parts.iter().any(|part| part.kind == Kind::Model);
    let one = |standard: &'s Standard| {
        let applies = standard.about == About::Any || models;
        let answer = |element| answer(bill, standard, element, &catalogue.from);
        let answers = if applies { standard.element.iter().map(answer).collect() } else { Vec::new() };
        Outcome { standard, applies, answers }
    };
    catalogue.standard.iter().map(one).collect()
}

fn answer<'s>(
    bill: &Foreign,
    standard: &Standard,
    element: &'s Element,
    from: &'s BTreeMap<String, String>,
) -> Answer<'s> {
    let whole = |name: &str| (name.to_owned(), bill.fields.get(element.field.as_str()).copied());
    let said = |fields: &Fields| fields.get(element.field.as_str()).copied();
    let asked: Vec<(String, Option<Word>)> = match element.on {
        On::Document if element.field == "components" => {
            vec![("the document".to_owned(), (!bill.parts.is_empty()).then_some(Word::Said))]
        }
        On::Document => {
            // What any component says, the document says.
            let (name, own) = whole("the document");
            let parts = bill.parts.iter().filter(|_| IN_PARTS.contains(&element.field.as_str()));
            let best = parts.filter_map(|part| said(&part.fields)).max();
            vec![(name, own.max(best))]
        }
        On::System => bill.parts.first().map(|part| (label(part), said(&part.fields))).into_iter().collect(),
        On::Component | On::Model | On::Dataset => {
            let wanted = |kind: Kind| match element.on {
                On::Model => kind == Kind::Model,
                On::Dataset => kind == Kind::Dataset,
                _ => kind != Kind::File,
            };
            let parts = bill.parts.iter().filter(|part| wanted(part.kind));
            parts.map(|part| (label(part), said(&part.fields))).collect()
        }
    };
    let names = |wanted: Option<Word>| -> Vec<String> {
        asked.iter().filter(|(_, word)| *word == wanted).map(|(name, _)| name.clone()).collect()
    };
    let (unknown, absent) = (names(Some(Word::Unknown)), names(None));
    let enough = element.unknown.unwrap_or(standard.unknown);
    let met = absent.is_empty() && (enough || unknown.is_empty());
    let hint = (!absent.is_empty() || !unknown.is_empty()).then(|| from.get(&element.field).map(String::as_str));
    Answer { element, asked: asked.len(), unknown, absent, met, from: hint.flatten() }
}

/// Fields that the document says through its components.
const IN_PARTS: [&str; 4] = ["inputs-outputs", "intended-use", "metrics", "compliance"];

fn label(part: &super::foreign::Part) -> String {
    if part.name.is_empty() { part.reference.clone() } else { part.name.clone() }
}

/// The whole answer as JSON. `name` is of the file that was read.
#[must_use]
pub fn json(name: &str, bill: &Foreign, outcomes: &[Outcome<'_>], required: &[String]) -> Value {
    let few = |names: &[String]| names.iter().take(NAMED).cloned().collect::<Vec<_>>();
    let answer = |answer: &Answer<'_>| {
        json!({
            "id": answer.element.id,
            "title": answer.element.title,
            "field": answer.element.field,
            "need": match answer.element.need { Need::Must => "must", Need::Should => "should" },
            "met": answer.met,
            "asked": answer.asked,
            "absent": { "count": answer.absent.len(), "names": few(&answer.absent) },
            "unknown": { "count": answer.unknown.len(), "names": few(&answer.unknown) },
            "from": answer.from,
        })
    };
    let outcome = |outcome: &Outcome<'_>| {
        let standard = outcome.standard;
        json!({
            "id": standard.id,
            "title": standard.title,
            "publisher": standard.publisher,
            "edition": standard.edition,
            "source": standard.source,
            "applies": outcome.applies,
            "required": required.contains(&standard.id),
            "met": outcome.is_met(),
            "elements": outcome.answers.iter().map(answer).collect::<Vec<_>>(),
        })
    };
    let kinds = |kind: Kind| bill.parts.iter().filter(|part| part.kind == kind).count();
    let unsound = bill.unsound.iter().map(|one| json!({ "place": one.place, "what": one.what }));
    json!({
        "schema": "weighbridge/sbom-check/v1",
        "file": name,
        "format": { "name": bill.format, "version": bill.version, "syntax": bill.syntax },
        "components": {
            "packages": kinds(Kind::Package),
            "models": kinds(Kind::Model),
            "datasets": kinds(Kind::Dataset),
            "files": kinds(Kind::File),
        },
        "sound": bill.unsound.is_empty(),
        "unsound": unsound.collect::<Vec<_>>(),
        "standards": outcomes.iter().map(outcome).collect::<Vec<_>>(),
        "owasp": owasp::score(&bill.value).map(|score| score.json()),
        "assurance": bill.assurances,
    })
}

#[cfg(test)]
mod tests;
