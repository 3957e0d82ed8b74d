//! What the numbers of a tensor look like, seen as they are hashed.
//!
//! IEEE floats order by magnitude like the integers that their bits without the sign are. So one maximum over those
//! integers tells at once whether a tensor is all zero and whether anything in it is not finite; only in the rare
//! pieces where it is are the offenders counted. That loop vectorises, and costs little beside hashing.
//! Not looked at: integer tensors, types narrower than a byte, and whether finite values make sense.

use crate::model::{ArtifactPath, Class, Evidence, Place, Rule, Severity};
use crate::weigh::Observer;

use std::ops::Range;

/// NaN or infinity among weights.
pub static TENSOR_NOT_FINITE: Rule = Rule {
    id: "tensor-not-finite",
    summary: "a tensor holds NaN or infinite values",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/tensor-not-finite.md"),
    frameworks: &["CWE-1287", "AML.T0018.000"],
};

/// Matrices of zeros.
pub static TENSOR_ALL_ZERO: Rule = Rule {
    id: "tensor-all-zero",
    summary: "a weight matrix consists of zeros alone",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/tensor-all-zero.md"),
    frameworks: &["AML.T0018.000"],
};

/// A floating-point type of whole bytes, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// OCP FP8, no infinities.
    F8E4M3,
    /// OCP FP8 with infinities.
    F8E5M2,
    /// IEEE half.
    F16,
    /// bfloat16.
    Bf16,
    /// IEEE single.
    F32,
    /// IEEE double.
    F64,
}

