//! Tensors of PyTorch: a view of a storage, which must lie inside of it. Loaders of native code believe what they are told.
//!
//! Source: `torch/_utils.py` (`_rebuild_tensor`).

use super::machine::Machine;
use super::value::{Shape, Value};

impl Machine<'_, '_, '_> {
    /// A tensor is laid over a storage: `(storage, offset, size, stride, …)`.
    pub fn laid_over(&mut self, arguments: &[Value]) {
        let [Value::Storage(elements), Value::Int(offset), size, stride, ..] = arguments else { return };
        let (Some(size), Some(stride)) = (self.numbers(*size), self.numbers(*stride)) else { return };
        let inside = match reach(*offset, &size, &stride) {
            Reach::Nothing => true,
            Reach::Last(last) => last < *elements,
            Reach::Impossible => false,
        };
        if !inside || size.len() != stride.len() {
            self.fault(format!(
                "a tensor of shape {size:?} and strides {stride:?} from element {offset} on does not lie in its storage \
                 of {elements} elements"
            ));
        }
    }

    /// The items of a tuple of numbers; `None` if it is none, or longer than what is kept of it.
    fn numbers(&mut self, value: Value) -> Option<Vec<i64>> {
        let Value::Container { shape: Shape::Tuple, serial, .. } = value else { return None };
        let (items, count) = self.containers.items(serial)?;
        let number = |item: &Value| match item {
            Value::Int(number) => Some(*number),
            // Beyond 64 bits, or no whole number.
            Value::Number => Some(i64::MAX),
            _ => None,
        };
        let numbers: Option<Vec<i64>> = items.iter().map(number).collect();
        numbers.filter(|numbers| numbers.len() as u64 == count)
    }
}

/// How far a tensor reaches.
#[derive(Debug, PartialEq)]
enum Reach {
    /// It has no elements.
    Nothing,
    /// To that element of its storage.
    Last(i64),
    /// In front of it, or beyond 64 bits.
    Impossible,
}

fn reach(offset: i64, size: &[i64], stride: &[i64]) -> Reach {
    if offset < 0 || size.iter().chain(stride).any(|number| *number < 0) {
        return Reach::Impossible;
    }
    if size.contains(&0) {
        return Reach::Nothing;
    }
    let last = size
        .iter()
        .zip(stride)
        .try_fold(offset, |last, (size, stride)| last.checked_add(size.checked_sub(1)?.checked_mul(*stride)?));
    last.map_or(Reach::Impossible, Reach::Last)
}

#[test]
fn tensors_reach_as_far_as_their_strides_take_them() {
    assert_eq!(reach(0, &[2, 3], &[3, 1]), Reach::Last(5));
    assert_eq!(reach(4, &[], &[]), Reach::Last(4));
    assert_eq!(reach(4, &[0, 9], &[9, 1]), Reach::Nothing);
    assert_eq!(reach(0, &[2], &[0]), Reach::Last(0));
    assert_eq!(reach(0, &[-2], &[1]), Reach::Impossible);
    assert_eq!(reach(0, &[i64::MAX, 2], &[i64::MAX, 1]), Reach::Impossible);
}
