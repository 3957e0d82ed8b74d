//! Expressions of a template, read and followed at once.
//!
//! Source: `jinja2/parser.py`. Read leniently: what is no expression is passed over token by token.

use super::machine::Machine;
use super::statement::begin;
use super::tokens::{Code, Token};
use super::value::{Kind, Value};

/// Brackets in brackets that are followed.
pub const DEPTH: usize = 40;

/// What a call is given: values in order, and values by name.
pub type Given = (Vec<Value>, Vec<(String, Value)>);

/// A place in the tokens of one piece of code.
#[derive(Clone, Debug)]
pub struct Cursor<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: usize,
    /// Where the code begins in the template.
    pub code: usize,
}

impl<'t> Cursor<'t> {
    /// The beginning of a piece of code.
    pub fn new(code: &'t Code) -> Self {
        Self { tokens: begin(code), at: 0, depth: 0, code: code.at }
    }

    /// True if nothing is left.
    pub const fn ended(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn peek(&self, ahead: usize) -> Option<&'t Token> {
        self.tokens.get(self.at + ahead)
    }

    /// The next token.
    pub fn next(&mut self) -> Option<&'t Token> {
        let token = self.peek(0);
        self.at += 1;
        token
    }

    /// True if the next token is that sign.
    pub fn is_sign(&self, sign: u8) -> bool {
        self.peek(0) == Some(&Token::Sign(sign))
    }

    /// Takes that sign.
    pub fn sign(&mut self, sign: u8) -> bool {
        let is = self.is_sign(sign);
        self.at += usize::from(is);
        is
    }

    /// True if the next token is a name.
    pub fn is_name(&self) -> bool {
        matches!(self.peek(0), Some(Token::Name(..)))
    }

    /// True if the next token is that name.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(0), Some(Token::Name(name, _)) if name == word)
    }

    /// Takes that name.
    pub fn word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    /// Takes a name.
    pub fn name(&mut self) -> Option<&'t str> {
        let Some(Token::Name(name, _)) = self.peek(0) else { return None };
        self.at += 1;
        Some(name)
    }

    /// Passes over what stands in round brackets.
    pub fn skip_group(&mut self) {
        let mut open = 0usize;
        while let Some(token) = self.next() {
            match token {
                Token::Sign(b'(') => open += 1,
                Token::Sign(b')') => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return;
            }
        }
    }

    /// Takes a comparison.
    fn comparison(&mut self) -> bool {
        let equals = |token: Option<&Token>| token == Some(&Token::Sign(b'='));
        let length = match self.peek(0) {
            Some(Token::Sign(b'=' | b'!')) if equals(self.peek(1)) => 2,
            Some(Token::Sign(b'<' | b'>')) => 1 + usize::from(equals(self.peek(1))),
            Some(Token::Name(name, _)) if name == "in" => 1,
            Some(Token::Name(name, _))
                if name == "not" && matches!(self.peek(1), Some(Token::Name(next, _)) if next == "in") =>
            {
                2
            }
            _ => return false,
        };
        self.at += length;
        true
    }
}

impl<'t> Machine<'t> {
    /// Expressions with commas between them are a list.
    pub fn tuple(&mut self, c: &mut Cursor<'t>) -> Value {
        let first = self.expression(c);
        if !c.is_sign(b',') {
            return first;
        }
        let mut items = vec![first];
        while c.sign(b',') {
            if c.ended() || [b')', b']', b'}', b'='].iter().any(|sign| c.is_sign(*sign)) {
                break;
            }
            items.push(self.expression(c));
        }
        self.list(items)
    }

    /// `value if condition else other`
    pub fn expression(&mut self, c: &mut Cursor<'t>) -> Value {
        if c.depth >= DEPTH {
            self.deep = true;
            c.at = c.tokens.len();
            return Value::made();
        }
        c.depth += 1;
        let mut value = self.either(c);
        while c.word("if") {
            self.either(c);
            let other = if c.word("else") { self.expression(c) } else { Value::data() };
            value.join(other);
        }
        c.depth -= 1;
        value
    }

