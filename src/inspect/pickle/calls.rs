//! Opcodes that import and call.

use crate::model::{Call, Evidence, Judgement};

use crate::inspect::scope::Storage;

use super::machine::{Break, Machine, Step};
use super::names::Name;
use super::rules::{
    DANGEROUS_CALL, DANGEROUS_IMPORT, EXTENSION_CODE, NAME_DISGUISED, PERSISTENT_ID, UNKNOWN_CALL, UNKNOWN_IMPORT,
};
use super::store::Items;
use super::value::{Shape, Value};

/// Longest module or attribute path that is taken for a name, in bytes.
const NAME: u32 = 1024;

/// Calls of one unsafe callable that are listed in the trace.
const LISTED: u32 = 100;

impl Machine<'_, '_, '_> {
    fn import(&mut self, module: &str, attribute: &str) -> u32 {
        let before = self.names.len();
        let id = self.names.intern(module, attribute, self.range.clone(), self.lists);
        if self.names.len() > before {
            if let Some(why) = self.names.get(id).and_then(|name| name.disguise.clone()) {
                self.say(&NAME_DISGUISED, |_| format!("{module:?} {attribute:?} is imported: {why}"));
            }
            if module.is_empty() || attribute.is_empty() {
                self.fault("a module or a name is empty".to_owned());
            }
        }
        id
    }

    /// `GLOBAL`
    pub fn global(&mut self, module: &[u8], attribute: &[u8]) -> Step {
        let id = self.import(&String::from_utf8_lossy(module), &String::from_utf8_lossy(attribute));
        self.push(Value::Global(id))
    }

    /// `STACK_GLOBAL`
    pub fn stack_global(&mut self) -> Step {
        let attribute = self.pop()?;
        let module = self.pop()?;
        let key = match (module, attribute) {
            (Value::Text { at: module, .. }, Value::Text { at: attribute, .. }) => (module, attribute),
            (
                Value::Object(_)
                | Value::Storage(_)
                | Value::Outside
                | Value::Computed
                | Value::Forgotten
                | Value::Text { .. },
                Value::Object(_)
                | Value::Storage(_)
                | Value::Outside
                | Value::Computed
                | Value::Forgotten
                | Value::Text { .. },
            ) => return self.computed_name("a name that the pickle computes while it is loaded"),
            _ => {
                self.fault("STACK_GLOBAL needs two texts".to_owned());
                return self.push(Value::Computed);
            }
        };
        if let Some(id) = self.resolved.get(&key) {
            return self.push(Value::Global(*id));
        }
        let (Some(module), Some(attribute)) = (self.text_of(module, NAME), self.text_of(attribute, NAME)) else {
            return self.computed_name("a name that is too long to be one");
        };
        let id = self.import(&module, &attribute);
        if self.resolved.len() < 1 << 17 {
            self.resolved.insert(key, id);
        }
        self.push(Value::Global(id))
    }

    fn computed_name(&mut self, what: &str) -> Step {
        self.say(&UNKNOWN_CALL, |_| format!("{what} is imported"));
        self.push(Value::Computed)
    }

    /// `INST`: the class is named in the opcode, its arguments are above the mark.
    pub fn inst(&mut self, module: &[u8], attribute: &[u8]) -> Step {
        let id = self.import(&String::from_utf8_lossy(module), &String::from_utf8_lossy(attribute));
        let (arguments, _) = self.collect(Shape::Tuple)?;
        let made = self.call(Value::Global(id), arguments);
        self.push(made)
    }

    /// `OBJ`: the class is the first value above the mark.
    pub fn obj(&mut self) -> Step {
        let (all, count) = self.collect(Shape::Tuple)?;
        let Value::Container { serial, carries, .. } = all else { return Ok(()) };
        let items = self.containers.taken(serial).map_or(Items::NONE, |(items, _)| items);
        let Some((class, rest)) = items.split_first() else {
            return Err(Break::Malformed("OBJ finds no class above the MARK".to_owned()));
        };
        let made = self.containers.create(Shape::Tuple);
        let Value::Container { serial, .. } = made else { return Ok(()) };
        for item in rest {
            self.containers.add(serial, *item, 1);
        }
        let beyond = count.saturating_sub(items.len() as u64);
        self.containers.add(serial, Value::Forgotten, beyond);
        let carries = rest.iter().any(|item| self.carries(*item)) || (beyond > 0 && carries);
        let made = self.call(*class, Value::Container { shape: Shape::Tuple, carries, serial });
        self.push(made)
    }

    /// `REDUCE` and `NEWOBJ`, which differ in what they ask of the callable.
    pub fn reduce(&mut self) -> Step {
        let arguments = self.pop()?;
        let callable = self.pop()?;
        let made = self.call(callable, arguments);
        self.push(made)
    }

    /// `NEWOBJ_EX`
    pub fn newobj_ex(&mut self) -> Step {
        let keywords = self.pop()?;
        let arguments = self.pop()?;
        let class = self.pop()?;
        if !matches!(keywords, Value::Container { shape: Shape::Dict, .. } | Value::Object(_) | Value::Forgotten) {
            self.fault("NEWOBJ_EX needs a dict of keyword arguments".to_owned());
        }
        let mut arguments = arguments;
        if let Value::Container { carries, .. } = &mut arguments {
            *carries |= self.carries(keywords);
        }
        let made = self.call(class, arguments);
        self.push(made)
    }

    /// `BUILD`
    pub fn build(&mut self) -> Step {
        let state = self.pop()?;
        match self.top()? {
            Value::Global(id) => self.patched(id, "attributes are set on it"),
            Value::Object(id) => self.built(id, state),
            Value::Dtype(serial) => self.built_dtype(serial, state),
            Value::Computed => self.changed_computed("attributes are set on it"),
            Value::Storage(_) | Value::Outside | Value::Forgotten => {}
            _ => self.fault("BUILD is applied to a plain value, which has no attributes".to_owned()),
        }
        Ok(())
    }

    /// `BINPERSID`. PyTorch names storages so: `("storage", type, key, location, elements)`; its loaders ask the type
    /// for its element type, old ones call it.
    pub fn persistent(&mut self) -> Step {
        let id = self.pop()?;
        let items = match id {
            Value::Container { shape: Shape::Tuple, serial, .. } => self.containers.taken(serial),
            _ => None,
        };
        let items = items.map_or(Items::NONE, |(items, _)| items);
        let tag = items.first().and_then(|tag| self.text_of(*tag, 16));
        let mut stands_for = Value::Outside;
        match (tag.as_deref(), items.get(1)) {
            // The class itself, with its source for comparison.
            (Some("module"), Some(class @ Value::Global(_))) if items.len() == 4 => stands_for = *class,
            (Some("storage"), Some(Value::Global(class))) if items.len() >= 5 => {
                if self.names.is_unsafe(*class) {
                    let class = Value::Global(*class);
                    self.call(class, Value::Forgotten);
                }
                let class = self.names.get(*class).map(|name| name.attribute.clone()).unwrap_or_default();
                if let (Some(key), Value::Int(elements)) = (self.text_of(items[2], 256), items[4]) {
                    self.scope.storage(Storage { key, class: class.to_string(), elements });
                    stands_for = Value::Storage(elements);
                }
            }
            _ => {
                self.say(&PERSISTENT_ID, |machine| format!("persistent id {}", machine.show(id, 2)));
            }
        }
        self.push(stands_for)
    }

    /// `EXT1`, `EXT2` and `EXT4`
    pub fn extension(&mut self, code: i64) -> Step {
        self.say(&EXTENSION_CODE, |_| {
            format!("extension code {code} stands for a callable that only the loading program knows")
        });
        if code <= 0 {
            self.fault(format!("extension code {code} is not positive"));
        }
        self.push(Value::Outside)
    }

    /// `PERSID`
    pub fn persistent_text(&mut self, text: &[u8]) -> Step {
        self.say(&PERSISTENT_ID, |_| format!("persistent id {:?}", String::from_utf8_lossy(text)));
        self.push(Value::Outside)
    }

    /// What a call gives. The callable is judged, and so is whatever it is handed.
    pub fn call(&mut self, callable: Value, arguments: Value) -> Value {
        if !matches!(
            arguments,
            Value::Container { shape: Shape::Tuple, .. }
                | Value::Object(_)
                | Value::Computed
                | Value::Storage(_)
                | Value::Outside
                | Value::Forgotten
        ) {
            self.fault(format!("{} needs a tuple of arguments", self.opcode()));
        }
        let id = match callable {
            Value::Global(id) => id,
            Value::Object(_)
            | Value::Dtype(_)
            | Value::Computed
            | Value::Storage(_)
            | Value::Outside
            | Value::Forgotten => {
                self.say(&UNKNOWN_CALL, |machine| {
                    let what = machine.show(callable, 1);
                    let arguments = machine.show_arguments(arguments);
                    let message = format!("a callable that the pickle computes ({what}) is called with {arguments}");
                    machine.list(format!("<{what}>"), Some(arguments), Judgement::Unknown);
                    message
                });
                return Value::Computed;
            }
            _ => {
                self.fault(format!("{} calls a plain value", self.opcode()));
                return Value::Computed;
            }
        };
        let (judgement, resolved) = self.judge(id, arguments);
        self.called(id, judgement, arguments);
        if self.carries(arguments) {
            self.handed(id, arguments, 3);
        }
        self.laid_upon(id, arguments);
        resolved.unwrap_or(Value::Object(id))
    }

    /// Evidence and trace of a call.
    fn called(&mut self, id: u32, judgement: Judgement, arguments: Value) {
        let Some(name) = self.names.get_mut(id) else { return };
        name.listed = name.listed.saturating_add(1);
        let listed = name.listed;
        if judgement == Judgement::Safe {
            name.excused = true;
            if listed == 1 && self.scope.traces_another() {
                let spelt = name.spelt();
                let arguments = self.show_arguments(arguments);
                self.list(spelt, Some(arguments), judgement);
            }
            return;
        }
        let first = !std::mem::replace(&mut name.called, true);
        if !first && listed > LISTED {
            return;
        }
        let (spelt, what, rebuilt) = (name.spelt(), name.does().to_owned(), name.rebuilt);
        let shown = self.show_arguments(arguments);
        if first {
            let (rule, message) = if judgement == Judgement::Dangerous {
                (&DANGEROUS_CALL, format!("{spelt}{shown} is called: it {what}"))
            } else {
                (&UNKNOWN_CALL, unknown_call(&spelt, &shown, rebuilt))
            };
            let evidence = Evidence::new(rule, message)
                .at(self.view.place(self.range.clone()))
                .with("callable", spelt.clone())
                .with("arguments", shown.clone())
                .with("opcode", self.opcode())
                .showing(self.view.excerpt(self.range.clone()));
            self.scope.add(evidence);
        }
        self.list(spelt, Some(shown), judgement);
    }

    /// Unsafe callables that a call is handed may be called by it.
    pub fn handed(&mut self, to: u32, value: Value, depth: u32) {
        let to_name = self.names.get(to).map(Name::spelt).unwrap_or_default();
        match value {
            Value::Global(id) => {
                let array = self.makes_array_of(to, id);
                let Some(name) = self.names.get_mut(id).filter(|name| name.judgement != Judgement::Safe) else {
                    return;
                };
                if array {
                    name.excused = true;
                    return;
                }
                if std::mem::replace(&mut name.called, true) {
                    return;
                }
                let (spelt, what, judgement) = (name.spelt(), name.what.clone(), name.judgement);
                let (rule, message) = if judgement == Judgement::Dangerous {
                    (&DANGEROUS_CALL, format!("{spelt} is handed to {to_name}, which may call it: it {what}"))
                } else {
                    (&UNKNOWN_CALL, format!("{spelt} is handed to {to_name}, which may call it"))
                };
                self.say(rule, |_| message);
                self.list(spelt, None, judgement);
            }
            Value::Object(id) if self.names.is_laden(id) => {
                let held = self.names.get(id).map(Name::spelt).unwrap_or_default();
                self.say(&UNKNOWN_CALL, |_| {
                    format!("{to_name} is handed an object of {held}, whose state holds something not known to be safe")
                });
            }
            Value::Container { serial, .. } if self.carries(value) => {
                let remembered = self.containers.taken(serial);
                let Some((items, _)) = remembered.filter(|(items, count)| depth > 0 && items.len() as u64 == *count)
                else {
                    return self.say(&UNKNOWN_CALL, |_| {
                        format!("{to_name} is handed something imported that is not known to be safe")
                    });
                };
                for item in items.iter() {
                    self.handed(to, *item, depth.saturating_sub(1));
                }
            }
            Value::Computed => {
                self.say(&UNKNOWN_CALL, |_| format!("{to_name} is handed something that the pickle computes"));
            }
            _ => {}
        }
    }

    /// True if an array is made and the class that it is said to be of maps files when it is called. It is not: numpy
    /// lays the class over an array of its own (`PyArray_NewFromDescr`), and joblib does not ask it either.
    fn makes_array_of(&self, to: u32, class: u32) -> bool {
        let class = self.names.get(class).is_some_and(|name| {
            matches!(
                (&*name.module, &*name.attribute),
                ("numpy" | "numpy.core.memmap" | "numpy._core.memmap", "memmap")
            )
        });
        class
            && self.names.get(to).is_some_and(|name| match &*name.attribute {
                "_reconstruct" => name.module.starts_with("numpy."),
                "NumpyArrayWrapper" => {
                    name.module.starts_with("joblib.") || name.module.starts_with("sklearn.externals.")
                }
                _ => false,
            })
    }

    fn list(&mut self, callable: String, arguments: Option<String>, judgement: Judgement) {
        let place = self.view.place(self.range.clone());
        self.scope.call(Call { place, callable, arguments, judgement });
    }

    /// Evidence of what was imported and never called.
    pub fn finish(&mut self) {
        self.finish_formula();
        for id in 0..self.names.len() {
            let Some(name) = self.names.get_mut(id) else { continue };
            if name.called || name.excused || std::mem::replace(&mut name.imported, true) {
                continue;
            }
            let (spelt, what, judgement) = (name.spelt(), name.what.clone(), name.judgement);
            self.range = name.first.clone();
            self.list(spelt.clone(), None, judgement);
            let (rule, message) = match judgement {
                Judgement::Safe => continue,
                Judgement::Dangerous => (&DANGEROUS_IMPORT, format!("{spelt} is imported: it {what}")),
                Judgement::Unknown => (&UNKNOWN_IMPORT, format!("{spelt} is imported, which is not known to be data")),
            };
            let evidence = Evidence::new(rule, message)
                .at(self.view.place(self.range.clone()))
                .with("callable", spelt)
                .showing(self.view.excerpt(self.range.clone()));
            self.scope.add(evidence);
        }
        if self.names.overflowed {
            self.scope.limit("names", u64::from(self.names.len()), self.view);
        }
    }
}

fn unknown_call(spelt: &str, arguments: &str, rebuilt: bool) -> String {
    if rebuilt {
        return format!("{spelt}{arguments} is called: picklers only name it, or rebuild it without its constructor");
    }
    format!("{spelt}{arguments} is called, which is not known to rebuild plain data")
}
