//! FlatBuffers (<https://flatbuffers.dev/internals/>): tables, their fields, and what fields point at. `None` wherever
//! an offset leads out of the view.

mod buffer;
mod verify;

use crate::weigh::View;

pub use buffer::Buffer;
pub use verify::{Fault, Followed, Shape, Table, verify};

/// Longest text that is kept.
const TEXT: u64 = 1024;

/// Where a field of a table stands; the inner `None` if the table has no such field.
pub fn field(view: &View<'_>, table: u64, number: u64) -> Option<Option<u64>> {
    let back = i64::from(u32_at(view, table)?.cast_signed());
    let vtable = u64::try_from(i64::try_from(table).ok()?.checked_sub(back)?).ok()?;
    let size = u64::from(u16_at(view, vtable)?);
    let entry = 4 + 2 * number;
    if entry.checked_add(2)? > size {
        return Some(None);
    }
    let offset = u64::from(u16_at(view, vtable.checked_add(entry)?)?);
    Some(if offset == 0 { None } else { Some(table.checked_add(offset)?) })
}

/// What the offset at that place points at.
pub fn follow(view: &View<'_>, at: u64) -> Option<u64> {
    at.checked_add(u32_at(view, at)?.into())
}

/// The length of the list that the offset at that place points at.
pub fn count(view: &View<'_>, at: u64) -> Option<u64> {
    u32_at(view, follow(view, at)?).map(u64::from)
}

/// The text that the offset at that place points at, and where it begins.
pub fn text(view: &View<'_>, at: u64) -> Option<(u64, String)> {
    let text = follow(view, at)?;
    let length = u64::from(u32_at(view, text)?).min(TEXT);
    let start = text.checked_add(4)?;
    let bytes = view.read(start..start.checked_add(length)?).ok()?;
    Some((start, String::from_utf8_lossy(&bytes).into_owned()))
}

/// A number of four bytes.
pub fn u32_at(view: &View<'_>, at: u64) -> Option<u32> {
    view.read(at..at.checked_add(4)?).ok()?.try_into().ok().map(u32::from_le_bytes)
}

fn u16_at(view: &View<'_>, at: u64) -> Option<u16> {
    view.read(at..at.checked_add(2)?).ok()?.try_into().ok().map(u16::from_le_bytes)
}
