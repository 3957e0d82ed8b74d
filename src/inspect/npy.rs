//! Arrays in numpy's own format, `.npy` versions 1 to 3 (`numpy/lib/format.py`; NEP 1): a header that is a Python
//! literal, then raw elements, or a pickle when the elements are objects. Several may stand one behind the other.
//!
//! Not checked: the values of the elements.

use std::collections::BTreeSet;

use memchr::memmem;

use crate::model::{Class, Evidence, Format, Rule, Severity, Tensor};
use crate::weigh::View;

use super::pickle::{element, first_stream, inspect_pickle, looks_like_pickle, suspect_numbers};
use super::{Inspector, Scope};

/// The header does not describe the bytes.
pub static NPY_MALFORMED: Rule = Rule {
    id: "npy-malformed",
    summary: "the header of a numpy array is broken or does not fit the bytes behind it",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/npy-malformed.md"),
    frameworks: &["CWE-20", "CWE-436", "AML.T0076", "LLM03"],
};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Longest header; numpy reads no more than 10,000 bytes unless it is told to trust the file.
const HEADER: u64 = 10_000;

/// Types inside types, and dimensions.
const DEPTH: u32 = 8;

/// A numpy array.
pub struct Npy;

impl Inspector for Npy {
    fn format(&self) -> Format {
        Format::named("npy")
    }

    fn claims(&self, head: &[u8], _view: &View<'_>) -> bool {
        head.starts_with(MAGIC)
    }

    /// `numpy.save` may be called on one open file again and again; `numpy.load` then reads one array after the other.
    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut at = 0;
        for _ in 0..scope.limits.entries {
            let Ok(rest) = view.slice(at..view.len()) else { return };
            let end = match array(&rest, at, scope) {
                Ok(end) => end,
                Err(message) => {
                    // Readers that evaluate the header, as old ones did, run what it calls.
                    let calls = rest.read_up_to(0, 512).is_ok_and(|head| memmem::find(&head, b"__import__").is_some());
                    let severity = if calls { Severity::High } else { NPY_MALFORMED.severity };
                    let range = 0..rest.len().min(128);
                    let evidence = Evidence::new(&NPY_MALFORMED, message).rated(severity).at(rest.place(range.clone()));
                    scope.add(evidence.showing(rest.excerpt(range)));
                    return unread(&rest, scope);
                }
            };
            if end >= rest.len() || end == 0 {
                return;
            }
            at += end;
            if view.read_up_to(at, MAGIC.len() as u64).is_ok_and(|mark| mark != MAGIC) {
                let message = format!("{} bytes follow the array", view.len() - at);
                scope.raise(&NPY_MALFORMED, view, at..view.len(), message);
                return pickled(at, view, scope);
            }
        }
        scope.limit("entries", scope.limits.entries, view);
    }
}

/// What follows a header that is not understood. numpy may understand it, and `object` is an element type, too.
fn unread(view: &View<'_>, scope: &mut Scope<'_>) {
    let Ok(head) = view.read_up_to(0, 12) else { return };
    let data = match head.as_slice() {
        [_, _, _, _, _, _, 1, _, low, high, ..] => 10 + u64::from(u16::from_le_bytes([*low, *high])),
        [_, _, _, _, _, _, _, _, a, b, c, d] => 12 + u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => return,
    };
    pickled(data, view, scope);
}

/// What lies there is looked at if it is a pickle.
fn pickled(at: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let Ok(inner) = view.slice(at.min(view.len())..view.len()) else { return };
    if inner.read_up_to(0, 512).is_ok_and(|head| looks_like_pickle(&head, &inner)) {
        inspect_pickle(&inner, scope);
    }
}

