//! The JSON header: every entry in file order, duplicates included, and every way in which it is not what it should be.
//!
//! Source of the format: <https://github.com/huggingface/safetensors#format>.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::super::json::{Dialect, Fault, Spanned, Token, Tokens};
use super::{DUPLICATE_KEY, HEADER_MALFORMED, UNKNOWN_FIELD};
use crate::model::Rule;

/// Nesting that the reference loader's JSON reader allows.
const DEPTH: usize = 127;

/// One tensor as the header describes it. A field that is missing or of the wrong kind is `None`.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, unescaped.
    pub name: String,
    /// Where the entry stands in the header.
    pub at: Range<usize>,
    /// Its element type as spelt.
    pub dtype: Option<String>,
    /// Its dimensions.
    pub shape: Option<Vec<u64>>,
    /// First byte and one past the last, counted from the end of the header.
    pub offsets: Option<(u64, u64)>,
}

/// What the header says.
#[derive(Debug, Default)]
pub struct Header {
    /// Tensors in the order of the header, duplicates included.
    pub entries: Vec<Entry>,
    /// `__metadata__`, duplicates included.
    pub metadata: Vec<(String, String)>,
    /// True if there are more tensors or metadata than were to be listed.
    pub cut: bool,
    /// True if it could not be read to its end, so that tensors may be missing from the list.
    pub broken: bool,
}

/// Is told about a defect: rule, range of the header, what it is.
pub type Sink<'s> = &'s mut dyn FnMut(&'static Rule, Range<usize>, String);

/// Reads a header, listing at most `most` tensors and as many metadata.
pub fn read(bytes: &[u8], most: u64, sink: Sink<'_>) -> Header {
    let mut reader =
        Reader { tokens: Tokens::new(bytes, Dialect::Strict, DEPTH), header: Header::default(), most, sink };
    if bytes.first().is_some_and(|byte| *byte != b'{') {
        reader.malformed(0..1, "it does not begin with `{`");
    }
    if let Err(fault) = reader.document() {
        reader.header.broken = true;
        reader.malformed(fault.at..fault.at.saturating_add(1), fault.kind.words());
    } else {
        let end = bytes.iter().rposition(|byte| *byte == b'}').map_or(0, |last| last + 1);
        if let Some(odd) = bytes[end..].iter().position(|byte| *byte != b' ') {
            reader.malformed(end + odd..bytes.len(), "it is padded with something else than spaces");
        }
    }
    reader.header
}

/// A name in an object, and where it stands.
type Name<'t> = (Range<usize>, Cow<'t, str>);

struct Reader<'t, 's> {
    tokens: Tokens<'t>,
    header: Header,
    most: u64,
    sink: Sink<'s>,
}

