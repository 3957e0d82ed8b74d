//! Expressions: which names they reach, and which calls they make, with what is known of the arguments.

use std::ops::Range;

use super::source::Source;
use super::tokens::{Kind, Token};
use super::value::{Taint, Value, base64, hexadecimal};

/// Brackets inside of brackets that are followed; deeper ones are read as if they were not there, which is said.
const DEPTH: u32 = 48;

/// An argument: its keyword, if it has one, and its value.
pub type Argument = (Option<String>, Value);

/// Words that stand between operands.
static WORDS: [&str; 24] = [
    "if", "else", "for", "in", "is", "not", "and", "or", "lambda", "await", "async", "return", "yield", "from",
    "raise", "assert", "del", "print", "global", "nonlocal", "pass", "while", "elif", "except",
];

/// Reads the expressions of one statement.
pub struct Parser<'p> {
    /// The tokens.
    pub tokens: &'p [Token],
    /// The next one.
    pub at: usize,
    /// Where what is found goes.
    pub source: &'p mut Source,
}

impl<'p> Parser<'p> {
    /// At the first of the tokens.
    pub const fn new(tokens: &'p [Token], source: &'p mut Source) -> Self {
        Self { tokens, at: 0, source }
    }

    fn sign(&self, ahead: usize) -> Option<&'static str> {
        match self.tokens.get(self.at + ahead).map(|token| &token.kind) {
            Some(Kind::Sign(sign)) => Some(sign),
            _ => None,
        }
    }

    /// Everything that is left, however often an expression seems to end.
    pub fn rest(&mut self) -> Vec<Value> {
        let mut values = Vec::new();
        while self.at < self.tokens.len() {
            values.extend(self.sequence(None).into_iter().map(|(_, value)| value));
        }
        values
    }

    /// Items with commas between them, up to the closing bracket, which is taken.
    fn sequence(&mut self, close: Option<&'static str>) -> Vec<Argument> {
        let mut items = Vec::new();
        while self.at < self.tokens.len() {
            match self.sign(0) {
                Some(sign) if Some(sign) == close => {
                    self.at += 1;
                    return items;
                }
                Some("," | ")" | "]" | "}" | ";") => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            let keyword = match self.tokens.get(self.at).map(|token| &token.kind) {
                Some(Kind::Name(name)) if self.sign(1) == Some("=") => {
                    self.at += 2;
                    Some(name.clone())
                }
                _ => None,
            };
            let value = self.item();
            items.push((keyword, value));
        }
        items
    }

    /// One item: operands with operators between them.
    fn item(&mut self) -> Value {
        let mut value: Option<Value> = None;
        // The text that the value has become, where pieces were added to it.
        let mut grown: Option<String> = None;
        let mut operator = "";
        while let Some(token) = self.tokens.get(self.at) {
            match &token.kind {
                Kind::Sign("," | ")" | "]" | "}" | ";") => break,
                Kind::Sign("+=") => {
                    self.at += 1;
                    break;
                }
                Kind::Sign("(" | "[" | "{") if self.source.brackets >= DEPTH => {
                    self.source.reach("python-brackets", DEPTH as usize);
                    self.at += 1;
                }
                Kind::Sign(sign) if !matches!(*sign, "(" | "[" | "{") => {
                    operator = sign;
                    self.at += 1;
                }
                Kind::Name(word) if word == "as" => {
                    self.at += 1;
                    if let Some(Kind::Name(name)) = self.tokens.get(self.at).map(|token| &token.kind) {
                        value = value.map(|value| whole(value, &mut grown));
                        self.source.assign(name, value.clone().unwrap_or_default());
                        self.at += 1;
                    }
                }
                Kind::Name(word) if WORDS.contains(&word.as_str()) => {
                    operator = "word";
                    self.at += 1;
                }
                _ => {
                    let next = self.operand();
                    value = Some(match value {
                        None => next,
                        Some(value) if matches!(operator, "+" | "") => self.joined(value, &next, &mut grown),
                        Some(value) if operator == "word" && value.path.is_some() => {
                            Value { taint: value.taint.or(next.taint), ..value }
                        }
                        Some(value) => {
                            grown = None;
                            Value::tainted(value.taint.or(next.taint))
                        }
                    });
                    operator = "";
                }
            }
        }
        whole(value.unwrap_or_default(), &mut grown)
    }

    /// `value + next`, or two literals side by side. The text grows in `grown`, so that many pieces cost no more than
    /// their bytes.
    fn joined(&mut self, value: Value, next: &Value, grown: &mut Option<String>) -> Value {
        let taint = value.taint.or(next.taint);
        let Some(more) = next.text.as_ref() else {
            *grown = None;
            return Value::tainted(taint);
        };
        let first = grown.is_none();
        let begin = if first { value.text.as_deref().unwrap_or_default().len() } else { 0 };
        if (first && value.text.is_none()) || !self.source.affords(begin + more.len()) {
            *grown = None;
            return Value::tainted(taint);
        }
        let text = grown.get_or_insert_with(|| value.text.as_deref().unwrap_or_default().to_owned());
        text.push_str(more);
        Value::tainted(taint)
    }

    /// A name that was just taken.
    fn named(&mut self, name: &str, range: Range<usize>) -> Value {
        let bare = !matches!(self.sign(0), Some("(" | "[" | "."));
        if bare && self.source.brackets == 0 && !self.source.binding.is_empty() {
            self.source.bound(name, range)
        } else {
            self.source.name(name, range)
        }
    }

    /// A name, literal or bracket, and what is asked of it.
    fn operand(&mut self) -> Value {
        let Some(first) = self.tokens.get(self.at) else { return Value::default() };
        let start = first.at;
        let mut value = match &first.kind {
            Kind::Name(name) => {
                self.at += 1;
                self.named(name, start..first.end)
            }
            Kind::Text(text) => {
                self.at += 1;
                Value::text(text.clone())
            }
            Kind::Number(number) => {
                self.at += 1;
                Value { number: Some(*number), ..Value::default() }
            }
            Kind::Sign(open) => {
                let close = match *open {
                    "(" => ")",
                    "[" => "]",
                    _ => "}",
                };
                self.bracket(*open == "(", close)
            }
        };
        loop {
            match self.sign(0) {
                Some(".") => {
                    self.at += 1;
                    let Some(Token { kind: Kind::Name(name), end, .. }) = self.tokens.get(self.at) else { continue };
                    self.at += 1;
                    let method = (value.text.is_some() || value.items.is_some()).then_some(name.as_str());
                    if let (Some(method), Some("(")) = (method, self.sign(0)) {
                        value = self.method(&value, method);
                        continue;
                    }
                    value = self.source.attribute(&value, name, start..*end);
                }
                Some("(") if self.source.brackets < DEPTH => {
                    let arguments = self.arguments();
                    let end = self.tokens.get(self.at.saturating_sub(1)).map_or(start, |token| token.end);
                    value = self.source.call(&value, &arguments, start..end);
                }
                Some("(") => {
                    // Too deep to follow: the call counts, its arguments are read as what comes next.
                    self.source.reach("python-brackets", DEPTH as usize);
                    self.at += 1;
                    return self.source.call(&value, &[], start..start + 1);
                }
                Some("[") if self.source.brackets < DEPTH => {
                    let before = self.at;
                    self.at += 1;
                    let index = self.nested("]");
                    let signs = self.tokens.get(before..self.at).unwrap_or_default();
                    let index: Vec<_> = index.into_iter().map(|(_, value)| value).collect();
                    value = self.source.item(&value, &index, is_reversal(signs));
                }
                _ => return value,
            }
        }
    }

    /// `text.method(…)`, standing at the bracket.
    fn method(&mut self, value: &Value, method: &str) -> Value {
        let arguments = self.arguments();
        let size = arguments.iter().map(|(_, value)| value.size()).fold(value.size(), usize::saturating_add);
        if self.source.affords(size) {
            return of_text(value, method, &arguments);
        }
        Value::tainted(arguments.iter().fold(value.taint, |taint, (_, one)| taint.or(one.taint)))
    }

    fn arguments(&mut self) -> Vec<Argument> {
        self.at += 1;
        self.nested(")")
    }

    fn nested(&mut self, close: &'static str) -> Vec<Argument> {
        self.source.brackets += 1;
        let items = self.sequence(Some(close));
        self.source.brackets -= 1;
        items
    }

    fn bracket(&mut self, round: bool, close: &'static str) -> Value {
        let start = self.at;
        self.at += 1;
        let items = self.nested(close);
        let comma = self.tokens.get(self.at.saturating_sub(2)).is_some_and(|token| token.kind == Kind::Sign(","));
        let values: Vec<Value> = items.into_iter().map(|(_, value)| value).collect();
        match values.as_slice() {
            [one] if round && !comma && self.at > start + 1 => one.clone(),
            _ => self.source.list(&values),
        }
    }
}

