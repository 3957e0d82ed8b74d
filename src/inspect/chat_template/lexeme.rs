//! The tokens of a template as Jinja takes them apart, one after the other, and what is none.
//!
//! Source: `jinja2/lexer.py`. Unlike [`super::tokens`], which reads on behind whatever it does not know, this one says
//! what Jinja refuses. Not looked at: names of characters in `\N{…}`, and marks of lines, which loaders of chat templates
//! do not use.

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lexeme<'t> {
    /// A name.
    Name(&'t str),
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction or an exponent.
    Float,
    /// An operator, or the mark that begins or ends a piece of code.
    Sign(&'static str),
    /// The end of the template.
    End,
    /// What no token is.
    Bad(&'static str),
}

/// Operators, the longer ones first.
const OPERATORS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
];

/// A place in the template.
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// The mark that ends the code around this place.
    inside: Option<&'static str>,
    brackets: Vec<u8>,
}

impl<'t> Lexer<'t> {
    /// The beginning of a template.
    pub const fn new(text: &'t str) -> Self {
        Self { text, at: 0, inside: None, brackets: Vec::new() }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next token and its offset. Behind one that is bad nothing follows but the end.
    pub fn advance(&mut self) -> (Lexeme<'t>, usize) {
        let (lexeme, at) = match self.inside {
            None => self.outside(),
            Some(close) => self.code(close),
        };
        if let Lexeme::Bad(_) = lexeme {
            (self.at, self.inside) = (self.text.len(), None);
        }
        (lexeme, at)
    }

    /// From text to the next code, past comments and what stands in `raw`.
    fn outside(&mut self) -> (Lexeme<'t>, usize) {
        loop {
            let rest = self.rest();
            let found = rest
                .match_indices('{')
                .find(|(n, _)| rest.as_bytes().get(n + 1).is_some_and(|next| matches!(next, b'{' | b'%' | b'#')));
            let Some((open, _)) = found else { return (Lexeme::End, self.text.len()) };
            let start = self.at + open;
            let mark = rest.as_bytes().get(open + 1).copied();
            self.at = start + 2;
            if mark == Some(b'%')
                && let Some(length) = raw(self.rest())
            {
                self.at += length;
                let Some(end) = raw_end(self.rest()) else { return (Lexeme::Bad("a raw block has no end"), start) };
                self.at += end;
                continue;
            }
            self.at += usize::from(self.rest().starts_with(['-', '+']));
            match mark {
                Some(b'#') => {
                    let Some(end) = self.rest().find("#}") else {
                        return (Lexeme::Bad("a comment has no end"), start);
                    };
                    self.at += end + 2;
                }
                Some(b'%') => {
                    self.inside = Some("%}");
                    return (Lexeme::Sign("{%"), start);
                }
                _ => {
                    self.inside = Some("}}");
                    return (Lexeme::Sign("{{"), start);
                }
            }
        }
    }

    fn code(&mut self, close: &'static str) -> (Lexeme<'t>, usize) {
        self.at = self.text.len() - self.rest().trim_start_matches(is_blank).len();
        let (rest, at) = (self.rest(), self.at);
        let Some(first) = rest.chars().next() else { return (Lexeme::End, at) };
        let sign = if close == "%}" { rest.strip_prefix(['-', '+']) } else { rest.strip_prefix('-') };
        if self.brackets.is_empty()
            && let Some(ended) = sign.unwrap_or(rest).strip_prefix(close).or_else(|| rest.strip_prefix(close))
        {
            self.at = self.text.len() - ended.len();
            self.inside = None;
            return (Lexeme::Sign(close), at);
        }
        let (lexeme, length) = match first {
            '0'..='9' => number(rest, at > 0 && self.text.as_bytes().get(at - 1) == Some(&b'.')),
            '"' | '\'' => string(rest, first),
            _ if is_word(first) => {
                let name = rest.split(|c| !is_word(c)).next().unwrap_or_default();
                let good = first == '_' || first.is_alphabetic();
                (
                    if good { Lexeme::Name(name) } else { Lexeme::Bad("a name begins with what none begins with") },
                    name.len(),
                )
            }
            _ => match OPERATORS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (self.balanced(sign), sign.len()),
                None => (Lexeme::Bad("a sign stands in code that Jinja does not know"), 0),
            },
        };
        self.at += length;
        (lexeme, at)
    }

