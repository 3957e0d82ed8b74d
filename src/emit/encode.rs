//! Values as JSON text that is safe to show.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::sanitize;

/// Indented JSON with a line break at the end, in which every character that steers a terminal or hides from a
/// person is written as `\uXXXX`. Any JSON reader gets back the same text.
#[must_use]
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Visible(PrettyFormatter::new()));
    // The documents of this room have string keys and finite numbers, and memory takes every byte: nothing fails.
    let _ = value.serialize(&mut serializer);
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}

/// [`PrettyFormatter`] that escapes what [`sanitize`] calls hidden.
struct Visible<'a>(PrettyFormatter<'a>);

impl Formatter for Visible<'_> {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return writer.write_all(fragment.as_bytes());
        }
        while let Some(at) = rest.find(sanitize::is_hidden) {
            let (clean, hidden) = rest.split_at(at);
            writer.write_all(clean.as_bytes())?;
            let mut characters = hidden.chars();
            let mut units = [0; 2];
            for unit in characters.next().into_iter().flat_map(|c| c.encode_utf16(&mut units).to_vec()) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }

    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn controls_are_escaped_and_layout_is_kept() {
        let text = pretty(&json!({"a\u{9b}": ["\u{202e}\u{e0041}x\n"]}));
        assert_eq!(text, "{\n  \"a\\u009b\": [\n    \"\\u202e\\udb40\\udc41x\\n\"\n  ]\n}\n");
    }

    proptest! {
        #[test]
        fn any_text_survives_and_nothing_hidden_is_left(key in any::<String>(), text in any::<String>()) {
            let value = json!({ key: [text, 1, null, {}] });
            let encoded = pretty(&value);
            prop_assert!(!encoded.chars().any(|c| c != '\n' && sanitize::is_hidden(c)));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&encoded).unwrap(), value);
        }
    }
}
