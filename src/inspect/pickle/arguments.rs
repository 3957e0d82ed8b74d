//! Calls that no pickler writes, because what is called refuses such arguments.
//!
//! Source: the documentation of the callables; for dates `Modules/_datetimemodule.c` (`datetime_new`). Not checked:
//! most callables, and whether texts and numbers have a meaning.

use super::machine::Machine;
use super::value::{Shape, Value};

impl Machine<'_, '_, '_> {
    /// Writes down arguments that a well-known callable refuses. `count` is the number of all arguments; `items` may
    /// be fewer.
    pub fn check_arguments(&mut self, module: &str, attribute: &str, items: &[Value], count: u64) {
        if count != items.len() as u64 {
            return;
        }
        match (module, attribute) {
            (
                "builtins" | "__builtin__" | "collections" | "_collections",
                "list" | "tuple" | "set" | "frozenset" | "dict" | "OrderedDict" | "deque",
            ) => {
                if let Some(Value::Int(_) | Value::Bool(_) | Value::Number | Value::None) = items.first() {
                    self.fault(format!("{attribute} is made of a number or of nothing"));
                }
            }
            (_, "_reconstruct") if module.starts_with("numpy.") && count > 0 => self.check_reconstruct(items),
            ("datetime" | "_datetime", "datetime" | "date" | "time") => self.check_date(attribute, items),
            _ => {}
        }
    }

    /// `_reconstruct(class, shape, type)`
    fn check_reconstruct(&mut self, items: &[Value]) {
        let [class, shape, _] = items else {
            return self.fault(format!("an array is made of {} arguments instead of three", items.len()));
        };
        let plain = matches!(class, Value::Int(_) | Value::None | Value::Text { .. } | Value::Container { .. });
        let numbers = self.whole(*shape).is_some_and(|items| items.iter().all(|item| matches!(item, Value::Int(_))));
        if plain {
            self.fault("an array is made of something that is no class".to_owned());
        } else if numbers
            && matches!(shape, Value::Container { shape: Shape::Tuple, .. })
            && self.product(*shape).is_none()
        {
            self.fault("an array has a shape that is impossible".to_owned());
        }
    }

    /// The bytes of a date: year (2), month, day; of a time: hour, minute, second, microsecond (3).
    fn check_date(&mut self, kind: &str, items: &[Value]) {
        // Lower protocols write bytes as text.
        if self.stream.declared.is_none_or(|version| version < 3) {
            return;
        }
        let Some(Value::Bytes { at, len }) = items.first().copied() else { return };
        let (date, time) = match kind {
            "date" => (4, 0),
            "time" => (0, 6),
            _ => (4, 6),
        };
        if len != date + time {
            return self.fault(format!("a {kind} is made of {len} bytes"));
        }
        let Ok(bytes) = self.view.read(at..at + u64::from(len)) else { return };
        let (date, time) = bytes.split_at(date as usize);
        let day = match date {
            // The highest bit of the month, or of the hour, says which of two equal times is meant.
            [_, _, month, day] => (1..=12).contains(&(month & 0x7f)) && (1..=31).contains(day),
            _ => true,
        };
        let clock = match time {
            [hour, minute, second, ..] => hour & 0x7f < 24 && *minute < 60 && *second < 60,
            _ => true,
        };
        if !day || !clock {
            self.fault(format!("a {kind} is made of bytes that are none"));
        }
    }
}
