//! The pages of the columns of a Parquet file: that one follows on the other, and that what is in them can be unpacked.
//!
//! Source: `PageHeader` of `parquet.thrift`. Not looked at: pages beyond the first [`PAGES`] and bytes in them beyond the
//! first [`BYTES`], pages of the second version beyond their sums, and what is packed otherwise than by Snappy.

use super::chunks::Chunk;
use super::thrift::{INTEGERS, Reader};
use super::{malformed, snappy};
use crate::inspect::Scope;
use crate::weigh::{Unreadable, View};

/// Pages of a file that are looked at.
const PAGES: u64 = 10_000;
/// Bytes of pages of a file that are read.
const BYTES: u64 = 32 << 20;
/// Bytes in which a header ends: most take some dozens, and statistics of long texts more.
const HEADERS: [u64; 2] = [512, 1 << 20];
/// `CompressionCodec.SNAPPY`.
const SNAPPY: i64 = 1;

/// What is at hand for a file.
struct Budget {
    pages: u64,
    bytes: u64,
}

/// Looks at the pages of all columns.
pub fn inspect(columns: &[Chunk], view: &View<'_>, scope: &mut Scope<'_>) {
    let mut budget = Budget { pages: PAGES, bytes: BYTES };
    for column in columns {
        match pages(column, &mut budget, view) {
            Ok(None) => {}
            Ok(Some((at, what))) => return malformed(view, at, what, scope),
            Err(trouble) => return scope.unreadable(view, &trouble),
        }
        if budget.pages == 0 {
            return;
        }
    }
}

/// What is wrong with the pages of a column, and where.
fn pages(column: &Chunk, budget: &mut Budget, view: &View<'_>) -> Result<Option<(u64, &'static str)>, Unreadable> {
    let mut at = column.bytes.start;
    while at < column.bytes.end && budget.pages > 0 {
        budget.pages -= 1;
        let mut header = None;
        for most in HEADERS {
            let bytes = view.read(at..column.bytes.end.min(at.saturating_add(most)))?;
            header = Header::read(&bytes);
            if header.is_some() || (bytes.len() as u64) < most {
                break;
            }
        }
        let Some(header) = header else { return Ok(Some((at, "what should be the header of a page is none"))) };
        let start = at.saturating_add(header.length);
        let Some(end) = start.checked_add(header.packed).filter(|end| *end <= column.bytes.end) else {
            return Ok(Some((at, "a page goes past the end of its column")));
        };
        let packed = column.codec == SNAPPY && matches!(header.kind, 0 | 2) && header.plain > 0;
        if (packed || header.sum.is_some()) && header.packed <= budget.bytes {
            budget.bytes -= header.packed;
            let bytes = view.read(start..end)?;
            if header.sum.is_some_and(|sum| sum != crc32fast::hash(&bytes)) {
                return Ok(Some((start, "the checksum of a page is not that of its bytes")));
            }
            if packed && snappy::length(&bytes) != Some(header.plain) {
                return Ok(Some((start, "a page cannot be unpacked to the bytes that its header promises")));
            }
        }
        at = end;
    }
    Ok(None)
}

/// `PageHeader`.
struct Header {
    /// Its own length in bytes.
    length: u64,
    /// `PageType`: data, index, dictionary, or data of the second version.
    kind: i64,
    /// Bytes of the page as it is stored, and unpacked.
    packed: u64,
    plain: u64,
    sum: Option<u32>,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (mut last, mut kind, mut plain, mut packed, mut sum) = (0, None, None, None, None);
        while let Some((number, wire)) = reader.field(&mut last)? {
            match (number, wire) {
                (1, wire) if INTEGERS.contains(&wire) => kind = Some(reader.integer()?),
                (2, wire) if INTEGERS.contains(&wire) => plain = Some(u64::try_from(reader.integer()?).ok()?),
                (3, wire) if INTEGERS.contains(&wire) => packed = Some(u64::try_from(reader.integer()?).ok()?),
                // The four bytes of a checksum, with a sign.
                (4, wire) if INTEGERS.contains(&wire) => {
                    sum = Some(i32::try_from(reader.integer()?).ok()?.cast_unsigned());
                }
                (_, wire) => reader.skip(wire, false, 0)?,
            }
        }
        let kind = kind.filter(|kind| (0..=3).contains(kind))?;
        let length = bytes.len().checked_sub(reader.left())? as u64;
        Some(Self { length, kind, packed: packed?, plain: plain?, sum })
    }
}
