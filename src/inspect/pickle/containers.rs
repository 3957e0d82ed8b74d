//! Opcodes that make and fill containers.

use crate::model::Judgement;

use super::machine::{Break, Machine, Step};
use super::names::{Name, Names};
use super::planted::is_view;
use super::rules::{PATCHED_IMPORT, UNKNOWN_CALL};
use super::store::{Containers, Items, Stack};
use super::value::{Shape, Value};

/// Pairs of one opcode that are looked at for what they plant.
const TELLING: usize = 1 << 16;

impl Machine<'_, '_, '_> {
    /// True if handing this to a callable hands it something imported that is not known to be safe.
    pub fn carries(&self, value: Value) -> bool {
        carries_unsafe(value, &self.names, &self.containers)
    }

    /// Takes everything above the mark into a new container; gives it and its number of items.
    pub fn collect(&mut self, shape: Shape) -> Result<(Value, u64), Break> {
        let made = self.containers.create(shape);
        let Value::Container { serial, .. } = made else { return Ok((made, 0)) };
        let mut stack = std::mem::replace(&mut self.stack, Stack::none());
        let mut collected = Collected::default();
        let count = stack.take_to_mark(|value, times| {
            self.containers.add(serial, value, times);
            collected.carries |= self.carries(value);
            match shape {
                Shape::Dict => collected.pair(self, value, times),
                Shape::Set => collected.unhashable |= is_unhashable(value),
                _ => {}
            }
        });
        self.stack = stack;
        let count = count.ok_or_else(|| Break::Malformed(format!("{} finds no MARK", self.opcode())))?;
        if collected.computed {
            self.containers.key_computed(serial);
        }
        if collected.carries {
            self.containers.burden(serial);
        }
        if collected.unhashable {
            self.fault(format!("{} makes a key of a list or a dict, which cannot be one", self.opcode()));
        }
        if collected.telling.len() >= TELLING {
            self.scope.limit("pairs of one dictionary", TELLING as u64, self.view);
        }
        for (key, value) in collected.telling {
            self.check_pair(key, value);
        }
        if shape != Shape::Dict && count == 2 {
            self.check_couple(serial);
        }
        Ok((Value::Container { shape, carries: collected.carries, serial }, count))
    }

    /// Two items may become a key and its value.
    fn check_couple(&mut self, serial: u64) {
        if let Some(([key, value], 2)) = self.containers.items(serial) {
            let (key, value) = (*key, *value);
            if matches!(key, Value::Text { .. }) && self.is_telling(key, value) {
                self.check_pair(key, value);
            }
        }
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
        if count == 2 {
            self.check_couple(serial);
        }
        self.push(Value::Container { shape: Shape::Tuple, carries, serial })
    }

    /// `APPEND`
    pub fn append(&mut self) -> Step {
        let item = self.pop()?;
        let target = self.pop()?;
        let carried = self.carries(item);
        let target = self.fill(target, Shape::List, &[item], 1, carried);
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
        let (remembered, computed) = match items {
            Value::Container { serial, .. } => {
                let items = self.containers.taken(serial).map_or(Items::NONE, |(items, _)| items);
                (items, self.containers.has_computed_key(serial))
            }
            _ => (Items::NONE, false),
        };
        let carried = self.carries(items);
        let target = self.fill(target, shape, &remembered, count, carried);
        if let (Value::Container { serial, .. }, true) = (target, computed) {
            self.containers.key_computed(serial);
        }
        self.push(target)
    }

    /// `SETITEM`
    pub fn set_item(&mut self) -> Step {
        let value = self.pop()?;
        let key = self.pop()?;
        let target = self.pop()?;
        if self.is_telling(key, value) {
            self.check_pair(key, value);
        }
        if is_unhashable(key) {
            self.fault("SETITEM makes a key of a list or a dict, which cannot be one".to_owned());
        }
        let carried = self.carries(value) || self.carries(key);
        let target = self.fill(target, Shape::Dict, &[key, value], 2, carried);
        if let (Value::Container { serial, .. }, true) = (target, is_computed(key)) {
            self.containers.key_computed(serial);
        }
        self.push(target)
    }

    /// Puts items into what is on the stack; the value that then stands for it.
    fn fill(&mut self, target: Value, shape: Shape, items: &[Value], count: u64, carried: bool) -> Value {
        match target {
            Value::Container { shape: own, carries, serial } => {
                if own != shape {
                    self.fault(format!("{} is applied to a {}", self.opcode(), own.name()));
                }
                for item in items {
                    self.containers.add(serial, *item, 1);
                }
                if count > items.len() as u64 {
                    self.containers.add(serial, Value::Forgotten, count - items.len() as u64);
                }
                // The memo holds the container as it was when it was empty.
                if carried {
                    self.containers.burden(serial);
                }
                return Value::Container { shape: own, carries: carries || carried, serial };
            }
            Value::Global(id) => self.patched(id, "items are put into it"),
            Value::Object(id) => self.fill_object(id, shape, carried),
            Value::Computed => self.changed_computed("items are put into it"),
            Value::Outside => self.say(&UNKNOWN_CALL, |machine| {
                format!("{} calls a method of an object that the loading program supplies", machine.opcode())
            }),
            Value::Forgotten => {}
            _ => self.fault(format!("{} is applied to a plain value", self.opcode())),
        }
        target
    }

    /// `append`, `extend`, `add` or `__setitem__` of an object is called. Picklers do so with kinds of lists and
    /// mappings; of anything else the method may be one that its state brought.
    fn fill_object(&mut self, id: u32, shape: Shape, carried: bool) {
        let Some(name) = self.names.get_mut(id) else { return };
        name.laden |= carried;
        if name.judgement != Judgement::Safe {
            return;
        }
        let class = name.attribute.rsplit('.').next().unwrap_or_default().to_owned();
        let method = match shape {
            Shape::List => "append or extend",
            Shape::Set => "add",
            _ => "__setitem__",
        };
        let lists = ["deque", "list", "bytearray", "array", "Tree", "ImmutableTree", "Text"];
        let fits = match shape {
            Shape::List => lists.contains(&class.as_str()) || class.ends_with("List"),
            Shape::Set => matches!(class.as_str(), "set" | "OrderedSet"),
            // The method is looked up at the type, which a state cannot change.
            _ => !has_no_keys(&name.module, &class),
        };
        if !fits {
            let spelt = name.spelt();
            self.say(&UNKNOWN_CALL, |_| format!("{method} of an object of {spelt} is called, which is no such kind"));
        }
    }

    /// What the pickle computes may be a class or a module.
    pub fn changed_computed(&mut self, how: &str) {
        self.say(&PATCHED_IMPORT, |_| format!("something that the pickle computes is changed: {how}"));
    }

    /// A mapping or a list is made of what it is given: if it keeps that, what is put into it goes there.
    pub fn laid_upon(&mut self, id: u32, arguments: Value) {
        let Some(class) = self.names.get(id).map(|name| name.attribute.clone()).filter(|class| is_view(class)) else {
            return;
        };
        // What Cython rebuilds is given its own class first.
        if class.starts_with("__pyx_unpickle_") {
            for item in self.whole(arguments).unwrap_or_default().into_iter().skip(1) {
                self.check_written_through(&class, item, 1);
            }
            return;
        }
        self.check_written_through(&class, arguments, 1);
    }

    /// Something imported is changed.
    pub fn patched(&mut self, id: u32, how: &str) {
        let Some(name) = self.names.get(id).map(Name::spelt) else { return };
        self.say(&PATCHED_IMPORT, |_| format!("{name} is imported and then changed: {how}"));
    }
}

