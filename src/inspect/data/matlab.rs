//! Matrices of MATLAB: elements with their lengths, one behind the other.
//!
//! Source: MAT-File Format, MathWorks. Files of version 7.3 are HDF5. Not looked at: what is inside of the elements.

use super::{Fault, head_of, long, pass, u32_of};
use crate::inspect::bytes::Cursor;
use crate::weigh::View;

/// Bytes of the header of version 5.
const HEADER: u64 = 128;
/// The type of elements that are compressed, which are not filled up.
const COMPRESSED: u32 = 15;

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
    let mut at = HEADER;
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
        at = next;
    }
    Ok(())
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
