//! A template followed through its assignments, branches, loops and macros, to see which names it looks things up by.
//!
//! Nothing is rendered: a value is what it can be at most, both branches of a condition are taken, a loop over what is
//! not known is read twice. What the conversation holds is not guessed. After a bound of steps loops are read once and
//! macros are not followed; what they give then counts as put together in an unknown way.

use std::collections::BTreeMap;

use super::blocks::Node;
use super::expression::Cursor;
use super::is_internal;
use super::spelling::is_stem;
use super::value::{Kind, Value, concat};
use crate::model::Severity;

/// Steps that are taken with full attention.
const STEPS: u32 = 40_000;

/// What was found: where, how bad it is, and what.
pub type Found = (usize, Severity, String);

/// A macro, or what a `call` block hands to one.
pub struct Macro<'t> {
    /// Its tag, from the parameters on.
    pub cursor: Cursor<'t>,
    /// What stands in it.
    pub body: &'t [Node<'t>],
}

/// The state of a template while it is followed.
pub struct Machine<'t> {
    /// Lists, by number.
    pub lists: Vec<Vec<Value>>,
    /// Dictionaries and namespaces, by number.
    pub dicts: Vec<Vec<(Value, Value)>>,
    /// Macros, by number.
    pub macros: Vec<Macro<'t>>,
    /// Variables, the innermost last.
    pub scopes: Vec<BTreeMap<String, Value>>,
    /// Texts that are being captured, the innermost last.
    pub captured: Vec<Value>,
    /// Steps that are left.
    pub steps: u32,
    /// Branches around this place that may not be taken.
    pub unsure: u32,
    /// Loops around this place that are read a second time.
    pub again: u32,
    /// Macros around this place.
    pub calls: Vec<usize>,
    /// True if brackets were nested deeper than they are followed.
    pub deep: bool,
    found: Vec<Found>,
}

/// Follows a template. At most one thing of each severity is said; and whether some of it lay deeper than it is followed.
pub fn follow<'t>(nodes: &'t [Node<'t>]) -> (Vec<Found>, bool) {
    let mut machine = Machine {
        lists: Vec::new(),
        dicts: Vec::new(),
        macros: Vec::new(),
        scopes: vec![BTreeMap::new()],
        captured: Vec::new(),
        steps: STEPS,
        unsure: 0,
        again: 0,
        calls: Vec::new(),
        deep: false,
        found: Vec::new(),
    };
    machine.run(nodes);
    (machine.found, machine.deep)
}

impl<'t> Machine<'t> {
    /// Takes so many steps; false when there are none left.
    pub const fn step(&mut self, count: usize) -> bool {
        self.steps = self.steps.saturating_sub(1 + (count / 32) as u32);
        self.steps > 0
    }

    /// What anything that is made of a value is taken for when no steps are left.
    pub fn tired(&self, value: &Value) -> Option<Value> {
        let constant = |kind: &Kind| kind.is_made_of_text() || matches!(kind, Kind::List(_) | Kind::Dict(_));
        let made = value.kinds().iter().any(constant);
        (self.steps == 0).then(|| if made { Value::made() } else { Value::data() })
    }

    /// Writes down what was found, the first of each severity.
    pub fn find(&mut self, at: usize, severity: Severity, what: String) {
        if !self.found.iter().any(|found| found.1 == severity) {
            self.found.push((at, severity, what));
        }
    }

    /// A name by which something is looked up: an attribute, an item, or the name given to a filter that looks it up.
    pub fn key(&mut self, key: &Value, at: usize) {
        for kind in key.kinds() {
            match kind {
                Kind::Text(text) => {
                    if let Some(part) = text.split('.').map(str::trim).find(|part| is_internal(part)) {
                        self.find(
                            at,
                            Severity::Critical,
                            format!("it puts the name {part:?} together and reaches for it"),
                        );
                    }
                }
                Kind::Mixed(text) if is_stem(text) => {
                    let what = format!("it reaches for a name that it makes of {text:?} and of what it is given");
                    self.find(at, Severity::High, what);
                }
                Kind::Bound(of, _) if !of.kinds().iter().any(Kind::is_made_of_text) => {}
                Kind::Made | Kind::Bound(..) => {
                    let what = "it reaches for a name that it puts together letter by letter".to_owned();
                    self.find(at, Severity::High, what);
                }
                _ => {}
            }
        }
    }

