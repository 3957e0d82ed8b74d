//! What methods of texts and lists, and the filters of Jinja, make of a value.
//!
//! Sources: Python's `str`, and Jinja's built-in filters. One that is not known here makes a text that is not followed
//! of whatever stands in the template.

use super::expression::{Cursor, Given};
use super::letters::{changed, character, padded, parts, percent};
use super::machine::Machine;
use super::value::{Kind, Value};
use crate::model::Severity;

impl<'t> Machine<'t> {
    /// `receiver.name(given)`
    pub fn method(&mut self, receiver: &Value, name: &str, given: &Given, at: usize) -> Value {
        let (positional, named) = given;
        if let Some(tired) = self.tired(receiver) {
            return tired;
        }
        let mut all = Value::none();
        for kind in receiver.kinds() {
            all.join(match kind {
                Kind::Text(text) => {
                    if matches!(name, "format" | "format_map") {
                        self.pattern(text, at);
                        self.inserted(text, given)
                    } else {
                        self.of_text(text, name, positional)
                    }
                }
                Kind::Made if matches!(name, "format" | "format_map") => {
                    self.find(at, Severity::High, "it formats by a pattern that it puts together".to_owned());
                    Value::made()
                }
                Kind::List(id) => self.of_list(*id, name, positional),
                Kind::Dict(id) => self.of_dict(*id, name, positional),
                Kind::Object(_, inner) => {
                    let mut any = (**inner).clone();
                    positional.iter().for_each(|value| any.join(value.clone()));
                    any
                }
                Kind::Mixed(_) | Kind::Long | Kind::Made => Value::made(),
                Kind::Number(_) | Kind::Count if name == "to_bytes" => Value::made(),
                Kind::Data if name == "join" => {
                    positional.first().map_or_else(Value::data, |list| self.join(list, &Value::data()))
                }
                Kind::Data | Kind::Looked => with_given(name, positional),
                _ => Value::data(),
            });
        }
        if all.kinds().is_empty() {
            named.iter().for_each(|(_, value)| all.join(value.clone()));
        }
        all
    }

    /// A method, or a filter of the same name, of a text that is known.
    fn of_text(&mut self, text: &str, name: &str, given: &[Value]) -> Value {
        self.step(text.len());
        let texts: Vec<&str> = given.iter().filter_map(Value::single).collect();
        let whole = texts.len() == given.len();
        match name {
            "join" => given.first().map_or_else(Value::made, |list| self.join(list, &Value::text(text))),
            "center" | "ljust" | "rjust" | "zfill" => {
                let fill = if name == "zfill" { "0" } else { given.get(1).and_then(Value::single).unwrap_or(" ") };
                let width = given.first().and_then(Value::number);
                let padded = width.zip(fill.chars().next()).and_then(|(width, fill)| padded(text, name, width, fill));
                padded.map_or_else(Value::made, Value::text)
            }
            "split" | "rsplit" | "splitlines" | "partition" | "rpartition" | "list" if given.len() < 2 && whole => {
                match parts(text, name, &texts) {
                    Some(parts) => {
                        let parts = parts.into_iter().map(Value::text).collect();
                        self.list(parts)
                    }
                    None => Value::made(),
                }
            }
            "startswith" | "endswith" | "isdigit" | "isalpha" | "isupper" | "islower" | "isspace" => Value::data(),
            "find" | "index" | "count" | "rfind" | "length" | "wordcount" => Value::one(Kind::Count),
            "encode" | "decode" if !given.is_empty() => Value::made(),
            "encode" | "decode" | "string" | "escape" | "e" | "safe" => Value::text(text),
            "first" | "last" | "random" | "min" | "max" => {
                let letter = if name == "last" { text.chars().next_back() } else { text.chars().next() };
                let known = matches!(name, "first" | "last");
                letter.filter(|_| known).map_or_else(Value::made, |letter| Value::text(letter.to_string()))
            }
            "int" | "ord" => {
                text.trim().parse().map_or_else(|_| Value::one(Kind::Count), |n| Value::one(Kind::Number(n)))
            }
            _ if whole => changed(text, name, &texts).map_or_else(Value::made, Value::text),
            // Some of what it is given has more than one form: each is tried, where there is but one of those.
            _ if given.iter().all(|value| value.kinds().iter().all(|kind| matches!(kind, Kind::Text(_)))) => {
                given.first().map_or_else(Value::made, |first| {
                    let second = given.get(1).cloned();
                    first.each(|one| match (one, &second) {
                        (Kind::Text(from), None) => changed(text, name, &[from]).map_or_else(Value::made, Value::text),
                        (Kind::Text(from), Some(second)) => second.each(|to| match to {
                            Kind::Text(to) => changed(text, name, &[from, to]).map_or_else(Value::made, Value::text),
                            _ => Value::made(),
                        }),
                        _ => Value::made(),
                    })
                })
            }
            _ => Value::made(),
        }
    }

