//! Arrow's files and streams (Feather version 2 is the former, the caches of `datasets` the latter).
//!
//! Source: the Arrow columnar format, "Serialization and Interprocess Communication". Not looked at: record batches.

use std::ops::Range;

use super::super::flatbuffer::{Buffer, field, u32_at, verify};
use super::super::{Inspector, Scope};
use super::{extension, malformed, messages, part};
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
/// Tables and texts of the description of a message that are looked at.
const MOST: u64 = 1_000_000;
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
        let tail = match view.read_up_to(end, TAIL) {
            Ok(tail) => tail,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
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
        extension::inspect(&footer, Some(start), view, scope);
        let blocks = view.slice(start..end).ok().and_then(|footer| blocks(&footer, view, scope));
        let Some(blocks) = blocks else {
            return malformed(view, start, "the lists of batches in the footer lead out of it", scope);
        };
        // Each of them is looked at as a whole, so that they must not share their bytes.
        if let Some(at) = shared(&blocks) {
            return malformed(view, at.min(start), "two batches of the footer lie over each other", scope);
        }
        if let Some(at) = blocks.iter().find(|block| !is_batch(view, block, start)).map(|block| block.start) {
            return malformed(view, at.min(start), "what the footer says of a batch is not there", scope);
        }
        // Polars writes the schema without what stands before the length of a message; readers of files go by the
        // footer alone.
        let first = blocks.iter().map(|block| block.start).min().unwrap_or(start);
        if u32_at(view, 8) != Some(CONTINUES) && is_bare_schema(view, 8..first) {
            return;
        }
        // A reader of streams begins behind the mark and its padding, with a schema of its own.
        walk(view, 8, start, scope);
    }
}

impl Inspector for ArrowStream {
    fn format(&self) -> Format {
        Format::named("arrow-stream")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        head.starts_with(&CONTINUES.to_le_bytes())
            && description(view, 0).and_then(|own| message(view, own)).is_some_and(|first| first.kind == SCHEMA)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        walk(view, 0, view.len(), scope);
    }
}

/// One batch, as the footer tells of it.
struct Block {
    start: u64,
    /// Bytes of its description and what stands before it.
    described: u64,
    body: u64,
}

/// The batches of dictionaries and of rows: fields 2 and 3 of `Footer`, each a list of 24 bytes a batch.
fn blocks(footer: &View<'_>, view: &View<'_>, scope: &mut Scope<'_>) -> Option<Vec<Block>> {
    let most = scope.limits.entries;
    let root = u64::from(u32_at(footer, 0)?);
    let mut found = Vec::new();
    for number in [2, 3] {
        let Some(at) = field(footer, root, number)? else { continue };
        let list = at.checked_add(u32_at(footer, at)?.into())?;
        let count = u64::from(u32_at(footer, list)?);
        let start = list.checked_add(4)?;
        let bytes = footer.read(start..start.checked_add(count.checked_mul(24)?)?).ok()?;
        let (all, _) = bytes.as_chunks::<24>();
        if all.len() as u64 > most {
            scope.limit("batches", most, view);
        }
        for block in all.iter().take(usize::try_from(most).unwrap_or(usize::MAX)) {
            let [a, b, c, d, e, f, g, h, i, j, k, l, _, _, _, _, m, n, o, p, q, r, s, t] = *block;
            found.push(Block {
                start: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
                described: u32::from_le_bytes([i, j, k, l]).into(),
                body: u64::from_le_bytes([m, n, o, p, q, r, s, t]),
            });
        }
    }
    Some(found)
}

/// Where a batch begins that lies over the one before it.
fn shared(blocks: &[Block]) -> Option<u64> {
    let mut ranges: Vec<(u64, u64)> =
        blocks.iter().map(|block| (block.start, block.start.saturating_add(block.described.max(1)))).collect();
    ranges.sort_unstable();
    ranges.windows(2).find(|two| two[1].0 < two[0].1).map(|two| two[1].0)
}

