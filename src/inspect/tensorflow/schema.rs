//! The messages of TensorFlow that matter here, by field number, and the types of its elements.
//!
//! Sources: `saved_model.proto`, `meta_graph.proto`, `graph.proto`, `function.proto`, `node_def.proto`,
//! `attr_value.proto`, `tensor.proto`, `types.proto`, `saved_object_graph.proto`.

use crate::inspect::protobuf::Step;

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `SavedModel`
    Saved,
    /// `MetaGraphDef`
    Meta,
    /// `MetaGraphDef.MetaInfoDef`
    Info,
    /// `OpList`, the operators that a graph uses
    Operators,
    /// `OpDef` in it
    Operator,
    /// `OpDef.ArgDef` or `OpDef.AttrDef` in that
    Part,
    /// `SaverDef`
    Saver,
    /// An entry of `signature_def`
    SignatureEntry,
    /// `SignatureDef`
    Signature,
    /// An entry of the inputs or outputs of a signature
    InfoEntry,
    /// `TensorInfo`
    TensorInfo,
    /// `AssetFileDef`
    Asset,
    /// `GraphDef`
    Graph,
    /// `VersionDef` of a graph
    Versions,
    /// `FunctionDefLibrary`
    Library,
    /// `FunctionDef`
    Function,
    /// `OpDef`, the signature of a function
    Definition,
    /// `OpDef.ArgDef`
    Argument,
    /// An entry of what a function returns
    Return,
    /// `NodeDef`
    Node,
    /// An entry of the attributes of a node
    Attribute,
    /// `AttrValue`
    Value,
    /// `AttrValue.ListValue`
    List,
    /// `NameAttrList`
    Called,
    /// `TensorProto`
    Tensor,
    /// `TensorShapeProto`
    Shape,
    /// `TensorShapeProto.Dim`
    Dimension,
    /// `SavedObjectGraph`
    Objects,
    /// `SavedObject`
    Object,
    /// `ObjectReference`, a child of an object
    Child,
    /// `SavedUserObject`
    User,
    /// An entry of `concrete_functions`
    Concrete,
}

/// What to do with a field.
pub const fn step(kind: Kind, field: u32) -> Step<Kind> {
    match (kind, field) {
        (Kind::Saved, 2) => Step::Enter(Kind::Meta),
        (Kind::Info, 2) => Step::Enter(Kind::Operators),
        (Kind::Operators, 1) => Step::Enter(Kind::Operator),
        (Kind::Operator, 2..=4) => Step::Enter(Kind::Part),
        (Kind::Operator, 1) | (Kind::Part, 1 | 2) => Step::Read,
        (Kind::Meta, 1) => Step::Enter(Kind::Info),
        (Kind::Meta, 2) => Step::Enter(Kind::Graph),
        (Kind::Meta, 3) => Step::Enter(Kind::Saver),
        (Kind::Meta, 5) => Step::Enter(Kind::SignatureEntry),
        (Kind::Meta, 6) => Step::Enter(Kind::Asset),
        (Kind::Meta, 7) => Step::Enter(Kind::Objects),
        (Kind::SignatureEntry, 2) => Step::Enter(Kind::Signature),
        (Kind::Signature, 1 | 2) => Step::Enter(Kind::InfoEntry),
        (Kind::InfoEntry, 2) | (Kind::Asset, 1) => Step::Enter(Kind::TensorInfo),
        (Kind::Graph, 1) | (Kind::Function, 3) => Step::Enter(Kind::Node),
        (Kind::Graph, 2) => Step::Enter(Kind::Library),
        (Kind::Graph, 4) => Step::Enter(Kind::Versions),
        (Kind::Library, 1) => Step::Enter(Kind::Function),
        (Kind::Function, 1) => Step::Enter(Kind::Definition),
        (Kind::Function, 4 | 6) => Step::Enter(Kind::Return),
        (Kind::Definition, 2) => Step::Enter(Kind::Argument),
        (Kind::Node, 5) => Step::Enter(Kind::Attribute),
        (Kind::Attribute, 2) => Step::Enter(Kind::Value),
        (Kind::Value, 1) => Step::Enter(Kind::List),
        (Kind::Value, 7) => Step::Enter(Kind::Shape),
        (Kind::Value, 8) => Step::Enter(Kind::Tensor),
        (Kind::Value, 10) | (Kind::List, 9) => Step::Enter(Kind::Called),
        (Kind::Tensor, 2) => Step::Enter(Kind::Shape),
        (Kind::Shape, 2) => Step::Enter(Kind::Dimension),
        (Kind::Objects, 1) => Step::Enter(Kind::Object),
        (Kind::Objects, 2) => Step::Enter(Kind::Concrete),
        (Kind::Object, 1) => Step::Enter(Kind::Child),
        (Kind::Object, 4) => Step::Enter(Kind::User),
        (Kind::Info, 5) | (Kind::Saver, 1..=3) | (Kind::TensorInfo, 1) | (Kind::Asset, 2) => Step::Read,
        (Kind::Definition | Kind::Argument | Kind::Attribute | Kind::Called | Kind::Concrete, 1) => Step::Read,
        (Kind::Return, 2) | (Kind::Node, 1..=3) | (Kind::Value, 2) | (Kind::Tensor, 8) => Step::Read,
        (Kind::User, 1 | 3) => Step::Read,
        _ => Step::Skip,
    }
}

/// An element type of `DataType`: name, and bytes of an element where it has a fixed width. References to variables,
/// which are 100 above the plain types, have the width of what they refer to.
pub fn element(number: u64) -> Option<(&'static str, u64)> {
    Some(match if number > 100 { number - 100 } else { number } {
        1 => ("float32", 4),
        2 => ("float64", 8),
        3 => ("int32", 4),
        4 => ("uint8", 1),
        5 => ("int16", 2),
        6 => ("int8", 1),
        7 => ("string", 0),
        8 => ("complex64", 8),
        9 => ("int64", 8),
        10 => ("bool", 1),
        11 => ("qint8", 1),
        12 => ("quint8", 1),
        13 => ("qint32", 4),
        14 => ("bfloat16", 2),
        15 => ("qint16", 2),
        16 => ("quint16", 2),
        17 => ("uint16", 2),
        18 => ("complex128", 16),
        19 => ("float16", 2),
        20 => ("resource", 0),
        21 => ("variant", 0),
        22 => ("uint32", 4),
        23 => ("uint64", 8),
        24 => ("float8_e5m2", 1),
        25 => ("float8_e4m3fn", 1),
        26 => ("float8_e4m3fnuz", 1),
        27 => ("float8_e4m3b11fnuz", 1),
        28 => ("float8_e5m2fnuz", 1),
        // Narrower ones take a byte each.
        29 => ("int4", 1),
        30 => ("uint4", 1),
        31 => ("int2", 1),
        32 => ("uint2", 1),
        _ => return None,
    })
}

/// Elements of a shape. `None` if a dimension is negative, or there are more than 63 bits count.
pub fn elements(shape: &[u64]) -> Option<u64> {
    shape.iter().try_fold(1u64, |product, dimension| {
        i64::try_from(*dimension).ok()?;
        product.checked_mul(*dimension).filter(|product| i64::try_from(*product).is_ok())
    })
}

/// A shape as people read it, with the signs that its numbers have.
pub fn signed(shape: &[u64]) -> Vec<i64> {
    shape.iter().map(|dimension| dimension.cast_signed()).collect()
}
