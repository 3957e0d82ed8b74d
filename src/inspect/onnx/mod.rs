//! ONNX: which files a model reads, which operators it asks for, and whether it holds together.
//!
//! Every graph is walked, those in attributes and functions too: where names come from, and whether tensors have the data
//! that their shapes need. Types and shapes are followed as far as they are plain; see [`inference`]. Not looked at: what the
//! graph computes.

mod attribute;
mod data;
mod inference;
mod model;
mod names;
mod operators;
mod parts;
mod reading;
mod rules;
mod schema;
mod shapes;
mod sparse;
mod tensor;
mod tensors;
mod text;

use std::collections::BTreeMap;

use super::protobuf::{self, Span, Stop, Walk};
use super::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;
use reading::Reading;
use schema::{Kind, step};

pub use data::OnnxTensor;
pub use rules::*;
pub use schema::{element, is_known};
pub use text::inspect as inspect_text;

/// How a name in the metadata of a model begins, before the file that data of its tensors lie in. The value is where the
/// last of them ends, or `?`.
pub const EXTERNAL_DATA: &str = "external-data ";

/// Fields that are looked at to tell what a message is.
const TOLD_BY: usize = 100_000;

/// The format.
pub struct Onnx;

impl Inspector for Onnx {
    fn format(&self) -> Format {
        Format::named("onnx")
    }

    /// No magic number: a message whose fields have the numbers and forms of `ModelProto`, a graph among them. Fields may
    /// come in any order, and readers pass over those that they do not know; then, and where there is no version, the
    /// graph itself must look like one.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if !matches!(head.first(), Some(0x08 | 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42 | 0x72)) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, TOLD_BY) else { return false };
        let fields: Vec<_> = spans.iter().map(|span| (span.field, span.long)).collect();
        let known = |(field, long): &(u32, bool)| match field {
            1 | 5 => !long,
            2 | 3 | 4 | 6 | 7 | 8 | 14 | 20 | 25 | 26 => *long,
            _ => false,
        };
        let graph = |span: &Span| {
            let fields = span.message(view).and_then(|graph| protobuf::fields(&graph, 1000)).unwrap_or_default();
            !fields.is_empty() && fields.iter().all(|(field, long)| *long && matches!(field, 1 | 2 | 5 | 10..=16))
        };
        let is_graph = || spans.iter().any(|span| span.field == 7 && graph(span));
        let versioned = fields.contains(&(1, false)) && fields.contains(&(7, true));
        match fields.iter().all(known) {
            true => versioned || is_graph(),
            false => versioned && fields.contains(&(8, true)) && is_graph(),
        }
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut reading = Reading::new(view, scope);
        let (sets, cut) = sets(view);
        reading.sets = sets;
        let outcome = Walk::new(view, Kind::Model).run(step, |kind, event, at| reading.meet(kind, event, at));
        let whole = outcome.is_ok();
        let model = reading.into_model();
        judge(outcome, view, scope);
        if cut {
            scope.limit("fields of a model", TOLD_BY as u64, view);
        }
        model.close(whole, view, scope);
    }
}

/// Operator sets of a model, and whether there may be more behind the fields that are looked at. They mostly stand behind
/// the graph that is made of them.
fn sets(view: &View<'_>) -> (BTreeMap<String, i64>, bool) {
    let mut sets = BTreeMap::new();
    let spans = protobuf::spans(view, TOLD_BY).unwrap_or_default();
    for span in spans.iter().filter(|span| span.field == 8) {
        let Some(set) = span.message(view) else { continue };
        let fields = protobuf::spans(&set, 16).unwrap_or_default();
        let domain = fields.iter().find(|span| span.field == 1).and_then(|span| span.message(&set));
        let domain = domain.and_then(|domain| domain.read_up_to(0, 256).ok()).unwrap_or_default();
        let version = fields.iter().find(|span| span.field == 2 && !span.long).map_or(0, |span| span.number);
        let domain = reading::plain(String::from_utf8_lossy(&domain).into_owned());
        sets.insert(domain, version.cast_signed());
    }
    (sets, spans.len() >= TOLD_BY)
}

/// Says why a walk stopped.
fn judge(outcome: Result<(), Stop>, view: &View<'_>, scope: &mut Scope<'_>) {
    match outcome {
        Ok(()) => {}
        Err(Stop::Malformed(at, what)) => {
            let at = at.min(view.len());
            scope.raise(&MALFORMED, view, at..at.saturating_add(1).min(view.len()), format!("at byte {at}: {what}"));
        }
        Err(Stop::Trouble(trouble)) => scope.unreadable(view, &trouble),
    }
}

#[cfg(test)]
mod tests;
