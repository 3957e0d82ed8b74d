//! What must hold in a bill before anything in it can be used: names that lead somewhere, once, and digests that are
//! digests. A part of what the formats' schemas demand, and what no schema can: references.

mod cyclonedx;
mod spdx;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::marks::{Look, look};
use super::{Unsound, list, text};

pub(super) use cyclonedx::check as cyclonedx;
pub(super) use spdx::{second as spdx2, third as spdx3};

/// Troubles of one kind that are told one by one.
const TOLD: usize = 20;

/// What keys of a format hold, whatever object they stand in.
struct Kinds {
    lists: &'static [&'static str],
    texts: &'static [&'static str],
}

/// Troubles as they are found.
#[derive(Default)]
struct Sheet {
    found: Vec<Unsound>,
    counts: BTreeMap<&'static str, usize>,
}

impl Sheet {
    /// Notes a trouble; of each kind only so many are told.
    fn note(&mut self, kind: &'static str, place: &str, what: impl Into<String>) {
        let count = self.counts.entry(kind).or_default();
        *count = count.saturating_add(1);
        if *count <= TOLD {
            self.found.push(Unsound { place: place.to_owned(), what: what.into() });
        }
    }

    /// Notes a trouble unless it holds.
    fn hold(&mut self, holds: bool, kind: &'static str, place: &str, what: &str) {
        if !holds {
            self.note(kind, place, what);
        }
    }

    /// Digests of one element.
    fn digests(&mut self, element: &Value, place: &str, keys: (&str, &str, &str)) {
        for (index, hash) in list(element, keys.0).enumerate() {
            let (algorithm, digest) = (text(hash, keys.1).unwrap_or_default(), text(hash, keys.2).unwrap_or_default());
            if let Look::Broken(what) = look(algorithm, digest) {
                self.note("digest", &format!("{place}/{}/{index}", keys.0), what);
            }
        }
    }

    /// A package URL.
    fn purl(&mut self, purl: Option<&str>, place: &str) {
        let sound = purl.is_none_or(|purl| purl.parse::<packageurl::PackageUrl<'_>>().is_ok());
        self.hold(sound, "purl", place, "no valid package URL");
    }

    /// A moment as RFC 3339.
    fn moment(&mut self, moment: Option<&str>, place: &str) {
        let sound = moment.is_none_or(|moment| moment.parse::<jiff::Timestamp>().is_ok());
        self.hold(sound, "moment", place, "no time as RFC 3339 writes it");
    }

    /// That keys hold what they must, wherever in the document they stand: what is of another kind is passed over by
    /// whoever reads the bill, so that it says nothing. One place is held at a time, and the reader bounds the depth.
    fn kinds(&mut self, value: &Value, place: &mut String, wanted: &Kinds) {
        let length = place.len();
        let pairs = value.as_object().into_iter().flatten();
        for (key, below) in pairs {
            let list = below.is_array() || !wanted.lists.contains(&key.as_str());
            let text = below.is_string() || !wanted.texts.contains(&key.as_str());
            if list && text && !below.is_object() && !below.is_array() {
                continue;
            }
            place.push('/');
            place.push_str(&key.replace('~', "~0").replace('/', "~1"));
            self.hold(list, "kind", place, "no list");
            self.hold(text, "kind", place, "no text");
            self.kinds(below, place, wanted);
            place.truncate(length);
        }
        for (index, below) in value.as_array().into_iter().flatten().enumerate() {
            if below.is_object() || below.is_array() {
                place.push_str(&format!("/{index}"));
                self.kinds(below, place, wanted);
                place.truncate(length);
            }
        }
    }

    fn close(mut self) -> Vec<Unsound> {
        for (kind, count) in self.counts {
            if count > TOLD {
                self.found.push(Unsound {
                    place: String::new(),
                    what: format!("{} more of the kind \"{kind}\"", count.saturating_sub(TOLD)),
                });
            }
        }
        self.found
    }
}

/// Notes names that are taken twice and gives back all of them.
fn unique<'v>(names: impl Iterator<Item = (&'v str, String)>, sheet: &mut Sheet) -> BTreeSet<&'v str> {
    let mut known = BTreeSet::new();
    for (name, place) in names {
        if !known.insert(name) {
            sheet.note("reference twice", &place, format!("the reference {:?} is taken twice", cut(name)));
        }
    }
    known
}

/// A name as it may stand in a sentence.
fn cut(name: &str) -> String {
    super::super::sanitize::short(name, 120).into_owned()
}