    /// `one or other`, `one and other`: either may be it.
    pub fn either(&mut self, c: &mut Cursor<'t>) -> Value {
        let mut value = self.compared(c);
        while c.word("or") || c.word("and") {
            let other = self.compared(c);
            value.join(other);
        }
        value
    }

    fn compared(&mut self, c: &mut Cursor<'t>) -> Value {
        let mut value = Value::none();
        while !c.comparison() && c.word("not") {
            value = Value::data();
        }
        let first = self.sum(c);
        if value.kinds().is_empty() {
            value = first;
        }
        while c.comparison() {
            self.sum(c);
            value = Value::data();
        }
        value
    }

    fn sum(&mut self, c: &mut Cursor<'t>) -> Value {
        let mut value = self.joined(c);
        loop {
            let plus = c.sign(b'+');
            if !plus && !c.sign(b'-') {
                return value;
            }
            let other = self.joined(c);
            value = self.added(&value, &other, plus);
        }
    }

    fn joined(&mut self, c: &mut Cursor<'t>) -> Value {
        let mut value = self.product(c);
        while c.sign(b'~') {
            let other = self.product(c);
            value = self.concat(&value, &other);
        }
        value
    }

    fn product(&mut self, c: &mut Cursor<'t>) -> Value {
        let mut value = self.unary(c);
        loop {
            let sign = match c.peek(0) {
                Some(Token::Sign(sign @ (b'*' | b'/' | b'%'))) => *sign,
                _ => return value,
            };
            c.at += 1;
            let twice = c.sign(sign);
            let other = self.unary(c);
            value = match sign {
                b'*' if !twice => self.repeated(&value, &other),
                b'%' => self.formatted(&value, std::slice::from_ref(&other)),
                _ => Value::one(Kind::Count),
            };
        }
    }

    fn unary(&mut self, c: &mut Cursor<'t>) -> Value {
        let mut negative = false;
        while c.is_sign(b'-') || c.is_sign(b'+') {
            negative ^= c.is_sign(b'-');
            c.at += 1;
        }
        let value = self.primary(c);
        let value = if negative {
            value.number().map_or_else(|| Value::one(Kind::Count), |n| Value::one(Kind::Number(n.saturating_neg())))
        } else {
            value
        };
        self.behind(value, c)
    }

    fn primary(&mut self, c: &mut Cursor<'t>) -> Value {
        self.step(0);
        match c.next() {
            Some(Token::Text(text, _)) => {
                let mut all = text.clone();
                while let Some(Token::Text(more, _)) = c.peek(0) {
                    all.push_str(more);
                    c.at += 1;
                }
                Value::text(all)
            }
            Some(Token::Number(number)) => Value::one(Kind::Number(*number)),
            Some(Token::Name(name, _)) => match name.as_str() {
                // Their letters are of no use for a name that leads out.
                "true" | "True" | "false" | "False" | "none" | "None" => Value::one(Kind::Count),
                name => self.lookup(name),
            },
            Some(Token::Sign(b'(')) => {
                if c.sign(b')') {
                    return self.list(Vec::new());
                }
                let value = self.tuple(c);
                c.sign(b')');
                value
            }
            Some(Token::Sign(b'[')) => {
                let mut items = Vec::new();
                while !c.ended() && !c.is_sign(b']') {
                    items.push(self.expression(c));
                    if !c.sign(b',') {
                        break;
                    }
                }
                c.sign(b']');
                self.list(items)
            }
            Some(Token::Sign(b'{')) => self.braces(c),
            _ => Value::data(),
        }
    }

    fn braces(&mut self, c: &mut Cursor<'t>) -> Value {
        let mut items = Vec::new();
        while !c.ended() && !c.is_sign(b'}') {
            let key = self.expression(c);
            let value = if c.sign(b':') { self.expression(c) } else { Value::data() };
            items.push((key, value));
            if !c.sign(b',') {
                break;
            }
        }
        c.sign(b'}');
        self.dict(items)
    }

