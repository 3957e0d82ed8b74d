//! MessagePack as flax writes it: one map, arrays as extension values.
//!
//! Sources: the MessagePack specification, `flax/serialization.py` (extension 1 is an array, 2 a complex number, 3 a
//! scalar; each holds MessagePack itself), `msgpack_numpy`, which unpickles arrays of objects. Not looked at: names that
//! occur twice.

use super::bytes::Cursor;
use super::wording::{CODE_IN_DATA, code};
use super::{Inspector, Scope, pickle, words};
use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

/// Lengths and types that do not fit.
pub static MSGPACK_MALFORMED: Rule = Rule {
    id: "msgpack-malformed",
    summary: "the MessagePack data is cut off, goes on after its end, or an array in it contradicts itself",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/msgpack-malformed.md"),
    frameworks: &["CWE-20", "CWE-130", "AML.T0076"],
};

/// A type that flax does not have.
pub static MSGPACK_EXTENSION: Rule = Rule {
    id: "msgpack-extension",
    summary: "the MessagePack data holds an extension type that flax does not write",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/msgpack-extension.md"),
    frameworks: &["CWE-502"],
};

/// Values inside of values that are followed.
const DEPTH: usize = 512;
/// Longest text that is looked at.
const TEXT: u64 = 64 << 10;

enum Value {
    Plain,
    Number(u64),
    Text(Vec<u8>, u64),
    Bytes(u64),
    Array(u64),
    Map(u64),
    Extension(i8, u64),
}

/// The format.
pub struct Msgpack;

impl Inspector for Msgpack {
    fn format(&self) -> Format {
        Format::named("msgpack")
    }

    /// A map whose first name is a plain text with a value behind it, or any map or list that ends where the file ends.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        is_named_map(head, view) || is_whole(head, view)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if words::name(view, scope).starts_with("flax_model") && !starts_map(view) {
            scope.raise(&MSGPACK_MALFORMED, view, 0..1, "the model is no map of names to arrays");
        }
        let mut cursor = Cursor::new(view);
        let outcome = walk(&mut cursor, view, scope);
        let at = cursor.position().min(view.len());
        if let Some(trouble) = cursor.trouble() {
            scope.unreadable(view, &trouble);
        } else if let Err(what) = outcome {
            scope.raise(&MSGPACK_MALFORMED, view, at..view.len(), format!("at byte {at}: {what}"));
        } else if at < view.len() {
            let message = format!("{} bytes follow after the end", view.len() - at);
            scope.raise(&MSGPACK_MALFORMED, view, at..view.len(), message);
        }
    }
}

fn starts_map(view: &View<'_>) -> bool {
    view.read_up_to(0, 1).is_ok_and(|first| matches!(first.first(), Some(0x81..=0x8f | 0xde | 0xdf)))
}

fn is_named_map(head: &[u8], view: &View<'_>) -> bool {
    let map = matches!(head.first(), Some(0x81..=0x8f | 0xde | 0xdf));
    let mut cursor = Cursor::new(view);
    let mut next = || read(&mut cursor).ok();
    map && matches!(next(), Some(Value::Map(1..)))
        && matches!(next(), Some(Value::Text(name, len)) if (1..256).contains(&len)
            && std::str::from_utf8(&name).is_ok_and(|name| !name.contains(char::is_control)))
}

/// Longest data that is gone through only to find out whether it is MessagePack.
const TRIED: u64 = 64 << 20;

/// True for a small map that ends where the view ends. Its first byte is a pickle opcode that fails on an empty stack, or
/// one for extension codes, which mean nothing unless the loading program has registered them: no unpickler goes on
/// behind it. Every other first byte of MessagePack that is an opcode can begin a pickle that runs.
pub fn is_no_pickle(head: &[u8], view: &View<'_>) -> bool {
    matches!(head.first(), Some(0x81..=0x87)) && is_whole(head, view)
}

/// True for one map or list that ends where the view ends.
fn is_whole(head: &[u8], view: &View<'_>) -> bool {
    let begins = match head.first() {
        Some(0x80 | 0x90) => view.len() == 1,
        Some(0x81..=0x8b | 0x91..=0x9f | 0xdc..=0xdf) => view.len() <= TRIED,
        _ => false,
    };
    if !begins {
        return false;
    }
    let mut cursor = Cursor::new(view);
    let mut open: Vec<u64> = vec![1];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        match read(&mut cursor) {
            Ok(Value::Array(count)) => open.push(count),
            Ok(Value::Map(count)) => open.push(count.saturating_mul(2)),
            Ok(_) => {}
            Err(_) => return false,
        }
        if open.len() > DEPTH || open.last().is_some_and(|left| *left > cursor.left()) {
            return false;
        }
    }
    cursor.position() == view.len()
}

/// A list or map that is being gone through.
struct Open {
    /// Values that are still to come.
    left: u64,
    /// True for a map, whose values are names and what they name.
    map: bool,
    /// True for a map that stands for an array which flax wrote in pieces.
    chunked: bool,
    /// True if the value that comes next is its pieces.
    next: bool,
    /// True for the list or map of such pieces.
    pieces: bool,
}

