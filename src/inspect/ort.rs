//! Models of ONNX Runtime in its own format (`.ort`): a FlatBuffer whose root is `InferenceSession` of `ort.fbs`.
//!
//! Looked at: that every table is in its place, that tensors have the bytes that their shapes need, and domains of
//! operators. Not looked at: types of values, and what the runtime worked out beforehand.

use super::flatbuffer::Shape::{Any, Many, Number, Numbers, One, Text, Texts};
use super::flatbuffer::{Buffer, Fault, Followed, Table, verify};
use super::onnx::{self, CUSTOM_OPERATOR, MALFORMED};
use super::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

static TENSOR: Table = Table {
    name: "a tensor",
    fields: &[
        (0, "name", Text),
        (1, "doc_string", Text),
        (2, "dims", Numbers(8)),
        (3, "data_type", Number(4)),
        (4, "raw_data", Numbers(1)),
        (5, "string_data", Texts),
        (6, "external_data_offset", Number(8)),
    ],
};
static SPARSE: Table = Table {
    name: "a sparse tensor",
    fields: &[(0, "values", One(&TENSOR)), (1, "indices", One(&TENSOR)), (2, "dims", Numbers(8))],
};
static ATTRIBUTE: Table = Table {
    name: "an attribute",
    fields: &[
        (0, "name", Text),
        (1, "doc_string", Text),
        (2, "type", Number(4)),
        (3, "f", Number(4)),
        (4, "i", Number(8)),
        (5, "s", Text),
        (6, "t", One(&TENSOR)),
        (7, "g", One(&GRAPH)),
        (8, "floats", Numbers(4)),
        (9, "ints", Numbers(8)),
        (10, "strings", Texts),
        (11, "tensors", Many(&TENSOR)),
        (12, "graphs", Many(&GRAPH)),
    ],
};
static NODE: Table = Table {
    name: "a node",
    fields: &[
        (0, "name", Text),
        (1, "doc_string", Text),
        (2, "domain", Text),
        (3, "since_version", Number(4)),
        (4, "index", Number(4)),
        (5, "op_type", Text),
        (6, "type", Number(4)),
        (7, "execution_provider_type", Text),
        (8, "inputs", Texts),
        (9, "outputs", Texts),
        (10, "attributes", Many(&ATTRIBUTE)),
        (11, "input_arg_counts", Numbers(4)),
        (12, "implicit_inputs", Texts),
    ],
};
static VALUE: Table =
    Table { name: "a value", fields: &[(0, "name", Text), (1, "doc_string", Text), (2, "type", Any)] };
static EDGE: Table = Table {
    name: "an edge",
    fields: &[(0, "node_index", Number(4)), (1, "input_edges", Numbers(12)), (2, "output_edges", Numbers(12))],
};
static GRAPH: Table = Table {
    name: "a graph",
    fields: &[
        (0, "initializers", Many(&TENSOR)),
        (1, "node_args", Many(&VALUE)),
        (2, "nodes", Many(&NODE)),
        (3, "max_node_index", Number(4)),
        (4, "node_edges", Many(&EDGE)),
        (5, "inputs", Texts),
        (6, "outputs", Texts),
        (7, "sparse_initializers", Many(&SPARSE)),
        (8, "runtime_optimizations", Any),
    ],
};
static OPSET: Table = Table { name: "an operator set", fields: &[(0, "domain", Text), (1, "version", Number(8))] };
static ENTRY: Table = Table { name: "an entry", fields: &[(0, "key", Text), (1, "value", Text)] };
static MODEL: Table = Table {
    name: "the model",
    fields: &[
        (0, "ir_version", Number(8)),
        (1, "opset_import", Many(&OPSET)),
        (2, "producer_name", Text),
        (3, "producer_version", Text),
        (4, "domain", Text),
        (5, "model_version", Number(8)),
        (6, "doc_string", Text),
        (7, "graph", One(&GRAPH)),
        (8, "graph_doc_string", Text),
        (9, "metadata_props", Many(&ENTRY)),
    ],
};
static SESSION: Table = Table {
    name: "the session",
    fields: &[(0, "ort_version", Text), (1, "model", One(&MODEL)), (2, "state", Any), (3, "kernels", Any)],
};