    /// Attributes, items, calls, filters and tests behind a value.
    fn behind(&mut self, value: Value, c: &mut Cursor<'t>) -> Value {
        let mut value = value;
        loop {
            if c.sign(b'.') {
                value = match c.next() {
                    Some(Token::Name(name, _)) => self.attribute(&value, name, c.code),
                    _ => value,
                };
            } else if c.sign(b'[') {
                value = self.brackets(&value, c);
            } else if c.is_sign(b'(') {
                let given = self.arguments(c);
                value = self.call(&value, given, c.code);
            } else if c.sign(b'|') {
                value = self.filter(value, c);
            } else if c.word("is") {
                self.test(c);
                value = Value::data();
            } else {
                return value;
            }
            // What gives nothing that is known may give anything.
            if value.kinds().is_empty() {
                value = Value::data();
            }
        }
    }

    fn test(&mut self, c: &mut Cursor<'t>) {
        c.word("not");
        c.next();
        let operand = match c.peek(0) {
            Some(Token::Sign(b'(')) => {
                self.arguments(c);
                return;
            }
            Some(Token::Name(name, _)) => {
                !["else", "or", "and", "is", "if", "not", "in", "recursive"].contains(&name.as_str())
            }
            Some(Token::Text(..) | Token::Number(_) | Token::Sign(b'[' | b'{')) => true,
            _ => false,
        };
        if operand {
            self.primary(c);
        }
    }

    /// `[key]`, `[from:to:step]`
    fn brackets(&mut self, value: &Value, c: &mut Cursor<'t>) -> Value {
        let begin = c.at;
        let mut parts = vec![None];
        while !c.ended() && !c.is_sign(b']') {
            if c.sign(b':') {
                parts.push(None);
            } else {
                let part = self.tuple(c);
                if let Some(last) = parts.last_mut() {
                    *last = Some(part);
                }
            }
        }
        let literal = c.at == begin + 1 && matches!(c.tokens.get(begin), Some(Token::Text(..) | Token::Number(_)));
        c.sign(b']');
        if let [Some(key)] = parts.as_slice() {
            if !literal {
                self.key(key, c.code);
            }
            return self.subscript(value, key, literal, c.code);
        }
        let bound = |n: usize| match parts.get(n) {
            None | Some(None) => Some(None),
            Some(Some(value)) => value.number().map(Some),
        };
        match (bound(0), bound(1), bound(2)) {
            (Some(from), Some(to), Some(step)) => self.slice(value, from, to, step.unwrap_or(1)),
            _ => value.each(|kind| if kind.is_made_of_text() { Value::made() } else { Value::one(kind.clone()) }),
        }
    }

    /// `(value, name=value, *values, **names)`
    pub fn arguments(&mut self, c: &mut Cursor<'t>) -> Given {
        let (mut positional, mut named) = (Vec::new(), Vec::new());
        c.sign(b'(');
        while !c.ended() && !c.is_sign(b')') {
            let stars = usize::from(c.sign(b'*')) + usize::from(c.sign(b'*'));
            let name = match (c.peek(0), c.peek(1), c.peek(2)) {
                (Some(Token::Name(name, _)), Some(Token::Sign(b'=')), next) if next != Some(&Token::Sign(b'=')) => {
                    c.at += 2;
                    Some(name.clone())
                }
                _ => None,
            };
            let value = self.expression(c);
            match (name, stars) {
                (Some(name), _) => named.push((name, value)),
                (None, 0) => positional.push(value),
                (None, _) => self.spread(&value, &mut positional, &mut named),
            }
            if !c.sign(b',') {
                break;
            }
        }
        c.sign(b')');
        (positional, named)
    }

    fn spread(&self, value: &Value, positional: &mut Vec<Value>, named: &mut Vec<(String, Value)>) {
        for kind in value.kinds() {
            match kind {
                Kind::List(id) => positional.extend(self.lists.get(*id).into_iter().flatten().cloned()),
                Kind::Dict(id) => named.extend(
                    self.dicts
                        .get(*id)
                        .into_iter()
                        .flatten()
                        .filter_map(|(key, value)| Some((key.single()?.to_owned(), value.clone()))),
                ),
                _ => positional.push(Value::data()),
            }
        }
    }
}
