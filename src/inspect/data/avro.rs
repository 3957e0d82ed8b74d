//! Object container files of Avro: a schema, and blocks of rows with a mark behind each.
//!
//! Source: the Avro specification 1.12, "Object Container Files". Not looked at: the rows, and whether they are of the
//! schema.

use super::Fault;
use crate::inspect::bytes::Cursor;
use crate::inspect::json::Tree;
use crate::weigh::View;

/// Longest schema that is read, in bytes.
const SCHEMA: u64 = 4 << 20;
/// Nesting of a schema.
const DEPTH: usize = 128;
/// Entries of the metadata, and blocks of one file.
const MOST: u64 = 10_000_000;
/// Ways in which blocks are packed.
static CODECS: [&[u8]; 6] = [b"null", b"deflate", b"snappy", b"bzip2", b"xz", b"zstandard"];

pub fn is_avro(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"Obj\x01")
}

pub fn avro(view: &View<'_>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(view);
    let cut = |cursor: &Cursor<'_>| (cursor.position(), "it is cut off".to_owned());
    cursor.skip(4).ok_or_else(|| cut(&cursor))?;
    let schema = metadata(&mut cursor)?;
    if !schema {
        return Err((4, "it holds no schema".to_owned()));
    }
    let mark: [u8; 16] = cursor.array().ok_or_else(|| cut(&cursor))?;
    for _ in 0..MOST {
        if cursor.left() == 0 {
            return Ok(());
        }
        let at = cursor.position();
        let (rows, bytes) = (number(&mut cursor)?, number(&mut cursor)?);
        let bytes = u64::try_from(bytes).ok().filter(|_| rows >= 0);
        bytes
            .and_then(|bytes| cursor.skip(bytes))
            .ok_or_else(|| (at, "a block of rows goes beyond the end".to_owned()))?;
        match cursor.array::<16>() {
            Some(behind) if behind == mark => {}
            Some(_) => return Err((at, "a block of rows does not end in the mark of the file".to_owned())),
            None => return Err(cut(&cursor)),
        }
    }
    Err((cursor.position(), "it has more blocks of rows than are looked at".to_owned()))
}

/// Maps of names and values, up to an empty one. True if the schema is among them.
fn metadata(cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
    let mut schema = false;
    let mut entries = 0;
    loop {
        let at = cursor.position();
        let count = match number(cursor)? {
            0 => return Ok(schema),
            // The length of the map in bytes comes behind a count that is negative.
            count if count < 0 => number(cursor).map(|_| count.unsigned_abs())?,
            count => count.unsigned_abs(),
        };
        for _ in 0..count {
            entries += 1;
            if entries > MOST {
                return Err((at, "its metadata have too many entries".to_owned()));
            }
            let key = text(cursor)?;
            let value = text(cursor)?;
            match key.as_slice() {
                b"avro.schema" if value.len() as u64 >= SCHEMA || Tree::read(&value, DEPTH).is_none() => {
                    return Err((at, "its schema is no JSON, or longer than any".to_owned()));
                }
                b"avro.schema" => schema = true,
                b"avro.codec" if !CODECS.contains(&value.as_slice()) => {
                    return Err((at, "its blocks are packed in a way that the format does not know".to_owned()));
                }
                _ => {}
            }
        }
    }
}

fn text(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, Fault> {
    let at = cursor.position();
    let length = u64::try_from(number(cursor)?).ok();
    length
        .and_then(|length| cursor.take(length, SCHEMA))
        .ok_or_else(|| (at, "an entry of its metadata goes beyond the end".to_owned()))
}

/// A number in groups of seven bits, with the sign in the last bit.
fn number(cursor: &mut Cursor<'_>) -> Result<i64, Fault> {
    let at = cursor.position();
    let mut value = 0u64;
    for n in 0..10 {
        let byte = cursor.byte().ok_or_else(|| (at, "it is cut off".to_owned()))?;
        value |= u64::from(byte & 0x7f).checked_shl(7 * n).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
        }
    }
    Err((at, "a number is too long".to_owned()))
}