impl Open {
    const fn of(left: u64, map: bool) -> Self {
        Self { left, map, chunked: false, next: false, pieces: false }
    }

    /// Takes note of a value; true if it holds the pieces of an array.
    fn meet(&mut self, name: bool, value: &Value) -> Result<bool, &'static str> {
        if name {
            let text = if let Value::Text(text, _) = value { text.as_slice() } else { b"" };
            self.chunked |= text == b"__msgpack_chunked_array__";
            self.next = self.chunked && text == b"chunks";
        } else if self.pieces && !matches!(value, Value::Extension(1, _)) {
            return Err("a piece of an array that is in pieces is no array");
        }
        Ok(!name && self.next && matches!(value, Value::Map(_) | Value::Array(_)))
    }
}

/// Goes through one value and all that it holds.
fn walk(cursor: &mut Cursor<'_>, view: &View<'_>, scope: &mut Scope<'_>) -> Result<(), &'static str> {
    let mut open: Vec<Open> = vec![Open::of(1, false)];
    while let Some(outer) = open.last_mut() {
        if outer.left == 0 {
            open.pop();
            continue;
        }
        let name = outer.map && outer.left.is_multiple_of(2);
        outer.left -= 1;
        let at = cursor.position();
        let value = read(cursor)?;
        if name && matches!(value, Value::Array(_) | Value::Map(_)) {
            return Err("a name in a map is a list or a map");
        }
        let pieces = outer.meet(name, &value)?;
        match value {
            Value::Plain | Value::Number(_) => {}
            Value::Text(bytes, len) => text(&bytes, at, len, view, scope),
            Value::Bytes(len) => blob(cursor.position().saturating_sub(len), len, view, scope),
            Value::Array(count) => open.push(Open { pieces, ..Open::of(count, false) }),
            Value::Map(count) => open.push(Open { pieces, ..Open::of(count.saturating_mul(2), true) }),
            Value::Extension(kind, len) => {
                let start = cursor.position().saturating_sub(len);
                extension(kind, start, len, view, scope);
            }
        }
        if open.len() > DEPTH {
            return Err("values are nested too deeply");
        }
        // Each value takes a byte at least.
        if open.last().is_some_and(|inner| inner.left > cursor.left()) {
            return Err("a list or map says that it holds more values than there are bytes");
        }
    }
    Ok(())
}

/// Reads one value; what has a length is passed over, or kept if it is a short text.
fn read(cursor: &mut Cursor<'_>) -> Result<Value, &'static str> {
    const CUT: &str = "it ends inside of a value";
    const LONG: &str = "a value is longer than the file";
    let kind = cursor.byte().ok_or(CUT)?;
    let mut number = |bytes: u32| -> Result<u64, &'static str> {
        (0..bytes).try_fold(0u64, |value, _| Ok(value << 8 | u64::from(cursor.byte().ok_or(CUT)?)))
    };
    let value = match kind {
        0x00..=0x7f => return Ok(Value::Number(kind.into())),
        0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => return Ok(Value::Plain),
        0x80..=0x8f => return Ok(Value::Map((kind & 0x0f).into())),
        0x90..=0x9f => return Ok(Value::Array((kind & 0x0f).into())),
        0xa0..=0xbf => Value::Text(Vec::new(), (kind & 0x1f).into()),
        0xc4..=0xc6 => Value::Bytes(number(1 << (kind - 0xc4))?),
        0xc7..=0xc9 => {
            let len = number(1 << (kind - 0xc7))?;
            Value::Extension(number(1)?.to_le_bytes()[0].cast_signed(), len)
        }
        0xcc..=0xcf => return Ok(Value::Number(number(1 << (kind - 0xcc))?)),
        0xca | 0xd2 => number(4).map(|_| Value::Plain)?,
        0xcb | 0xd3 => number(8).map(|_| Value::Plain)?,
        0xd0 | 0xd1 => number(1 << (kind - 0xd0)).map(|_| Value::Plain)?,
        0xd4..=0xd8 => Value::Extension(number(1)?.to_le_bytes()[0].cast_signed(), 1 << (kind - 0xd4)),
        0xd9..=0xdb => Value::Text(Vec::new(), number(1 << (kind - 0xd9))?),
        0xdc | 0xdd => return Ok(Value::Array(number(2 << (kind - 0xdc))?)),
        0xde | 0xdf => return Ok(Value::Map(number(2 << (kind - 0xde))?)),
        0xc1 => return Err("a byte stands there that no value begins with"),
    };
    Ok(match value {
        Value::Text(_, len) => Value::Text(cursor.take(len, TEXT).ok_or(LONG)?, len),
        Value::Bytes(len) | Value::Extension(_, len) => {
            cursor.skip(len).ok_or(LONG)?;
            value
        }
        other => other,
    })
}

fn text(bytes: &[u8], at: u64, len: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let range = at..at.saturating_add(len).min(view.len());
    if bytes.len() as u64 == len && std::str::from_utf8(bytes).is_err() {
        return scope.raise(&MSGPACK_MALFORMED, view, range, "a text is not UTF-8");
    }
    if let Some(mark) = code(&String::from_utf8_lossy(bytes)) {
        scope.raise(&CODE_IN_DATA, view, range.clone(), format!("a text at byte {at} holds {mark:?}"));
    }
    if let Ok(member) = view.member(&format!("text at {at}"), range.end.saturating_sub(len)..range.end) {
        pickle::suspect(&member, scope);
    }
}

/// Bytes: raw numbers, or a pickle that some reader hands on.
fn blob(at: u64, len: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let Ok(member) = view.member(&format!("bytes at {at}"), at..at.saturating_add(len)) else { return };
    let looks = |head: Vec<u8>| pickle::looks_like_pickle(&head, &member) && !is_no_pickle(&head, &member);
    if member.read_up_to(0, 4096).is_ok_and(looks) {
        pickle::suspect(&member, scope);
    }
}

fn extension(kind: i8, at: u64, len: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let end = at.saturating_add(len);
    match kind {
        1 | 3 => {
            let Ok(inner) = view.slice(at..end) else { return };
            if let Err(what) = array(&inner, scope) {
                scope.raise(&MSGPACK_MALFORMED, view, at..end, format!("the array at byte {at}: {what}"));
            }
        }
        2 => {
            let Ok(inner) = view.slice(at..end) else { return };
            let mut cursor = Cursor::new(&inner);
            if !matches!(read(&mut cursor), Ok(Value::Array(2))) {
                scope.raise(&MSGPACK_MALFORMED, view, at..end, "a complex number is not a pair");
            }
        }
        // The time of the specification.
        -1 if matches!(len, 4 | 8 | 12) => {}
        _ => {
            scope.raise(&MSGPACK_EXTENSION, view, at..end, format!("{len} bytes are of the extension type {kind}"));
            blob(at, len, view, scope);
            let shown = view.read_up_to(at, len.min(TEXT)).unwrap_or_default();
            if let Some(mark) = code(&String::from_utf8_lossy(&shown)) {
                let message = format!("an extension value at byte {at} holds {mark:?}");
                scope.raise(&CODE_IN_DATA, view, at..end, message);
            }
        }
    }
}

/// `[shape, dtype, buffer]`
fn array(view: &View<'_>, scope: &mut Scope<'_>) -> Result<(), &'static str> {
    let mut cursor = Cursor::new(view);
    let Value::Array(3) = read(&mut cursor)? else { return Err("it is no list of shape, type and buffer") };
    let Value::Array(dimensions) = read(&mut cursor)? else { return Err("its shape is no list") };
    let mut elements = Some(1u64);
    for _ in 0..dimensions.min(64) {
        let Value::Number(size) = read(&mut cursor)? else { return Err("a dimension is no number, or negative") };
        elements = elements.and_then(|elements| elements.checked_mul(size));
    }
    let Value::Text(dtype, _) = read(&mut cursor)? else { return Err("its type is no text") };
    let dtype = String::from_utf8_lossy(&dtype).into_owned();
    let Value::Bytes(len) = read(&mut cursor)? else { return Err("its buffer is no bytes") };
    let end = cursor.position();
    if matches!(dtype.as_str(), "O" | "object" | "|O") {
        let message = "an array is of Python objects, which are unpickled by whoever reads it at all";
        scope.add(Evidence::new(&MSGPACK_MALFORMED, message).rated(Severity::High).at(view.place(0..view.len())));
    }
    blob(end.saturating_sub(len), len, view, scope);
    if end < view.len() {
        return Err("bytes follow after its buffer");
    }
    match (elements, width(&dtype)) {
        (_, None) if !is_known(&dtype) => Err("its type is none that numpy or JAX has"),
        (None, _) => Err("its dimensions multiply to more than 64 bits hold"),
        (Some(elements), Some(width)) if elements.checked_mul(width) != Some(len) => {
            Err("its shape and type ask for another length than its buffer has")
        }
        _ => Ok(()),
    }
}

/// Bytes of an element, by the names that numpy gives types; `None` for others.
fn width(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "bool" | "int8" | "uint8" | "float8_e4m3fn" | "float8_e5m2" | "int4" | "uint4" => 1,
        "int16" | "uint16" | "float16" | "bfloat16" => 2,
        "int32" | "uint32" | "float32" => 4,
        "int64" | "uint64" | "float64" | "complex64" => 8,
        "complex128" => 16,
        _ => return None,
    })
}

/// True for names of types that flax writes whose width is none of the above, and for those of numpy's texts and times.
fn is_known(dtype: &str) -> bool {
    let packed =
        ["int2", "uint2", "float4", "float6", "float8", "float128", "longdouble", "bfloat", "str", "bytes", "void"];
    let times = ["datetime64", "timedelta64", "object", "key<"];
    packed.iter().chain(&times).any(|name| dtype.starts_with(name))
        || dtype.starts_with(['<', '>', '|', '=', '[', 'O', 'U', 'S', 'V'])
}
