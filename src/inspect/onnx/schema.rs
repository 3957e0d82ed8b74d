//! The messages of ONNX that matter here, by field number.
//!
//! Source: `onnx.proto3` (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3>).

use crate::inspect::protobuf::Step;

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `ModelProto`
    Model,
    /// `GraphProto`
    Graph,
    /// `NodeProto`
    Node,
    /// `AttributeProto`
    Attribute,
    /// `TensorProto`
    Tensor,
    /// `SparseTensorProto`
    Sparse,
    /// The `TensorProto` in it that says where its values stand
    Indices,
    /// `ValueInfoProto` of an input of a graph
    Input,
    /// `ValueInfoProto` of an output of a graph
    Output,
    /// `ValueInfoProto` of what is in between
    Between,
    /// `TypeProto`
    Type,
    /// `TypeProto.Tensor`
    TensorType,
    /// `TypeProto.SparseTensor`
    SparseType,
    /// `TensorShapeProto`
    ShapeType,
    /// `TensorShapeProto.Dimension`
    Dimension,
    /// `TypeProto.Sequence` or `.Optional`
    SequenceType,
    /// `TypeProto.Map`
    MapType,
    /// `StringStringEntryProto` of `external_data`
    External,
    /// `StringStringEntryProto` of `metadata_props`
    Property,
    /// `OperatorSetIdProto`
    Opset,
    /// `FunctionProto`
    Function,
    /// `TrainingInfoProto`
    Training,
    /// `SequenceProto` or `OptionalProto` of `onnx-data.proto`
    Sequence,
    /// `MapProto` of `onnx-data.proto`
    Map,
}

/// What to do with a field.
pub const fn step(kind: Kind, field: u32) -> Step<Kind> {
    use Kind::{
        Attribute, Between, Dimension, External, Function, Graph, Indices, Input, Map, MapType, Model, Node, Opset,
        Output, Property, Sequence, SequenceType, ShapeType, Sparse, SparseType, Tensor, TensorType, Training, Type,
    };
    match (kind, field) {
        (Model, 7) | (Attribute, 6 | 11) | (Training, 1 | 2) => Step::Enter(Graph),
        (Model, 8) | (Function, 9) => Step::Enter(Opset),
        (Model, 14) => Step::Enter(Property),
        (Model, 20) => Step::Enter(Training),
        (Model, 25) => Step::Enter(Function),
        (Graph, 1) | (Function, 7) => Step::Enter(Node),
        (Graph, 5) | (Attribute, 5 | 10) | (Sparse, 1) | (Sequence, 3) => Step::Enter(Tensor),
        (Sparse, 2) => Step::Enter(Indices),
        (Graph, 15) | (Attribute, 22 | 23) | (Sequence, 4) => Step::Enter(Sparse),
        (Graph, 11) => Step::Enter(Input),
        (Graph, 12) => Step::Enter(Output),
        (Graph, 13) => Step::Enter(Between),
        (Input | Output | Between, 2) | (SequenceType, 1) | (MapType, 2) => Step::Enter(Type),
        (Type, 1) => Step::Enter(TensorType),
        (Type, 8) => Step::Enter(SparseType),
        (TensorType | SparseType, 2) => Step::Enter(ShapeType),
        (ShapeType, 1) => Step::Enter(Dimension),
        (Type, 4 | 9) => Step::Enter(SequenceType),
        (Type, 5) => Step::Enter(MapType),
        (Sequence, 5 | 7) | (Map, 5) => Step::Enter(Sequence),
        (Sequence, 6) => Step::Enter(Map),
        (Node, 5) | (Function, 11) => Step::Enter(Attribute),
        (Tensor, 13) => Step::Enter(External),
        (Model, 2..=4 | 6) | (Node, 1 | 2 | 4 | 7) | (Function, 1 | 4 | 5 | 10 | 13) | (Opset, 1) => Step::Read,
        (External | Property, 1 | 2) | (Graph, 2) | (Input | Output, 1) | (Attribute, 1 | 4 | 21) => Step::Read,
        (Indices, 9) => Step::Read,
        (Tensor | Indices, 1 | 5 | 7 | 8 | 11) | (Sparse, 3) => Step::Read,
        _ => Step::Skip,
    }
}

/// Element types: name, and bits of an element where it has a fixed width (`TensorProto.DataType`).
pub const fn element(number: u64) -> Option<(&'static str, u64)> {
    Some(match number {
        1 => ("FLOAT", 32),
        2 => ("UINT8", 8),
        3 => ("INT8", 8),
        4 => ("UINT16", 16),
        5 => ("INT16", 16),
        6 => ("INT32", 32),
        7 => ("INT64", 64),
        8 => ("STRING", 0),
        9 => ("BOOL", 8),
        10 => ("FLOAT16", 16),
        11 => ("DOUBLE", 64),
        12 => ("UINT32", 32),
        13 => ("UINT64", 64),
        14 => ("COMPLEX64", 64),
        15 => ("COMPLEX128", 128),
        16 => ("BFLOAT16", 16),
        17 => ("FLOAT8E4M3FN", 8),
        18 => ("FLOAT8E4M3FNUZ", 8),
        19 => ("FLOAT8E5M2", 8),
        20 => ("FLOAT8E5M2FNUZ", 8),
        21 => ("UINT4", 4),
        22 => ("INT4", 4),
        23 => ("FLOAT4E2M1", 4),
        24 => ("FLOAT8E8M0", 8),
        25 => ("UINT2", 2),
        26 => ("INT2", 2),
        // How these are packed is not settled.
        27 => ("FLOAT6E2M3", 0),
        28 => ("FLOAT6E3M2", 0),
        _ => return None,
    })
}

/// Domains of operators that runtimes bring themselves.
pub fn is_known(domain: &str) -> bool {
    matches!(
        domain,
        "" | "ai.onnx"
            | "ai.onnx.ml"
            | "ai.onnx.training"
            | "ai.onnx.preview"
            | "ai.onnx.preview.training"
            | "ai.onnx.contrib"
            | "com.microsoft"
            | "com.microsoft.nchwc"
            | "com.microsoft.experimental"
            | "com.microsoft.extensions"
            | "com.ms.internal.nhwc"
            | "org.pytorch.aten"
            | "trt.plugins"
            | "pkg.onnxscript.torch_lib"
            | "pkg.onnxscript.torch_lib.common"
    )
}