/// The value with the text that grew.
fn whole(value: Value, grown: &mut Option<String>) -> Value {
    match grown.take() {
        Some(text) => Value { taint: value.taint, ..Value::text(text) },
        None => value,
    }
}

/// `[::-1]`
fn is_reversal(tokens: &[Token]) -> bool {
    let signs = tokens.iter().filter(|token| token.kind == Kind::Sign(":")).count();
    signs == 2 && tokens.windows(2).any(|two| two[0].kind == Kind::Sign("-") && two[1].kind == Kind::Number(1))
}

/// Methods of texts and of lists of texts.
fn of_text(value: &Value, method: &str, arguments: &[Argument]) -> Value {
    let taint = arguments.iter().fold(value.taint, |taint, (_, argument)| taint.or(argument.taint));
    let first = arguments.first().map(|(_, value)| value);
    let text = value.text.as_deref();
    let made = match (method, text) {
        ("decode" | "encode" | "strip" | "rstrip" | "lstrip", Some(text))
            if method.ends_with("code") || first.is_none() =>
        {
            Some(if method.ends_with("strip") { text.trim().to_owned() } else { text.to_owned() })
        }
        ("lower", Some(text)) => Some(text.to_lowercase()),
        ("join", Some(text)) => first.and_then(|list| list.items.as_ref()).map(|items| items.join(text)),
        ("replace", Some(text)) => match arguments {
            [(_, Value { text: Some(old), .. }), (_, Value { text: Some(new), .. })]
                if !old.is_empty() && text.len().saturating_mul(new.len() + 1) < 1 << 20 =>
            {
                Some(text.replace(&**old, new))
            }
            _ => None,
        },
        _ => None,
    };
    Value { taint, ..made.map(Value::text).unwrap_or_default() }
}