    fn of_list(&mut self, id: usize, name: &str, given: &[Value]) -> Value {
        let item = given.last().cloned();
        match (name, item) {
            ("append", Some(item)) => self.append(id, None, item),
            ("insert", Some(item)) => {
                let at = given.first().and_then(Value::number).and_then(|at| usize::try_from(at).ok());
                self.append(id, at, item);
            }
            ("extend", Some(more)) => {
                for kind in more.kinds() {
                    let items = if let Kind::List(more) = kind { self.lists.get(*more).cloned() } else { None };
                    items
                        .unwrap_or_else(|| vec![self.any(&more)])
                        .into_iter()
                        .for_each(|item| self.append(id, None, item));
                }
            }
            ("reverse", _) => self.lists.get_mut(id).into_iter().for_each(|list| list.reverse()),
            ("index" | "count", _) => return Value::one(Kind::Count),
            _ => return self.any(&Value::one(Kind::List(id))),
        }
        Value::one(Kind::Count)
    }

    fn of_dict(&mut self, id: usize, name: &str, given: &[Value]) -> Value {
        let items = self.dicts.get(id).cloned().unwrap_or_default();
        match name {
            "keys" => self.list(items.into_iter().map(|(key, _)| key).collect()),
            "values" => self.list(items.into_iter().map(|(_, value)| value).collect()),
            "items" => {
                let pairs = items.into_iter().map(|(key, value)| self.list(vec![key, value])).collect();
                self.list(pairs)
            }
            "get" | "pop" | "setdefault" => {
                let mut value = given
                    .first()
                    .map_or_else(Value::data, |key| self.subscript(&Value::one(Kind::Dict(id)), key, true, 0));
                given.get(1).into_iter().for_each(|default| value.join(default.clone()));
                value
            }
            "update" => {
                for kind in given.iter().flat_map(Value::kinds) {
                    let Kind::Dict(other) = kind else { continue };
                    let more = self.dicts.get(*other).cloned().unwrap_or_default();
                    more.into_iter().for_each(|(key, value)| self.put(id, key, value));
                }
                Value::one(Kind::Count)
            }
            _ => self.any(&Value::one(Kind::Dict(id))),
        }
    }

