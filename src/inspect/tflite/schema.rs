//! The tables of TensorFlow Lite. Source: `schema.fbs`.

use crate::inspect::flatbuffer::Shape::{Any, Many, Number, Numbers, One, Text};
use crate::inspect::flatbuffer::Table;

static OPERATOR_CODE: Table = Table {
    name: "an operator code",
    fields: &[
        (0, "deprecated_builtin_code", Number(1)),
        (1, "custom_code", Text),
        (2, "version", Number(4)),
        (3, "builtin_code", Number(4)),
    ],
};

static QUANTIZATION: Table = Table {
    name: "a quantization",
    fields: &[
        (0, "min", Numbers(4)),
        (1, "max", Numbers(4)),
        (2, "scale", Numbers(4)),
        (3, "zero_point", Numbers(8)),
        (4, "details_type", Number(1)),
        (5, "details", Any),
        (6, "quantized_dimension", Number(4)),
    ],
};

static DIMENSION: Table = Table {
    name: "a sparse dimension",
    fields: &[
        (0, "format", Number(1)),
        (1, "dense_size", Number(4)),
        (3, "array_segments", Any),
        (5, "array_indices", Any),
    ],
};

static SPARSITY: Table = Table {
    name: "a sparsity",
    fields: &[(0, "traversal_order", Numbers(4)), (1, "block_map", Numbers(4)), (2, "dim_metadata", Many(&DIMENSION))],
};

static VARIANT: Table = Table {
    name: "a variant",
    fields: &[(0, "shape", Numbers(4)), (1, "type", Number(1)), (2, "has_rank", Number(1))],
};

static TENSOR: Table = Table {
    name: "a tensor",
    fields: &[
        (0, "shape", Numbers(4)),
        (1, "type", Number(1)),
        (2, "buffer", Number(4)),
        (3, "name", Text),
        (4, "quantization", One(&QUANTIZATION)),
        (5, "is_variable", Number(1)),
        (6, "sparsity", One(&SPARSITY)),
        (7, "shape_signature", Numbers(4)),
        (8, "has_rank", Number(1)),
        (9, "variant_tensors", Many(&VARIANT)),
    ],
};

static OPERATOR: Table = Table {
    name: "an operator",
    fields: &[
        (0, "opcode_index", Number(4)),
        (1, "inputs", Numbers(4)),
        (2, "outputs", Numbers(4)),
        (3, "builtin_options_type", Number(1)),
        (4, "builtin_options", Any),
        (5, "custom_options", Numbers(1)),
        (6, "custom_options_format", Number(1)),
        (7, "mutating_variable_inputs", Numbers(1)),
        (8, "intermediates", Numbers(4)),
        (9, "large_custom_options_offset", Number(8)),
        (10, "large_custom_options_size", Number(8)),
        (11, "builtin_options_2_type", Number(1)),
        (12, "builtin_options_2", Any),
    ],
};

static SUBGRAPH: Table = Table {
    name: "a subgraph",
    fields: &[
        (0, "tensors", Many(&TENSOR)),
        (1, "inputs", Numbers(4)),
        (2, "outputs", Numbers(4)),
        (3, "operators", Many(&OPERATOR)),
        (4, "name", Text),
    ],
};

static BUFFER: Table =
    Table { name: "a buffer", fields: &[(0, "data", Numbers(1)), (1, "offset", Number(8)), (2, "size", Number(8))] };

static METADATA: Table = Table { name: "a metadata", fields: &[(0, "name", Text), (1, "buffer", Number(4))] };

static TENSOR_MAP: Table =
    Table { name: "a name of a tensor", fields: &[(0, "name", Text), (1, "tensor_index", Number(4))] };

static SIGNATURE: Table = Table {
    name: "a signature",
    fields: &[
        (0, "inputs", Many(&TENSOR_MAP)),
        (1, "outputs", Many(&TENSOR_MAP)),
        (2, "signature_key", Text),
        (4, "subgraph_index", Number(4)),
    ],
};

/// The root.
pub static MODEL: Table = Table {
    name: "the model",
    fields: &[
        (0, "version", Number(4)),
        (1, "operator_codes", Many(&OPERATOR_CODE)),
        (2, "subgraphs", Many(&SUBGRAPH)),
        (3, "description", Text),
        (4, "buffers", Many(&BUFFER)),
        (5, "metadata_buffer", Numbers(4)),
        (6, "metadata", Many(&METADATA)),
        (7, "signature_defs", Many(&SIGNATURE)),
    ],
};

/// An element type (`TensorType`): name, and bits of an element where it has a fixed width.
pub const fn element(number: u8) -> Option<(&'static str, u64)> {
    Some(match number {
        0 => ("FLOAT32", 32),
        1 => ("FLOAT16", 16),
        2 => ("INT32", 32),
        3 => ("UINT8", 8),
        4 => ("INT64", 64),
        5 => ("STRING", 0),
        6 => ("BOOL", 8),
        7 => ("INT16", 16),
        8 => ("COMPLEX64", 64),
        9 => ("INT8", 8),
        10 => ("FLOAT64", 64),
        11 => ("COMPLEX128", 128),
        12 => ("UINT64", 64),
        13 => ("RESOURCE", 0),
        14 => ("VARIANT", 0),
        15 => ("UINT32", 32),
        16 => ("UINT16", 16),
        17 => ("INT4", 4),
        18 => ("BFLOAT16", 16),
        19 => ("INT2", 2),
        20 => ("UINT4", 4),
        21..=32 => ("?", 0),
        _ => return None,
    })
}
