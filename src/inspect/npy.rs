//! Arrays in numpy's own format, `.npy` versions 1 to 3 (`numpy/lib/format.py`; NEP 1): a header that is a Python
//! literal, then raw elements, or a pickle when the elements are objects.
//!
//! Not checked: the values of the elements.

use crate::model::{Class, Format, Rule, Severity, Tensor};
use crate::weigh::View;

use super::pickle::{element, inspect_pickle, looks_like_pickle};
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

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if let Err(message) = array(view, scope) {
            scope.raise(&NPY_MALFORMED, view, 0..view.len().min(128), message);
            unread(view, scope);
        }
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
    let Ok(inner) = view.slice(data.min(view.len())..view.len()) else { return };
    if inner.read_up_to(0, 512).is_ok_and(|head| looks_like_pickle(&head, &inner)) {
        inspect_pickle(&inner, scope);
    }
}

fn array(view: &View<'_>, scope: &mut Scope<'_>) -> Result<(), String> {
    let head = view.read_up_to(0, 12).map_err(|error| error.to_string())?;
    let short = || "the data ends inside the header".to_owned();
    let (start, len) = match head.get(6).copied().ok_or_else(short)? {
        1 => (10, head.get(8..10).map(|len| u64::from(u16::from_le_bytes([len[0], len[1]])))),
        2 | 3 => (12, head.get(8..12).map(|len| u64::from(u32::from_le_bytes([len[0], len[1], len[2], len[3]])))),
        version => return Err(format!("there is no version {version} of the format")),
    };
    let len = len.ok_or_else(short)?;
    let data = start + len;
    if len > HEADER {
        return Err(format!("a header of {len} bytes; numpy reads at most {HEADER}"));
    }
    let text = view.read(start..data).map_err(|_| short())?;
    let text = String::from_utf8_lossy(&text);
    let mut parser = Parser { rest: text.trim() };
    let Literal::Dict(entries) = parser.value(DEPTH)? else { return Err("the header is no dict".to_owned()) };
    if !parser.rest.trim().is_empty() || entries.len() != 3 {
        return Err("the header holds more than descr, fortran_order and shape, or less".to_owned());
    }
    let entry =
        |name: &str| entries.iter().find(|(key, _)| *key == Literal::Text(name.to_owned())).map(|(_, value)| value);
    let descr = entry("descr").ok_or("the header has no descr")?;
    let Some(Literal::List(dimensions)) = entry("shape") else { return Err("the header has no shape".to_owned()) };
    if !matches!(entry("fortran_order"), Some(Literal::Bool(_))) {
        return Err("the header has no fortran_order".to_owned());
    }
    let shape = dimensions
        .iter()
        .map(|dimension| if let Literal::Number(size) = dimension { Some(*size) } else { None })
        .collect::<Option<Vec<u64>>>()
        .ok_or("a dimension is no number")?;
    let (size, objects) = size_of(descr, DEPTH)?;
    if objects {
        let inner = view.slice(data..view.len()).map_err(|error| error.to_string())?;
        inspect_pickle(&inner, scope);
        return Ok(());
    }
    let elements = shape.iter().try_fold(size, |product, size| product.checked_mul(*size));
    let end = elements.and_then(|bytes| bytes.checked_add(data)).ok_or("the shape overflows 64 bits")?;
    let dtype = match descr {
        Literal::Text(text) => text.clone(),
        _ => "structured".to_owned(),
    };
    let name = view.entry().unwrap_or_default().trim_end_matches(".npy").to_owned();
    let bytes = (view.depth() == 0).then_some(data..end);
    scope.contents().tensors.push(Tensor { name, dtype, shape, bytes });
    let there = view.len().saturating_sub(data);
    match end.cmp(&view.len()) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(format!("the header describes {} bytes, {there} are there", end - data)),
        std::cmp::Ordering::Less => Err(format!("{} bytes follow the array", view.len() - end)),
    }
}

/// Bytes of one element, and whether it holds objects.
fn size_of(descr: &Literal, depth: u32) -> Result<(u64, bool), String> {
    match descr {
        Literal::Text(code) => {
            let (size, objects) = element(code).ok_or_else(|| format!("no element type is called {code:?}"))?;
            Ok((u64::from(size), objects))
        }
        Literal::List(fields) if depth > 0 && !fields.is_empty() => {
            let (mut size, mut objects) = (0u64, false);
            for field in fields {
                let Literal::List(parts) = field else {
                    return Err("a field of the element type is broken".to_owned());
                };
                let (_, kind, shape) = match parts.as_slice() {
                    [name, kind] => (name, kind, None),
                    [name, kind, Literal::List(shape)] => (name, kind, Some(shape)),
                    _ => return Err("a field of the element type is broken".to_owned()),
                };
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
        _ => Err("the element type is broken".to_owned()),
    }
}

/// The part of Python's literals that such headers are made of. Tuples are lists here.
#[derive(Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(u64),
    Bool(bool),
    List(Vec<Literal>),
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
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix(close) {
                self.rest = rest;
                return Ok(if open == '{' { Literal::Dict(entries) } else { Literal::List(items) });
            }
            let item = self.value(depth)?;
            if open == '{' {
                self.rest = self.rest.trim_start().strip_prefix(':').ok_or("the header's dict is broken")?;
                entries.push((item, self.value(depth)?));
            } else {
                items.push(item);
            }
            self.rest = self.rest.trim_start();
            self.rest = match self.rest.strip_prefix(',') {
                Some(rest) => rest,
                None if self.rest.starts_with(close) => self.rest,
                None => return Err("the header is no Python literal".to_owned()),
            };
        }
    }
}
