//! Where the columns of a Parquet file lie, by its footer.
//!
//! Source: `RowGroup`, `ColumnChunk` and `ColumnMetaData` of `parquet.thrift`. Columns in other files are left out.

use std::ops::Range;

use super::thrift::{BINARY, INTEGERS, LIST, Reader, STRUCT};

/// A column of a group of rows.
#[derive(Clone)]
pub struct Chunk {
    /// Where its pages lie.
    pub bytes: Range<u64>,
    /// How they are packed (`CompressionCodec`).
    pub codec: i64,
}

/// What is wrong with the groups of rows, if anything: `None` if the footer is not what the format lays down. `end` is
/// where the footer begins. Columns whose pages can be read are added to `columns`.
pub fn check(footer: &[u8], end: u64, columns: &mut Vec<Chunk>) -> Option<Result<(), String>> {
    let mut reader = Reader::new(footer);
    let (mut last, mut said, mut rows) = (0, None, 0i64);
    while let Some((number, kind)) = reader.field(&mut last)? {
        match (number, kind) {
            (3, kind) if INTEGERS.contains(&kind) => said = Some(reader.integer()?),
            (4, LIST) => {
                let (length, kind) = reader.list()?;
                for n in 0..length {
                    match group(&mut reader, kind, end, columns)? {
                        Ok(more) => rows = rows.checked_add(more)?,
                        Err(what) => return Some(Err(format!("group {n} of rows: {what}"))),
                    }
                }
            }
            (_, kind) => reader.skip(kind, false, 0)?,
        }
    }
    match said {
        // `_common_metadata` holds a footer and no data: the rows are those of the files beside it.
        Some(_) if rows == 0 && end == 4 => Some(Ok(())),
        Some(said) if said != rows => Some(Err(format!("it says that it has {said} rows, its groups have {rows}"))),
        _ => Some(Ok(())),
    }
}

/// The rows of one group.
fn group(reader: &mut Reader<'_>, kind: u8, end: u64, columns: &mut Vec<Chunk>) -> Option<Result<i64, String>> {
    if kind != STRUCT {
        return None;
    }
    let (mut last, mut rows, mut wrong) = (0, 0, None);
    while let Some((number, kind)) = reader.field(&mut last)? {
        match (number, kind) {
            (1, LIST) => {
                let (length, kind) = reader.list()?;
                for n in 0..length {
                    if let Err(what) = column(reader, kind, end, columns)? {
                        wrong.get_or_insert(format!("column {n} {what}"));
                    }
                }
            }
            (3, kind) if INTEGERS.contains(&kind) => rows = reader.integer()?,
            (_, kind) => reader.skip(kind, false, 1)?,
        }
    }
    if rows < 0 {
        return Some(Err(format!("it has {rows} rows")));
    }
    Some(wrong.map_or(Ok(rows), Err))
}

fn column(reader: &mut Reader<'_>, kind: u8, end: u64, columns: &mut Vec<Chunk>) -> Option<Result<(), &'static str>> {
    if kind != STRUCT {
        return None;
    }
    let (mut last, mut elsewhere, mut encrypted, mut good) = (0, false, false, Ok(None));
    while let Some((number, kind)) = reader.field(&mut last)? {
        match (number, kind) {
            (1, BINARY) => elsewhere = !reader.binary()?.is_empty(),
            (3, STRUCT) => good = pages(reader, end)?,
            (8 | 9, kind) => {
                encrypted = true;
                reader.skip(kind, false, 2)?;
            }
            (_, kind) => reader.skip(kind, false, 2)?,
        }
    }
    if let Ok(Some(chunk)) = &good
        && !elsewhere
        && !encrypted
    {
        columns.push(chunk.clone());
    }
    Some(if elsewhere { Ok(()) } else { good.map(drop) })
}

/// Where the pages of a column begin and how long they are.
fn pages(reader: &mut Reader<'_>, end: u64) -> Option<Result<Option<Chunk>, &'static str>> {
    let mut last = 0;
    let (mut values, mut length, mut codec, mut data, mut dictionary) = (0, 0, 0, None, None);
    while let Some((number, kind)) = reader.field(&mut last)? {
        match (number, kind) {
            (4, kind) if INTEGERS.contains(&kind) => codec = reader.integer()?,
            (5, kind) if INTEGERS.contains(&kind) => values = reader.integer()?,
            (7, kind) if INTEGERS.contains(&kind) => length = reader.integer()?,
            (9, kind) if INTEGERS.contains(&kind) => data = Some(reader.integer()?),
            (11, kind) if INTEGERS.contains(&kind) => dictionary = Some(reader.integer()?),
            (_, kind) => reader.skip(kind, false, 3)?,
        }
    }
    // Some writers say 0 where there is no dictionary.
    let start = dictionary.filter(|at| *at > 0).map_or(data, |at| data.map(|data| at.min(data)));
    let (Some(start), true) = (start, values >= 0 && length >= 0) else {
        return Some(Err("does not say where it lies, or how long it is"));
    };
    let inside = u64::try_from(start).ok().zip(u64::try_from(length).ok());
    let inside = inside.and_then(|(start, length)| Some(start..start.checked_add(length)?));
    Some(match inside {
        Some(_) if values == 0 => Ok(None),
        Some(bytes) if bytes.start >= 4 && bytes.end <= end => Ok(Some(Chunk { bytes, codec })),
        _ => Err("lies outside of the data"),
    })
}
