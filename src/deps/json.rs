//! Lockfiles in JSON.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};
use crate::model::json::read;

/// The document; `None` when there is none, which is then said.
pub fn parse(sheet: &mut Sheet<'_>, text: &str) -> Option<Value> {
    if text.trim().is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "the file has no content");
        return None;
    }
    match read(text) {
        Ok((value, repeated)) if value.is_object() => {
            for place in repeated {
                let shown: String = place.chars().take(200).collect();
                sheet.note(&LOCKFILE_MALFORMED, None, format!("{shown} stands twice, and only the last is read"));
            }
            Some(value)
        }
        Ok(_) => {
            sheet.note(&LOCKFILE_MALFORMED, Some(1), "a JSON document that is no object");
            None
        }
        Err(error) => {
            sheet.note(&LOCKFILE_MALFORMED, Some(error.line() as u64), format!("not JSON: {error}"));
            None
        }
    }
}

/// The text under a key, empty when there is none.
pub fn text_of<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The members of the object under a key; none where there is none. A value of another kind is said: what it would have
/// held was not read.
pub fn members<'a>(
    sheet: &mut Sheet<'_>,
    map: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    let found = map.get(key);
    if found.is_some_and(|value| !value.is_object()) {
        odd(sheet, key, "object");
    }
    found.and_then(Value::as_object).into_iter().flatten()
}

/// The items of the list under a key, the same way.
pub fn items<'a>(
    sheet: &mut Sheet<'_>,
    map: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    let found = map.get(key);
    if found.is_some_and(|value| !value.is_array()) {
        odd(sheet, key, "list");
    }
    found.and_then(Value::as_array).into_iter().flatten()
}

/// The entry as an object; one that is none is said.
pub fn entry<'a>(sheet: &mut Sheet<'_>, name: &str, value: &'a Value) -> Option<&'a Map<String, Value>> {
    if !value.is_object() {
        odd(sheet, name, "object");
    }
    value.as_object()
}

fn odd(sheet: &mut Sheet<'_>, what: &str, kind: &str) {
    let shown: String = what.chars().take(200).collect();
    sheet.note(&LOCKFILE_MALFORMED, None, format!("{shown:?} is no {kind}, so nothing in it was read"));
}

/// Where keys stand, for files that are written one key a line as package managers write them.
pub struct Keys<'a> {
    lines: HashMap<&'a str, u64>,
}

impl<'a> Keys<'a> {
    /// Notes the first line that begins with each key.
    pub fn of(text: &'a str) -> Self {
        let mut lines = HashMap::new();
        for (number, line) in (1u64..).zip(text.lines()) {
            let line = line.trim_start();
            let (key, quoted) = match line.as_bytes().first() {
                Some(quote @ (b'"' | b'\'')) => {
                    let rest = line.get(1..).unwrap_or_default();
                    (rest.split(char::from(*quote)).next().unwrap_or_default(), true)
                }
                _ => (line.strip_suffix(':').unwrap_or_default(), false),
            };
            if quoted || !key.is_empty() {
                lines.entry(key).or_insert(number);
            }
        }
        Self { lines }
    }

    /// The line of a key, if it begins one.
    pub fn line(&self, key: &str) -> Option<u64> {
        self.lines.get(key).copied()
    }
}