/// Reads one array from the beginning of a view, which lies `at` in the file, and says where in the view it ends.
fn array(view: &View<'_>, at: u64, scope: &mut Scope<'_>) -> Result<u64, String> {
    let head = view.read_up_to(0, 12).map_err(|error| error.to_string())?;
    let short = || "the data ends inside the header".to_owned();
    let (start, len) = match head.get(6).copied().ok_or_else(short)? {
        1 => (10, head.get(8..10).map(|len| u64::from(u16::from_le_bytes([len[0], len[1]])))),
        2 | 3 => (12, head.get(8..12).map(|len| u64::from(u32::from_le_bytes([len[0], len[1], len[2], len[3]])))),
        version => return Err(format!("there is no version {version} of the format")),
    };
    if let Some(minor) = head.get(7).filter(|minor| **minor != 0) {
        return Err(format!("there is no version {}.{minor} of the format", head[6]));
    }
    let len = len.ok_or_else(short)?;
    let data = start + len;
    if len > HEADER {
        return Err(format!("a header of {len} bytes; numpy reads at most {HEADER}"));
    }
    let text = view.read(start..data).map_err(|_| short())?;
    if head[6] == 3 && std::str::from_utf8(&text).is_err() {
        return Err("the header is not UTF-8, as it is in version 3".to_owned());
    }
    let Header { descr, shape } = header(&String::from_utf8_lossy(&text))?;
    let (size, objects) = size_of(&descr, DEPTH)?;
    if objects {
        let rest = view.slice(data..view.len()).map_err(|error| error.to_string())?;
        // Only where another array follows is the pickle not all the rest.
        let pickle =
            first_stream(&rest).filter(|end| rest.read_up_to(*end, MAGIC.len() as u64).is_ok_and(|mark| mark == MAGIC));
        let end = pickle.unwrap_or(rest.len());
        inspect_pickle(&rest.slice(0..end).map_err(|error| error.to_string())?, scope);
        return Ok(data + end);
    }
    let elements = shape.iter().try_fold(size, |product, size| product.checked_mul(*size));
    let end = elements.and_then(|bytes| bytes.checked_add(data)).ok_or("the shape overflows 64 bits")?;
    let dtype = match &descr {
        Literal::Text(text) => text.clone(),
        _ => "structured".to_owned(),
    };
    let name = view.entry().unwrap_or_default().trim_end_matches(".npy").to_owned();
    let bytes = (view.depth() == 0).then_some(at + data..at.saturating_add(end));
    scope.contents().tensors.push(Tensor { name, dtype, shape, bytes });
    let there = view.len().saturating_sub(data);
    if end > view.len() {
        return Err(format!("the header describes {} bytes, {there} are there", end - data));
    }
    if let Ok(numbers) = view.slice(data..end) {
        suspect_numbers(&numbers, scope);
    }
    Ok(end)
}

/// What a header says.
struct Header {
    /// The element type.
    descr: Literal,
    /// Length along each dimension.
    shape: Vec<u64>,
}

/// Reads a header as strictly as numpy (`_read_array_header`).
fn header(text: &str) -> Result<Header, String> {
    let mut parser = Parser { rest: text.trim() };
    let Literal::Dict(mut entries) = parser.value(DEPTH)? else { return Err("the header is no dict".to_owned()) };
    if !parser.rest.trim().is_empty() || entries.len() != 3 {
        return Err("the header holds more than descr, fortran_order and shape, or less".to_owned());
    }
    let mut entry = |name: &str| {
        let at = entries.iter().position(|(key, _)| *key == Literal::Text(name.to_owned()))?;
        Some(entries.swap_remove(at).1)
    };
    let descr = entry("descr").ok_or("the header has no descr")?;
    let Some(Literal::Tuple(dimensions)) = entry("shape") else {
        return Err("the header has no shape that is a tuple".to_owned());
    };
    if !matches!(entry("fortran_order"), Some(Literal::Bool(_))) {
        return Err("the header has no fortran_order".to_owned());
    }
    let number = |dimension: &Literal| if let Literal::Number(size) = dimension { Some(*size) } else { None };
    let shape: Option<Vec<u64>> = dimensions.iter().map(number).collect();
    Ok(Header { descr, shape: shape.ok_or("a dimension is no number")? })
}

/// Bytes of one element, and whether it holds objects.
fn size_of(descr: &Literal, depth: u32) -> Result<(u64, bool), String> {
    let broken = || "a field of the element type is broken".to_owned();
    match descr {
        Literal::Text(code) => {
            let known = element(code).filter(|_| is_element(code));
            let (size, objects) = known.ok_or_else(|| format!("no element type is called {code:?}"))?;
            Ok((u64::from(size), objects))
        }
        Literal::List(fields) if depth > 0 && !fields.is_empty() => {
            let (mut size, mut objects, mut names) = (0u64, false, BTreeSet::new());
            for field in fields {
                let Literal::Tuple(parts) = field else { return Err(broken()) };
                let (name, kind, shape) = match parts.as_slice() {
                    [name, kind] => (name, kind, None),
                    [name, kind, Literal::Tuple(shape)] => (name, kind, Some(shape)),
                    _ => return Err(broken()),
                };
                let name = match name {
                    Literal::Text(name) => name,
                    // A title in front of the name.
                    Literal::Tuple(names) => match names.as_slice() {
                        [_, Literal::Text(name)] => name,
                        _ => return Err(broken()),
                    },
                    _ => return Err(broken()),
                };
                // Padding between fields has no name.
                if !name.is_empty() && !names.insert(name.as_str()) {
                    return Err(format!("two fields of the element type are called {name:?}"));
                }
                let (one, held) = size_of(kind, depth - 1)?;
                let times = shape.into_iter().flatten().try_fold(1u64, |product, dimension| match dimension {
                    Literal::Number(size) => product.checked_mul(*size),
                    _ => None,
                });
                let whole = times.and_then(|times| one.checked_mul(times)).and_then(|one| size.checked_add(one));
                size = whole.ok_or("the element type overflows 64 bits")?;
                objects |= held;
            }
            Ok((size, objects))
        }
        // An element that is itself an array: its type and its shape.
        Literal::Tuple(parts) if depth > 0 => match parts.as_slice() {
            [kind @ Literal::Text(_), Literal::Tuple(shape)] => {
                let (one, held) = size_of(kind, depth - 1)?;
                let times = shape.iter().try_fold(one, |product, dimension| match dimension {
                    Literal::Number(size) => product.checked_mul(*size),
                    _ => None,
                });
                Ok((times.ok_or("the element type overflows 64 bits")?, held))
            }
            _ => Err("the element type is broken".to_owned()),
        },
        _ => Err("the element type is broken".to_owned()),
    }
}

