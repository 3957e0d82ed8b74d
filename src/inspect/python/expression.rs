//! Expressions: which names they reach, and which calls they make, with what is known of the arguments.

use std::ops::Range;

use super::deed::Deed;
use super::names;
use super::places;
use super::source::Source;
use super::texts::{of_text, percent};
use super::tokens::{FIELDED, Kind, Token};
use super::value::{GAP, ITEMS, Slice, Taint, Value};

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
        // The name that `:=` binds to what follows.
        let mut binds: Option<String> = None;
        while let Some(token) = self.tokens.get(self.at) {
            match &token.kind {
                Kind::Sign("," | ")" | "]" | "}" | ";") => break,
                Kind::Sign("+=") => {
                    self.at += 1;
                    break;
                }
                Kind::Sign("(" | "[" | "{" | FIELDED) if self.source.brackets >= DEPTH => {
                    self.source.reach("python-brackets", DEPTH as usize);
                    self.at += 1;
                }
                Kind::Sign(sign) if !matches!(*sign, "(" | "[" | "{" | FIELDED) => {
                    if *sign == ":=" {
                        binds = self.name_before();
                    }
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
                // Only a function has attributes.
                Kind::Name(word)
                    if WORDS.contains(&word.as_str()) && !(word == "print" && self.sign(1) == Some(".")) =>
                {
                    operator = "word";
                    self.at += 1;
                }
                _ => {
                    let next = self.operand();
                    if let Some(name) = binds.take() {
                        self.source.assign(&name, next.clone());
                    }
                    value = Some(match value {
                        None => next,
                        Some(value) => self.operated(value, operator, next, &mut grown),
                    });
                    operator = "";
                }
            }
        }
        whole(value.unwrap_or_default(), &mut grown)
    }

    fn name_before(&self) -> Option<String> {
        match self.tokens.get(self.at.checked_sub(1)?).map(|token| &token.kind) {
            Some(Kind::Name(name)) => Some(name.clone()),
            _ => None,
        }
    }

    /// `value operator next`
    fn operated(&mut self, value: Value, operator: &str, next: Value, grown: &mut Option<String>) -> Value {
        let mut taint = value.taint.or(next.taint);
        match operator {
            "+" | "" => return self.joined(value, &next, grown),
            // What is looked up in a dictionary, what a lambda gives and what is bound is what follows.
            ":" | "=" | ":=" => {
                *grown = None;
                let at = self.tokens.get(self.at.saturating_sub(1)).map_or(0..0, |token| token.at..token.end);
                self.source.keeps(&value, at);
                return Value { taint, ..next };
            }
            "/" if value.text.is_some() || next.text.is_some() => {
                let value = whole(value, grown);
                let folder = value.piece().unwrap_or(GAP.to_string().into());
                let below = next.piece().unwrap_or(GAP.to_string().into());
                if self.source.affords(folder.len().saturating_add(below.len())) {
                    let partial = value.is_partial() || next.is_partial();
                    return Value { taint, partial, ..Value::text(format!("{folder}/{below}")) };
                }
            }
            "%" => {
                let value = whole(value, grown);
                if let Some(text) = value.text.as_deref().filter(|_| self.source.affords(value.size() + next.size())) {
                    let made = percent(text, &next);
                    let partial = made.partial || value.partial;
                    return if self.source.affords(made.size()) {
                        Value { taint, partial, ..made }
                    } else {
                        Value::tainted(taint)
                    };
                }
            }
            "word" if value.path.is_some() => return Value { taint, ..value },
            "^" => taint.decoded = true,
            _ => {}
        }
        *grown = None;
        Value::tainted(taint)
    }

    /// `value + next`, or two literals side by side. The text grows in `grown`, so that many pieces cost no more than
    /// their bytes.
    fn joined(&mut self, value: Value, next: &Value, grown: &mut Option<String>) -> Value {
        let taint = value.taint.or(next.taint);
        if let Some(items) = &value.items {
            return self.lengthened(items, next, taint);
        }
        let is_text = grown.is_some() || value.text.is_some() || next.text.is_some();
        let taint = Taint { pieced: taint.pieced || is_text, ..taint };
        let Some(more) = next.piece().filter(|_| is_text) else {
            *grown = None;
            return Value::tainted(taint);
        };
        let begin = if grown.is_some() { None } else { value.piece() };
        if !self.source.affords(begin.as_ref().map_or(0, |begin| begin.len()) + more.len()) {
            *grown = None;
            return Value::tainted(taint);
        }
        // What grows stands for the text of the value, so only its own pieces count.
        let partial = if grown.is_some() { value.partial } else { value.is_partial() } || next.is_partial();
        let text = grown.get_or_insert_with(|| begin.unwrap_or_default().into_owned());
        text.push_str(&more);
        Value { partial, ..Value::tainted(taint) }
    }

    /// `[a, b] + next`
    fn lengthened(&mut self, items: &std::rc::Rc<[String]>, next: &Value, taint: Taint) -> Value {
        let more = next.items.as_deref().unwrap_or_default();
        let size = items.iter().chain(more).map(|item| item.len() + 16).fold(0, usize::saturating_add);
        if items.len() + more.len() > ITEMS || !self.source.affords(size) {
            return Value::tainted(taint);
        }
        let all = items.iter().chain(more).cloned().collect();
        Value { items: Some(all), ..Value::tainted(taint) }
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
                let value = self.named(name, start..first.end);
                self.spelt(name, first, &value);
                value
            }
            Kind::Text(text) => {
                self.at += 1;
                self.source.speak(text);
                Value::text(text.as_str())
            }
            Kind::Number(number) => {
                self.at += 1;
                Value { number: Some(*number), ..Value::default() }
            }
            Kind::Sign("(") => self.bracket(true, ")"),
            Kind::Sign("[") => self.bracket(false, "]"),
            Kind::Sign(open) => self.bracket(*open == FIELDED, "}"),
        };
        loop {
            match self.sign(0) {
                Some(".") => {
                    self.at += 1;
                    let Some(token) = self.tokens.get(self.at) else { continue };
                    let Token { kind: Kind::Name(name), end, .. } = token else { continue };
                    self.at += 1;
                    let method = (value.text.is_some() || value.items.is_some()).then_some(name.as_str());
                    if let (Some(method), Some("(")) = (method.filter(|_| self.source.brackets < DEPTH), self.sign(0)) {
                        value = self.method(&value, method, start);
                        continue;
                    }
                    value = self.source.attribute(&value, name, start..*end);
                    self.spelt(name, token, &value);
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
                    let before = self.at + 1;
                    self.at += 1;
                    let index = self.nested("]");
                    let signs = self.tokens.get(before..self.at.saturating_sub(1)).unwrap_or_default();
                    let index: Vec<_> = index.into_iter().map(|(_, value)| value).collect();
                    value = self.source.item(&value, &index, slice(signs), start..start + 1);
                }
                _ => return value,
            }
        }
    }

    /// Says of something of note that it is spelt with letters that only Python takes for the plain ones.
    fn spelt(&mut self, name: &str, token: &Token, value: &Value) {
        let plain = token.end.saturating_sub(token.at) == name.len();
        let Some(path) = value.path.as_deref().filter(|_| !plain) else { return };
        if path == "__import__" || names::is_known(path) || names::is_shared(path) {
            self.source.done(Deed::Conceals, path.to_owned(), None, token.at..token.end);
        }
    }

    /// `text.method(…)`, standing at the bracket.
    fn method(&mut self, value: &Value, method: &str, start: usize) -> Value {
        let arguments = self.arguments();
        let end = self.tokens.get(self.at.saturating_sub(1)).map_or(start, |token| token.end);
        // What is done to the file that a text names.
        let mode = match method {
            "write_text" | "write_bytes" | "touch" => Some("w"),
            "read_text" | "read_bytes" => Some("r"),
            "open" => arguments.first().and_then(|(_, mode)| mode.text.as_deref()).or(Some("r")),
            _ => None,
        };
        if let Some(mode) = mode {
            let opened = [(None, value.clone()), (None, Value::text(mode))];
            let file = self.source.call(&Value::imported("open"), &opened, start..end);
            let write = file.attribute("write");
            return if mode == "w" { self.source.call(&write, &arguments, start..end) } else { file };
        }
        if matches!(method, "rglob" | "glob" | "iterdir" | "walk")
            && value.known().is_some_and(|folder| !folder.is_empty() && places::is_vital(folder))
        {
            return Value::tainted(Taint { vital: true, ..value.taint });
        }
        let size = arguments.iter().map(|(_, value)| value.size()).fold(value.size(), usize::saturating_add);
        let made = self.source.affords(size).then(|| of_text(value, method, &arguments));
        match made.filter(|made| self.source.affords(made.size())) {
            Some(made) => made,
            None => Value::tainted(arguments.iter().fold(value.taint, |taint, (_, one)| taint.or(one.taint))),
        }
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
            _ => {
                let at = self.tokens.get(start).map_or(0..0, |token| token.at..token.end);
                for value in &values {
                    self.source.keeps(value, at.clone());
                }
                self.source.list(&values)
            }
        }
    }
}

/// The value with the text that grew.
fn whole(value: Value, grown: &mut Option<String>) -> Value {
    match grown.take() {
        Some(text) => Value { taint: value.taint, partial: value.partial, ..Value::text(text) },
        None => value,
    }
}

/// What stands between brackets, if it is `from:to:step` in numbers.
fn slice(tokens: &[Token]) -> Option<Slice> {
    let mut parts: [Option<i64>; 3] = [None; 3];
    let mut part = 0usize;
    let mut sign = 1i64;
    for token in tokens.iter() {
        match &token.kind {
            Kind::Sign(":") => {
                part += 1;
                sign = 1;
            }
            Kind::Sign("-") => sign = -1,
            Kind::Number(number) => *parts.get_mut(part)? = Some(sign * i64::from(*number)),
            _ => return None,
        }
    }
    let [from, to, step] = parts;
    match (part, from) {
        (0, Some(at)) if tokens.len() <= 2 => Some(Slice { from, to: (at != -1).then_some(at + 1), step: None }),
        (1 | 2, _) => Some(Slice { from, to, step }),
        _ => None,
    }
}
