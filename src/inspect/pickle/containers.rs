//! Opcodes that make and fill containers.

use super::machine::{Break, Machine, Step};
use super::names::{Name, Names};
use super::rules::PATCHED_IMPORT;
use super::value::{Shape, Value};

/// Special methods that a loader or the interpreter calls by name on an object.
const CALLED_BY_NAME: &[&str] = &[
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__class__",
    "__call__",
    "__getattr__",
    "__getattribute__",
    "__setattr__",
    "__del__",
    "__new__",
    "__init__",
    "__getstate__",
    "__setitem__",
    "__enter__",
    "__exit__",
    "__hash__",
    "__eq__",
    "__array__",
    "__array_ufunc__",
    "__torch_function__",
    "__iter__",
    "__next__",
    "__len__",
    "__repr__",
    "__str__",
    "__index__",
    "__globals__",
    "__builtins__",
    "__code__",
    "__dict__",
    "__import__",
    "append",
    "extend",
    "add",
];

/// Pairs of one `SETITEMS` that are looked at for planted methods.
const PLANTED: usize = 64;

impl Machine<'_, '_, '_> {
    /// True if handing this to a callable hands it something imported that is not known to be safe.
    pub fn carries(&self, value: Value) -> bool {
        carries_unsafe(value, &self.names)
    }

    /// Takes everything above the mark into a new container; gives it and its number of items.
    pub fn collect(&mut self, shape: Shape) -> Result<(Value, u64), Break> {
        let Self { stack, containers, names, .. } = self;
        let made = containers.create(shape);
        let Value::Container { serial, .. } = made else { return Ok((made, 0)) };
        let mut carries = false;
        let mut key: Option<Value> = None;
        let mut planted = Vec::new();
        let count = stack.take_to_mark(|value, times| {
            containers.add(serial, value, times);
            carries |= carries_unsafe(value, names);
            if shape == Shape::Dict {
                let mut left = times;
                if let Some(key) = key.take() {
                    left -= 1;
                    if is_callable(value) && planted.len() < PLANTED {
                        planted.push(key);
                    }
                }
                key = (left % 2 == 1).then_some(value);
            }
        });
        let count = count.ok_or_else(|| Break::Malformed(format!("{} finds no MARK", self.opcode())))?;
        for key in planted {
            self.check_planted(key);
        }
        Ok((Value::Container { shape, carries, serial }, count))
    }

    pub fn gather(&mut self, shape: Shape) -> Step {
        let (made, count) = self.collect(shape)?;
        if shape == Shape::Dict && count % 2 == 1 {
            return Err(Break::Malformed("a dict has a key without a value".to_owned()));
        }
        self.push(made)
    }

    /// `TUPLE1` to `TUPLE3`.
    pub fn tuple(&mut self, count: u8) -> Step {
        let mut items = [Value::None; 3];
        for slot in items[..usize::from(count)].iter_mut().rev() {
            *slot = self.pop()?;
        }
        let made = self.containers.create(Shape::Tuple);
        let Value::Container { serial, .. } = made else { return Ok(()) };
        let mut carries = false;
        for item in &items[..usize::from(count)] {
            self.containers.add(serial, *item, 1);
            carries |= self.carries(*item);
        }
        self.push(Value::Container { shape: Shape::Tuple, carries, serial })
    }

    /// `APPEND`
    pub fn append(&mut self) -> Step {
        let item = self.pop()?;
        let target = self.pop()?;
        let target = self.fill(target, Shape::List, &[item], 1);
        self.push(target)
    }

    /// `APPENDS`, `SETITEMS`, `ADDITEMS`
    pub fn extend(&mut self, shape: Shape) -> Step {
        let (items, count) = self.collect(shape)?;
        let target = self.pop()?;
        if shape == Shape::Dict && count % 2 == 1 {
            return Err(Break::Malformed("SETITEMS has a key without a value".to_owned()));
        }
        if count == 0 {
            return self.push(target);
        }
        let remembered = match items {
            Value::Container { serial, .. } => self.containers.items(serial).map(|(items, _)| items.to_vec()),
            _ => None,
        };
        let carried = self.carries(items);
        let mut target = self.fill(target, shape, &remembered.unwrap_or_default(), count);
        if let Value::Container { carries, .. } = &mut target {
            *carries |= carried;
        }
        self.push(target)
    }

    /// `SETITEM`
    pub fn set_item(&mut self) -> Step {
        let value = self.pop()?;
        let key = self.pop()?;
        let target = self.pop()?;
        if is_callable(value) {
            self.check_planted(key);
        }
        let target = self.fill(target, Shape::Dict, &[key, value], 2);
        self.push(target)
    }

    /// Puts items into what is on the stack; the value that then stands for it.
    fn fill(&mut self, target: Value, shape: Shape, items: &[Value], count: u64) -> Value {
        match target {
            Value::Container { shape: own, carries, serial } => {
                if own != shape {
                    self.fault(format!("{} is applied to a {}", self.opcode(), own.name()));
                }
                let mut carried = carries;
                for item in items {
                    self.containers.add(serial, *item, 1);
                    carried |= self.carries(*item);
                }
                if count > items.len() as u64 {
                    self.containers.add(serial, Value::Forgotten, count - items.len() as u64);
                }
                return Value::Container { shape: own, carries: carried, serial };
            }
            Value::Global(id) => self.patched(id, "items are put into it"),
            Value::Object(_) | Value::Computed | Value::Storage(_) | Value::Outside | Value::Forgotten => {}
            _ => self.fault(format!("{} is applied to a plain value", self.opcode())),
        }
        target
    }

    /// Something imported is changed.
    pub fn patched(&mut self, id: u32, how: &str) {
        let Some(name) = self.names.get(id).map(Name::spelt) else { return };
        self.say(&PATCHED_IMPORT, |_| format!("{name} is imported and then changed: {how}"));
    }

    fn check_planted(&mut self, key: Value) {
        let Some(text) = self.text_of(key, 24) else { return };
        if CALLED_BY_NAME.contains(&text.as_str()) {
            self.say(&PATCHED_IMPORT, |_| {
                format!("a callable is stored under the name {text}, which is called by name later")
            });
        }
    }
}

fn carries_unsafe(value: Value, names: &Names) -> bool {
    match value {
        Value::Global(id) => names.is_unsafe(id),
        Value::Container { carries, .. } => carries,
        Value::Computed => true,
        _ => false,
    }
}

const fn is_callable(value: Value) -> bool {
    matches!(value, Value::Global(_) | Value::Computed)
}
