//! Element types of safetensors, as in the reference crate 0.8.

use super::super::statistics::Element;

/// An element type: its width, and how its values are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dtype {
    /// As the header spells it.
    pub name: &'static str,
    /// Width of one element.
    pub bits: u64,
    /// How to look at its values, for floating-point types whose elements are whole bytes.
    pub element: Option<Element>,
}

const fn dtype(name: &'static str, bits: u64, element: Option<Element>) -> Dtype {
    Dtype { name, bits, element }
}

static DTYPES: &[Dtype] = &[
    dtype("BOOL", 8, None),
    dtype("F4", 4, None),
    dtype("F6_E2M3", 6, None),
    dtype("F6_E3M2", 6, None),
    dtype("U8", 8, None),
    dtype("I8", 8, None),
    dtype("F8_E5M2", 8, Some(Element::F8E5M2)),
    dtype("F8_E4M3", 8, Some(Element::F8E4M3)),
    dtype("F8_E8M0", 8, None),
    dtype("F8_E4M3FNUZ", 8, None),
    dtype("F8_E5M2FNUZ", 8, None),
    dtype("I16", 16, None),
    dtype("U16", 16, None),
    dtype("F16", 16, Some(Element::F16)),
    dtype("BF16", 16, Some(Element::Bf16)),
    dtype("I32", 32, None),
    dtype("U32", 32, None),
    dtype("F32", 32, Some(Element::F32)),
    dtype("C64", 64, Some(Element::F32)),
    dtype("F64", 64, Some(Element::F64)),
    dtype("I64", 64, None),
    dtype("U64", 64, None),
];

/// The type of that name.
pub fn named(name: &str) -> Option<&'static Dtype> {
    DTYPES.iter().find(|dtype| dtype.name == name)
}