    /// The items of a list as one text.
    fn join(&mut self, list: &Value, between: &Value) -> Value {
        let mut all = Value::none();
        for kind in list.kinds() {
            let items: Vec<Value> = match kind {
                Kind::List(id) => self.lists.get(*id).cloned().unwrap_or_default(),
                Kind::Dict(id) => self.dicts.get(*id).into_iter().flatten().map(|(key, _)| key.clone()).collect(),
                Kind::Text(text) => text.chars().map(|letter| Value::text(letter.to_string())).collect(),
                Kind::Data | Kind::Looked => {
                    all.add(Kind::Data);
                    continue;
                }
                _ => {
                    all.add(Kind::Made);
                    continue;
                }
            };
            self.step(items.len() * 8);
            let mut text = Value::text("");
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    text = self.concat(&text, between);
                }
                text = self.concat(&text, item);
            }
            all.join(text);
        }
        all
    }

    /// `'%s%c' % values`
    pub fn formatted(&mut self, pattern: &Value, given: &[Value]) -> Value {
        let mut values: Vec<Value> = Vec::new();
        for value in given {
            match value.kinds() {
                [Kind::List(id)] if given.len() == 1 => values.extend(self.lists.get(*id).cloned().unwrap_or_default()),
                _ => values.push(value.clone()),
            }
        }
        self.step(64);
        pattern.each(|kind| match kind {
            Kind::Text(text) => percent(text, &values),
            kind if kind.is_made_of_text() => Value::made(),
            Kind::Data | Kind::Looked => Value::data(),
            _ => Value::one(Kind::Count),
        })
    }

    /// `'{}{name}'.format(given)`
    fn inserted(&mut self, text: &str, (positional, named): &Given) -> Value {
        let mut all = Value::text("");
        let mut rest = text;
        let mut next = 0;
        while let Some((before, after)) = rest.split_once('{') {
            all = self.concat(&all, &Value::text(before));
            let Some((field, behind)) = after.split_once('}') else { break };
            rest = behind;
            let (name, form) = field.split_once(':').unwrap_or((field, ""));
            let value = if name.is_empty() {
                next += 1;
                positional.get(next - 1)
            } else if let Ok(n) = name.parse::<usize>() {
                positional.get(n)
            } else {
                named.iter().find(|(given, _)| given == name).map(|(_, value)| value)
            };
            let value = match (value, form) {
                (Some(value), "") => value.clone(),
                (Some(value), "c") => character(value),
                _ => Value::made(),
            };
            all = self.concat(&all, &value);
        }
        self.concat(&all, &Value::text(rest))
    }

    /// Filters that follow each other, each behind a bar.
    pub fn filters(&mut self, value: Value, c: &mut Cursor<'t>) -> Value {
        let mut value = value;
        while c.sign(b'|') {
            value = self.filter(value, c);
        }
        value
    }

    /// One filter, from its name on.
    pub fn filter(&mut self, value: Value, c: &mut Cursor<'t>) -> Value {
        let name = c.name().unwrap_or_default();
        let (positional, named) = if c.is_sign(b'(') { self.arguments(c) } else { (Vec::new(), Vec::new()) };
        self.applied(&value, name, &(positional, named), c.code)
    }

    fn applied(&mut self, value: &Value, name: &str, given: &Given, at: usize) -> Value {
        let (positional, named) = given;
        self.names_of(name, given, at);
        if let Some(tired) = self.tired(value) {
            return tired;
        }
        let first = positional.first();
        match name {
            "default" | "d" => {
                let mut both = value.clone();
                positional
                    .iter()
                    .chain(named.iter().map(|(_, value)| value))
                    .for_each(|value| both.join(value.clone()));
                both
            }
            "join" => self.join(value, &first.cloned().unwrap_or_else(|| Value::text(""))),
            "format" => self.formatted(value, positional),
            "length" | "count" | "float" | "abs" | "round" => Value::one(Kind::Count),
            "map" => self.mapped(value, given, at),
            "attr" => Value::one(Kind::Looked),
            "items" | "dictsort" => value.each(|kind| {
                if let Kind::Dict(id) = kind { self.of_dict(*id, "items", &[]) } else { Value::one(kind.clone()) }
            }),
            _ => {
                let mut all = Value::none();
                for kind in value.kinds() {
                    all.join(match kind {
                        Kind::Text(text) => self.of_text(text, name, positional),
                        Kind::List(id) => self.list_filtered(*id, name, positional),
                        Kind::Dict(id) if name == "list" => self.of_dict(*id, "keys", &[]),
                        Kind::Number(number) if name == "string" => Value::text(number.to_string()),
                        Kind::Number(_) | Kind::Count => Value::one(kind.clone()),
                        Kind::Data | Kind::Looked => with_given(name, positional),
                        _ => Value::made(),
                    });
                }
                all
            }
        }
    }

    /// Names by which a filter looks something up, or chooses another filter.
    fn names_of(&mut self, name: &str, (positional, named): &Given, at: usize) {
        for (key, value) in
            named.iter().filter(|(key, _)| matches!(key.as_str(), "attribute" | "case_sensitive" | "by"))
        {
            if key == "attribute" {
                self.key(value, at);
            }
        }
        let looked = match name {
            "groupby" | "selectattr" | "rejectattr" | "attr" | "sum" | "unique" | "map" => positional.iter().take(2),
            _ => return,
        };
        looked.for_each(|value| self.key(value, at));
        let by_name = |value: &Value| value.single() == Some("attr");
        if name == "map" && positional.first().is_some_and(by_name) {
            self.find(at, Severity::Critical, "it maps the filter \"attr\"".to_owned());
        }
    }

    fn mapped(&mut self, value: &Value, (positional, named): &Given, at: usize) -> Value {
        let Some((filter, rest)) = positional.split_first() else { return Value::data() };
        let mut all = Value::none();
        for kind in value.kinds() {
            let (Kind::List(id), Some(name)) = (kind, filter.single()) else {
                all.add(if matches!(kind, Kind::Data | Kind::Looked) { Kind::Data } else { Kind::Made });
                continue;
            };
            let items = self.lists.get(*id).cloned().unwrap_or_default();
            let given = (rest.to_vec(), named.clone());
            let items = items
                .iter()
                .map(|item| if self.step(0) { self.applied(item, name, &given, at) } else { Value::made() });
            let items = items.collect();
            all.join(self.list(items));
        }
        all
    }

    fn list_filtered(&mut self, id: usize, name: &str, given: &[Value]) -> Value {
        let list = Value::one(Kind::List(id));
        match name {
            "list" => list,
            "reverse" => self.slice(&list, None, None, -1),
            "first" => self.subscript(&list, &Value::one(Kind::Number(0)), true, 0),
            "last" => self.subscript(&list, &Value::one(Kind::Number(-1)), true, 0),
            "random" | "min" | "max" => self.any(&list),
            "sum" => {
                let text = self.join(&list, &Value::text(""));
                let begin = given.last().cloned().unwrap_or_else(|| Value::text(""));
                self.concat(&begin, &text)
            }
            _ => {
                // Which of them are chosen, and in which order, is not known; texts may be put in any.
                let any = self.any(&list);
                if any.kinds().iter().any(Kind::is_made_of_text) {
                    return Value::made();
                }
                let chosen = matches!(name, "select" | "reject" | "selectattr" | "rejectattr" | "sort" | "unique");
                let count = self.lists.get(id).map_or(0, Vec::len).min(8);
                match name {
                    _ if chosen => self.list(vec![any; count]),
                    "batch" | "slice" | "groupby" => Value::data(),
                    // The text of a generator or list has letters of its own.
                    _ => Value::made(),
                }
            }
        }
    }
}

/// What a method or filter gives of a text of the conversation: anything, or what it was given to put there.
fn with_given(name: &str, given: &[Value]) -> Value {
    let mut all = Value::data();
    if matches!(name, "replace" | "get" | "pop" | "setdefault" | "center" | "ljust" | "rjust" | "format" | "translate")
    {
        // What comes first is looked for, or the width.
        let skipped = usize::from(!matches!(name, "format" | "translate"));
        for kind in given.iter().skip(skipped).flat_map(Value::kinds) {
            match kind {
                Kind::Text(text) => all.add(Kind::Mixed(text.clone())),
                Kind::Mixed(_) | Kind::Made => all.add(kind.clone()),
                _ => {}
            }
        }
    }
    all
}
