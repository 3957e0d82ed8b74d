//! The part of YAML that model cards are written in.
//!
//! Block and flow collections, plain, quoted and block scalars, comments. What is left out is refused by name, never
//! guessed: anchors and aliases (the way to make a small text expand to gigabytes), tags, several documents, complex
//! keys. Reference: YAML 1.2.2; of scalars only `null`, `~`, `true`, `false` and decimal numbers are not text.

use serde_json::{Map, Value};

use super::flow::{self, plain};

/// Collections inside collections that are read.
const DEPTH: usize = 16;

/// Why a front matter was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Trouble {
    /// Line of the front matter, from 1.
    pub line: usize,
    /// What stands there.
    pub what: &'static str,
}

/// Splits a card into its front matter, between two lines of `---`, and the text after it. Of one that is not closed
/// the text begins with the first heading: its lines are no prose.
///
/// # Errors
/// [`Trouble`] for a front matter that is not closed, with the text.
pub fn split(text: &str) -> (Result<Option<&str>, Trouble>, &str) {
    let text = text.trim_start_matches('\u{feff}');
    let begin = text.trim_start();
    let Some(inner) = begin.strip_prefix("---").and_then(|rest| rest.split_once('\n')) else { return (Ok(None), text) };
    let inner = match inner {
        (rest, inner) if rest.trim().is_empty() => inner,
        _ => return (Ok(None), text),
    };
    let mut at = 0;
    let mut heading = None;
    let mut blank = false;
    for line in inner.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (Ok(Some(&inner[..at])), &inner[at + line.len()..]);
        }
        // A comment of YAML looks like a heading, but has no empty line before it.
        if heading.is_none() && blank && line.starts_with('#') {
            heading = Some(at);
        }
        blank = line.trim().is_empty();
        at += line.len();
    }
    let trouble = Trouble { line: 1, what: "a front matter that is not closed" };
    (Err(trouble), heading.map_or("", |heading| &inner[heading..]))
}

/// Reads a front matter, which is a mapping (or nothing at all).
///
/// # Errors
/// [`Trouble`] at the first line that is not in the subset.
pub fn read(text: &str) -> Result<Map<String, Value>, Trouble> {
    let lines = text
        .lines()
        .map(|line| {
            let text = line.trim_start_matches(' ');
            Line { indent: line.len() - text.len(), text: text.trim_end() }
        })
        .collect();
    let mut reader = Reader { lines, at: 0 };
    match reader.node(0, 0)? {
        Value::Object(map) if reader.peek().is_none() => Ok(map),
        Value::Null if reader.peek().is_none() => Ok(Map::new()),
        Value::Object(_) | Value::Null => Err(reader.trouble("indentation that fits nothing above")),
        _ => Err(Trouble { line: 1, what: "not a mapping" }),
    }
}

#[derive(Clone, Copy)]
struct Line<'t> {
    indent: usize,
    text: &'t str,
}

struct Reader<'t> {
    lines: Vec<Line<'t>>,
    at: usize,
}

impl<'t> Reader<'t> {
    const fn trouble(&self, what: &'static str) -> Trouble {
        Trouble { line: self.at.saturating_add(1), what }
    }

