//! Indices of faiss: four letters for the kind, a header, and parts that are lists or indices themselves.
//!
//! Source: `index_write.cpp` of faiss. Gone through are the kinds that are made most; where another begins, the rest is
//! not looked at but for the least room that so many vectors take.

use super::{Fault, byte, head_of, long, pass, u32_of, u64_of, wide};
use crate::inspect::bytes::Cursor;
use crate::weigh::View;

/// Indices inside of indices.
const DEPTH: u32 = 8;
/// Lists of an index.
const LISTS: u64 = 1 << 20;

/// Why the walk ended early.
enum Stop {
    /// A kind that is not gone through.
    Other,
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

pub fn faiss(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 32);
    let bits = head.starts_with(b"IB");
    let count = u64_of(&head, if bits { 12 } else { 8 }).unwrap_or(0);
    let dimension = u32_of(&head, 4).unwrap_or(0);
    if count > view.len() {
        let message = format!("it says that it holds {} vectors of {dimension} dimensions", count.cast_signed());
        return Err((8, format!("{message}, for which the file is too short")));
    }
    let mut cursor = Cursor::new(view);
    match index(&mut cursor, 0) {
        Err(Stop::Fault(fault)) => Err(fault),
        Ok(()) | Err(Stop::Other) => Ok(()),
    }
}

fn letters(cursor: &mut Cursor<'_>) -> Result<[u8; 4], Fault> {
    let at = cursor.position();
    cursor.array().ok_or((at, "it is cut off".to_owned()))
}

/// A list of items of that width, behind their number.
fn list(cursor: &mut Cursor<'_>, width: u64) -> Result<(), Fault> {
    let count = wide(cursor)?;
    pass(cursor, count, width, "the items of a list")
}

/// Dimension, number of vectors, filler, whether it is trained, and the metric with its argument.
fn header(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    pass(cursor, 29, 1, "the header")?;
    if long(cursor)? > 1 { pass(cursor, 4, 1, "the argument of the metric") } else { Ok(()) }
}

fn products(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    pass(cursor, 24, 1, "the shape of a quantiser")?;
    list(cursor, 4)
}

fn scalars(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    pass(cursor, 28, 1, "the shape of a quantiser")?;
    list(cursor, 4)
}

fn index(cursor: &mut Cursor<'_>, depth: u32) -> Result<(), Stop> {
    let kind = letters(cursor)?;
    if depth > DEPTH {
        return Err(Stop::Other);
    }
    match &kind {
        b"IxF2" | b"IxFI" | b"IxFl" => {
            header(cursor)?;
            list(cursor, 4)?;
        }
        b"IxPQ" | b"IxPq" | b"IxPo" => {
            header(cursor)?;
            products(cursor)?;
            list(cursor, 1)?;
            if &kind != b"IxPQ" {
                pass(cursor, 9, 1, "the settings of the search")?;
            }
        }
        b"IxSQ" => {
            header(cursor)?;
            scalars(cursor)?;
            list(cursor, 1)?;
        }
        b"IwFl" | b"IwPQ" | b"IwSq" => cells(&kind, cursor, depth)?,
        b"IHNf" | b"IHNp" | b"IHNs" => {
            header(cursor)?;
            for width in [8, 4, 4, 8, 4] {
                list(cursor, width)?;
            }
            pass(cursor, 20, 1, "the settings of the graph")?;
            index(cursor, depth + 1)?;
        }
        b"IxMp" | b"IxM2" => {
            header(cursor)?;
            index(cursor, depth + 1)?;
            list(cursor, 8)?;
        }
        b"IxRF" => {
            header(cursor)?;
            index(cursor, depth + 1)?;
            index(cursor, depth + 1)?;
            pass(cursor, 4, 1, "the factor")?;
        }
        b"IBxF" => {
            pass(cursor, 21, 1, "the header")?;
            list(cursor, 1)?;
        }
        _ => return Err(Stop::Other),
    }
    Ok(())
}

/// An index whose vectors lie in lists, one for each cell.
fn cells(kind: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> Result<(), Stop> {
    inverted(cursor, depth)?;
    match kind {
        b"IwPQ" => {
            pass(cursor, 9, 1, "the size of a code")?;
            products(cursor)?;
        }
        b"IwSq" => {
            scalars(cursor)?;
            pass(cursor, 9, 1, "the size of a code")?;
        }
        _ => {}
    }
    lists(cursor)
}

/// What stands before the inverted lists: the header, an index of their centres, and a map.
fn inverted(cursor: &mut Cursor<'_>, depth: u32) -> Result<(), Stop> {
    header(cursor)?;
    pass(cursor, 16, 1, "the number of lists")?;
    index(cursor, depth + 1)?;
    let map = byte(cursor)?;
    list(cursor, 8)?;
    if map == 2 {
        list(cursor, 16)?;
    }
    Ok(())
}

/// Inverted lists: their lengths, then for each list its codes and its numbers.
fn lists(cursor: &mut Cursor<'_>) -> Result<(), Stop> {
    if &letters(cursor)? != b"ilar" {
        return Err(Stop::Other);
    }
    let _lists = wide(cursor)?;
    let code = u64::try_from(wide(cursor)?).ok().filter(|code| *code < 1 << 32).ok_or(Stop::Other)?;
    let kind = letters(cursor)?;
    let at = cursor.position();
    let count = u64::try_from(wide(cursor)?).ok().filter(|count| *count <= LISTS).ok_or(Stop::Other)?;
    let mut entries = 0i64;
    for n in 0..count {
        let length = wide(cursor)?;
        // Those with few full lists have the number of each before its length.
        if &kind == b"full" || n % 2 == 1 {
            entries =
                entries.checked_add(length).filter(|_| length >= 0).ok_or((at, "a list has no length".to_owned()))?;
        }
    }
    pass(cursor, entries, code.saturating_add(8), "the codes and numbers of the lists").map_err(Stop::Fault)
}
