//! Tables of LevelDB, in which checkpoints of TensorFlow keep their index.
//!
//! ```text
//! blocks │ an empty block │ index: last key of each block ─▶ where it lies │ footer of 48 bytes, a magic number its end
//! ```
//!
//! A block is entries whose keys share their beginnings with the one before, restart points, a type and a CRC-32C. Source:
//! `table_format.md` of LevelDB. Not looked at: blocks that are compressed, which TensorFlow does not write.

use std::ops::Range;

use crate::inspect::crc32c::masked;
use crate::weigh::{Unreadable, View};

/// The last bytes of every table.
pub const MAGIC: &[u8; 8] = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb";
/// Bytes of the footer.
const FOOTER: u64 = 48;
/// Bytes behind a block: its type and the sum.
const TRAILER: u64 = 5;

/// Why reading stopped.
pub enum Stop {
    /// At that byte the table is broken.
    Malformed(u64, String),
    /// The block that begins there is compressed.
    Compressed(u64),
    /// A limit of ours.
    Trouble(Unreadable),
}

fn malformed<T>(at: u64, message: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Malformed(at, message.into()))
}

/// Shows every entry: its key, and where its value lies.
pub fn entries(view: &View<'_>, mut meet: impl FnMut(&[u8], Range<u64>)) -> Result<(), Stop> {
    let Some(end) = view.len().checked_sub(FOOTER) else {
        return malformed(0, "it is shorter than the footer of a table");
    };
    let footer = view.read(end..view.len()).map_err(Stop::Trouble)?;
    let mut at = 0;
    let (meta, index) = match (handle(&footer, &mut at), handle(&footer, &mut at)) {
        (Some(meta), Some(index)) if at <= footer.len() - MAGIC.len() => (meta, index),
        _ => return malformed(end, "the footer does not say where the index lies"),
    };
    if footer.get(at..footer.len() - MAGIC.len()).is_some_and(|padding| padding.iter().any(|byte| *byte != 0)) {
        return malformed(end, "the footer holds more than where the index lies");
    }
    each(&block(view, meta, end)?, |_, _| Ok(()))?;
    let mut last: Option<Vec<u8>> = None;
    let mut before = 0;
    each(&block(view, index, end)?, |bound, value| {
        let bytes = view.read(value.clone()).map_err(Stop::Trouble)?;
        let Some(data) = handle(&bytes, &mut 0) else {
            return malformed(value.start, "the index does not say where a block lies");
        };
        if data.0 < before {
            return malformed(value.start, "two blocks of the table overlap");
        }
        let data = block(view, data, end)?;
        before = data.start.saturating_add(data.bytes.len() as u64);
        each(&data, |key, value| {
            if last.as_deref().is_some_and(|last| key <= last) {
                return malformed(value.start, "the keys are not sorted");
            }
            if key > bound {
                return malformed(value.start, "a key lies behind the last one that the index gives for its block");
            }
            last = Some(key.to_vec());
            meet(key, value);
            Ok(())
        })
    })
}

struct Block {
    start: u64,
    bytes: Vec<u8>,
}

/// A block whose sum is right. `end` is where the footer begins.
fn block(view: &View<'_>, (start, size): (u64, u64), end: u64) -> Result<Block, Stop> {
    let until = start.checked_add(size).and_then(|until| until.checked_add(TRAILER));
    let Some(until) = until.filter(|until| *until <= end) else {
        return malformed(start, format!("a block of {size} bytes at byte {start} lies outside of the table"));
    };
    let mut bytes = view.read(start..until).map_err(Stop::Trouble)?;
    let sum = bytes.split_off(bytes.len().saturating_sub(4));
    if sum.try_into().map(u32::from_le_bytes) != Ok(masked(&bytes)) {
        return malformed(start, format!("the block at byte {start} has another checksum than it says"));
    }
    match bytes.pop() {
        Some(0) => Ok(Block { start, bytes }),
        Some(1 | 2) => Err(Stop::Compressed(start)),
        _ => malformed(start, format!("the block at byte {start} is of no known type")),
    }
}

/// Shows every entry of a block: its key, and where its value lies in the file.
fn each(block: &Block, mut meet: impl FnMut(&[u8], Range<u64>) -> Result<(), Stop>) -> Result<(), Stop> {
    let bytes = &block.bytes;
    let wrong = |at: usize, what: &str| malformed(block.start.saturating_add(at as u64), what);
    let number =
        |at: usize| bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(|bytes| u32::from_le_bytes(bytes) as usize);
    let restarts = bytes.len().checked_sub(4).and_then(|at| {
        let count = number(at)?;
        Some((count, at.checked_sub(count.checked_mul(4)?)?))
    });
    let Some((count, limit)) = restarts else { return wrong(0, "the restart points of a block lie outside of it") };
    let mut points = (0..count).filter_map(|n| number(limit.checked_add(n.checked_mul(4)?)?)).peekable();
    let (mut at, mut key) = (0, Vec::new());
    while at < limit {
        let start = at;
        let numbers = (varint(bytes, &mut at), varint(bytes, &mut at), varint(bytes, &mut at));
        let (Some(shared), Some(own), Some(length)) = numbers else { return wrong(start, "an entry is cut off") };
        if points.next_if(|point| *point == start).is_some() && shared != 0 {
            return wrong(start, "an entry at a restart point needs the key before it");
        }
        let piece = |from: usize, length: u64| {
            let until = from.checked_add(usize::try_from(length).ok()?).filter(|until| *until <= limit)?;
            Some((bytes.get(from..until)?, until))
        };
        let Some(shared) = usize::try_from(shared).ok().filter(|shared| *shared <= key.len()) else {
            return wrong(start, "an entry shares more of a key than there is");
        };
        let Some((own, value)) = piece(at, own) else { return wrong(start, "a key is longer than its block") };
        let Some((_, until)) = piece(value, length) else { return wrong(start, "a value is longer than its block") };
        key.truncate(shared);
        key.extend_from_slice(own);
        let range = block.start.saturating_add(value as u64)..block.start.saturating_add(until as u64);
        meet(&key, range)?;
        at = until;
    }
    if limit > 0 && points.next().is_some() {
        return wrong(limit, "a restart point is where no entry begins");
    }
    Ok(())
}

/// Offset and size of a block.
fn handle(bytes: &[u8], at: &mut usize) -> Option<(u64, u64)> {
    Some((varint(bytes, at)?, varint(bytes, at)?))
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f).wrapping_shl(shift);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
