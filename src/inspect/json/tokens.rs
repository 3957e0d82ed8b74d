//! JSON (RFC 8259) as a stream of tokens with their offsets: nothing merged, nothing dropped, no recursion.

use std::borrow::Cow;
use std::ops::Range;

/// One token. Text is unescaped; numbers stay as they are spelt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// `{`
    ObjectStart,
    /// `}`
    ObjectEnd,
    /// `[`
    ArrayStart,
    /// `]`
    ArrayEnd,
    /// The name of a member of an object.
    Key(Cow<'t, str>),
    /// A string value.
    String(Cow<'t, str>),
    /// A number as it is spelt.
    Number(&'t str),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
}

/// Why the bytes are not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the first byte that does not fit.
    pub at: usize,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The text ends inside a value.
    End,
    /// A byte that has no place there.
    Unexpected,
    /// Not valid UTF-8.
    Encoding,
    /// An escape that does not exist, or half of a surrogate pair.
    Escape,
    /// A control character inside a string.
    Control,
    /// A number that breaks the grammar.
    Number,
    /// Nested deeper than allowed.
    Depth,
    /// Bytes after the value.
    After,
}

impl FaultKind {
    /// The fault as a clause.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::End => "the text ends inside a value",
            Self::Unexpected => "a byte has no place there",
            Self::Encoding => "it is not valid UTF-8",
            Self::Escape => "an escape sequence is broken",
            Self::Control => "a string holds a control character",
            Self::Number => "a number breaks the grammar",
            Self::Depth => "it is nested too deeply",
            Self::After => "more follows after the value",
        }
    }
}

/// How strictly to read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 8259 and nothing else.
    Strict,
    /// Also what Python's `json` writes and reads: `NaN`, `Infinity`, `-Infinity`, and unpaired surrogates.
    Python,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
    Nothing,
}

/// The stream.
pub struct Tokens<'t> {
    bytes: &'t [u8],
    at: usize,
    /// One entry for each open bracket: true for an object.
    open: Vec<bool>,
    expect: Expect,
    dialect: Dialect,
    depth: usize,
}

/// A token and where it stands.
pub type Spanned<'t> = (Range<usize>, Token<'t>);

impl<'t> Tokens<'t> {
    /// Reads one value and refuses to nest deeper than `depth`.
    #[must_use]
    pub const fn new(bytes: &'t [u8], dialect: Dialect, depth: usize) -> Self {
        Self { bytes, at: 0, open: Vec::new(), expect: Expect::Value, dialect, depth }
    }

