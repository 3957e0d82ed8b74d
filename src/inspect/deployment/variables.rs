//! Variables that a script or container file sets itself, put in where they are used.

use std::collections::BTreeMap;

/// Bytes that the values of variables may make of one text. Each of them may be made of the others, so that a few lines
/// would fill any memory; what is longer is no command that anybody wrote.
const FILLED: usize = 1 << 20;

/// Bytes of the longest value that is remembered.
const VALUE: usize = 64 << 10;

/// Values by name. What is set elsewhere is not known.
#[derive(Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Takes `NAME=value` down, with the quotes around the value taken off. Anything else is left alone.
    pub fn set(&mut self, assignment: &str) {
        let Some((name, value)) = assignment.split_once('=') else { return };
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if named {
            let value = self.resolve(value.trim_matches(['"', '\'']));
            if value.len() <= VALUE {
                self.0.insert(name.to_owned(), value);
            } else {
                self.0.remove(name);
            }
        }
    }

    /// Takes down what a line of a script sets: `NAME=value`, `export NAME=value`, alone in its line.
    pub fn read(&mut self, line: &str) {
        let line = line.trim().trim_end_matches(';');
        let words = ["export ", "readonly ", "local ", "declare "];
        let rest = words.iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line).trim_start();
        let quoted = rest.split_once('=').is_some_and(|(_, value)| value.starts_with(['"', '\'']));
        if quoted || !rest.contains(char::is_whitespace) {
            self.set(rest);
        }
    }

    /// The text with the values of variables: `$NAME`, `${NAME}`, `${NAME:-VALUE}`. A name that is set nowhere becomes a
    /// lone `$`.
    pub fn resolve(&self, text: &str) -> String {
        self.filled(text, |_| "$")
    }

    /// The same, but a name that is set nowhere stays as it is spelt.
    pub fn resolve_known(&self, text: &str) -> String {
        self.filled(text, |spelt| spelt)
    }

    fn filled<'t>(&self, text: &'t str, unset: impl Fn(&'t str) -> &'t str) -> String {
        let mut resolved = String::new();
        let mut rest = text;
        // Nothing behind the last brace is closed.
        let braced = text.rfind('}').unwrap_or_default();
        let room = text.len().saturating_add(FILLED);
        while let Some((before, after)) = rest.split_once('$').filter(|_| resolved.len() < room) {
            resolved.push_str(before);
            let spelt = &rest[before.len()..];
            let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
            let closes = text.len() - after.len() < braced;
            let open = after.strip_prefix('{').filter(|_| closes);
            let (inner, behind) = match open.and_then(|inner| inner.split_once('}')) {
                Some(parts) => parts,
                None => after.split_at(end),
            };
            let (name, default) = inner.split_once(":-").map_or((inner, None), |(name, value)| (name, Some(value)));
            let value = self.0.get(name).map(String::as_str).filter(|value| !value.is_empty()).or(default);
            resolved.push_str(value.unwrap_or_else(|| unset(&spelt[..spelt.len() - behind.len()])));
            rest = behind;
        }
        resolved + rest
    }
}
