//! Element types of numpy and the arrays made of them: how long an element is, and whether what a state says holds.
//! Native code believes it.
//!
//! Source: `numpy/_core/src/multiarray/descriptor.c` (`arraydescr_setstate`), `methods.c` (`array_setstate`). Not
//! checked: the fields of a type with more than six of them, and whether numpy itself would refuse what is said here.

use super::machine::Machine;
use super::value::{Shape, Value};

/// Element types that are kept apart in one stream.
const KEPT: usize = 1 << 16;

/// Bit of the flags: an element holds Python objects (`NPY_ITEM_REFCOUNT`).
const OBJECTS: i64 = 1;

/// What is known of an element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Bytes of one element; `None` if it cannot be told.
    pub size: Option<u32>,
    /// The elements are or hold Python objects.
    pub objects: bool,
    /// The size is part of the state (texts, bytes and records).
    flexible: bool,
}

/// Size in bytes of an element and whether it holds objects, from numpy's code for it (`<f8`, `U10`, `O`).
pub fn element(code: &str) -> Option<(u32, bool)> {
    let code = code.trim_start_matches(['<', '>', '=', '|']);
    let kind = code.chars().next()?;
    if !kind.is_ascii() {
        return None;
    }
    let size = code[1..].split('[').next().and_then(|size| size.parse::<u32>().ok());
    match kind {
        'O' => Some((8, true)),
        'U' => Some((size?.checked_mul(4)?, false)),
        '?' => Some((1, false)),
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'V' | 'M' | 'm' | 'a' => Some((size?, false)),
        _ => None,
    }
}

/// The same from the name of a scalar type; the ones of other sizes elsewhere (`long`, `longdouble`) are left out.
fn named(name: &str) -> Option<(u32, bool)> {
    let size = match name {
        "object" | "object_" => return Some((8, true)),
        "bool" | "bool_" | "int8" | "uint8" | "byte" | "ubyte" | "b" | "B" => 1,
        "float8_e3m4" | "float8_e4m3" | "float8_e4m3b11fnuz" | "float8_e4m3fn" | "float8_e4m3fnuz" | "float8_e5m2"
        | "float8_e5m2fnuz" | "float8_e8m0fnu" | "float6_e2m3fn" | "float6_e3m2fn" | "float4_e2m1fn" | "int1"
        | "uint1" | "int2" | "uint2" | "int4" | "uint4" => 1,
        "bfloat16" | "float16" | "half" | "int16" | "uint16" | "short" | "ushort" | "h" | "H" | "e" => 2,
        "float32" | "single" | "int32" | "uint32" | "f" | "i" | "I" => 4,
        "float64" | "double" | "float" | "int64" | "uint64" | "complex64" | "d" | "q" | "Q" | "F" => 8,
        "complex128" | "complex" | "D" => 16,
        _ => return None,
    };
    Some((size, false))
}

/// Names of element types that are not sized here, and letters that stand for one.
const OTHERS: &str = "\
    int uint long ulong longlong ulonglong intc uintc intp uintp longdouble clongdouble float96 float128 \
    complex192 complex256 csingle cdouble singlecomplex str str_ bytes bytes_ string string_ unicode unicode_ \
    void datetime64 timedelta64 bool8 object0 void0 l L n N p P g G S U V O M m a c T record number integer \
    floating generic character flexible inexact";

/// False for one word that names no element type. Lists of them and units are not looked into.
fn is_code(code: &str) -> bool {
    let word = code.trim_start_matches(['<', '>', '=', '|']);
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let of_lists = |letter: char| letter.is_alphanumeric() || " _,()[]:<>=|?/.{}'\"".contains(letter);
        return !code.is_empty() && code.chars().all(of_lists);
    }
    let (kind, size) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
    let sized = match (kind, size) {
        ("b", "1") | ("i" | "u", "1" | "2" | "4" | "8") | ("f", "2" | "4" | "8" | "12" | "16") => true,
        ("c", "8" | "16" | "24" | "32" | "1") | ("O", "4" | "8") | ("M" | "m", "8") | ("?", "") => true,
        ("S" | "U" | "V" | "a" | "T", size) => size.bytes().all(|byte| byte.is_ascii_digit()),
        // Sub-arrays and repetitions.
        (kind, _) => kind.bytes().all(|byte| byte.is_ascii_digit()),
    };
    sized || named(word).is_some() || OTHERS.split(' ').any(|other| other == word)
}