    /// The next token; `None` after the last.
    ///
    /// # Errors
    /// The first [`Fault`]; asking again gives it again.
    pub fn next(&mut self) -> Result<Option<Spanned<'t>>, Fault> {
        self.space();
        let Some(&byte) = self.bytes.get(self.at) else {
            return if self.expect == Expect::Nothing { Ok(None) } else { Err(self.fault(FaultKind::End)) };
        };
        let start = self.at;
        let token = match self.expect {
            Expect::Nothing => return Err(self.fault(FaultKind::After)),
            Expect::CommaOrEnd if byte == b',' => {
                self.at += 1;
                self.expect = if self.open.last() == Some(&true) { Expect::Key } else { Expect::Value };
                return self.next_after_comma();
            }
            Expect::CommaOrEnd => self.end(byte)?,
            Expect::KeyOrEnd | Expect::ValueOrEnd if byte == b'}' || byte == b']' => self.end(byte)?,
            Expect::Key | Expect::KeyOrEnd => self.key(byte)?,
            Expect::Value | Expect::ValueOrEnd => self.value(byte)?,
        };
        Ok(Some((start..self.at, token)))
    }

    fn next_after_comma(&mut self) -> Result<Option<Spanned<'t>>, Fault> {
        self.space();
        let start = self.at;
        let Some(&byte) = self.bytes.get(start) else { return Err(self.fault(FaultKind::End)) };
        let token = if self.expect == Expect::Key { self.key(byte)? } else { self.value(byte)? };
        Ok(Some((start..self.at, token)))
    }

    /// Passes over the value that comes next, or the rest of the one that was just opened by `token`.
    ///
    /// # Errors
    /// As [`Tokens::next`].
    pub fn skip(&mut self, token: &Token<'t>) -> Result<(), Fault> {
        if !matches!(token, Token::ObjectStart | Token::ArrayStart) {
            return Ok(());
        }
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            self.next()?;
        }
        Ok(())
    }

    const fn fault(&self, kind: FaultKind) -> Fault {
        Fault { at: self.at, kind }
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    const fn done(&mut self) {
        self.expect = if self.open.is_empty() { Expect::Nothing } else { Expect::CommaOrEnd };
    }

    fn end(&mut self, byte: u8) -> Result<Token<'t>, Fault> {
        let token = match (self.open.last(), byte) {
            (Some(true), b'}') => Token::ObjectEnd,
            (Some(false), b']') => Token::ArrayEnd,
            _ => return Err(self.fault(FaultKind::Unexpected)),
        };
        self.open.pop();
        self.at += 1;
        self.done();
        Ok(token)
    }

    fn begin(&mut self, object: bool) -> Result<Token<'t>, Fault> {
        if self.open.len() >= self.depth {
            return Err(self.fault(FaultKind::Depth));
        }
        self.open.push(object);
        self.at += 1;
        self.expect = if object { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
        Ok(if object { Token::ObjectStart } else { Token::ArrayStart })
    }

    fn key(&mut self, byte: u8) -> Result<Token<'t>, Fault> {
        if byte != b'"' {
            return Err(self.fault(FaultKind::Unexpected));
        }
        let key = self.string()?;
        self.space();
        match self.bytes.get(self.at) {
            Some(b':') => self.at += 1,
            Some(_) => return Err(self.fault(FaultKind::Unexpected)),
            None => return Err(self.fault(FaultKind::End)),
        }
        self.expect = Expect::Value;
        Ok(Token::Key(key))
    }

    fn value(&mut self, byte: u8) -> Result<Token<'t>, Fault> {
        let token = match byte {
            b'{' => return self.begin(true),
            b'[' => return self.begin(false),
            b'"' => Token::String(self.string()?),
            b't' => self.word("true", Token::Bool(true))?,
            b'f' => self.word("false", Token::Bool(false))?,
            b'n' => self.word("null", Token::Null)?,
            b'N' if self.dialect == Dialect::Python => self.word("NaN", Token::Number("NaN"))?,
            b'I' if self.dialect == Dialect::Python => self.word("Infinity", Token::Number("Infinity"))?,
            b'-' if self.dialect == Dialect::Python && self.bytes.get(self.at + 1) == Some(&b'I') => {
                self.word("-Infinity", Token::Number("-Infinity"))?
            }
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.fault(FaultKind::Unexpected)),
        };
        self.done();
        Ok(token)
    }

    fn word(&mut self, word: &str, token: Token<'t>) -> Result<Token<'t>, Fault> {
        for expected in word.bytes() {
            match self.bytes.get(self.at) {
                Some(byte) if *byte == expected => self.at += 1,
                Some(_) => return Err(self.fault(FaultKind::Unexpected)),
                None => return Err(self.fault(FaultKind::End)),
            }
        }
        Ok(token)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let zero = self.bytes.get(self.at) == Some(&b'0');
        let whole = self.digits();
        let mut good = whole == 1 || (whole > 1 && !zero);
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            good &= self.digits() > 0;
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            good &= self.digits() > 0;
        }
        let text = self.bytes.get(start..self.at).and_then(|bytes| std::str::from_utf8(bytes).ok());
        match text {
            Some(text) if good => Ok(Token::Number(text)),
            _ => Err(Fault { at: start, kind: FaultKind::Number }),
        }
    }

    fn string(&mut self) -> Result<Cow<'t, str>, Fault> {
        self.at += 1;
        let mut owned: Option<String> = None;
        loop {
            let start = self.at;
            let rest = self.bytes.get(start..).unwrap_or_default();
            let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) else {
                self.at = self.bytes.len();
                return Err(self.fault(FaultKind::End));
            };
            let text = std::str::from_utf8(&rest[..plain])
                .map_err(|error| Fault { at: start + error.valid_up_to(), kind: FaultKind::Encoding })?;
            self.at = start + plain;
            match rest[plain] {
                b'"' => {
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(text),
                        Some(before) => Cow::Owned(before + text),
                    });
                }
                b'\\' => {
                    let owned = owned.get_or_insert_default();
                    owned.push_str(text);
                    owned.push(self.escape()?);
                }
                _ => return Err(self.fault(FaultKind::Control)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let at = self.at;
        let fault = Fault { at, kind: FaultKind::Escape };
        self.at += 2;
        Ok(match self.bytes.get(at + 1).ok_or(Fault { at, kind: FaultKind::End })? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex().ok_or(fault)?;
                if !(0xd800..0xe000).contains(&first) {
                    return char::from_u32(first).ok_or(fault);
                }
                let back = self.at;
                if first < 0xdc00 && self.bytes.get(back..back + 2) == Some(b"\\u") {
                    self.at += 2;
                    let second = self.hex().ok_or(fault)?;
                    if (0xdc00..0xe000).contains(&second) {
                        return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(fault);
                    }
                    self.at = back;
                }
                if self.dialect == Dialect::Strict {
                    return Err(fault);
                }
                char::REPLACEMENT_CHARACTER
            }
            _ => return Err(fault),
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at.checked_add(4)?)?;
        let mut value = 0;
        for digit in digits {
            value = value * 16 + char::from(*digit).to_digit(16)?;
        }
        self.at += 4;
        Some(value)
    }
}
