//! Python source as logical lines of tokens, one line at a time.
//!
//! Sources: the Python language reference, "Lexical analysis"; PEP 701 for what stands inside of f-strings. Accepts
//! more than Python does: what Python refuses never runs.

use super::fold::folded;

/// Nesting of expressions inside of f-strings that is followed.
const FIELDS: u32 = 8;

/// Bytes of a name. Nobody writes longer ones, and every reference to one costs its length.
const NAME: usize = 512;

/// The sign in front of a string that has fields.
pub const FIELDED: &str = "f{";

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or keyword, with look-alike letters folded as Python does (NFKC).
    Name(String),
    /// A number that fits, else 0.
    Number(u32),
    /// A string or bytes literal, unescaped. One with fields stands between [`FIELDED`] and `}`, as a sum of its texts
    /// and of its fields in round brackets.
    Text(String),
    /// An operator or bracket.
    Sign(&'static str),
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Offset of its first byte.
    pub at: usize,
    /// One past its last.
    pub end: usize,
}

/// Where the source stops to be Python, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// Signs of more than one character, longest first.
static LONG: [&str; 24] = [
    "**=", "//=", ">>=", "<<=", "...", "==", "!=", "<=", ">=", ":=", "->", "**", "//", "<<", ">>", "+=", "-=", "*=",
    "/=", "%=", "@=", "&=", "|=", "^=",
];

static SHORT: [&str; 26] = [
    "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=", "+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">",
    "!", "`", "$",
];

/// Reads logical lines.
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// From the beginning.
    pub const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Fills `tokens` with the next logical line and returns its indentation; `None` at the end.
    ///
    /// # Errors
    /// [`Fault`] where a string does not end or a character is none of Python's. Reading can go on with the next
    /// physical line.
    pub fn line(&mut self, tokens: &mut Vec<Token>) -> Result<Option<usize>, Fault> {
        tokens.clear();
        let bytes = self.text.as_bytes();
        let mut open = 0usize;
        let mut indent = 0usize;
        let mut fresh = true;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\n' | b'\r' => {
                    self.at += 1;
                    if open == 0 {
                        if !tokens.is_empty() {
                            return Ok(Some(indent));
                        }
                        (indent, fresh) = (0, true);
                    }
                    continue;
                }
                b' ' | b'\t' | 0x0c => {
                    if fresh {
                        indent = if byte == b'\t' { (indent / 8 + 1) * 8 } else { indent + 1 };
                    }
                    self.at += 1;
                    continue;
                }
                b'#' => {
                    self.at += self.text[self.at..].find(['\n', '\r']).unwrap_or(self.text.len() - self.at);
                    continue;
                }
                b'\\' if bytes.get(self.at + 1).is_some_and(|next| matches!(next, b'\n' | b'\r')) => {
                    let windows = bytes[self.at + 1..].starts_with(b"\r\n");
                    self.at += if windows { 3 } else { 2 };
                    continue;
                }
                _ => {}
            }
            fresh = false;
            let before = tokens.len();
            if let Err(fault) = self.token(tokens, 0) {
                self.at += self.text[self.at..].find('\n').map_or(self.text.len() - self.at, |end| end + 1);
                return Err(fault);
            }
            match tokens.last().map(|token| &token.kind) {
                Some(Kind::Sign("(" | "[" | "{")) => open += 1,
                Some(Kind::Sign(")" | "]" | "}")) if !fielded(tokens, before) => open = open.saturating_sub(1),
                _ => {}
            }
        }
        if open > 0 {
            return Err(Fault { at: self.text.len(), what: "a bracket is never closed" });
        }
        Ok((!tokens.is_empty()).then_some(indent))
    }

    fn token(&mut self, tokens: &mut Vec<Token>, depth: u32) -> Result<(), Fault> {
        let at = self.at;
        let rest = &self.text[at..];
        let first = rest.chars().next().unwrap_or(' ');
        if first == '_' || first.is_alphabetic() || !first.is_ascii() {
            let length = rest.find(|c: char| !(c == '_' || c.is_alphanumeric() || !c.is_ascii())).unwrap_or(rest.len());
            if length > NAME {
                return Err(Fault { at, what: "a name is longer than anybody writes" });
            }
            let name = &rest[..length];
            let quote = rest[length..].starts_with(['"', '\'']);
            if quote && length <= 2 && name.bytes().all(|b| b"rRbBuUfFtT".contains(&b)) {
                self.at += length;
                return self.string(name, at, tokens, depth);
            }
            self.at += length;
            tokens.push(Token { kind: Kind::Name(folded(name)), at, end: self.at });
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !(c == '_' || c.is_ascii_alphanumeric())).unwrap_or(rest.len());
            self.at += length;
            tokens.push(Token { kind: Kind::Number(number(&rest[..length])), at, end: self.at });
        } else if first == '"' || first == '\'' {
            return self.string("", at, tokens, depth);
        } else {
            let sign = LONG.iter().chain(SHORT.iter()).find(|sign| rest.starts_with(**sign));
            let Some(sign) = sign else { return Err(Fault { at, what: "a character is none of Python's" }) };
            self.at += sign.len();
            tokens.push(Token { kind: Kind::Sign(sign), at, end: self.at });
        }
        Ok(())
    }

    /// A string, standing at its first quote.
    fn string(&mut self, prefix: &str, at: usize, tokens: &mut Vec<Token>, depth: u32) -> Result<(), Fault> {
        let raw = prefix.contains(['r', 'R']);
        let fields = prefix.contains(['f', 'F', 't', 'T']);
        let quote = &self.text[self.at..self.at + 1];
        let triple = [quote; 3].concat();
        let close = if self.text[self.at..].starts_with(&triple) { triple.as_str() } else { quote };
        self.at += close.len();
        let index = tokens.len();
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(next) = rest.chars().next() else {
                return Err(Fault { at, what: "a string does not end" });
            };
            if rest.starts_with(close) {
                self.at += close.len();
                break;
            }
            if next == '\\' && fields && rest[1..].starts_with(['{', '}']) {
                // A backslash before a brace stands for itself.
                self.at += 1;
                text.push(next);
            } else if next == '\\' {
                self.at += escape(rest, raw, &mut text);
            } else if next == '\n' && close.len() == 1 {
                return Err(Fault { at, what: "a string does not end in its line" });
            } else if fields && next == '{' && !rest.starts_with("{{") {
                if depth >= FIELDS {
                    return Err(Fault { at, what: "strings with fields are nested deeper than is followed" });
                }
                if tokens.len() == index {
                    tokens.push(Token { kind: Kind::Sign(FIELDED), at, end: at + 1 });
                }
                self.piece(&mut text, tokens);
                self.field(tokens, depth)?;
                tokens.push(Token { kind: Kind::Sign("+"), at: self.at, end: self.at });
            } else {
                let doubled = fields && (rest.starts_with("{{") || rest.starts_with("}}"));
                self.at += if doubled { 2 } else { next.len_utf8() };
                text.push(next);
            }
        }
        let plain = tokens.len() == index;
        tokens.push(Token { kind: Kind::Text(text), at, end: self.at });
        if !plain {
            tokens.push(Token { kind: Kind::Sign("}"), at: self.at, end: self.at });
        }
        Ok(())
    }

    /// The text before a field.
    fn piece(&self, text: &mut String, tokens: &mut Vec<Token>) {
        if !text.is_empty() {
            tokens.push(Token { kind: Kind::Text(std::mem::take(text)), at: self.at, end: self.at });
            tokens.push(Token { kind: Kind::Sign("+"), at: self.at, end: self.at });
        }
    }

    /// A field of an f-string, standing at its brace: tokens up to the brace that closes it.
    fn field(&mut self, tokens: &mut Vec<Token>, depth: u32) -> Result<(), Fault> {
        let start = self.at;
        tokens.push(Token { kind: Kind::Sign("("), at: start, end: start + 1 });
        self.at += 1;
        let mut open = 0usize;
        while let Some(next) = self.text[self.at..].chars().next() {
            if next == '}' && open == 0 {
                tokens.push(Token { kind: Kind::Sign(")"), at: self.at, end: self.at + 1 });
                self.at += 1;
                return Ok(());
            }
            if next.is_whitespace() || matches!(next, '\\' | '?' | '#') {
                self.at += next.len_utf8();
                continue;
            }
            // `{x!r}` is the text of `x`.
            if open == 0 && next == '!' && !self.text[self.at..].starts_with("!=") {
                self.at += 1 + usize::from(self.text[self.at + 1..].starts_with(['r', 's', 'a']));
                continue;
            }
            let before = tokens.len();
            self.token(tokens, depth + 1)?;
            match tokens.last().map(|token| &token.kind) {
                Some(Kind::Sign("(" | "[" | "{")) => open += 1,
                Some(Kind::Sign(")" | "]" | "}")) if !fielded(tokens, before) => open = open.saturating_sub(1),
                _ => {}
            }
        }
        Err(Fault { at: start, what: "a field of a string does not end" })
    }
}

