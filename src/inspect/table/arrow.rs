//! Arrow's files and streams (Feather version 2 is the former, the caches of `datasets` the latter).
//!
//! Source: the Arrow columnar format, "Serialization and Interprocess Communication". Not looked at: record batches.

use super::super::flatbuffer::{field, u32_at};
use super::super::{Inspector, Scope};
use super::{SCHEMA_BYTES, malformed, part, schema};
use crate::model::Format;
use crate::weigh::View;

/// A file: a mark, messages, a footer, its length, the mark.
pub struct ArrowFile;

/// Messages one after the other.
pub struct ArrowStream;

const MARK: &[u8; 6] = b"ARROW1";
/// Bytes of the length and the mark at the end.
const TAIL: u64 = 10;
/// What stands before the length of each message.
const CONTINUES: u32 = u32::MAX;
/// The kind of message that a schema is.
const SCHEMA: u8 = 1;

impl Inspector for ArrowFile {
    fn format(&self) -> Format {
        Format::named("arrow")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"ARROW1\0\0")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let end = view.len().saturating_sub(TAIL);
        let Ok(tail) = view.read_up_to(end, TAIL) else { return };
        let (length, mark) = tail.split_at_checked(4).unwrap_or_default();
        let length = length.try_into().map(u32::from_le_bytes).unwrap_or_default();
        let start = end.checked_sub(length.into()).filter(|start| *start >= 8 && length >= 8 && mark == MARK);
        let Some(start) = start else {
            return malformed(view, end, "it does not end in a footer inside of the file and the mark", scope);
        };
        let Some(footer) = part(view, start..end, scope) else { return };
        // Field 1 of `Footer`: schema.
        let told =
            view.slice(start..end).ok().and_then(|footer| field(&footer, u32_at(&footer, 0)?.into(), 1).flatten());
        if told.is_none() {
            malformed(view, start, "the footer names no schema", scope);
        }
        schema(&footer, Some(start), view, scope);
        // A reader of streams begins behind the mark and its padding, with a schema of its own.
        messages(view, 8, end, scope);
    }
}

impl Inspector for ArrowStream {
    fn format(&self) -> Format {
        Format::named("arrow-stream")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        head.starts_with(&CONTINUES.to_le_bytes()) && message(view, 0).is_some_and(|first| first.kind == SCHEMA)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        messages(view, 0, view.len(), scope);
    }
}

/// One message.
struct Message {
    kind: u8,
    /// Where its description stands.
    start: u64,
    end: u64,
    /// Where the next one begins.
    next: u64,
}

/// The message at that place; `None` where there is none or an offset in it leads astray.
fn message(view: &View<'_>, at: u64) -> Option<Message> {
    let start = at.checked_add(8)?;
    if u32_at(view, at)? != CONTINUES {
        return None;
    }
    let end = start.checked_add(u32_at(view, at.checked_add(4)?)?.into())?;
    let own = view.slice(start..end).ok()?;
    let root = u64::from(u32_at(&own, 0)?);
    // Fields 1 and 3 of `Message`: the kind of its header, and the length of its body.
    let kind = own.read_up_to(field(&own, root, 1)??, 1).ok()?.first().copied()?;
    let body = match field(&own, root, 3)? {
        Some(at) => u64::from_le_bytes(own.read(at..at.checked_add(8)?).ok()?.try_into().ok()?),
        None => 0,
    };
    Some(Message { kind, start, end, next: end.checked_add(body)? })
}

/// Goes from message to message up to the end, and looks at the schema.
fn messages(view: &View<'_>, from: u64, end: u64, scope: &mut Scope<'_>) {
    let mut at = from;
    for _ in 0..scope.limits.entries {
        // A stream ends with a length of zero, or where the file does.
        if at == end
            || u32_at(view, at.saturating_add(4)).is_none_or(|length| length == 0 && at.saturating_add(8) <= end)
        {
            if at < end && u32_at(view, at) != Some(CONTINUES) {
                malformed(view, at, "what stands here is no message", scope);
            }
            return;
        }
        let Some(message) = message(view, at).filter(|message| message.next <= end) else {
            return malformed(view, at, "a message leads out of the file, or is none", scope);
        };
        if message.kind == SCHEMA && message.end - message.start <= SCHEMA_BYTES {
            let Some(bytes) = part(view, message.start..message.end, scope) else { return };
            schema(&bytes, Some(message.start), view, scope);
        }
        at = message.next;
    }
    scope.limit("messages", scope.limits.entries, view);
}