/// True for a code that numpy has a type of: a byte order, a kind, a size that the kind comes in, a unit of time.
fn is_element(code: &str) -> bool {
    let code = code.strip_prefix(['<', '>', '=', '|']).unwrap_or(code);
    let Some(kind) = code.chars().next().filter(char::is_ascii_alphabetic) else { return code == "?" };
    let (size, unit) = code[1..].split_once('[').map_or((&code[1..], None), |(size, unit)| (size, Some(unit)));
    let sizes: &[&str] = match kind {
        'b' => &["1"],
        'i' | 'u' => &["1", "2", "4", "8"],
        'f' => &["2", "4", "8", "10", "12", "16"],
        'c' => &["8", "16", "20", "24", "32"],
        'M' | 'm' => &["8"],
        'O' => &["", "4", "8"],
        'S' | 'a' | 'U' | 'V' => &[],
        _ => return false,
    };
    let timed = unit.is_none_or(|unit| {
        let unit = unit.strip_suffix(']').unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit());
        let unit = unit.split('/').next().unwrap_or_default();
        matches!(kind, 'M' | 'm')
            && matches!(
                unit,
                "Y" | "M" | "W" | "D" | "h" | "m" | "s" | "ms" | "us" | "ns" | "ps" | "fs" | "as" | "generic"
            )
    });
    timed && (sizes.contains(&size) || (sizes.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit())))
}

/// The part of Python's literals that such headers are made of.
#[derive(Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(u64),
    Bool(bool),
    List(Vec<Literal>),
    Tuple(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn value(&mut self, depth: u32) -> Result<Literal, String> {
        let broken = || "the header is no Python literal".to_owned();
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next().ok_or_else(broken)?;
        match first {
            '\'' | '"' => {
                let (text, rest) = self.rest[1..].split_once(first).ok_or_else(broken)?;
                self.rest = rest;
                Ok(Literal::Text(text.to_owned()))
            }
            '0'..='9' => {
                let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
                let number = self.rest[..end].parse().map_err(|_| "a number of the header is too large".to_owned())?;
                // Python 2 wrote long numbers with an L.
                self.rest = self.rest[end..].trim_start_matches('L');
                Ok(Literal::Number(number))
            }
            'T' | 'F' => {
                let (value, word) = if first == 'T' { (true, "True") } else { (false, "False") };
                self.rest = self.rest.strip_prefix(word).ok_or_else(broken)?;
                Ok(Literal::Bool(value))
            }
            '(' | '[' | '{' if depth > 0 => self.container(first, depth - 1),
            _ => Err(broken()),
        }
    }

    fn container(&mut self, open: char, depth: u32) -> Result<Literal, String> {
        let close = match open {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        self.rest = &self.rest[1..];
        let mut ended = false;
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                return match open {
                    '{' => Ok(Literal::Dict(entries)),
                    '[' => Ok(Literal::List(items)),
                    // Brackets around one thing alone are no tuple.
                    _ if items.len() == 1 && !ended => items.pop().ok_or_else(|| "the header is broken".to_owned()),
                    _ => Ok(Literal::Tuple(items)),
                };
            }
            let item = self.value(depth)?;
            if open == '{' {
                self.rest = self.rest.trim_start().strip_prefix(':').ok_or("the header's dict is broken")?;
                entries.push((item, self.value(depth)?));
            } else {
                items.push(item);
            }
            self.rest = self.rest.trim_start();
            ended = self.rest.starts_with(',');
            self.rest = match self.rest.strip_prefix(',') {
                Some(rest) => rest,
                None if self.rest.starts_with(close) => self.rest,
                None => return Err("the header is no Python literal".to_owned()),
            };
        }
    }
}