/// True if what was read since then is a string with fields, whose brackets are closed.
fn fielded(tokens: &[Token], before: usize) -> bool {
    tokens.get(before).is_some_and(|token| token.kind == Kind::Sign(FIELDED))
}

/// One escape, unescaped as Python does; returns its length in the source.
fn escape(rest: &str, raw: bool, text: &mut String) -> usize {
    let Some(escaped) = rest[1..].chars().next() else { return 1 };
    let plain = 1 + escaped.len_utf8();
    if raw {
        text.push_str(&rest[..plain]);
        return plain;
    }
    let digits = match escaped {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        '0'..='7' => {
            let length = rest[1..].bytes().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
            let value = u32::from_str_radix(&rest[1..1 + length], 8).ok();
            text.extend(value.and_then(char::from_u32));
            return 1 + length;
        }
        _ => 0,
    };
    if digits > 0
        && let Some(hex) = rest.get(2..2 + digits)
        && let Ok(value) = u32::from_str_radix(hex, 16)
    {
        text.extend(char::from_u32(value));
        return 2 + digits;
    }
    match escaped {
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        '\n' => {}
        other => text.push(other),
    }
    plain
}

fn number(text: &str) -> u32 {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let parsed = match digits.get(..2) {
        Some("0x") => u32::from_str_radix(&digits[2..], 16),
        Some("0o") => u32::from_str_radix(&digits[2..], 8),
        Some("0b") => u32::from_str_radix(&digits[2..], 2),
        _ => digits.parse(),
    };
    parsed.unwrap_or(0)
}