    /// The next line that is neither blank nor a comment.
    fn peek(&mut self) -> Option<Line<'t>> {
        while let Some(line) = self.lines.get(self.at) {
            if !line.text.is_empty() && !line.text.starts_with('#') {
                return Some(*line);
            }
            self.at += 1;
        }
        None
    }

    /// Whatever begins on the next line, if it is indented at least so far.
    fn node(&mut self, indent: usize, depth: usize) -> Result<Value, Trouble> {
        if depth > DEPTH {
            return Err(self.trouble("too many collections inside each other"));
        }
        let Some(line) = self.peek().filter(|line| line.indent >= indent) else {
            return Ok(Value::Null);
        };
        if is_item(line.text) {
            self.sequence(line.indent, depth)
        } else if key(line.text).is_some() {
            self.mapping(line.indent, depth)
        } else {
            self.at += 1;
            self.value(line.text, line.indent, depth)
        }
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Result<Value, Trouble> {
        let mut map = Map::new();
        while let Some(line) = self.peek().filter(|line| line.indent >= indent) {
            if line.indent > indent {
                return Err(self.trouble("indentation that fits nothing above"));
            }
            if is_item(line.text) {
                break;
            }
            let Some((name, rest)) = key(line.text) else {
                return Err(self.trouble("no `key: value`"));
            };
            let name = match scalar(name).map_err(|what| self.trouble(what))? {
                Value::String(name) => name,
                other => other.to_string(),
            };
            if map.contains_key(&name) {
                return Err(self.trouble("a key given twice"));
            }
            self.at += 1;
            let value = if rest.is_empty() {
                match self.peek() {
                    Some(next) if next.indent == indent && is_item(next.text) => self.sequence(indent, depth + 1)?,
                    _ => self.node(indent + 1, depth + 1)?,
                }
            } else {
                self.value(rest, indent, depth + 1)?
            };
            map.insert(name, value);
        }
        Ok(Value::Object(map))
    }

    fn sequence(&mut self, indent: usize, depth: usize) -> Result<Value, Trouble> {
        if depth > DEPTH {
            return Err(self.trouble("too many collections inside each other"));
        }
        let mut items = Vec::new();
        while let Some(line) = self.peek().filter(|line| line.indent == indent && is_item(line.text)) {
            let rest = line.text[1..].trim_start();
            let inner = line.indent + (line.text.len() - rest.len());
            let rest = if rest.starts_with('#') { "" } else { rest };
            if rest.is_empty() {
                self.at += 1;
                items.push(self.node(indent + 1, depth + 1)?);
            } else if is_item(rest) || key(rest).is_some() {
                // `- key: value` is a mapping that begins in the middle of the line.
                self.lines[self.at] = Line { indent: inner, text: rest };
                items.push(self.node(inner, depth + 1)?);
            } else {
                self.at += 1;
                items.push(self.value(rest, indent, depth + 1)?);
            }
        }
        Ok(Value::Array(items))
    }

    /// A scalar or flow collection that begins with `first`; the line of `first` is behind us. Lines that are
    /// indented further than `indent` go on with it.
    fn value(&mut self, first: &str, indent: usize, depth: usize) -> Result<Value, Trouble> {
        match first.as_bytes().first() {
            Some(b'&' | b'*') => Err(self.behind("an anchor or alias")),
            Some(b'!') => Err(self.behind("a tag")),
            Some(b'%' | b'@' | b'`') => Err(self.behind("a reserved character")),
            Some(b'|' | b'>') => self.block(first, indent),
            Some(b'[' | b'{' | b'"' | b'\'') => {
                let mut text = first.to_owned();
                while !closed(&text) {
                    let Some(line) = self.lines.get(self.at).filter(|l| l.indent > indent || l.text.is_empty()) else {
                        return Err(self.behind("a bracket or quote that is not closed"));
                    };
                    text.push(' ');
                    text.push_str(line.text);
                    self.at += 1;
                }
                flow::read(&text, DEPTH.saturating_sub(depth)).map_err(|what| self.behind(what))
            }
            _ => {
                let mut text = uncommented(first).to_owned();
                while let Some(line) = self.peek().filter(|line| line.indent > indent) {
                    text.push(' ');
                    text.push_str(uncommented(line.text));
                    self.at += 1;
                }
                Ok(plain(&text))
            }
        }
    }

    /// `|` keeps line breaks, `>` folds them; chomping indicators decide about the last ones.
    fn block(&mut self, header: &str, indent: usize) -> Result<Value, Trouble> {
        let header = uncommented(header);
        if header.len() > 2 || header[1..].bytes().any(|byte| byte != b'-' && byte != b'+') {
            return Err(self.behind("a block scalar with an indentation indicator"));
        }
        let fold = header.starts_with('>');
        let mut text = String::new();
        let mut margin = None;
        while let Some(line) = self.lines.get(self.at) {
            if !line.text.is_empty() && line.indent <= indent {
                break;
            }
            self.at += 1;
            if line.text.is_empty() {
                text.push('\n');
                continue;
            }
            let margin = *margin.get_or_insert(line.indent);
            if fold && !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.extend(std::iter::repeat_n(' ', line.indent.saturating_sub(margin)));
            text.push_str(line.text);
            if !fold {
                text.push('\n');
            }
        }
        let kept = text.trim_end_matches('\n').len();
        text.truncate(kept);
        if !header.contains('-') {
            text.push('\n');
        }
        Ok(Value::String(text))
    }

    /// Trouble on the line that was just taken.
    const fn behind(&self, what: &'static str) -> Trouble {
        let line = if self.at == 0 { 1 } else { self.at };
        Trouble { line, what }
    }
}