impl<'t> Reader<'t, '_> {
    fn malformed(&mut self, at: Range<usize>, what: &str) {
        (self.sink)(&HEADER_MALFORMED, at, format!("the header is malformed: {what}"));
    }

    fn document(&mut self) -> Result<(), Fault> {
        let mut names = HashSet::new();
        let Some((span, start)) = self.tokens.next()? else { return Ok(()) };
        if start != Token::ObjectStart {
            self.malformed(span, "it is not an object");
            self.tokens.skip(&start)?;
            return self.rest();
        }
        while let Some((span, name)) = self.key()? {
            if self.header.cut {
                self.skip_value()?;
                continue;
            }
            let kind =
                if name == "__metadata__" { "the header holds `__metadata__`" } else { "the header names a tensor" };
            if !names.insert(name.clone()) {
                (self.sink)(&DUPLICATE_KEY, span.clone(), format!("{kind} twice: {name:?}"));
            }
            if name == "__metadata__" {
                self.metadata()?
            } else {
                self.entry(span, name.into_owned())?
            }
            self.header.cut = self.header.entries.len().max(self.header.metadata.len()) as u64 >= self.most;
        }
        self.rest()
    }

    /// Nothing but white space may follow.
    fn rest(&mut self) -> Result<(), Fault> {
        while self.tokens.next()?.is_some() {}
        Ok(())
    }

    /// The next name in the open object, or `None` at its end.
    fn key(&mut self) -> Result<Option<Name<'t>>, Fault> {
        Ok(match self.tokens.next()? {
            Some((span, Token::Key(name))) => Some((span, name)),
            _ => None,
        })
    }

    fn value(&mut self) -> Result<Spanned<'t>, Fault> {
        // After a name a value always comes, or a fault.
        Ok(self.tokens.next()?.unwrap_or((0..0, Token::Null)))
    }

    fn skip_value(&mut self) -> Result<(), Fault> {
        let (_, token) = self.value()?;
        self.tokens.skip(&token)
    }

    fn metadata(&mut self) -> Result<(), Fault> {
        let (span, token) = self.value()?;
        if token != Token::ObjectStart {
            self.malformed(span, "`__metadata__` is not an object");
            return self.tokens.skip(&token);
        }
        let mut names = HashSet::new();
        while let Some((span, name)) = self.key()? {
            if !names.insert(name.clone()) {
                (self.sink)(&DUPLICATE_KEY, span, format!("`__metadata__` holds {name:?} twice"));
            }
            match self.value()? {
                (_, Token::String(value)) if (self.header.metadata.len() as u64) < self.most => {
                    self.header.metadata.push((name.into_owned(), value.into_owned()));
                }
                (_, Token::String(_)) => {}
                (span, other) => {
                    self.malformed(span, &format!("the metadata {name:?} is not a string"));
                    self.tokens.skip(&other)?;
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, span: Range<usize>, name: String) -> Result<(), Fault> {
        let (value, token) = self.value()?;
        if token != Token::ObjectStart {
            self.malformed(value, &format!("the entry of {name:?} is not an object"));
            return self.tokens.skip(&token);
        }
        let mut entry = Entry { name, at: span, dtype: None, shape: None, offsets: None };
        let mut fields: Vec<Cow<'t, str>> = Vec::new();
        while let Some((span, field)) = self.key()? {
            if fields.contains(&field) {
                let name = &entry.name;
                (self.sink)(&DUPLICATE_KEY, span.clone(), format!("the entry of {name:?} holds {field:?} twice"));
            } else if fields.len() < 16 {
                fields.push(field.clone());
            }
            self.field(&mut entry, &field, span.clone())?;
            entry.at.end = span.end;
        }
        for (field, missing) in [
            ("dtype", entry.dtype.is_none()),
            ("shape", entry.shape.is_none()),
            ("data_offsets", entry.offsets.is_none()),
        ] {
            if missing && !fields.iter().any(|have| have == field) {
                self.malformed(entry.at.clone(), &format!("the entry of {:?} has no {field}", entry.name));
            }
        }
        self.header.entries.push(entry);
        Ok(())
    }

    fn field(&mut self, entry: &mut Entry, field: &str, span: Range<usize>) -> Result<(), Fault> {
        match field {
            "dtype" => match self.value()? {
                (_, Token::String(dtype)) => entry.dtype = Some(dtype.into_owned()),
                (span, other) => {
                    self.malformed(span, &format!("the dtype of {:?} is not a string", entry.name));
                    self.tokens.skip(&other)?;
                }
            },
            "shape" => entry.shape = self.integers("shape", &entry.name)?,
            "data_offsets" => match self.integers("data_offsets", &entry.name)?.as_deref() {
                Some([start, end]) => entry.offsets = Some((*start, *end)),
                Some(_) => {
                    self.malformed(span, &format!("the data_offsets of {:?} are not two numbers", entry.name));
                }
                None => {}
            },
            _ => {
                let message = format!("the entry of {:?} holds {field:?}, which the format does not know", entry.name);
                (self.sink)(&UNKNOWN_FIELD, span, message);
                self.skip_value()?;
            }
        }
        Ok(())
    }

    fn integers(&mut self, field: &str, name: &str) -> Result<Option<Vec<u64>>, Fault> {
        let (span, token) = self.value()?;
        if token != Token::ArrayStart {
            self.malformed(span, &format!("the {field} of {name:?} is not a list"));
            self.tokens.skip(&token)?;
            return Ok(None);
        }
        let mut list = Some(Vec::new());
        while let Some((span, token)) = self.tokens.next()? {
            let number = match &token {
                Token::ArrayEnd => break,
                Token::Number(number) => number.parse::<u64>().ok(),
                other => {
                    self.tokens.skip(other)?;
                    None
                }
            };
            match (number, &mut list) {
                (Some(number), Some(list)) => list.push(number),
                (None, Some(_)) => {
                    self.malformed(span, &format!("the {field} of {name:?} holds something else than whole numbers"));
                    list = None;
                }
                (_, None) => {}
            }
        }
        Ok(list)
    }
}
