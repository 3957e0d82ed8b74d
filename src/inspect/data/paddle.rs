//! Parameters of PaddlePaddle: tensors one behind the other, each with a message that describes it.
//!
//! Source: `SerializeToStream` of `lod_tensor.cc` and `TensorToStream` of `tensor_util.cc`.

use super::{Fault, long, pass, u32_of, u64_of, wide};
use crate::inspect::bytes::Cursor;
use crate::weigh::View;

/// Longest description of a tensor.
const DESCRIBED: i64 = 4096;

/// Version, levels, version, the length of the description, and the field of its type.
pub fn is_paddle(head: &[u8], _: &View<'_>) -> bool {
    let zero = u32_of(head, 0) == Some(0) && u64_of(head, 4) == Some(0) && u32_of(head, 12) == Some(0);
    let length = u32_of(head, 16).is_some_and(|length| (2..4096).contains(&length));
    zero && length && head.get(20) == Some(&0x08) && head.get(22).is_some_and(|tag| matches!(tag, 0x10 | 0x12))
}

pub fn paddle(view: &View<'_>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(view);
    while cursor.left() > 0 {
        let at = cursor.position();
        let (first, levels, second) = (long(&mut cursor)?, wide(&mut cursor)?, long(&mut cursor)?);
        if first != 0 || second != 0 || levels != 0 {
            return Err((at, "no tensor begins there".to_owned()));
        }
        let length = long(&mut cursor)?;
        let described = u64::try_from(length).ok().filter(|_| length <= DESCRIBED);
        let message = described.and_then(|length| cursor.take(length, length));
        let bytes = message.as_deref().and_then(size);
        let bytes = bytes.ok_or((at, "a tensor has no type and shape that fit".to_owned()))?;
        pass(&mut cursor, bytes, 1, "the numbers of a tensor")?;
    }
    Ok(())
}

/// Bytes of the tensor that a message describes: field 1 its type, field 2 its dimensions.
fn size(message: &[u8]) -> Option<i64> {
    let mut rest = message;
    let (mut width, mut elements) = (None, 1i64);
    while let Some((tag, after)) = rest.split_first() {
        rest = after;
        match tag {
            0x08 => width = width_of(varint(&mut rest)?),
            0x10 => elements = elements.checked_mul(i64::try_from(varint(&mut rest)?).ok()?)?,
            0x12 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (mut inner, after) = rest.split_at_checked(length)?;
                rest = after;
                while !inner.is_empty() {
                    elements = elements.checked_mul(i64::try_from(varint(&mut inner)?).ok()?)?;
                }
            }
            _ => return None,
        }
    }
    elements.checked_mul(width?)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn width_of(kind: u64) -> Option<i64> {
    Some(match kind {
        0 | 20 | 21 => 1,
        1 | 4 | 22 => 2,
        2 | 5 => 4,
        3 | 6 | 23 => 8,
        24 => 16,
        _ => return None,
    })
}
