//! A JSON text as a tree that keeps names that occur twice.

use super::{Dialect, Token, Tokens};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// Members in the order of the text, duplicates included.
    Object(Vec<(String, Json)>),
    /// Values in order.
    Array(Vec<Json>),
    /// A string.
    String(String),
    /// A number as it is spelt.
    Number(String),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

impl Json {
    /// Reads a text, without recursion; `None` if it is not JSON or nested deeper than `depth`.
    #[must_use]
    pub fn read(bytes: &[u8], depth: usize) -> Option<Self> {
        let mut tokens = Tokens::new(bytes, Dialect::Python, depth);
        let mut open: Vec<(Self, String)> = Vec::new();
        let mut name = String::new();
        let mut root = None;
        while let Some((_, token)) = tokens.next().ok()? {
            let value = match token {
                Token::ObjectStart => {
                    open.push((Self::Object(Vec::new()), std::mem::take(&mut name)));
                    continue;
                }
                Token::ArrayStart => {
                    open.push((Self::Array(Vec::new()), std::mem::take(&mut name)));
                    continue;
                }
                Token::Key(key) => {
                    name = key.into_owned();
                    continue;
                }
                Token::ObjectEnd | Token::ArrayEnd => {
                    let (value, outer) = open.pop()?;
                    name = outer;
                    value
                }
                Token::String(text) => Self::String(text.into_owned()),
                Token::Number(number) => Self::Number(number.to_owned()),
                Token::Bool(value) => Self::Bool(value),
                Token::Null => Self::Null,
            };
            match open.last_mut() {
                Some((Self::Object(members), _)) => members.push((std::mem::take(&mut name), value)),
                Some((Self::Array(values), _)) => values.push(value),
                _ => root = Some(value),
            }
        }
        root
    }

    /// Every value of that name in an object.
    pub fn all<'j>(&'j self, name: &str) -> impl Iterator<Item = &'j Self> {
        self.members().iter().filter(move |(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value that a reader who takes the last sees.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The members, none if it is no object.
    #[must_use]
    pub fn members(&self) -> &[(String, Self)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// The values, none if it is no array.
    #[must_use]
    pub fn values(&self) -> &[Self] {
        if let Self::Array(values) = self { values } else { &[] }
    }

    /// The text, if it is a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one that fits.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }
}
