//! Callables whose danger lies in what they are handed, and how values are shown.

use crate::model::Judgement;

use super::machine::Machine;
use super::store::Items;
use super::value::{Coding, Shape, Value};

/// Longest text shown of one argument, in bytes.
const TEXT: u32 = 120;

/// Longest list of arguments shown, in characters.
const SHOWN: usize = 400;

/// Longest text that stands for bytes whose number of them is counted.
const TRANSCODED: u32 = 64 << 10;

/// Zeros that are asked for by their number alone.
const ZEROS: i64 = 1 << 20;

impl Machine<'_, '_, '_> {
    /// How this call stands, and what it gives if that is something imported.
    pub fn judge(&mut self, id: u32, arguments: Value) -> (Judgement, Option<Value>) {
        let Some(name) = self.names.get(id) else { return (Judgement::Unknown, None) };
        let own = name.judgement;
        let called = (name.module.clone(), name.attribute.clone());
        let (items, count) = match arguments {
            Value::Container { serial, .. } => self.containers.taken(serial).unwrap_or((Items::NONE, u64::MAX)),
            _ => (Items::NONE, u64::MAX),
        };
        if self.code == b'R' && own == Judgement::Safe {
            self.check_arguments(&called.0, &called.1, &items, count);
        }
        let Some(name) = self.names.get(id) else { return (Judgement::Unknown, None) };
        // Picklers rebuild these without a constructor; some constructors open files.
        // A member of an enumeration is rebuilt from its number.
        let numbered = matches!(&*items, [Value::Int(_)]) && count == 1;
        if name.rebuilt && count != 0 && !numbered && matches!(self.code, b'R' | b'i' | b'o') {
            return (Judgement::Unknown, None);
        }
        match (&*name.module, &*name.attribute) {
            // One argument asks for the type of a value; three make a class.
            ("builtins" | "__builtin__", "type") if count != 1 => (Judgement::Dangerous, None),
            ("builtins" | "__builtin__", "type") => (own, items.first().map(|value| self.type_of(*value))),
            // With two arguments it calls the first one over and over.
            ("builtins" | "__builtin__", "iter") if count != 1 => (Judgement::Unknown, None),
            // Arrays are pickled by `_reconstruct`; this one asks for any memory, or lays itself over any buffer.
            ("numpy", "ndarray") if count > 0 => (Judgement::Unknown, None),
            ("numpy", _) if items.iter().any(|item| self.product(*item).is_some_and(|count| count > 1 << 31)) => {
                (Judgement::Unknown, None)
            }
            // As much memory as the file asks for, or a range without end that is made a list.
            ("builtins" | "__builtin__" | "numpy", _) if self.asks_for_memory(&items) => (Judgement::Unknown, None),
            // A number of zeros, which picklers write as what they are.
            ("builtins" | "__builtin__", "bytes" | "bytearray") if matches!(items.first(), Some(Value::Int(number)) if *number > ZEROS) => {
                (Judgement::Unknown, None)
            }
            // A pickled booster is restored from its state. One that is made from arguments opens a file or an address.
            ("xgboost.core" | "lightgbm.basic", "Booster") if count != 0 => (Judgement::Unknown, None),
            // Bytes are written so by protocols below 3. Other codecs turn text into other text.
            ("_codecs", "encode") => match &*items {
                [Value::Text { at, .. }, codec] if self.text_of(*codec, 8).is_some_and(|codec| codec == "latin1") => {
                    // As text each byte from 128 on takes two.
                    let len = self.transcoded(items[0]);
                    (own, Some(Value::Bytes { at: *at, len }))
                }
                _ => (Judgement::Unknown, None),
            },
            // Imports a module by name and takes an attribute of it.
            ("numpy.core" | "numpy._core", "_ufunc_reconstruct") => match &*items {
                [module, attribute] => self.imported_by_call(*module, *attribute),
                _ => (Judgement::Unknown, None),
            },
            ("builtins" | "__builtin__", "getattr") => match &*items {
                [Value::Global(of) | Value::Object(of), attribute] => self.attribute(own, *of, *attribute),
                // A method of a plain value, such as `[].append`.
                [Value::Text { .. } | Value::Container { .. }, attribute] => {
                    let (class, attribute) = (self.type_of(items[0]), *attribute);
                    let Value::Global(of) = class else { return (own, Some(Value::Computed)) };
                    self.attribute(own, of, attribute)
                }
                _ => (own, Some(Value::Computed)),
            },
            ("copyreg" | "copy_reg", "_reconstructor") => {
                let judged = if self.has_plain_base(&items) { own } else { Judgement::Unknown };
                (judged, self.made_by_copyreg(&items))
            }
            ("copyreg" | "copy_reg", "__newobj__" | "__newobj_ex__") => (own, self.made_by_copyreg(&items)),
            _ => self.judge_arrays(id, own, &items),
        }
    }

    /// The same for what makes arrays, tensors and their kin.
    fn judge_arrays(&mut self, id: u32, own: Judgement, items: &[Value]) -> (Judgement, Option<Value>) {
        let Some(name) = self.names.get(id) else { return (Judgement::Unknown, None) };
        match (&*name.module, &*name.attribute) {
            ("numpy", "dtype") => (own, self.dtype_called(items)),
            (_, "scalar") if name.module.starts_with("numpy.") => {
                self.scalar(items);
                (own, None)
            }
            (_, "_frombuffer") if name.module.starts_with("numpy.") => {
                if let [data, Value::Dtype(element), shape, ..] = *items {
                    self.filled(shape, element, data);
                }
                (own, None)
            }
            // Takes a class apart from its parameters (`typing.List[int]`); of anything else it takes an item.
            ("operator" | "_operator", "getitem") => match items {
                [Value::Global(of), ..] if self.is_typing(*of) => (Judgement::Safe, None),
                _ => (Judgement::Unknown, None),
            },
            ("dill._dill", "_load_type") => self.dill_type(items),
            ("dill._dill", "_eval_repr") => self.dill_value(own, items),
            (module, attribute) if module.starts_with("sympy.") => {
                let called = (module.to_owned(), attribute.to_owned());
                (self.expression(own, &called.0, &called.1, items), None)
            }
            // With a function for the keys they call it on every item.
            (module, _) if module.starts_with("sortedcontainers.") => {
                let key =
                    items.iter().any(|item| matches!(item, Value::Global(_) | Value::Object(_) | Value::Computed));
                (if key { own.max(Judgement::Unknown) } else { own }, None)
            }
            // Makes a class of these bases, and calls a method of theirs.
            ("email.headerregistry", "_reconstruct_header") => {
                let judged = if self.has_header_bases(items) { own } else { Judgement::Unknown };
                (judged, None)
            }
            // Both call what they are given first, and it is numpy's.
            ("dill._dill", "_create_array") | ("jax._src.array", "_reconstruct_array") => match items.first() {
                Some(Value::Global(of)) if self.rebuilds_arrays(*of) => (Judgement::Safe, None),
                _ => (Judgement::Dangerous, None),
            },
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3") => {
                self.laid_over(items);
                (own, None)
            }
            // Its bytes are a pickle, which was looked into when it was read.
            ("torch.storage", "_load_from_bytes") => match items {
                [Value::Bytes { at, .. }] if self.nested.contains(at) => (Judgement::Safe, None),
                _ => (own, None),
            },
            _ => (own, None),
        }
    }

    /// What `copyreg` makes of a class; of `type` it is a class.
    fn made_by_copyreg(&mut self, items: &[Value]) -> Option<Value> {
        match items {
            [Value::Global(class), rest @ ..] if self.is_type(*class) => rest.first().map(|of| self.type_of(*of)),
            [Value::Global(class), ..] => Some(Value::Object(*class)),
            _ => None,
        }
    }

    /// Number of the bytes that a text stands for, a character for each.
    fn transcoded(&mut self, text: Value) -> u32 {
        let Value::Text { at, len: len @ 0..=TRANSCODED, coding: Coding::Utf8 } = text else { return u32::MAX };
        let Ok(bytes) = self.view.read(at..at + u64::from(len)) else { return u32::MAX };
        let text = String::from_utf8_lossy(&bytes);
        if let Some(odd) = text.chars().find(|letter| u32::from(*letter) > 0xff) {
            self.fault(format!("bytes are written as a text that holds U+{:04X}, which is no byte", u32::from(odd)));
        }
        text.chars().count() as u32
    }

    /// True for a number, or a range, that stands for gigabytes.
    fn asks_for_memory(&self, items: &[Value]) -> bool {
        items.iter().any(|item| match item {
            Value::Int(number) => *number > 1 << 31,
            Value::Object(of) => self.names.get(*of).is_some_and(|name| match &*name.module {
                "builtins" | "__builtin__" => matches!(&*name.attribute, "range" | "xrange"),
                "itertools" => matches!(&*name.attribute, "count" | "cycle" | "repeat" | "product"),
                _ => false,
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

    /// What `type` gives of a value: the class it was made by, if that is known.
    fn type_of(&mut self, value: Value) -> Value {
        let name = match value {
            Value::Object(id) => return Value::Global(id),
            Value::Global(id) => match self.names.get(id).map(|name| &*name.attribute) {
                Some("NotImplemented") => "NotImplementedType",
                Some("Ellipsis") => "ellipsis",
                _ => return Value::Computed,
            },
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Text { .. } => "str",
            Value::Bytes { .. } => "bytes",
            Value::Container { shape, .. } => shape.name(),
            _ => return Value::Computed,
        };
        Value::Global(self.names.intern("builtins", name, self.range.clone(), self.lists))
    }

    fn is_type(&self, id: u32) -> bool {
        self.names
            .get(id)
            .is_some_and(|name| *name.attribute == *"type" && matches!(&*name.module, "builtins" | "__builtin__"))
    }

    fn is_typing(&self, id: u32) -> bool {
        self.names.get(id).is_some_and(|name| {
            matches!(&*name.module, "typing" | "typing_extensions" | "collections.abc")
                && name.judgement == Judgement::Safe
        })
    }

    fn rebuilds_arrays(&self, id: u32) -> bool {
        self.names.get(id).is_some_and(|name| {
            name.module.starts_with("numpy.")
                && matches!(&*name.attribute, "_reconstruct" | "_frombuffer")
                && name.judgement == Judgement::Safe
        })
    }

    /// `copyreg._reconstructor(class, base, state)` calls the constructor of the base.
    fn has_plain_base(&self, items: &[Value]) -> bool {
        let Some(Value::Global(base)) = items.get(1) else { return false };
        self.names.get(*base).is_some_and(|name| {
            matches!(&*name.module, "builtins" | "__builtin__" | "collections" | "exceptions")
                && name.judgement == Judgement::Safe
                && !matches!(&*name.attribute, "type" | "range" | "xrange")
        })
    }

    /// The arguments of a call, in their brackets.
    pub fn show_arguments(&mut self, arguments: Value) -> String {
        let shown = self.show(arguments, 3);
        shown.strip_suffix(",)").map(|shown| format!("{shown})")).unwrap_or(shown)
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
            Value::Dtype(serial) => match self.element_of(serial).size {
                Some(size) => format!("numpy.dtype(… {size} bytes)"),
                None => "numpy.dtype(…)".to_owned(),
            },
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
        let some = || if len == u32::MAX { "bytes".to_owned() } else { format!("{len} bytes") };
        bytes.map_or_else(some, |bytes| format!("b\"{}\"", bytes.escape_ascii()))
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
        } else if shape == Shape::Tuple && count == 1 {
            text.push(',');
        }
        text.push(close);
        text
    }
}