/// Calls that give a text which is known, whatever else they do.
pub fn known_text(path: &str, arguments: &[Argument]) -> Option<Value> {
    let first = arguments.first().map(|(_, value)| value);
    let text = first.and_then(|value| value.text.as_deref());
    let decoded = Taint { decoded: true, ..first.map(|value| value.taint).unwrap_or_default() };
    let value = match path {
        "chr" => Value::text(first?.number.and_then(char::from_u32)?.to_string()),
        "str" | "bytes" | "repr" | "bytearray" | "codecs.encode" if text.is_some() => Value::text(text?.to_owned()),
        "base64.b64decode"
        | "base64.urlsafe_b64decode"
        | "base64.standard_b64decode"
        | "base64.decodebytes"
        | "binascii.a2b_base64" => Value { taint: decoded, ..Value::text(base64(text?)?) },
        "bytes.fromhex" | "bytearray.fromhex" | "binascii.unhexlify" | "binascii.a2b_hex" | "base64.b16decode" => {
            Value { taint: decoded, ..Value::text(hexadecimal(text?)?) }
        }
        "codecs.decode" => match arguments.get(1).and_then(|(_, how)| how.text.as_deref()) {
            Some("rot13" | "rot_13") => {
                Value { taint: decoded, ..Value::text(text?.chars().map(rotated).collect::<String>()) }
            }
            Some("base64" | "base64_codec") => Value { taint: decoded, ..Value::text(base64(text?)?) },
            Some("hex" | "hex_codec") => Value { taint: decoded, ..Value::text(hexadecimal(text?)?) },
            _ => return None,
        },
        _ => return None,
    };
    Some(value)
}

fn rotated(letter: char) -> char {
    let turn = |first: u8| char::from((letter as u8 - first + 13) % 26 + first);
    match letter {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        other => other,
    }
}
