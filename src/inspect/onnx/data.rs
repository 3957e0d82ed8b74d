//! Tensors that lie alone in a file, as the data that models are tested with: `TensorProto`, sequences of them
//! and maps to them (`onnx-data.proto`).

use super::judge;
use super::reading::Reading;
use super::schema::{Kind, element, step};
use crate::inspect::protobuf::{self, Span, Walk};
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

/// The format.
pub struct OnnxTensor;

impl Inspector for OnnxTensor {
    fn format(&self) -> Format {
        Format::named("onnx-tensor")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        matches!(head.first(), Some(0x08 | 0x0a | 0x10 | 0x1a)) && kind(view).is_some()
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let kind = kind(view).unwrap_or(Kind::Sequence);
        let mut reading = match kind {
            Kind::Tensor => Reading::of_tensor(view, scope),
            _ => Reading::new(view, scope),
        };
        let outcome = Walk::new(view, kind).run(step, |kind, event, at| reading.meet(kind, event, at));
        judge(outcome, view, scope);
    }
}

/// Which of the messages it is.
fn kind(view: &View<'_>) -> Option<Kind> {
    if is_tensor(view) {
        Some(Kind::Tensor)
    } else if is_sequence(view) {
        Some(Kind::Sequence)
    } else {
        is_map(view).then_some(Kind::Map)
    }
}

/// One element type that is known, and fields of the forms that a tensor has; and data, or a name.
fn is_tensor(view: &View<'_>) -> bool {
    let Some(spans) = protobuf::spans(view, 10_000) else { return false };
    let known = |span: &Span| match span.field {
        1 | 4 | 5 | 7 | 10 | 11 => true,
        2 => !span.long && element(span.number).is_some(),
        14 => !span.long && span.number <= 1,
        3 | 6 | 8 | 9 | 12 | 13 | 16 => span.long,
        _ => false,
    };
    let types = spans.iter().filter(|span| span.field == 2).count();
    types == 1 && spans.iter().all(known) && spans.iter().any(|span| matches!(span.field, 4..=11 | 13))
}

/// A name, a type, and tensors.
fn is_sequence(view: &View<'_>) -> bool {
    let Some(spans) = protobuf::spans(view, 10_000) else { return false };
    let known = |span: &Span| match span.field {
        1 => span.long,
        2 => !span.long && span.number <= 6,
        3 => span.message(view).is_some_and(|tensor| is_tensor(&tensor)),
        4..=7 => span.long,
        _ => false,
    };
    spans.iter().any(|span| span.field == 2) && spans.iter().any(|span| span.field >= 3) && spans.iter().all(known)
}

/// A name, the type of keys, keys, and a sequence of values.
fn is_map(view: &View<'_>) -> bool {
    let Some(spans) = protobuf::spans(view, 10_000) else { return false };
    let known = |span: &Span| match span.field {
        1 | 4 => span.long,
        2 => !span.long && element(span.number).is_some(),
        3 => true,
        5 => span.message(view).is_some_and(|values| is_sequence(&values)),
        _ => false,
    };
    spans.iter().any(|span| span.field == 2) && spans.iter().any(|span| span.field == 5) && spans.iter().all(known)
}
