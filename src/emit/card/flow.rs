//! YAML's flow style: `[a, {b: c}]` and quoted scalars.

use std::iter::Peekable;
use std::str::CharIndices;

use serde_json::{Map, Number, Value};

/// Reads one flow collection or quoted scalar that fills the text, but for a comment after it. `depth` bounds
/// collections inside collections.
pub(super) fn read(text: &str, depth: usize) -> Result<Value, &'static str> {
    let mut flow = Flow { text, rest: text.char_indices().peekable() };
    let value = flow.value(depth)?;
    flow.spaces();
    match flow.rest.peek() {
        None | Some((_, '#')) => Ok(value),
        Some(_) => Err("text after a closed bracket or quote"),
    }
}

/// A plain scalar: text unless it is one of the few others.
pub(super) fn plain(text: &str) -> Value {
    let text = text.trim();
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => {
            text.parse::<Number>().map_or_else(|_| Value::String(text.to_owned()), Value::Number)
        }
        text => Value::String(text.to_owned()),
    }
}

struct Flow<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
}

impl Flow<'_> {
    fn spaces(&mut self) {
        while self.rest.next_if(|(_, c)| matches!(c, ' ' | '\t')).is_some() {}
    }

    fn value(&mut self, depth: usize) -> Result<Value, &'static str> {
        self.spaces();
        match self.rest.peek().map(|(_, c)| *c) {
            Some('[' | '{') if depth == 0 => Err("too many collections inside each other"),
            Some('[') => self.sequence(depth - 1),
            Some('{') => self.mapping(depth - 1),
            Some('"') => self.double().map(Value::String),
            Some('\'') => self.single().map(Value::String),
            Some('&' | '*') => Err("an anchor or alias"),
            Some('!') => Err("a tag"),
            _ => Ok(plain(self.word())),
        }
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, &'static str> {
        self.rest.next();
        let mut items = Vec::new();
        loop {
            self.spaces();
            if self.rest.next_if(|(_, c)| *c == ']').is_some() {
                return Ok(Value::Array(items));
            }
            items.push(self.value(depth)?);
            self.spaces();
            match self.rest.next() {
                Some((_, ',')) => {}
                Some((_, ']')) => return Ok(Value::Array(items)),
                _ => return Err("a list that is not closed"),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, &'static str> {
        self.rest.next();
        let mut map = Map::new();
        loop {
            self.spaces();
            if self.rest.next_if(|(_, c)| *c == '}').is_some() {
                return Ok(Value::Object(map));
            }
            let key = match self.value(0)? {
                Value::String(key) => key,
                other => other.to_string(),
            };
            self.spaces();
            let value = match self.rest.next_if(|(_, c)| *c == ':') {
                Some(_) => self.value(depth)?,
                None => Value::Null,
            };
            if map.insert(key, value).is_some() {
                return Err("a key given twice");
            }
            self.spaces();
            match self.rest.next() {
                Some((_, ',')) => {}
                Some((_, '}')) => return Ok(Value::Object(map)),
                _ => return Err("a mapping that is not closed"),
            }
        }
    }

    /// A plain scalar: up to `,`, a bracket, or `:` before a space.
    fn word(&mut self) -> &str {
        let start = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        let mut end = start;
        while let Some((at, c)) = self.rest.peek().copied() {
            let after = &self.text[at + c.len_utf8()..];
            let stops = matches!(c, ',' | '[' | ']' | '{' | '}')
                || (c == ':' && (after.is_empty() || after.starts_with([' ', ',', '}', ']'])));
            if stops {
                break;
            }
            end = at + c.len_utf8();
            self.rest.next();
        }
        self.text[start..end].trim_end()
    }

    fn single(&mut self) -> Result<String, &'static str> {
        self.rest.next();
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some((_, '\'')) => match self.rest.next_if(|(_, c)| *c == '\'') {
                    Some(_) => text.push('\''),
                    None => return Ok(text),
                },
                Some((_, c)) => text.push(c),
                None => return Err("a quote that is not closed"),
            }
        }
    }

    fn double(&mut self) -> Result<String, &'static str> {
        self.rest.next();
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some((_, '"')) => return Ok(text),
                Some((_, '\\')) => text.push(self.escape()?),
                Some((_, c)) => text.push(c),
                None => return Err("a quote that is not closed"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        let unknown = "an escape that is not known";
        let digits = match self.rest.next().map(|(_, c)| c) {
            Some('n') => return Ok('\n'),
            Some('t') => return Ok('\t'),
            Some('r') => return Ok('\r'),
            Some('0') => return Ok('\0'),
            Some('e') => return Ok('\u{1b}'),
            Some(c @ ('"' | '\\' | '/' | ' ')) => return Ok(c),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => return Err(unknown),
        };
        let mut code = 0u32;
        for _ in 0..digits {
            let digit = self.rest.next().and_then(|(_, c)| c.to_digit(16)).ok_or(unknown)?;
            code = code.checked_mul(16).and_then(|code| code.checked_add(digit)).ok_or(unknown)?;
        }
        char::from_u32(code).ok_or(unknown)
    }
}
