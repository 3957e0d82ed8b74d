//! TensorFlow: a SavedModel, the graph of a checkpoint (`.meta`) or a frozen GraphDef, the files that come with them, and
//! the operators in them that reach out.
//!
//! Every node is looked at, those of the functions in the library too: that its inputs come from somewhere, that the
//! functions it calls are there, and that tensors have the bytes that their shapes need. Sources: `saved_model.proto`,
//! `meta_graph.proto`, `graph.proto`, `function.proto`. Not looked at: what the operators compute, and whether types and
//! numbers of their inputs fit.

mod checkpoint;
mod companions;
mod graph;
mod objects;
mod operators;
mod reading;
mod schema;
mod schemas;
mod sorted_table;
mod sums;
mod tensor;

use super::protobuf::{self, Span};
use super::{Inspector, Scope};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;
use reading::walk;
use schema::Kind;

pub use checkpoint::{CHECKPOINT_INDEX, Checkpoint, beside};
pub use companions::{DebugInfo, Fingerprint, HubModule, KerasMetadata, Snapshot, Structure};
pub use operators::reaches_out;
pub use sums::{ShardSum, compare as compare_sums};

/// An operator that reads or writes files, or runs Python.
pub static TENSORFLOW_OPERATOR: Rule = Rule {
    id: "tensorflow-operator",
    summary: "the graph holds an operator that reads or writes files, opens connections or runs Python",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/tensorflow-operator.md"),
    frameworks: &["CWE-94", "CWE-73", "AML.T0011.000"],
};

/// Broken messages.
pub static TENSORFLOW_MALFORMED: Rule = Rule {
    id: "tensorflow-malformed",
    summary: "the graph or checkpoint breaks the format, contradicts itself, or names an asset outside of its folder",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/tensorflow-malformed.md"),
    frameworks: &["CWE-20", "CWE-22", "AML.T0076"],
};

/// Fields that are looked at to tell what a message is.
const TOLD_BY: usize = 1000;

/// A SavedModel.
pub struct SavedModel;

impl Inspector for SavedModel {
    fn format(&self) -> Format {
        Format::named("savedmodel")
    }

    /// A message with a version and graphs, in any order. Beside fields that nobody knows, which readers pass over, and
    /// where there is no version, the graphs must look like such.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if !matches!(head.first(), Some(0x08 | 0x12)) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, TOLD_BY) else { return false };
        let plain = head.starts_with(b"\x08\x01\x12") && spans.iter().skip(1).all(|span| span.field == 2 && span.long);
        let foreign = |span: &Span| span.long && (span.field == 7 || span.field >= 200);
        plain
            || (spans.iter().any(|span| span.field == 2 && is_meta(span, view)) && !spans.iter().any(foreign))
            // Nothing but the version of one without graphs.
            || (view.len() == 2 && head.starts_with(b"\x08\x01"))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        walk(view, Kind::Saved, scope);
    }
}

/// True for a field that holds a graph with what belongs to it (`MetaGraphDef`).
fn is_meta(span: &Span, view: &View<'_>) -> bool {
    let fields = span.message(view).and_then(|meta| protobuf::fields(&meta, TOLD_BY)).unwrap_or_default();
    fields.contains(&(2, true)) && fields.iter().all(|(field, long)| *long && *field <= 7)
}

/// The graph of a checkpoint, as `tf.train.Saver` writes it beside it.
pub struct MetaGraph;

impl Inspector for MetaGraph {
    fn format(&self) -> Format {
        Format::named("metagraph")
    }

    /// A message that begins with what wrote it, its version among that, and then has a graph.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if head.first() != Some(&0x0a) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, TOLD_BY) else { return false };
        let Some(info) = spans.first().and_then(|info| info.message(view)) else { return false };
        let Some(fields) = protobuf::spans(&info, TOLD_BY) else { return false };
        let known = |span: &Span| if span.field == 7 { !span.long } else { span.long && span.field <= 8 };
        // In the node of a graph an attribute stands there, which begins with no letter.
        let version = fields.iter().find(|span| span.field == 5).and_then(|span| span.message(&info));
        let version = version.and_then(|version| version.read_up_to(0, 1).ok());
        version.is_some_and(|version| version.first().is_some_and(u8::is_ascii_alphanumeric))
            && fields.iter().all(known)
            && spans.iter().any(|span| span.field == 2)
            && spans.iter().all(|span| span.long && span.field <= 7)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        walk(view, Kind::Meta, scope);
    }
}

/// A frozen graph.
pub struct GraphDef;

impl Inspector for GraphDef {
    fn format(&self) -> Format {
        Format::named("graphdef")
    }

    /// A message of nodes, the first of which begins with a name and an operator.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if head.first() != Some(&0x0a) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, 100_000) else { return false };
        let known = |span: &Span| match span.field {
            1 | 2 | 4 | 5 => span.long,
            3 => !span.long,
            _ => false,
        };
        spans.iter().all(known) && spans.first().is_some_and(|first| is_node(first, view))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        walk(view, Kind::Graph, scope);
    }
}

/// True for a field that begins with the name and the operator of a node.
fn is_node(span: &Span, view: &View<'_>) -> bool {
    let Some(node) = span.message(view) else { return false };
    let Some(spans) = protobuf::spans(&node, TOLD_BY) else { return false };
    let text = |n: usize| {
        let text = spans.get(n).filter(|span| span.field as usize == n + 1).and_then(|span| span.message(&node));
        let text = text.filter(|text| !text.is_empty() && text.len() < 1024);
        text.and_then(|text| text.read(0..text.len()).ok()).is_some_and(|text| text.iter().all(u8::is_ascii_graphic))
    };
    text(0) && text(1)
}