impl Element {
    const fn size(self) -> usize {
        match self {
            Self::F8E4M3 | Self::F8E5M2 => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Bits without the sign of the least value that is not finite, and of the least that is NaN.
    const fn bounds(self) -> (u64, u64) {
        match self {
            Self::F8E4M3 => (0x7f, 0x7f),
            Self::F8E5M2 => (0x7c, 0x7d),
            Self::F16 => (0x7c00, 0x7c01),
            Self::Bf16 => (0x7f80, 0x7f81),
            Self::F32 => (0x7f80_0000, 0x7f80_0001),
            Self::F64 => (0x7ff0_0000_0000_0000, 0x7ff0_0000_0000_0001),
        }
    }
}

// The largest magnitude, as bits without the sign. Signed integers, because their maximum is one or two instructions
// on every processor. Two forms, because the compiler vectorises each well at its own widths and badly at the others:
// measured at 18 GB/s and more for each, three to five times less for the other form.
macro_rules! largest_by_fold {
    ($name:ident, $signed:ty, $size:literal) => {
        fn $name(bytes: &[u8]) -> u64 {
            let elements = bytes.as_chunks::<$size>().0.iter();
            let largest = elements
                .fold(0, |largest: $signed, element| largest.max(<$signed>::from_le_bytes(*element) & <$signed>::MAX));
            // The sign bit is cleared, so nothing is lost.
            largest.unsigned_abs().into()
        }
    };
}

macro_rules! largest_by_lanes {
    ($name:ident, $signed:ty, $size:literal) => {
        fn $name(bytes: &[u8]) -> u64 {
            let mut lanes = [0 as $signed; 64 / $size];
            let (blocks, rest) = bytes.as_chunks::<64>();
            for block in blocks {
                for (lane, element) in lanes.iter_mut().zip(block.as_chunks::<$size>().0) {
                    *lane = (*lane).max(<$signed>::from_le_bytes(*element) & <$signed>::MAX);
                }
            }
            let rest = rest.as_chunks::<$size>().0;
            let rest = rest.iter().map(|element| <$signed>::from_le_bytes(*element) & <$signed>::MAX);
            lanes.into_iter().chain(rest).max().unwrap_or(0).unsigned_abs().into()
        }
    };
}

largest_by_fold!(largest_8, i8, 1);
largest_by_fold!(largest_16, i16, 2);
largest_by_lanes!(largest_32, i32, 4);
largest_by_lanes!(largest_64, i64, 8);

fn magnitude(element: Element, bytes: &[u8]) -> u64 {
    match element.size() {
        1 => largest_8(bytes),
        2 => largest_16(bytes),
        4 => largest_32(bytes),
        _ => largest_64(bytes),
    }
}

/// A tensor to be looked at.
pub struct Watched {
    /// Its name.
    pub name: String,
    /// Its bytes in the file.
    pub bytes: Range<u64>,
    /// Its type.
    pub element: Element,
    /// True if zeros alone would be odd: a matrix of some size, not a bias.
    pub is_matrix: bool,
}

#[derive(Default)]
struct Seen {
    largest: u64,
    nan: u64,
    infinite: u64,
    /// The beginning of an element whose rest comes with the next chunk.
    carry: [u8; 8],
    carried: usize,
}

impl Seen {
    fn whole(&mut self, element: Element, bytes: &[u8]) {
        let largest = magnitude(element, bytes);
        self.largest = self.largest.max(largest);
        let (infinity, nan) = element.bounds();
        if largest >= infinity {
            for value in bytes.chunks_exact(element.size()).map(|value| magnitude(element, value)) {
                self.nan += u64::from(value >= nan);
                self.infinite += u64::from(value >= infinity && value < nan);
            }
        }
    }

    fn take(&mut self, element: Element, mut bytes: &[u8]) {
        let size = element.size();
        if self.carried > 0 {
            let missing = (size - self.carried).min(bytes.len());
            let (head, rest) = bytes.split_at(missing);
            self.carry[self.carried..self.carried + missing].copy_from_slice(head);
            self.carried += missing;
            bytes = rest;
            if self.carried < size {
                return;
            }
            let carry = self.carry;
            self.carried = 0;
            self.whole(element, &carry[..size]);
        }
        let (body, rest) = bytes.split_at(bytes.len() - bytes.len() % size);
        self.whole(element, body);
        self.carry[..rest.len()].copy_from_slice(rest);
        self.carried = rest.len();
    }
}

/// Looks at the floats of one file as they pass.
pub struct Statistics {
    tensors: Vec<(Watched, Seen)>,
    /// The first tensor that is not yet over.
    next: usize,
    repeats: u64,
}

impl Statistics {
    /// Watches those tensors; `None` if there is nothing to watch. Tensors that overlap are watched once, the first.
    #[must_use]
    pub fn of(mut tensors: Vec<Watched>, repeats: u64) -> Option<Self> {
        tensors.sort_by(|a, b| (a.bytes.start, a.bytes.end, &a.name).cmp(&(b.bytes.start, b.bytes.end, &b.name)));
        let mut end = 0;
        tensors.retain(|tensor| {
            let apart = tensor.bytes.start >= end && !tensor.bytes.is_empty();
            if apart {
                end = tensor.bytes.end;
            }
            apart
        });
        let tensors: Vec<_> = tensors.into_iter().map(|tensor| (tensor, Seen::default())).collect();
        (!tensors.is_empty()).then_some(Self { tensors, next: 0, repeats })
    }
}

impl Observer for Statistics {
    fn observe(&mut self, at: u64, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len() as u64);
        while let Some((tensor, seen)) = self.tensors.get_mut(self.next) {
            let (from, to) = (tensor.bytes.start.max(at), tensor.bytes.end.min(end));
            if from < to {
                // Both lie inside the chunk, which is in memory.
                seen.take(tensor.element, &bytes[(from - at) as usize..(to - at) as usize]);
            }
            if tensor.bytes.end > end {
                break;
            }
            self.next += 1;
        }
    }

    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let mut zero = Vec::new();
        let mut more = 0u64;
        for (tensor, seen) in self.tensors {
            if seen.nan > 0 || seen.infinite > 0 {
                if evidence.len() as u64 >= self.repeats {
                    more += 1;
                } else {
                    evidence.push(not_finite(&tensor, &seen, path));
                }
            } else if seen.largest == 0 && tensor.is_matrix {
                zero.push(tensor.name);
            }
        }
        if let Some(last) = evidence.last_mut().filter(|_| more > 0) {
            last.fact.message.push_str(&format!(" (and {more} more tensors like this)"));
            last.fact.details.insert("more".to_owned(), more.into());
        }
        if let Some(first) = zero.first() {
            let message = match zero.len() {
                1 => format!("the matrix {first} is all zeros"),
                count => format!("{count} matrices are all zeros, the first is {first}"),
            };
            let place = Place::Tensor { name: first.clone() };
            evidence.push(Evidence::new(&TENSOR_ALL_ZERO, message).of(path).at(place).with("tensors", zero.len()));
        }
        evidence
    }
}

/// Infinities alone are rated lower: masks are often stored as negative infinity.
fn not_finite(tensor: &Watched, seen: &Seen, path: &ArtifactPath) -> Evidence {
    let message = match (seen.nan, seen.infinite) {
        (nan, 0) => format!("{} holds {nan} NaN", tensor.name),
        (0, infinite) => format!("{} holds {infinite} infinite values", tensor.name),
        (nan, infinite) => format!("{} holds {nan} NaN and {infinite} infinite values", tensor.name),
    };
    let evidence = Evidence::new(&TENSOR_NOT_FINITE, message)
        .of(path)
        .at(Place::Tensor { name: tensor.name.clone() })
        .with("nan", seen.nan)
        .with("infinite", seen.infinite);
    if seen.nan == 0 { evidence.rated(Severity::Low) } else { evidence }
}