/// True if a message stands there, and all of it in front of the footer.
fn is_batch(view: &View<'_>, block: &Block, footer: u64) -> bool {
    let end = block.start.checked_add(block.described).and_then(|end| end.checked_add(block.body));
    let inside = block.start >= 8 && end.is_some_and(|end| end <= footer);
    inside
        && description(view, block.start)
            .filter(|own| own.end <= footer && described(view, own).is_none())
            .and_then(|own| message(view, own))
            .is_some_and(|message| message.next <= footer)
}

/// True if the description of a schema alone stands there.
fn is_bare_schema(view: &View<'_>, own: Range<u64>) -> bool {
    own.start < own.end
        && described(view, &own).is_none()
        && message(view, own.clone()).is_some_and(|message| message.kind == SCHEMA && message.next == own.end)
}

/// One message.
struct Message {
    kind: u8,
    /// Where its description stands.
    own: Range<u64>,
    /// Where the next one begins.
    next: u64,
}

/// Where the description of the message at that place stands. Before Arrow 0.15 nothing stood before its length.
fn description(view: &View<'_>, at: u64) -> Option<Range<u64>> {
    let (length, start) = match u32_at(view, at)? {
        CONTINUES => (u32_at(view, at.checked_add(4)?)?, at.checked_add(8)?),
        length => (length, at.checked_add(4)?),
    };
    Some(start..start.checked_add(length.into())?)
}

/// The message with that description; `None` where an offset in it leads astray.
fn message(view: &View<'_>, own: Range<u64>) -> Option<Message> {
    let described = view.slice(own.clone()).ok()?;
    let root = u64::from(u32_at(&described, 0)?);
    // Fields 1 and 3 of `Message`: the kind of its header, and the length of its body.
    let kind = described.read_up_to(field(&described, root, 1)??, 1).ok()?.first().copied()?;
    let body = match field(&described, root, 3)? {
        Some(at) => u64::from_le_bytes(described.read(at..at.checked_add(8)?).ok()?.try_into().ok()?),
        None => 0,
    };
    Some(Message { kind, next: own.end.checked_add(body)?, own })
}

/// What is wrong with the description of a message, by its schema.
fn described(view: &View<'_>, own: &Range<u64>) -> Option<String> {
    let described = view.slice(own.clone()).ok()?;
    let kind = field(&described, u32_at(&described, 0)?.into(), 1).flatten()?;
    let kind = described.read_up_to(kind, 1).ok()?.first().copied()?;
    let buffer = Buffer::new(&described);
    let fault = verify(&buffer, messages::of(kind), MOST).err()?;
    // What a limit stopped is said where the bytes are read again.
    buffer.trouble().is_none().then(|| format!("the description of a message is broken: {}", fault.1))
}

/// Goes from message to message up to the end, and looks at the schema.
fn walk(view: &View<'_>, from: u64, end: u64, scope: &mut Scope<'_>) {
    let mut at = from;
    for _ in 0..scope.limits.entries {
        if at == end {
            return;
        }
        let own = description(view, at).filter(|own| own.end <= end);
        // A length of zero ends the messages.
        if let Some(own) = own.as_ref().filter(|own| own.is_empty()) {
            if own.end != end {
                malformed(view, own.end, "something follows on the end of the messages", scope);
            }
            return;
        }
        if let Some(what) = own.as_ref().and_then(|own| described(view, own)) {
            return malformed(view, at, what, scope);
        }
        let Some(message) = own.and_then(|own| message(view, own)).filter(|message| message.next <= end) else {
            return malformed(view, at, "a message leads out of the file, or is none", scope);
        };
        if message.kind == SCHEMA {
            let start = message.own.start;
            let Some(bytes) = part(view, message.own, scope) else { return };
            extension::inspect(&bytes, Some(start), view, scope);
        }
        at = message.next;
    }
    scope.limit("messages", scope.limits.entries, view);
}