    /// The operator, unless it is a bracket that ends none.
    fn balanced(&mut self, sign: &'static str) -> Lexeme<'t> {
        let opened = match sign {
            "(" | "[" | "{" => {
                self.brackets.extend(sign.bytes());
                return Lexeme::Sign(sign);
            }
            ")" => b'(',
            "]" => b'[',
            "}" => b'{',
            _ => return Lexeme::Sign(sign),
        };
        if self.brackets.pop() == Some(opened) {
            return Lexeme::Sign(sign);
        }
        Lexeme::Bad("its brackets do not fit each other")
    }
}

/// White space as Python has it.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Bytes behind `{%` that make it the beginning of `raw`.
fn raw(rest: &str) -> Option<usize> {
    let inner = rest
        .strip_prefix(['-', '+'])
        .unwrap_or(rest)
        .trim_start_matches(is_blank)
        .strip_prefix("raw")?
        .trim_start_matches(is_blank);
    let inner = inner.strip_prefix("-%}").or_else(|| inner.strip_prefix("%}"))?;
    Some(rest.len() - inner.len())
}

/// Bytes up to what stands behind `{% endraw %}`.
fn raw_end(rest: &str) -> Option<usize> {
    rest.match_indices("{%").find_map(|(n, _)| {
        let tag = rest.get(n + 2..)?;
        let inner = tag
            .strip_prefix(['-', '+'])
            .unwrap_or(tag)
            .trim_start_matches(is_blank)
            .strip_prefix("endraw")?
            .trim_start_matches(is_blank);
        let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner).strip_prefix("%}")?;
        Some(rest.len() - inner.len())
    })
}

/// Length of digits with single underscores between them.
fn digits(text: &str, of: fn(&u8) -> bool) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    loop {
        length += bytes.iter().skip(length).take_while(|byte| of(byte)).count();
        let more = length > 0 && bytes.get(length) == Some(&b'_') && bytes.get(length + 1).is_some_and(of);
        if !more {
            return length;
        }
        length += 1;
    }
}

fn number<'t>(rest: &str, behind_dot: bool) -> (Lexeme<'t>, usize) {
    let decimal = |text: &str| digits(text, u8::is_ascii_digit);
    let behind = |at: usize| rest.get(at..).unwrap_or_default();
    let whole = decimal(rest);
    if !behind_dot {
        let fraction = behind(whole).strip_prefix('.').map_or(0, decimal);
        let part = if fraction > 0 { whole + 1 + fraction } else { whole };
        let exponent = behind(part).strip_prefix(['e', 'E']).and_then(|rest| {
            let unsigned = rest.strip_prefix(['-', '+']).unwrap_or(rest);
            let length = decimal(unsigned);
            (length > 0).then_some(1 + rest.len() - unsigned.len() + length)
        });
        if fraction > 0 || exponent.is_some() {
            return (Lexeme::Float, part + exponent.unwrap_or(0));
        }
    }
    if !rest.starts_with('0') {
        return (Lexeme::Integer, whole);
    }
    let of: Option<fn(&u8) -> bool> = match rest.as_bytes().get(1).map(u8::to_ascii_lowercase) {
        Some(b'x') => Some(u8::is_ascii_hexdigit),
        Some(b'o') => Some(|byte| matches!(byte, b'0'..=b'7')),
        Some(b'b') => Some(|byte| matches!(byte, b'0' | b'1')),
        _ => None,
    };
    if let Some(of) = of {
        let separated = usize::from(behind(2).starts_with('_'));
        let length = digits(behind(2 + separated), of);
        if length > 0 {
            return (Lexeme::Integer, 2 + separated + length);
        }
    }
    (Lexeme::Integer, digits(rest, |byte| *byte == b'0'))
}

/// A string, whose escapes Python must be able to read.
fn string<'t>(rest: &str, quote: char) -> (Lexeme<'t>, usize) {
    let mut characters = rest.char_indices().skip(1);
    while let Some((n, character)) = characters.next() {
        if character == quote {
            return (Lexeme::Text, n + 1);
        }
        if character != '\\' {
            continue;
        }
        let Some((at, escaped)) = characters.next() else { break };
        let behind = rest.get(at + escaped.len_utf8()..).unwrap_or_default();
        let hexadecimal = |length: usize| behind.get(..length).and_then(|text| u32::from_str_radix(text, 16).ok());
        let good = match escaped {
            'x' => hexadecimal(2).is_some(),
            'u' => hexadecimal(4).is_some(),
            'U' => hexadecimal(8).is_some_and(|code| code <= 0x10_ffff),
            'N' => behind.strip_prefix('{').and_then(|name| name.find(['}', quote, '\\'])).is_some_and(|end| end > 0),
            _ => true,
        };
        if !good {
            return (Lexeme::Bad("a string holds an escape that is not whole"), 0);
        }
    }
    (Lexeme::Bad("a string has no end"), 0)
}