/// Graphs that are followed.
const GRAPHS: usize = 10_000;

/// The format.
pub struct Ort;

impl Inspector for Ort {
    fn format(&self) -> Format {
        Format::named("ort")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.get(4..8) == Some(b"ORTM")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let buffer = Buffer::new(view);
        let most = scope.limits.tensors;
        match verify(&buffer, &SESSION, most) {
            Ok(Followed { whole: true, .. }) => graphs(&buffer, view, scope),
            Ok(_) => scope.limit("flatbuffer-tables", most, view),
            Err(Fault(at, what)) => match buffer.trouble() {
                Some(trouble) => scope.unreadable(view, &trouble),
                None => malformed(at, what, view, scope),
            },
        }
        if let Some(trouble) = buffer.trouble() {
            scope.unreadable(view, &trouble);
        }
    }
}

fn malformed(at: u64, what: String, view: &View<'_>, scope: &mut Scope<'_>) {
    let at = at.min(view.len());
    scope.raise(&MALFORMED, view, at..at.saturating_add(4).min(view.len()), what);
}

/// Looks at every graph of a session whose tables were verified.
fn graphs(buffer: &Buffer<'_, '_>, view: &View<'_>, scope: &mut Scope<'_>) {
    let root = buffer.u32(0).map_or(0, u64::from);
    let model = buffer.target(root, 1);
    let Some(graph) = model.and_then(|model| buffer.target(model, 7)) else {
        return malformed(0, "the session has no graph".to_owned(), view, scope);
    };
    let mut queue = vec![graph];
    let mut done = 0;
    while let Some(graph) = queue.pop() {
        done += 1;
        if done > GRAPHS {
            return scope.limit("ort-graphs", GRAPHS as u64, view);
        }
        for tensor in buffer.tables(graph, 0) {
            if let Some(what) = fault(buffer, tensor) {
                malformed(tensor, what, view, scope);
            }
        }
        for node in buffer.tables(graph, 2) {
            let (domain, name) = (buffer.text(node, 2).unwrap_or_default(), buffer.text(node, 5).unwrap_or_default());
            if !onnx::is_known(&domain) || name == "PyOp" || name == "PythonOp" {
                let message =
                    format!("the operator {name:?} is of the domain {domain:?}, which no runtime brings itself");
                scope.raise(&CUSTOM_OPERATOR, view, node.min(view.len())..node.min(view.len()), message);
            }
            for attribute in buffer.tables(node, 10) {
                queue.extend(buffer.target(attribute, 7));
                queue.extend(buffer.tables(attribute, 12).take(GRAPHS));
            }
        }
        queue.truncate(GRAPHS + 1);
    }
}

/// What is wrong with a tensor.
fn fault(buffer: &Buffer<'_, '_>, tensor: u64) -> Option<String> {
    let name = buffer.text(tensor, 0).unwrap_or_default();
    let kind = buffer.field(tensor, 3).and_then(|at| buffer.u32(at)).unwrap_or(0);
    let Some((dtype, bits)) = onnx::element(kind.into()) else {
        return Some(format!("the tensor {name:?} has the element type {}, which is unknown", kind.cast_signed()));
    };
    let (start, rank) = buffer.list(tensor, 2);
    let dims: Vec<u64> = (0..rank.min(64)).map_while(|n| buffer.u64(start + 8 * n)).collect();
    let elements = dims.iter().try_fold(1u64, |product, dimension| {
        i64::try_from(*dimension).ok()?;
        product.checked_mul(*dimension)
    });
    let shape: Vec<i64> = dims.iter().map(|dimension| dimension.cast_signed()).collect();
    let needed = elements.and_then(|elements| elements.checked_mul(bits)).map(|bits| bits.div_ceil(8));
    let raw = buffer.list(tensor, 4).1;
    let elsewhere =
        buffer.field(tensor, 6).and_then(|at| buffer.u64(at)).is_some_and(|offset| offset.cast_signed() >= 0);
    match needed {
        None => Some(format!("the tensor {name:?} has the impossible shape {shape:?}")),
        Some(needed) if bits > 0 && !elsewhere && raw != needed => {
            Some(format!("the tensor {name:?} takes {raw} bytes, but shape {shape:?} of {dtype} needs {needed}"))
        }
        Some(_) => None,
    }
}