fn is_item(text: &str) -> bool {
    text == "-" || text.starts_with("- ")
}

/// Splits `key: value` (`key:` alone gives an empty value). Flow collections and block text are no keys.
fn key(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => {
            let end = text[1..].find(quote)? + 2;
            text[end..].starts_with(':').then_some(end)?
        }
        None if text.starts_with(['[', '{', '#', '&', '*', '!', '|', '>', '%', '@', '`']) => return None,
        None => text.match_indices(':').map(|(at, _)| at).find(|at| {
            let after = &text[at + 1..];
            after.is_empty() || after.starts_with(' ')
        })?,
    };
    let rest = text[end + 1..].trim_start();
    Some((&text[..end], if rest.starts_with('#') { "" } else { rest }))
}

/// A key, quoted or not.
fn scalar(text: &str) -> Result<Value, &'static str> {
    if text.starts_with(['"', '\'']) { flow::read(text, 0) } else { Ok(Value::String(text.trim_end().to_owned())) }
}

/// Without a comment at the end.
fn uncommented(text: &str) -> &str {
    text.find(" #").map_or(text, |at| text[..at].trim_end())
}

/// True when all brackets and quotes are closed.
fn closed(text: &str) -> bool {
    let mut depth = 0usize;
    let mut quote = None;
    let mut escaped = false;
    for character in text.chars() {
        match (quote, character) {
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(open), close) if open == close && !escaped => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = false;
    }
    depth == 0 && quote.is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parsed(text: &str) -> Value {
        Value::Object(read(text).unwrap())
    }

    #[test]
    fn cards_are_read() {
        let text = "license: apache-2.0 # yes\nlanguage:\n- en\n- no\ntags: [a, 'b: c', \"d\\n\"]\n\
                    model-index:\n- name: demo\n  results:\n  - task: {type: text-generation}\n    \
                    metrics: [{type: accuracy, value: 0.5}]\nempty:\nnested:\n  key: a long\n    line\n";
        let expected = json!({
            "license": "apache-2.0", "language": ["en", "no"], "tags": ["a", "b: c", "d\n"],
            "model-index": [{"name": "demo", "results": [
                {"task": {"type": "text-generation"}, "metrics": [{"type": "accuracy", "value": 0.5}]}]}],
            "empty": null, "nested": {"key": "a long line"},
        });
        assert_eq!(parsed(text), expected);
    }

    #[test]
    fn block_scalars_and_open_flows_are_read() {
        let text = "a: |\n  one\n    two\n\nb: >-\n  one\n  two\nc: [x,\n  y]\n'd e': 1\nurl: https://a.b/c:d\n";
        let expected = json!({
            "a": "one\n  two\n", "b": "one two", "c": ["x", "y"], "d e": 1, "url": "https://a.b/c:d",
        });
        assert_eq!(parsed(text), expected);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let refused = |text: &str| read(text).unwrap_err().what;
        assert_eq!(refused("a: &x 1\n"), "an anchor or alias");
        assert_eq!(refused("a: !!python/object x\n"), "a tag");
        assert_eq!(refused("a: 1\na: 2\n"), "a key given twice");
        assert_eq!(refused("- a\n"), "not a mapping");
        assert_eq!(refused("a: [1, 2\n"), "a bracket or quote that is not closed");
        assert!(read(&format!("a: {}{}\n", "[".repeat(50_000), "]".repeat(50_000))).is_err());
        assert!(read(&"- ".repeat(50_000)).is_err());
    }

    #[test]
    fn the_front_matter_is_between_its_lines() {
        assert_eq!(split("---\na: 1\n---\n# Title\n"), (Ok(Some("a: 1\n")), "# Title\n"));
        assert_eq!(split("\n--- \r\na: 1\r\n---\r\nText"), (Ok(Some("a: 1\r\n")), "Text"));
        assert_eq!(split("# Title\n---\n"), (Ok(None), "# Title\n---\n"));
        let (front, text) = split("---\nlicense: mit\n\n# Title\n\nText\n");
        assert_eq!((front.unwrap_err().what, text), ("a front matter that is not closed", "# Title\n\nText\n"));
        assert_eq!(split("---\nnever closed").1, "");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-a:\\[\\]{}'\",#|> \n&*\\\\~0é]{0,80}") {
            let _ = read(&text);
            let _ = split(&text);
        }
    }
}
