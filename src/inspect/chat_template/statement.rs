//! The tags of a template, followed one after the other.

use std::collections::BTreeMap;

use super::blocks::{Block, Node, word};
use super::expression::{Cursor, Given};
use super::machine::{Machine, Macro};
use super::tokens::{Code, Token};
use super::value::{Kind, Value};

/// Macros in macros that are followed.
const CALLS: usize = 6;

/// Times that a macro is followed inside of itself.
const AGAIN: usize = 2;

/// Names that are given values, each perhaps with an attribute.
type Targets<'t> = [(&'t str, Option<&'t str>)];

impl<'t> Machine<'t> {
    /// Follows a part of the template.
    pub fn run(&mut self, nodes: &'t [Node<'t>]) {
        for node in nodes {
            match node {
                Node::Text(text) => self.write(&Value::text(*text)),
                Node::Code(code) => self.code(code),
                Node::Block(block) => self.block(block),
            }
        }
    }

    fn code(&mut self, code: &'t Code) {
        let mut cursor = Cursor::new(code);
        if !code.statement {
            while !cursor.ended() {
                let value = self.tuple(&mut cursor);
                self.write(&value);
            }
        } else if cursor.word("set") {
            self.set(&mut cursor);
        } else {
            cursor.next();
            self.rest(&mut cursor);
        }
    }

    /// Reads whatever expressions are left.
    fn rest(&mut self, cursor: &mut Cursor<'t>) {
        while !cursor.ended() {
            self.tuple(cursor);
        }
    }

    /// `name = value`, `one, other = value`, `namespace.name = value`
    fn set(&mut self, cursor: &mut Cursor<'t>) {
        let mut targets = Vec::new();
        while let Some(name) = cursor.name() {
            let attribute = if cursor.sign(b'.') { cursor.name() } else { None };
            targets.push((name, attribute));
            if !cursor.sign(b',') {
                break;
            }
        }
        if !cursor.sign(b'=') {
            return self.rest(cursor);
        }
        let value = self.tuple(cursor);
        self.rest(cursor);
        self.bind(&targets, value);
    }

    fn bind(&mut self, targets: &Targets<'t>, value: Value) {
        let several = targets.len() > 1;
        for (n, (name, attribute)) in targets.iter().enumerate() {
            let value = if several { self.item(&value, n) } else { value.clone() };
            match attribute {
                None => self.assign(name, value),
                Some(attribute) => {
                    for kind in self.lookup(name).kinds() {
                        if let Kind::Dict(id) = kind {
                            self.put(*id, Value::text(*attribute), value.clone());
                        }
                    }
                }
            }
        }
    }

    /// One of the values of a list, or any of them.
    fn item(&mut self, value: &Value, n: usize) -> Value {
        let lists = &self.lists;
        value.each(|kind| match kind {
            Kind::List(id) => lists.get(*id).and_then(|list| list.get(n)).cloned().unwrap_or_else(Value::data),
            Kind::Data | Kind::Looked => Value::data(),
            _ => Value::made(),
        })
    }

    fn block(&mut self, block: &'t Block<'t>) {
        let Some((head, body)) = block.parts.first() else { return };
        let mut cursor = Cursor::new(head);
        cursor.next();
        match block.word {
            "if" => return self.branches(block),
            "for" => return self.repeat(block, &mut cursor),
            "macro" => return self.define(body, &mut cursor),
            _ => {}
        }
        self.scopes.push(BTreeMap::new());
        match block.word {
            "set" => {
                let name = cursor.name().unwrap_or_default();
                let attribute = if cursor.sign(b'.') { cursor.name() } else { None };
                let text = self.capture(body);
                let text = self.filters(text, &mut cursor);
                self.scopes.pop();
                return self.bind(&[(name, attribute)], text);
            }
            "filter" => {
                let text = self.capture(body);
                let text = self.filter(text, &mut cursor);
                self.write(&text);
            }
            "call" => {
                self.macros.push(Macro { cursor: cursor.clone(), body });
                if cursor.is_sign(b'(') {
                    self.arguments(&mut cursor.clone());
                    cursor.skip_group();
                }
                self.assign("caller", Value::one(Kind::Macro(self.macros.len() - 1)));
                let text = self.tuple(&mut cursor);
                self.write(&text);
            }
            _ => {
                while block.word == "with" && cursor.is_name() {
                    self.set(&mut cursor);
                }
                self.rest(&mut cursor);
                self.run(body);
            }
        }
        self.scopes.pop();
    }

    fn branches(&mut self, block: &'t Block<'t>) {
        self.unsure += 1;
        for (code, body) in &block.parts {
            let mut cursor = Cursor::new(code);
            cursor.next();
            self.rest(&mut cursor);
            self.run(body);
        }
        self.unsure -= 1;
    }

    /// `for target in values if condition recursive`
    fn repeat(&mut self, block: &'t Block<'t>, cursor: &mut Cursor<'t>) {
        let Some((_, body)) = block.parts.first() else { return };
        let mut targets = Vec::new();
        cursor.sign(b'(');
        while let Some(name) = cursor.name().filter(|name| *name != "in") {
            targets.push((name, None));
            cursor.sign(b',');
            cursor.sign(b')');
            if cursor.is_word("in") {
                break;
            }
        }
        cursor.word("in");
        let values = self.either(cursor);
        let length = if let [Kind::List(id)] = values.kinds() { self.lists.get(*id).map_or(0, Vec::len) } else { 0 };
        self.step(length * 4);
        let known = match values.kinds() {
            _ if self.steps == 0 => None,
            [Kind::List(id)] => self.lists.get(*id).cloned(),
            [Kind::Text(text)] => Some(text.chars().map(|letter| Value::text(letter.to_string())).collect()),
            [Kind::Dict(id)] => self.dicts.get(*id).map(|dict| dict.iter().map(|(key, _)| key.clone()).collect()),
            _ => None,
        };
        let filtered = cursor.is_word("if");
        let any = self.any(&values);
        match known {
            Some(known) if !filtered => {
                for value in known {
                    if !self.step(0) {
                        self.turn(&targets, (any.clone(), &any), cursor, body);
                        break;
                    }
                    self.turn(&targets, (value, &any), cursor, body);
                }
            }
            _ => {
                self.unsure += 1;
                self.turn(&targets, (any.clone(), &any), cursor, body);
                if self.steps > 0 {
                    self.again += 1;
                    self.turn(&targets, (any.clone(), &any), cursor, body);
                    self.again -= 1;
                }
                self.unsure -= 1;
            }
        }
        self.unsure += 1;
        block.parts.iter().skip(1).for_each(|(_, body)| self.run(body));
        self.unsure -= 1;
    }

    /// One turn of a loop.
    fn turn(
        &mut self,
        targets: &Targets<'t>,
        (value, any): (Value, &Value),
        cursor: &Cursor<'t>,
        body: &'t [Node<'t>],
    ) {
        self.scopes.push(BTreeMap::new());
        let unsure = std::mem::take(&mut self.unsure);
        self.assign("loop", Value::one(Kind::Object("loop", Box::new(any.clone()))));
        self.bind(targets, value);
        self.unsure = unsure;
        let mut condition = cursor.clone();
        self.rest(&mut condition);
        self.run(body);
        self.scopes.pop();
    }

    /// `macro name(parameter, other=default)`: read once for what may be given, and again for each call.
    fn define(&mut self, body: &'t [Node<'t>], cursor: &mut Cursor<'t>) {
        let name = cursor.name().unwrap_or_default();
        self.macros.push(Macro { cursor: cursor.clone(), body });
        let id = self.macros.len() - 1;
        self.assign(name, Value::one(Kind::Macro(id)));
        self.unsure += 1;
        self.expand(id, None);
        self.unsure -= 1;
    }

    /// What a macro writes when it is called with these values; `None` stands for any.
    pub fn expand(&mut self, id: usize, given: Option<Given>) -> Value {
        let deep = self.calls.len() >= CALLS || self.calls.iter().filter(|called| **called == id).count() >= AGAIN;
        let Some(called) = self.macros.get(id).filter(|_| !deep && self.steps > 0) else { return Value::made() };
        let (mut cursor, body) = (called.cursor.clone(), called.body);
        self.calls.push(id);
        self.scopes.push(BTreeMap::new());
        let outer = std::mem::take(&mut self.unsure);
        let anything = given.is_none();
        let (positional, named) = given.unwrap_or_default();
        let mut positional = positional.into_iter();
        cursor.sign(b'(');
        while let Some(name) = cursor.name() {
            let default = if cursor.sign(b'=') { Some(self.expression(&mut cursor)) } else { None };
            let by_name = named.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
            let mut value = positional.next().or(by_name).or(default).unwrap_or_else(Value::data);
            if anything {
                value.add(Kind::Data);
            }
            self.assign(name, value);
            if !cursor.sign(b',') {
                break;
            }
        }
        let rest: Vec<Value> = positional.collect();
        let rest = self.list(rest);
        self.assign("varargs", rest);
        let named = named.into_iter().map(|(name, value)| (Value::text(name), value)).collect();
        let named = self.dict(named);
        self.assign("kwargs", named);
        self.unsure = outer;
        let text = self.capture(body);
        self.scopes.pop();
        self.calls.pop();
        text
    }
}

/// The first token of a tag may be the sign that takes white space away.
pub fn begin(code: &Code) -> &[Token] {
    let (_, skip) = word(code);
    let skip = if code.statement { skip.saturating_sub(1) } else { skip };
    let tokens = code.tokens.get(skip..).unwrap_or_default();
    match tokens.split_last() {
        Some((Token::Sign(b'-' | b'+'), rest)) => rest,
        _ => tokens,
    }
}