/// What was seen while a container was filled.
#[derive(Default)]
struct Collected {
    carries: bool,
    /// A key is no plain value.
    computed: bool,
    /// A key is a list or a dict.
    unhashable: bool,
    key: Option<Value>,
    telling: Vec<(Value, Value)>,
}

impl Collected {
    /// The next values of a dictionary: keys and values in turn.
    fn pair(&mut self, machine: &Machine<'_, '_, '_>, value: Value, times: u64) {
        let mut left = times;
        if let Some(key) = self.key.take() {
            left -= 1;
            if self.telling.len() < TELLING && machine.is_telling(key, value) {
                self.telling.push((key, value));
            }
        }
        if left > 0 {
            self.computed |= is_computed(value);
            self.unhashable |= is_unhashable(value);
        }
        self.key = (left % 2 == 1).then_some(value);
    }
}

fn carries_unsafe(value: Value, names: &Names, containers: &Containers) -> bool {
    match value {
        Value::Global(id) => names.is_unsafe(id),
        Value::Object(id) => names.is_laden(id),
        Value::Container { carries, serial, .. } => carries || containers.is_burdened(serial),
        Value::Computed => true,
        _ => false,
    }
}

/// True for what is made by a callable that makes no mapping: `__setitem__` of a tensor writes into memory that other parts
/// of the file lie over (CVE-2026-24747), and no pickler calls it.
fn has_no_keys(module: &str, class: &str) -> bool {
    let top = module.split('.').next().unwrap_or(module);
    match top {
        "torch" => {
            class.starts_with("_rebuild")
                || matches!(class, "Tensor" | "Parameter" | "Buffer" | "Size" | "device" | "dtype" | "Generator")
        }
        "numpy" => {
            matches!(class, "_reconstruct" | "_frombuffer" | "scalar" | "ndarray" | "dtype" | "frombuffer" | "memmap")
        }
        "jax" | "jaxlib" => class == "_reconstruct_array",
        "builtins" | "__builtin__" => {
            matches!(class, "bytearray" | "bytes" | "str" | "int" | "float" | "complex" | "slice" | "range" | "list")
                || matches!(class, "tuple" | "set" | "frozenset" | "object" | "xrange" | "unicode" | "bool")
        }
        "datetime" | "_datetime" | "decimal" | "_decimal" | "fractions" | "uuid" | "pathlib" | "array" => true,
        _ => false,
    }
}

const fn is_computed(key: Value) -> bool {
    matches!(key, Value::Object(_) | Value::Computed | Value::Outside | Value::Forgotten)
}

/// Sets are not told from frozen ones, which may be keys.
const fn is_unhashable(key: Value) -> bool {
    matches!(key, Value::Container { shape: Shape::List | Shape::Dict, .. })
}
