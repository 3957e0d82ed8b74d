//! Matrices of MATLAB: elements with their lengths, one behind the other.
//!
//! Source: MAT-File Format, MathWorks. Files of version 7.3 are HDF5. Of what is inside of the elements only the class of
//! each array is looked at, and whether what is packed can be unpacked, up to a bound in all. Not looked at: the
//! content of packed elements behind that bound, and of such that unpack to more than is held in memory.

use super::{Fault, head_of, long, pass, u32_of};
use crate::inspect::bytes::Cursor;
use crate::inspect::inflate::inflate;
use crate::weigh::View;

/// Bytes of the header of version 5.
const HEADER: u64 = 128;
/// The type of elements that are compressed, which are not filled up.
const COMPRESSED: u32 = 15;
/// The type of arrays.
const MATRIX: u32 = 14;
/// The type of what an array begins with, and its length: flags, the lowest byte of which is the class.
const FLAGS: [u32; 2] = [6, 8];
/// Classes of arrays, from cells to what MATLAB keeps to itself.
const CLASSES: std::ops::RangeInclusive<u32> = 1..=18;
/// Bytes that may come out of one.
const RATIO: u64 = 1100;
/// Bytes of packed elements that are unpacked.
const UNPACKED: u64 = 16 << 20;
/// What each of them counts at least, since to begin one costs as much.
const LEAST: u64 = 4 << 10;

pub fn is_matlab(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"MATLAB 5.0 MAT-file")
}

pub fn matlab(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, HEADER);
    let big = match head.get(126..128) {
        Some(b"IM") => false,
        Some(b"MI") => true,
        _ => return Err((126, "it does not say in which order its bytes are".to_owned())),
    };
    let version = head.get(124..126).map(|bytes| if big { [bytes[0], bytes[1]] } else { [bytes[1], bytes[0]] });
    if version != Some([1, 0]) {
        return Err((124, "its version is not 1.0, which is the only one with this beginning".to_owned()));
    }
    let mut at = HEADER;
    let mut left = UNPACKED;
    while at < view.len() {
        let Ok(tag) = view.read(at..at.saturating_add(8)) else { return Err((at, "an element is cut off".to_owned())) };
        let number = |from: usize| {
            let bytes: [u8; 4] = tag.get(from..from + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
            if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
        };
        let (kind, length) = (number(0), u64::from(number(4)));
        // A short element has its length and its bytes in the tag.
        let length = match kind {
            0x1_0000.. => 0,
            COMPRESSED => length,
            1..=18 => length.next_multiple_of(8),
            other => return Err((at, format!("an element is of the type {other}, which does not exist"))),
        };
        let next = at + 8 + length;
        if next > view.len() {
            return Err((at, format!("an element goes {} bytes beyond the end", next - view.len())));
        }
        match kind {
            MATRIX => class(&view.read_up_to(at + 8, 12).unwrap_or_default(), big).map_err(|what| (at, what))?,
            COMPRESSED if length <= left => {
                left = left.saturating_sub(length.max(LEAST));
                packed(view, at + 8..next, big).map_err(|what| (at, what))?;
            }
            _ => {}
        }
        at = next;
    }
    Ok(())
}

/// The flags with which an array begins.
fn class(begin: &[u8], big: bool) -> Result<(), String> {
    let number = |at: usize| {
        let bytes: [u8; 4] = begin.get(at..at + 4)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let (Some(kind), Some(length), Some(flags)) = (number(0), number(4), number(8)) else { return Ok(()) };
    if [kind, length] != FLAGS {
        return Err("an array does not begin with its flags".to_owned());
    }
    if CLASSES.contains(&(flags & 0xff)) { Ok(()) } else { Err(format!("an array is of the class {}", flags & 0xff)) }
}

/// A packed element: zlib (RFC 1950), two bytes before and the checksum behind.
fn packed(view: &View<'_>, range: std::ops::Range<u64>, big: bool) -> Result<(), String> {
    let (begin, end) = (range.start.saturating_add(2), range.end.saturating_sub(4));
    if begin >= end {
        return Err("a packed element is too short".to_owned());
    }
    let Ok(inflated) = inflate(view, &(begin..end), RATIO) else { return Ok(()) };
    if inflated.cut.is_some() {
        return Ok(());
    }
    if !inflated.ended {
        return Err("a packed element cannot be unpacked".to_owned());
    }
    let stored = view.read(begin + inflated.used..(begin + inflated.used).saturating_add(4)).ok();
    let sum = stored.and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    if sum.is_some_and(|sum| sum != adler(&inflated.bytes)) {
        return Err("the checksum of a packed element is another".to_owned());
    }
    let kind = inflated.bytes.get(..4).and_then(|bytes| bytes.try_into().ok());
    let kind = kind.map(|bytes| if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) });
    if kind == Some(MATRIX) { class(inflated.bytes.get(8..20).unwrap_or_default(), big) } else { Ok(()) }
}

/// Adler-32 (RFC 1950).
fn adler(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1u32, 0u32);
    // So many bytes fit before the sums must be reduced.
    for piece in bytes.chunks(5552) {
        for byte in piece {
            low += u32::from(*byte);
            high += low;
        }
        (low, high) = (low % 65_521, high % 65_521);
    }
    high << 16 | low
}

/// Type, rows, columns, whether there are imaginary parts, and the length of the name, which ends in a zero.
fn first(head: &[u8]) -> Option<(u32, u32, u32, u32)> {
    let (kind, rows, columns) = (u32_of(head, 0)?, u32_of(head, 4)?, u32_of(head, 8)?);
    let (imaginary, length) = (u32_of(head, 12)?, u32_of(head, 16)?);
    let name = head.get(20..20usize.checked_add(usize::try_from(length).ok()?)?)?;
    let (zero, letters) = name.split_last()?;
    let word = letters.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let sane = kind < 60 && kind % 10 < 3 && imaginary < 2 && length < 64 && *zero == 0 && word && !letters.is_empty();
    (sane && rows > 0 && columns > 0).then_some((kind, rows, columns, imaginary))
}

pub fn is_old(head: &[u8], _: &View<'_>) -> bool {
    first(head).is_some()
}

pub fn old(view: &View<'_>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(view);
    while cursor.left() > 0 {
        let at = cursor.position();
        let kind = long(&mut cursor)?;
        let (rows, columns, imaginary, name) =
            (long(&mut cursor)?, long(&mut cursor)?, long(&mut cursor)?, long(&mut cursor)?);
        let width = match kind / 10 % 10 {
            0 => 8,
            1 | 2 => 4,
            3 | 4 => 2,
            5 => 1,
            _ => return Err((at, format!("a matrix is of the type {kind}, which does not exist"))),
        };
        pass(&mut cursor, name, 1, "the name of a matrix")?;
        let elements = rows.checked_mul(columns).and_then(|all| all.checked_mul(if imaginary == 1 { 2 } else { 1 }));
        pass(&mut cursor, elements.unwrap_or(-1), width, "the numbers of a matrix")?;
    }
    Ok(())
}