    /// The variable of that name.
    pub fn lookup(&self, name: &str) -> Value {
        static GLOBALS: [&str; 14] = [
            "cycler",
            "joiner",
            "namespace",
            "lipsum",
            "self",
            "dict",
            "range",
            "config",
            "request",
            "url_for",
            "get_flashed_messages",
            "caller",
            "raise_exception",
            "strftime_now",
        ];
        if let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            let value = value.clone();
            return if self.steps == 0 { value.summed() } else { value };
        }
        match GLOBALS.iter().find(|global| **global == name) {
            Some(global) => Value::one(Kind::Global(global)),
            // The tokens of a tokenizer stand in a file beside the template.
            None if name.ends_with("_token") => Value::made(),
            None => Value::data(),
        }
    }

    /// Gives a variable a value, or one more where a branch may not be taken.
    pub fn assign(&mut self, name: &str, value: Value) {
        let value = if self.unsure > 0 && self.scopes.iter().any(|scope| scope.contains_key(name)) {
            let mut both = self.lookup(name);
            both.join(value);
            both
        } else {
            value
        };
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), value);
        }
    }

    /// Gives an attribute of a namespace, or an item of a dictionary, a value.
    pub fn put(&mut self, id: usize, key: Value, value: Value) {
        let (unsure, again) = (self.unsure > 0, self.again > 0);
        self.step(self.dicts.get(id).map_or(0, Vec::len));
        let Some(dict) = self.dicts.get_mut(id) else { return };
        match dict.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) if unsure => {
                let known = old.kinds().len();
                old.join(value);
                // What still grows when a loop is read again goes on growing.
                if again && old.kinds().len() > known && old.kinds().iter().any(Kind::is_made_of_text) {
                    old.add(Kind::Made);
                }
            }
            Some((_, old)) => *old = value,
            None if self.steps > 0 => dict.push((key, value)),
            None => {}
        }
    }

    /// Two values as one text.
    pub fn concat(&mut self, left: &Value, right: &Value) -> Value {
        let length = |value: &Value| {
            let text = |kind: &Kind| if let Kind::Text(text) | Kind::Mixed(text) = kind { text.len() } else { 1 };
            value.kinds().iter().map(text).sum::<usize>()
        };
        if self.step(length(left) * right.kinds().len() + length(right) * left.kinds().len()) {
            return concat(left, right);
        }
        let text = left.kinds().iter().chain(right.kinds()).any(Kind::is_made_of_text);
        if text { Value::made() } else { Value::data() }
    }

    /// A new list.
    pub fn list(&mut self, items: Vec<Value>) -> Value {
        if !self.step(items.len() * 8) {
            return Value::made();
        }
        self.lists.push(items);
        Value::one(Kind::List(self.lists.len() - 1))
    }

    /// A new dictionary.
    pub fn dict(&mut self, items: Vec<(Value, Value)>) -> Value {
        if !self.step(items.len() * 8) {
            return Value::data();
        }
        self.dicts.push(items);
        Value::one(Kind::Dict(self.dicts.len() - 1))
    }

    /// Adds to a list, or to what a loop that is not followed to its end adds to it.
    pub fn append(&mut self, id: usize, at: Option<usize>, value: Value) {
        if !self.step(8) {
            return;
        }
        if let Some(list) = self.lists.get_mut(id) {
            let at = at.unwrap_or(list.len()).min(list.len());
            list.insert(at, value);
        }
    }

    /// What is written, if somebody keeps it.
    pub fn write(&mut self, value: &Value) {
        let unsure = self.unsure > 0;
        let Some(text) = self.captured.last() else { return };
        let before = text.clone();
        let mut all = self.concat(&before, value);
        if unsure {
            all.join(before);
        }
        if let Some(text) = self.captured.last_mut() {
            *text = all;
        }
    }

    /// Reads a part of the template for the text that it writes.
    pub fn capture(&mut self, nodes: &'t [Node<'t>]) -> Value {
        self.captured.push(Value::text(""));
        self.run(nodes);
        self.captured.pop().unwrap_or_else(Value::data)
    }
}
