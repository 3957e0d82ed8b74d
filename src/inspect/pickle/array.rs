//! Arrays that joblib writes as raw bytes in the middle of a stream (`joblib/numpy_pickle.py`, `NumpyArrayWrapper`).

use super::machine::{End, Machine};
use super::source::Source;
use super::store::{Memo, Stack};
use super::value::{Shape, Value};

/// Object arrays inside object arrays.
const DEPTH: u32 = 4;

/// What the wrapper says of the bytes behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrapper {
    /// Length of the array in bytes; `None` if it cannot be told.
    len: Option<u64>,
    /// The elements are Python objects: a whole pickle follows instead of raw bytes.
    objects: bool,
    /// A byte with the number of padding bytes comes first.
    padded: bool,
}

impl Wrapper {
    /// From the attributes of the wrapper.
    pub fn from_state(machine: &mut Machine<'_, '_, '_>, state: Value) -> Option<Self> {
        let Value::Container { shape: Shape::Dict, serial, .. } = state else { return None };
        let items = machine.containers.items(serial).map(|(items, _)| items.to_vec())?;
        let (mut elements, mut itemsize, mut objects, mut padded) = (None, None, false, false);
        for pair in items.chunks_exact(2) {
            match (machine.text_of(pair[0], 64).as_deref(), pair[1]) {
                (Some("shape"), Value::Container { shape: Shape::Tuple, serial, .. }) => {
                    let (dimensions, count) = machine.containers.items(serial)?;
                    elements = (count == dimensions.len() as u64)
                        .then(|| {
                            dimensions.iter().try_fold(1u64, |product, dimension| match dimension {
                                Value::Int(size) => product.checked_mul(u64::try_from(*size).ok()?),
                                _ => None,
                            })
                        })
                        .flatten();
                }
                (Some("dtype"), Value::Dtype { size, objects: held }) => {
                    itemsize = Some(u64::from(size));
                    objects = held;
                }
                (Some("numpy_array_alignment_bytes"), Value::Int(_)) => padded = true,
                _ => {}
            }
        }
        let len = elements.zip(itemsize).and_then(|(elements, size)| elements.checked_mul(size));
        Some(Self { len, objects, padded })
    }
}

/// Size in bytes of an element and whether it holds objects, from numpy's code for it (`<f8`, `U10`, `O`).
pub fn element(code: &str) -> Option<(u32, bool)> {
    let code = code.trim_start_matches(['<', '>', '=', '|']);
    let kind = code.chars().next()?;
    if !kind.is_ascii() {
        return None;
    }
    let size = code[1..].split('[').next().and_then(|size| size.parse::<u32>().ok());
    match kind {
        'O' => Some((8, true)),
        'U' => Some((size?.checked_mul(4)?, false)),
        '?' => Some((1, false)),
        'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'V' | 'M' | 'm' | 'a' => Some((size?, false)),
        _ => None,
    }
}

impl Machine<'_, '_, '_> {
    /// Goes past the bytes of the array that the wrapper announced.
    pub fn skip_array(&mut self, source: &mut Source<'_>) {
        let Some(wrapper) = self.array.take() else { return };
        if wrapper.objects {
            return self.embedded(source);
        }
        let Some(len) = wrapper.len else {
            return self.fault("the array that follows has no size that can be told".to_owned());
        };
        let start = source.position();
        let padding = if wrapper.padded {
            self.view.read_up_to(start, 1).ok().and_then(|bytes| bytes.first().map(|byte| u64::from(*byte) + 1))
        } else {
            Some(0)
        };
        let whole = padding.and_then(|padding| padding.checked_add(len));
        match whole.filter(|whole| *whole <= self.view.len().saturating_sub(start)) {
            Some(whole) => {
                // Another loader than joblib's goes on reading opcodes here.
                let end = start + whole;
                for from in [start, end - len].into_iter().take(if whole == len { 1 } else { 2 }) {
                    if let Ok(numbers) = self.view.slice(from..end) {
                        super::suspect_numbers(&numbers, self.scope);
                    }
                }
                source.skip(whole);
            }
            None => self.fault(format!("an array of {len} bytes is announced, but the data ends before that")),
        }
    }

    /// A whole pickle in the middle of another.
    fn embedded(&mut self, source: &mut Source<'_>) {
        if self.embedding >= DEPTH {
            return self.fault("object arrays are nested too deep".to_owned());
        }
        self.embedding += 1;
        let limit = usize::try_from(self.scope.limits.pickle_values).unwrap_or(usize::MAX);
        let stack = std::mem::replace(&mut self.stack, Stack::new(limit / 4));
        let memo = std::mem::replace(&mut self.memo, Memo::new(limit / 2));
        let state = self.stream;
        let end = self.run(source);
        (self.stack, self.memo, self.stream) = (stack, memo, state);
        self.embedding -= 1;
        if end != End::Stop {
            self.fault("the object array that follows is broken".to_owned());
        }
    }
}