impl Machine<'_, '_, '_> {
    /// `numpy.dtype(…)`; `None` if the arguments are not of the forms that picklers write.
    pub fn dtype_called(&mut self, arguments: &[Value]) -> Option<Value> {
        let (known, flexible) = match *arguments.first()? {
            code @ Value::Text { .. } => {
                let code = self.text_of(code, 16)?;
                if !is_code(&code) {
                    self.fault(format!("numpy has no element type {code:?}"));
                }
                let kind = code.trim_start_matches(['<', '>', '=', '|']).chars().next();
                (element(&code).or_else(|| named(&code))?, matches!(kind, Some('S' | 'U' | 'V' | 'a')))
            }
            Value::Global(id) => {
                let name = self.names.get(id)?;
                let own = matches!(&*name.module, "numpy" | "ml_dtypes" | "builtins" | "__builtin__");
                (named(&name.attribute).filter(|_| own)?, false)
            }
            _ => return None,
        };
        if self.elements.len() >= KEPT {
            return None;
        }
        let ((size, objects), serial) = (known, self.elements.len() as u32);
        self.elements.push(Element { size: Some(size), objects, flexible });
        Some(Value::Dtype(serial))
    }

    /// What is known of an element type.
    pub fn element_of(&self, serial: u32) -> Element {
        let unknown = Element { size: None, objects: false, flexible: false };
        self.elements.get(serial as usize).copied().unwrap_or(unknown)
    }

    /// An element type got its state: `(3, order, subtype, names, fields, size, alignment, flags)`.
    pub fn built_dtype(&mut self, serial: u32, state: Value) {
        let before = self.element_of(serial);
        let mut after = Element { size: None, ..before };
        let known = self.whole(state);
        let plain = matches!(state, Value::Int(_) | Value::None | Value::Text { .. } | Value::Bytes { .. });
        let odd = |items: &Vec<Value>| match (items.first(), items.len()) {
            (_, ..5) | (Some(Value::Int(3)), 5..8) => true,
            (Some(Value::Int(4)), length) => length < 9,
            _ => false,
        };
        if plain || known.as_ref().is_some_and(odd) {
            self.fault("an element type is given a state that is none".to_owned());
        }
        if let Some(items) = known
            && let [Value::Int(3 | 4), _, base, _, fields, size, _, Value::Int(flags), ..] = *items.as_slice()
        {
            after.objects = flags & OBJECTS != 0;
            after.size = match size {
                Value::Int(size) if before.flexible => u32::try_from(size).ok(),
                _ => before.size,
            };
            let inner = self.parts(base, fields, after.size);
            if before.flexible && after.size.is_none() {
                self.fault("an element type has no size that is possible".to_owned());
            } else if inner.is_some_and(|inner| (inner || (before.objects && !before.flexible)) != after.objects) {
                let says = if after.objects { "objects, but it has none" } else { "no objects, but it has some" };
                self.fault(format!("an element type says that it holds {says}"));
            }
        }
        if let Some(slot) = self.elements.get_mut(serial as usize) {
            *slot = after;
        }
    }

    /// Whether the parts of an element type hold objects; they must lie inside of it. `None` if they are not known.
    fn parts(&mut self, base: Value, fields: Value, size: Option<u32>) -> Option<bool> {
        let mut objects = false;
        if let Value::Container { shape: Shape::Tuple, .. } = base {
            let (part, shape) = match *self.whole(base)?.as_slice() {
                [Value::Dtype(part), shape, ..] => (self.element_of(part), shape),
                _ => return None,
            };
            let count = match shape {
                Value::Int(count) => u64::try_from(count).ok()?,
                shape => self.product(shape)?,
            };
            objects |= part.objects;
            let whole = count.checked_mul(u64::from(part.size?))?;
            if size.is_some_and(|size| u64::from(size) != whole) {
                self.fault(format!("an element type of {} bytes is made of {whole} bytes", size.unwrap_or_default()));
            }
        }
        if let Value::Container { shape: Shape::Dict, .. } = fields {
            for pair in self.whole(fields)?.chunks_exact(2) {
                let (part, offset) = match *self.whole(pair[1])?.as_slice() {
                    [Value::Dtype(part), Value::Int(offset), ..] => (self.element_of(part), offset),
                    _ => return None,
                };
                objects |= part.objects;
                let end = u64::try_from(offset).ok().and_then(|offset| offset.checked_add(u64::from(part.size?)));
                if part.size.is_some() && size.is_some_and(|size| end.is_none_or(|end| end > u64::from(size))) {
                    self.fault(format!("a field at offset {offset} does not lie inside of its element type"));
                }
            }
        }
        Some(objects)
    }

    /// An array got its state: `(1, shape, type, is Fortran, data)`.
    pub fn built_array(&mut self, state: Value) {
        let Some(items) = self.whole(state) else { return };
        let [Value::Int(_), shape, Value::Dtype(element), _, data] = *items.as_slice() else { return };
        self.filled(shape, element, data);
    }

    /// The data of an array is as long as its shape says.
    pub fn filled(&mut self, shape: Value, element: u32, data: Value) {
        let element = self.element_of(element);
        let Some(count) = self.product(shape) else {
            let is_shape =
                self.whole(shape).is_some_and(|items| items.iter().all(|item| matches!(item, Value::Int(_))));
            if is_shape {
                self.fault("an array has a shape that is impossible".to_owned());
            }
            return;
        };
        match data {
            Value::Bytes { .. } if element.objects => {
                self.fault("an array of objects is given bytes, which would be taken for addresses".to_owned());
            }
            Value::Bytes { len, .. } if len != u32::MAX => {
                let wanted = element.size.and_then(|size| count.checked_mul(u64::from(size)));
                if element.size.is_some() && wanted != Some(u64::from(len)) {
                    self.fault(format!("an array of {count} elements does not fit its {len} bytes of data"));
                }
            }
            Value::Container { shape: Shape::List, serial, .. } => {
                let given = self.containers.items(serial).map(|(_, given)| given);
                if !element.objects && element.size.is_some() {
                    self.fault("an array of numbers is given a list of objects".to_owned());
                } else if given.is_some_and(|given| given != count) {
                    self.fault(format!("an array of {count} objects is given {} of them", given.unwrap_or_default()));
                }
            }
            _ => {}
        }
    }

    /// A scalar is made of an element type and its bytes.
    pub fn scalar(&mut self, arguments: &[Value]) {
        let [Value::Dtype(element), Value::Bytes { len, .. }] = *arguments else { return };
        let element = self.element_of(element);
        if element.objects {
            self.fault("a scalar of objects is given bytes, which would be taken for an address".to_owned());
        } else if len != u32::MAX && element.size.is_some_and(|size| size > len) {
            self.fault(format!("a scalar is given {len} bytes, which are too few"));
        }
    }

    /// The number of elements of a shape, if it is a tuple of numbers and possible.
    pub fn product(&self, shape: Value) -> Option<u64> {
        if !matches!(shape, Value::Container { shape: Shape::Tuple, .. }) {
            return None;
        }
        self.whole(shape)?.iter().try_fold(1u64, |product, dimension| match dimension {
            Value::Int(size) => product.checked_mul(u64::try_from(*size).ok()?),
            _ => None,
        })
    }

    /// All items of a container; `None` if not all of them are remembered.
    pub fn whole(&self, value: Value) -> Option<Vec<Value>> {
        let Value::Container { serial, .. } = value else { return None };
        let (items, count) = self.containers.items(serial)?;
        (count == items.len() as u64).then(|| items.to_vec())
    }
}

#[test]
fn elements_are_sized_by_code_and_by_name() {
    assert_eq!(element("<f8"), Some((8, false)));
    assert_eq!(element("U3"), Some((12, false)));
    assert_eq!(element("O8"), Some((8, true)));
    assert_eq!(element("2f8"), None);
    assert_eq!(element("f8,i4"), None);
    assert_eq!(named("bfloat16"), Some((2, false)));
    assert_eq!(named("longdouble"), None);
    for code in ["<f8", "U", "V0", "M8[ns]", "f8,i4", "(2,)f8", "2i4", "datetime64", "?", "b1", "float8_e5m2"] {
        assert!(is_code(code), "{code}");
    }
    assert!(!is_code("&4") && !is_code("f7") && !is_code("zz9") && !is_code(""));
}
