//! Universal Binary JSON (draft 12), as XGBoost writes it: lengths of 64 bits, typed arrays.

use super::TREE_MODEL_MALFORMED;
use super::xgboost::{self, Value};
use crate::inspect::bytes::Cursor;
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

/// Values inside of values.
const DEPTH: u32 = 64;
/// Longest text that is kept.
const TEXT: u64 = 1 << 20;

/// A value. Fractions matter to nobody here.
#[derive(Debug)]
pub enum Node {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Integers(Vec<i64>),
    /// So many fractions.
    Numbers(u64),
    Integer(i64),
    Text(String),
    /// A list whose type, written in front of it, is none of numbers.
    Foreign(u8),
    Other,
}

impl Node {
    /// The type of a list that is none of numbers, if there is one in it.
    fn foreign(&self) -> Option<u8> {
        let mut open = vec![self];
        while let Some(node) = open.pop() {
            match node {
                Self::Foreign(kind) => return Some(*kind),
                Self::Object(members) => open.extend(members.iter().map(|(_, value)| value)),
                Self::Array(values) => open.extend(values),
                _ => {}
            }
        }
        None
    }
}

/// The format.
pub struct Ubjson;

impl Inspector for Ubjson {
    fn format(&self) -> Format {
        Format::named("ubjson")
    }

    /// A brace, and a first name with its length.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let open = matches!(head, [b'{', b'i' | b'U' | b'I' | b'l' | b'L', ..]);
        let mut cursor = Cursor::new(view);
        cursor.skip(1);
        let name = open.then(|| name(&mut cursor)).flatten();
        name.is_some_and(|name| !name.is_empty() && name.len() < 256 && !name.contains(char::is_control))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if view.len() > scope.limits.json_bytes {
            return scope.limit("json-bytes", scope.limits.json_bytes, view);
        }
        let mut cursor = Cursor::new(view);
        let node = value(&mut cursor, 0);
        let at = cursor.position().min(view.len());
        if let Some(trouble) = cursor.trouble() {
            return scope.unreadable(view, &trouble);
        }
        let Some(node) = node else {
            let message = format!("the binary JSON breaks off or is broken at byte {at}");
            return scope.raise(&TREE_MODEL_MALFORMED, view, at..view.len(), message);
        };
        if at < view.len() {
            let message = format!("{} bytes follow after the end", view.len() - at);
            scope.raise(&TREE_MODEL_MALFORMED, view, at..view.len(), message);
        }
        if let Some(kind) = node.foreign().filter(|_| Value::Binary(&node).get("learner").is_some()) {
            let message = format!("a list is of the type {:?}, which XGBoost does not read", char::from(kind));
            scope.raise(&TREE_MODEL_MALFORMED, view, 0..0, message);
        }
        xgboost::inspect(Value::Binary(&node), view, scope);
    }
}

fn name(cursor: &mut Cursor<'_>) -> Option<String> {
    let kind = cursor.byte()?;
    text(cursor, kind)
}

/// A text whose length begins with that type.
fn text(cursor: &mut Cursor<'_>, kind: u8) -> Option<String> {
    let len = u64::try_from(integer(cursor, kind)?).ok()?;
    let bytes = cursor.take(len, TEXT)?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn integer(cursor: &mut Cursor<'_>, kind: u8) -> Option<i64> {
    Some(match kind {
        b'i' => i8::from_be_bytes(cursor.array()?).into(),
        b'U' => cursor.byte()?.into(),
        b'I' => i16::from_be_bytes(cursor.array()?).into(),
        b'l' => i32::from_be_bytes(cursor.array()?).into(),
        b'L' => i64::from_be_bytes(cursor.array()?),
        _ => return None,
    })
}

fn value(cursor: &mut Cursor<'_>, depth: u32) -> Option<Node> {
    let kind = cursor.byte()?;
    of_kind(cursor, kind, depth)
}

fn of_kind(cursor: &mut Cursor<'_>, kind: u8, depth: u32) -> Option<Node> {
    if depth > DEPTH {
        return None;
    }
    Some(match kind {
        b'Z' | b'N' | b'T' | b'F' => Node::Other,
        b'C' => cursor.byte().map(|_| Node::Other)?,
        b'd' => cursor.skip(4).map(|()| Node::Other)?,
        b'D' => cursor.skip(8).map(|()| Node::Other)?,
        b'S' | b'H' => {
            let length = cursor.byte()?;
            Node::Text(text(cursor, length)?)
        }
        b'{' => object(cursor, depth)?,
        b'[' => array(cursor, depth)?,
        kind => Node::Integer(integer(cursor, kind)?),
    })
}

/// What may stand behind an opening bracket: `$` and a type, `#` and a count.
fn sized(cursor: &mut Cursor<'_>) -> Option<(Option<u8>, Option<u64>)> {
    let mut kind = None;
    if cursor.peek()? == b'$' {
        cursor.byte()?;
        kind = Some(cursor.byte()?);
    }
    if cursor.peek()? != b'#' {
        return kind.is_none().then_some((None, None));
    }
    cursor.byte()?;
    let length = cursor.byte()?;
    Some((kind, Some(u64::try_from(integer(cursor, length)?).ok()?)))
}

fn object(cursor: &mut Cursor<'_>, depth: u32) -> Option<Node> {
    let (kind, count) = sized(cursor)?;
    let mut members = Vec::new();
    while count.is_none_or(|count| (members.len() as u64) < count) {
        if count.is_none() && cursor.peek()? == b'}' {
            cursor.byte()?;
            break;
        }
        let name = name(cursor)?;
        let kind = match kind {
            Some(kind) => kind,
            None => cursor.byte()?,
        };
        members.push((name, of_kind(cursor, kind, depth + 1)?));
    }
    Some(Node::Object(members))
}

fn array(cursor: &mut Cursor<'_>, depth: u32) -> Option<Node> {
    let (kind, count) = sized(cursor)?;
    match (kind, count) {
        (Some(kind @ (b'd' | b'D')), Some(count)) => {
            cursor.skip(count.checked_mul(if kind == b'd' { 4 } else { 8 })?)?;
            Some(Node::Numbers(count))
        }
        (Some(kind @ (b'i' | b'U' | b'I' | b'l' | b'L')), Some(count)) => {
            (count <= cursor.left()).then_some(())?;
            let mut numbers = Vec::new();
            for _ in 0..count {
                numbers.push(integer(cursor, kind)?);
            }
            Some(Node::Integers(numbers))
        }
        (kind, count) => {
            let mut values = Vec::new();
            // A typed value takes a byte at least, so that a count alone makes nothing.
            let empty = matches!(kind, Some(b'Z' | b'N' | b'T' | b'F'));
            (!empty || count? == 0).then_some(())?;
            while count.is_none_or(|count| (values.len() as u64) < count) {
                if count.is_none() && cursor.peek()? == b']' {
                    cursor.byte()?;
                    break;
                }
                let kind = match kind {
                    Some(kind) => kind,
                    None => cursor.byte()?,
                };
                values.push(of_kind(cursor, kind, depth + 1)?);
            }
            Some(kind.map_or(Node::Array(values), Node::Foreign))
        }
    }
}
