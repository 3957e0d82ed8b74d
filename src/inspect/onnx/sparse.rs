//! Sparse tensors: whether each value has a place, inside of the shape and behind the one before it.
//!
//! Source: `checker.cc` of ONNX. Not looked at: indices of more than 64 KiB.

use super::MALFORMED;
use super::inference::Value;
use super::reading::{Open, Reading};
use super::schema::Kind;

/// Whole numbers of an element type, as they lie in raw data.
pub fn numbers(raw: &[u8], kind: u64) -> Option<Vec<i64>> {
    Some(match kind {
        3 => raw.iter().map(|byte| i64::from(byte.cast_signed())).collect(),
        5 => raw.as_chunks().0.iter().map(|bytes| i64::from(i16::from_le_bytes(*bytes))).collect(),
        6 => raw.as_chunks().0.iter().map(|bytes| i64::from(i32::from_le_bytes(*bytes))).collect(),
        7 => raw.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect(),
        _ => return None,
    })
}

/// What is wrong with indices, of which each takes `width` numbers: one that counts all elements, or one for each
/// dimension.
fn order(indices: Option<&[i64]>, dims: &[u64], width: usize) -> Option<&'static str> {
    let indices = indices?;
    let total = dims.iter().try_fold(1u64, |product, length| product.checked_mul(*length))?;
    let flat = width == 1;
    let within = |place: usize, index: i64| {
        let length = if flat { total } else { dims.get(place).copied().unwrap_or(0) };
        u64::try_from(index).is_ok_and(|index| index < length)
    };
    let mut before: Option<&[i64]> = None;
    for index in indices.chunks_exact(width.max(1)) {
        if !index.iter().enumerate().all(|(place, index)| within(place, *index)) {
            return Some("has an index outside of its shape");
        }
        if before.is_some_and(|before| before >= index) {
            return Some("has indices that do not rise");
        }
        before = Some(index);
    }
    None
}

impl Reading<'_, '_, '_, '_> {
    /// The values have one dimension, and so many of them have so many places in the tensor.
    pub(super) fn sparse(&mut self, message: &Open, end: u64) {
        let part = |wanted: Kind| message.parts.iter().find(|(kind, ..)| *kind == wanted);
        let rank = message.dims.len() as u64;
        let what = match (part(Kind::Tensor), part(Kind::Indices)) {
            (None, _) => Some("has no values"),
            _ if rank == 0 || message.dims.iter().any(|dimension| dimension.cast_signed() <= 0) => {
                Some("has an impossible shape")
            }
            (Some((_, values, _)), _) if values.len() != 1 => Some("has values of more dimensions than one"),
            (Some((_, values, _)), None) if values.first() != Some(&0) => Some("does not say where its values stand"),
            // The standard wants INT64; ONNX Runtime writes the narrowest that fits.
            (_, Some((_, _, kind))) if !matches!(kind, 3 | 5 | 6 | 7) => Some("has indices that are no whole numbers"),
            (Some((_, values, _)), Some((_, indices, _))) => match indices.as_slice() {
                [count] if values.first() == Some(count) => order(message.indices.as_deref(), &message.dims, 1),
                [count, width] if values.first() == Some(count) && *width == rank => {
                    order(message.indices.as_deref(), &message.dims, message.dims.len())
                }
                _ => Some("has another number of indices than of values"),
            },
            _ => None,
        };
        if let Some(what) = what {
            self.raise(&MALFORMED, message.at, end, format!("the sparse tensor {:?} {what}", message.name));
        }
        if let (Some((Kind::Graph, _)), Some(names)) = (self.open.last(), self.names.last_mut()) {
            names.initializers.push((message.at, message.name.clone()));
            names.initial.push(Value::default());
        }
    }
}
