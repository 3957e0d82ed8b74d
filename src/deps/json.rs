//! Lockfiles in JSON.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::collect::{LOCKFILE_EMPTY, LOCKFILE_MALFORMED, Sheet};

/// The document; `None` when there is none, which is then said.
pub fn parse(sheet: &mut Sheet<'_>, text: &str) -> Option<Value> {
    if text.trim().is_empty() {
        sheet.note(&LOCKFILE_EMPTY, None, "the file has no content");
        return None;
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Some(value),
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
