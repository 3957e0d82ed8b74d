//! Element types of ggml and the sizes of their blocks.
//!
//! Source: `ggml.h` (`enum ggml_type`) and `ggml-common.h`. Types that were removed from ggml are kept, because files
//! that hold them exist; loaders refuse those.

/// A type: its name, elements in a block, bytes of a block.
pub struct Type {
    /// As ggml spells it.
    pub name: &'static str,
    /// Elements in one block.
    pub elements: u64,
    /// Bytes of one block.
    pub bytes: u64,
}

const fn block(name: &'static str, elements: u64, bytes: u64) -> Option<Type> {
    Some(Type { name, elements, bytes })
}

/// By number; a hole is a number that was never given or whose blocks are not known any more.
static TYPES: [Option<Type>; 42] = [
    block("F32", 1, 4),
    block("F16", 1, 2),
    block("Q4_0", 32, 18),
    block("Q4_1", 32, 20),
    block("Q4_2", 16, 10),
    block("Q4_3", 16, 12),
    block("Q5_0", 32, 22),
    block("Q5_1", 32, 24),
    block("Q8_0", 32, 34),
    block("Q8_1", 32, 36),
    block("Q2_K", 256, 84),
    block("Q3_K", 256, 110),
    block("Q4_K", 256, 144),
    block("Q5_K", 256, 176),
    block("Q6_K", 256, 210),
    block("Q8_K", 256, 292),
    block("IQ2_XXS", 256, 66),
    block("IQ2_XS", 256, 74),
    block("IQ3_XXS", 256, 98),
    block("IQ1_S", 256, 50),
    block("IQ4_NL", 32, 18),
    block("IQ3_S", 256, 110),
    block("IQ2_S", 256, 82),
    block("IQ4_XS", 256, 136),
    block("I8", 1, 1),
    block("I16", 1, 2),
    block("I32", 1, 4),
    block("I64", 1, 8),
    block("F64", 1, 8),
    block("IQ1_M", 256, 56),
    block("BF16", 1, 2),
    block("Q4_0_4_4", 32, 18),
    block("Q4_0_4_8", 32, 18),
    block("Q4_0_8_8", 32, 18),
    block("TQ1_0", 256, 54),
    block("TQ2_0", 256, 66),
    block("IQ4_NL_4_4", 32, 18),
    block("IQ4_NL_4_8", 32, 18),
    block("IQ4_NL_8_8", 32, 18),
    block("MXFP4", 32, 17),
    block("NVFP4", 64, 36),
    block("Q1_0", 128, 18),
];

/// Numbers of types that were removed from ggml: their layouts were given up, and loaders refuse them.
const REMOVED: [u32; 8] = [4, 5, 31, 32, 33, 36, 37, 38];

/// True for a type that loaders refuse although files of it exist.
pub fn is_removed(number: u32) -> bool {
    REMOVED.contains(&number)
}

/// The type of that number.
pub fn numbered(number: u32) -> Option<&'static Type> {
    TYPES.get(usize::try_from(number).ok()?)?.as_ref()
}
