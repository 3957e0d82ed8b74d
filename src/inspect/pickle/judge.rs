//! Callables whose danger lies in what they are handed, and how values are shown.

use crate::model::Judgement;

use super::array::{Wrapper, element};
use super::machine::Machine;
use super::value::{Shape, Value};

/// Longest text shown of one argument, in bytes.
const TEXT: u32 = 120;

/// Longest list of arguments shown, in characters.
const SHOWN: usize = 400;

impl Machine<'_, '_, '_> {
    /// How this call stands, and what it gives if that is something imported.
    pub fn judge(&mut self, id: u32, arguments: Value) -> (Judgement, Option<Value>) {
        let Some(name) = self.names.get(id) else { return (Judgement::Unknown, None) };
        let own = name.judgement;
        let (items, count) = match arguments {
            Value::Container { serial, .. } => {
                self.containers.items(serial).map_or((Vec::new(), u64::MAX), |(items, count)| (items.to_vec(), count))
            }
            _ => (Vec::new(), u64::MAX),
        };
        match (name.module.as_str(), name.attribute.as_str()) {
            // One argument asks for the type of a value; three make a class.
            ("builtins" | "__builtin__", "type") if count != 1 => (Judgement::Dangerous, None),
            // As much memory as the file asks for, or a range without end that is made a list.
            ("builtins" | "__builtin__" | "numpy", _) if self.asks_for_memory(&items) => (Judgement::Unknown, None),
            // A pickled booster is restored from its state. One that is made from arguments opens a file or an address.
            ("xgboost.core" | "lightgbm.basic", "Booster") if count != 0 => (Judgement::Unknown, None),
            // Bytes are written so by protocols below 3. Other codecs turn text into other text.
            ("_codecs", "encode") => match items.as_slice() {
                [Value::Text { at, len, .. }, codec]
                    if self.text_of(*codec, 8).is_some_and(|codec| codec == "latin1") =>
                {
                    (own, Some(Value::Bytes { at: *at, len: *len }))
                }
                _ => (Judgement::Unknown, None),
            },
            // Imports a module by name and takes an attribute of it.
            ("numpy.core" | "numpy._core", "_ufunc_reconstruct") => match items.as_slice() {
                [module, attribute] => self.imported_by_call(*module, *attribute),
                _ => (Judgement::Unknown, None),
            },
            ("builtins" | "__builtin__", "getattr") => match items.as_slice() {
                [Value::Global(of) | Value::Object(of), attribute] => self.attribute(own, *of, *attribute),
                _ => (own, Some(Value::Computed)),
            },
            ("copyreg" | "copy_reg", "_reconstructor" | "__newobj__" | "__newobj_ex__") => match items.first() {
                Some(Value::Global(class)) => (own, Some(Value::Object(*class))),
                _ => (own, None),
            },
            ("numpy", "dtype") => {
                let code = items.first().and_then(|code| self.text_of(*code, 16));
                let known = code.and_then(|code| element(&code));
                (own, known.map(|(size, objects)| Value::Dtype { size, objects }))
            }
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3") => {
                self.laid_over(&items);
                (own, None)
            }
            // Its bytes are a pickle, which was looked into when it was read.
            ("torch.storage", "_load_from_bytes") => match items.as_slice() {
                [Value::Bytes { at, .. }] if self.nested.contains(at) => (Judgement::Safe, None),
                _ => (own, None),
            },
            _ => (own, None),
        }
    }

    /// True for a number, or a range, that stands for gigabytes.
    fn asks_for_memory(&self, items: &[Value]) -> bool {
        items.iter().any(|item| match item {
            Value::Int(number) => *number > 1 << 31,
            Value::Object(of) => self.names.get(*of).is_some_and(|name| {
                name.attribute == "range" && matches!(name.module.as_str(), "builtins" | "__builtin__")
            }),
            _ => false,
        })
    }

    fn imported_by_call(&mut self, module: Value, attribute: Value) -> (Judgement, Option<Value>) {
        let (Some(module), Some(attribute)) = (self.text_of(module, 256), self.text_of(attribute, 256)) else {
            return (Judgement::Unknown, Some(Value::Computed));
        };
        let id = self.names.intern(&module, &attribute, self.range.clone(), self.lists);
        let judgement = self.names.get(id).map_or(Judgement::Unknown, |name| name.judgement);
        (judgement, Some(Value::Global(id)))
    }

    /// `getattr` of something known: safe if the whole path is on the list.
    fn attribute(&mut self, own: Judgement, of: u32, attribute: Value) -> (Judgement, Option<Value>) {
        let text = self.text_of(attribute, 128);
        let Some((text, name)) = text.zip(self.names.get(of)) else { return (own, Some(Value::Computed)) };
        let (module, path) = (name.module.clone(), format!("{}.{text}", name.attribute));
        let id = self.names.intern(&module, &path, self.range.clone(), self.lists);
        let judgement = self.names.get(id).map_or(Judgement::Unknown, |name| name.judgement);
        let judgement = if judgement == Judgement::Safe { Judgement::Safe } else { own };
        (judgement, Some(Value::Global(id)))
    }

    /// An element type got its state: `(3, order, subtype, names, fields, size, alignment, flags)`.
    pub fn built_dtype(&mut self, size: u32, objects: bool, state: Value) -> Value {
        let items = match state {
            Value::Container { serial, .. } => self.containers.items(serial).map(|(items, _)| items),
            _ => None,
        };
        match items {
            Some([_, _, _, _, Value::Container { .. }, Value::Int(size), _, Value::Int(flags), ..]) => {
                let size = u32::try_from(*size).unwrap_or(u32::MAX);
                Value::Dtype { size, objects: objects || flags & 1 == 1 }
            }
            _ => Value::Dtype { size, objects },
        }
    }

    /// An object got its state.
    pub fn built(&mut self, id: u32, state: Value) {
        let Some(name) = self.names.get(id) else { return };
        if name.module.starts_with("joblib.") && name.attribute == "NumpyArrayWrapper" {
            self.array = Wrapper::from_state(self, state);
        }
    }

    /// A value as a person reads it, as far as it is known.
    pub fn show(&mut self, value: Value, depth: u32) -> String {
        match value {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Number => "a number".to_owned(),
            Value::Text { len, .. } => match self.text_of(value, TEXT) {
                Some(text) => format!("{text:?}"),
                None => format!("a text of {len} bytes"),
            },
            Value::Bytes { at, len } => self.show_bytes(at, len),
            Value::Global(id) => self.names.get(id).map_or("?".to_owned(), super::names::Name::spelt),
            Value::Object(id) => {
                format!("{}(…)", self.names.get(id).map_or("?".to_owned(), super::names::Name::spelt))
            }
            Value::Dtype { size, .. } => format!("numpy.dtype(… {size} bytes)"),
            Value::Storage(elements) => format!("a storage of {elements} elements"),
            Value::Outside => "an object from outside".to_owned(),
            Value::Computed => "a computed value".to_owned(),
            Value::Forgotten => "…".to_owned(),
            Value::Container { shape, serial, .. } => self.show_container(shape, serial, depth),
        }
    }

    fn show_bytes(&mut self, at: u64, len: u32) -> String {
        self.reads += 1;
        let bytes = (len <= TEXT).then(|| self.view.read(at..at + u64::from(len)).ok()).flatten();
        bytes.map_or_else(|| format!("{len} bytes"), |bytes| format!("b\"{}\"", bytes.escape_ascii()))
    }

    fn show_container(&mut self, shape: Shape, serial: u64, depth: u32) -> String {
        let (open, close) = match shape {
            Shape::Tuple => ('(', ')'),
            Shape::List => ('[', ']'),
            Shape::Dict | Shape::Set => ('{', '}'),
        };
        let known = self.containers.items(serial).map(|(items, count)| (items.to_vec(), count));
        let Some((items, count)) = known.filter(|_| depth > 0) else { return format!("{open}…{close}") };
        let mut text = String::from(open);
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                text.push_str(if shape == Shape::Dict && n % 2 == 1 { ": " } else { ", " });
            }
            text.push_str(&self.show(*item, depth - 1));
            if text.len() > SHOWN {
                text.truncate(text.floor_char_boundary(SHOWN));
                text.push('…');
                text.push(close);
                return text;
            }
        }
        if count > items.len() as u64 {
            text.push_str(", …");
        }
        text.push(close);
        text
    }
}
