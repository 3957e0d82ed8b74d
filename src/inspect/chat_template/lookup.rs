//! What attributes, items, slices and calls of a value give.

use super::expression::Given;
use super::machine::Machine;
use super::value::{Kind, Value};
use super::{is_internal, value::LONGEST};
use crate::model::Severity;

/// Numbers of a `range` that are told apart.
const RANGE: i64 = 512;

/// What a page of Flask can reach through its configuration and its request.
static SERVER: [&str; 12] = [
    "application",
    "environ",
    "from_object",
    "from_pyfile",
    "from_envvar",
    "from_file",
    "SECRET_KEY",
    "args",
    "cookies",
    "headers",
    "values",
    "items",
];

impl Machine<'_> {
    /// `value.name`
    pub fn attribute(&mut self, value: &Value, name: &str, at: usize) -> Value {
        let mut all = Value::none();
        for kind in value.kinds() {
            all.join(match kind {
                Kind::Global(global) => {
                    self.inside(global, name, at);
                    Value::data()
                }
                Kind::Dict(id) => self.entry(*id, name).unwrap_or_else(|| bound(kind, name)),
                Kind::Object("cycler", given) if name == "current" => (**given).clone(),
                Kind::Object("loop", items) if matches!(name, "previtem" | "nextitem") => (**items).clone(),
                Kind::Object("cycler" | "joiner", _) if name != "next" && name != "reset" => Value::made(),
                // Its name and the names of its parameters stand in the template.
                Kind::Macro(_) => Value::made(),
                Kind::Object("loop", _) if name.starts_with("index") || name.starts_with("revindex") => {
                    Value::one(Kind::Count)
                }
                Kind::Object("loop", _) if name != "cycle" => Value::data(),
                Kind::Bound(of, _) if of.kinds().iter().any(Kind::is_made_of_text) => Value::one(kind.clone()),
                Kind::Data | Kind::Looked | Kind::Bound(..) => Value::data(),
                _ => bound(kind, name),
            });
        }
        all
    }

    /// An attribute or item of what Jinja or a web server gives to templates.
    fn inside(&mut self, global: &str, name: &str, at: usize) {
        let harmless = match global {
            "config" | "request" => !SERVER.contains(&name),
            // `{% block name %}` can be written again by `self.name()`, and `caller` has only its own names.
            "caller" => true,
            _ => false,
        };
        if !harmless {
            self.find(at, Severity::Critical, format!("it reaches into {global:?} for {name:?}"));
        }
    }

    fn entry(&mut self, id: usize, name: &str) -> Option<Value> {
        if !self.step(self.dicts.get(id)?.len()) {
            return Some(Value::made());
        }
        let dict = self.dicts.get(id)?;
        dict.iter().rev().find(|(key, _)| key.single() == Some(name)).map(|(_, value)| value.clone())
    }

    /// `value[key]`; `literal` says that the key stands there as it is.
    pub fn subscript(&mut self, value: &Value, key: &Value, literal: bool, at: usize) -> Value {
        self.step(value.kinds().len() * key.kinds().len() * 4);
        if let Some(tired) = self.tired(value).filter(|_| literal) {
            return tired;
        }
        let mut all = Value::none();
        for kind in value.kinds() {
            for key in key.kinds() {
                all.join(self.one(kind, key, literal, at));
            }
        }
        all
    }

    fn one(&mut self, kind: &Kind, key: &Kind, literal: bool, at: usize) -> Value {
        match (kind, key) {
            (Kind::Global(global), Kind::Text(name)) => {
                self.inside(global, name, at);
                Value::data()
            }
            (Kind::Global(global), _) => {
                self.inside(global, "…", at);
                Value::data()
            }
            (Kind::List(id), Kind::Number(n)) => {
                let list = self.lists.get(*id).map(Vec::as_slice).unwrap_or_default();
                position(*n, list.len()).and_then(|n| list.get(n)).cloned().unwrap_or_else(Value::data)
            }
            (Kind::Dict(id), Kind::Text(name)) => self.entry(*id, name).unwrap_or_else(|| bound(kind, name)),
            (Kind::List(_) | Kind::Dict(_), _) => self.any(&Value::one(kind.clone())),
            (Kind::Text(text), Kind::Number(n)) => {
                let letters: Vec<char> = text.chars().collect();
                let letter = position(*n, letters.len()).and_then(|n| letters.get(n));
                letter.map_or_else(Value::data, |letter| Value::text(letter.to_string()))
            }
            (Kind::Text(_) | Kind::Mixed(_) | Kind::Long | Kind::Made, Kind::Text(name)) => bound(kind, name),
            (Kind::Text(_) | Kind::Mixed(_) | Kind::Long | Kind::Made, _) => Value::made(),
            (_, Kind::Number(_) | Kind::Count) => Value::data(),
            _ if literal => Value::data(),
            _ => Value::one(Kind::Looked),
        }
    }

    /// Any item of a list, any name of a dictionary, any letter of a text.
    pub fn any(&mut self, value: &Value) -> Value {
        for kind in value.kinds() {
            let length = match kind {
                Kind::List(id) => self.lists.get(*id).map_or(0, Vec::len),
                Kind::Dict(id) => self.dicts.get(*id).map_or(0, Vec::len),
                _ => 0,
            };
            self.step(length * 4);
        }
        if let Some(tired) = self.tired(value) {
            return tired;
        }
        let mut all = Value::none();
        for kind in value.kinds() {
            match kind {
                Kind::List(id) => {
                    self.lists.get(*id).into_iter().flatten().for_each(|item| all.join(item.clone()));
                    all.add(Kind::Data);
                }
                Kind::Dict(id) => {
                    for (key, value) in self.dicts.get(*id).into_iter().flatten() {
                        all.join(key.clone());
                        all.join(value.clone());
                    }
                    all.add(Kind::Data);
                }
                Kind::Object(_, given) => all.join((**given).clone()),
                kind if kind.is_made_of_text() => all.add(Kind::Made),
                _ => all.add(Kind::Data),
            }
        }
        all
    }

    /// `value[from:to:step]`
    pub fn slice(&mut self, value: &Value, from: Option<i64>, to: Option<i64>, step: i64) -> Value {
        self.step(32);
        if let Some(tired) = self.tired(value) {
            return tired;
        }
        let mut all = Value::none();
        for kind in value.kinds() {
            all.join(match kind {
                Kind::Text(text) => {
                    let letters: Vec<char> = text.chars().collect();
                    let chosen = positions(letters.len(), from, to, step);
                    Value::text(chosen.filter_map(|n| letters.get(n)).collect::<String>())
                }
                Kind::List(id) => {
                    let list = self.lists.get(*id).cloned().unwrap_or_default();
                    let chosen = positions(list.len(), from, to, step);
                    let chosen = chosen.filter_map(|n| list.get(n).cloned()).collect();
                    self.list(chosen)
                }
                kind if kind.is_made_of_text() => Value::made(),
                kind => Value::one(kind.clone()),
            });
        }
        all
    }

    /// `value(given)`
    pub fn call(&mut self, value: &Value, given: Given, at: usize) -> Value {
        let mut all = Value::none();
        for kind in value.kinds() {
            all.join(match kind {
                Kind::Global(name) => self.global(name, &given),
                Kind::Macro(id) => self.expand(*id, Some(given.clone())),
                Kind::Bound(receiver, name) => self.method(receiver, name, &given, at),
                Kind::Object("joiner", text) => {
                    let mut either = (**text).clone();
                    either.join(Value::text(""));
                    either
                }
                Kind::Looked => {
                    let what = "it calls what it found under a name that is computed".to_owned();
                    self.find(at, Severity::High, what);
                    Value::data()
                }
                // A loop that calls itself gives the text that it writes.
                Kind::Made | Kind::Object("loop", _) => Value::made(),
                // A function that is not known may give what it was given.
                _ => {
                    let names = given.0.iter().flat_map(Value::kinds).filter(|kind| match kind {
                        Kind::Text(text) | Kind::Mixed(text) => text.contains("__"),
                        _ => false,
                    });
                    let mut any = Value::data();
                    names.for_each(|kind| any.add(kind.clone()));
                    any
                }
            });
        }
        all
    }

    fn global(&mut self, name: &'static str, (positional, named): &Given) -> Value {
        let mut given = Value::none();
        positional.iter().chain(named.iter().map(|(_, value)| value)).for_each(|value| given.join(value.clone()));
        match name {
            "namespace" | "dict" => {
                let mut items: Vec<(Value, Value)> = Vec::new();
                for kind in positional.iter().flat_map(Value::kinds) {
                    if let Kind::Dict(id) = kind {
                        items.extend(self.dicts.get(*id).into_iter().flatten().cloned());
                    } else if let Kind::List(id) = kind {
                        let pairs: Vec<Value> = self.lists.get(*id).cloned().unwrap_or_default();
                        let zero = Value::one(Kind::Number(0));
                        let one = Value::one(Kind::Number(1));
                        items.extend(
                            pairs.iter().map(|p| (self.subscript(p, &zero, true, 0), self.subscript(p, &one, true, 0))),
                        );
                    }
                }
                items.extend(named.iter().map(|(name, value)| (Value::text(name), value.clone())));
                self.dict(items)
            }
            "range" => {
                let numbers: Vec<Option<i64>> = positional.iter().map(Value::number).collect();
                let (from, to, step) = match numbers.as_slice() {
                    [Some(to)] => (0, *to, 1),
                    [Some(from), Some(to)] => (*from, *to, 1),
                    [Some(from), Some(to), Some(step)] if *step != 0 => (*from, *to, *step),
                    _ => return Value::one(Kind::Count),
                };
                let mut items = Vec::new();
                let mut at = from;
                while (step > 0 && at < to) || (step < 0 && at > to) {
                    if items.len() as i64 >= RANGE {
                        return Value::one(Kind::Count);
                    }
                    items.push(Value::one(Kind::Number(at)));
                    at = at.saturating_add(step);
                }
                self.list(items)
            }
            "cycler" | "joiner" => {
                if given.kinds().is_empty() {
                    given.join(Value::text(", "));
                }
                Value::one(Kind::Object(name, Box::new(given)))
            }
            "lipsum" => Value::one(Kind::Long),
            // Whatever a format of dates does not know, it leaves as it is.
            "strftime_now" => given.each(|kind| match kind {
                Kind::Text(text) if !text.contains("_") => Value::data(),
                kind if kind.is_made_of_text() => Value::one(kind.clone()),
                _ => Value::data(),
            }),
            _ => Value::data(),
        }
    }

    /// `one + other`, `one - other`
    pub fn added(&mut self, one: &Value, other: &Value, plus: bool) -> Value {
        if let (Some(one), Some(other)) = (one.number(), other.number()) {
            let sum = if plus { one.saturating_add(other) } else { one.saturating_sub(other) };
            return Value::one(Kind::Number(sum));
        }
        let number = |value: &Value| value.kinds().iter().all(|kind| matches!(kind, Kind::Number(_) | Kind::Count));
        if !plus || number(one) || number(other) {
            return Value::one(Kind::Count);
        }
        let holds = |value: &Value, list: bool| {
            value.kinds().iter().any(|kind| if list { matches!(kind, Kind::List(_)) } else { *kind == Kind::Data })
        };
        if (holds(one, true) && holds(other, false)) || (holds(one, false) && holds(other, true)) {
            let mut either = one.clone();
            either.join(other.clone());
            return either;
        }
        let lists = |value: &Value| -> Vec<usize> {
            value.kinds().iter().filter_map(|kind| if let Kind::List(id) = kind { Some(*id) } else { None }).collect()
        };
        let (left, right) = (lists(one), lists(other));
        if !left.is_empty() && left.len() == one.kinds().len() && right.len() == other.kinds().len() {
            let both = left.iter().chain(&right);
            let all: Vec<Value> = both.flat_map(|id| self.lists.get(*id).into_iter().flatten().cloned()).collect();
            self.step(all.len());
            // In which order constants stand is known only where each side is one list.
            let constant = all.iter().any(|item| item.kinds().iter().any(Kind::is_made_of_text));
            if (left.len() == 1 && right.len() == 1) || !constant {
                return self.list(all);
            }
        }
        self.concat(one, other)
    }

    /// `text * number`
    pub fn repeated(&mut self, one: &Value, other: &Value) -> Value {
        if let (Some(one), Some(other)) = (one.number(), other.number()) {
            return Value::one(Kind::Number(one.saturating_mul(other)));
        }
        let (text, times) = if other.number().is_some() { (one, other.number()) } else { (other, one.number()) };
        let times = times.and_then(|times| usize::try_from(times.max(0)).ok());
        self.step(64);
        text.each(|kind| match (kind, times) {
            (Kind::Text(text), Some(times)) if text.len().saturating_mul(times) <= LONGEST => {
                Value::text(text.repeat(times))
            }
            (kind, _) if kind.is_made_of_text() => Value::made(),
            (Kind::List(id), _) => Value::one(Kind::List(*id)),
            _ => Value::one(Kind::Count),
        })
    }

    /// A pattern of Python's `format` that reaches for an attribute.
    pub fn pattern(&mut self, text: &str, at: usize) {
        for field in text.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            if let Some(part) = field.split(['.', '[', ']', '!', ':']).skip(1).find(|part| is_internal(part)) {
                self.find(at, Severity::Critical, format!("its pattern {field:?} reaches for {part:?}"));
            }
        }
    }
}

/// A method or missing attribute.
fn bound(kind: &Kind, name: &str) -> Value {
    if matches!(kind, Kind::Bound(..)) {
        return Value::data();
    }
    Value::one(Kind::Bound(Box::new(Value::one(kind.clone())), name.to_owned()))
}

/// A position that may be counted from the end.
fn position(n: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    usize::try_from(if n < 0 { n.saturating_add(length) } else { n }).ok()
}

/// The positions of a slice of Python, in its order.
fn positions(length: usize, from: Option<i64>, to: Option<i64>, step: i64) -> impl Iterator<Item = usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (low, high) = if step < 0 { (-1, length - 1) } else { (0, length) };
    let clip = |n: i64| (if n < 0 { n.saturating_add(length) } else { n }).clamp(low, high);
    let (begin, end) = if step < 0 {
        (from.map_or(high, clip), to.map_or(low, clip))
    } else {
        (from.map_or(low, clip), to.map_or(high, clip))
    };
    let mut at = begin;
    std::iter::from_fn(move || {
        let inside = if step < 0 { at > end } else { at < end };
        let now = usize::try_from(at).ok().filter(|_| inside && step != 0);
        at = at.saturating_add(step);
        now
    })
}
