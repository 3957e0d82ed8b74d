//! Small messages that lie beside a SavedModel: its fingerprint, and what Keras wrote of its layers.

use super::TENSORFLOW_MALFORMED;
use super::objects::lambda;
use super::reading::ended;
use crate::inspect::protobuf::{self, Event, Span, Step, Walk};
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

/// Longest fingerprint; real ones have some 80 bytes.
const FINGERPRINT: u64 = 4096;

/// `fingerprint.pb`: numbers by which TensorFlow tells SavedModels apart (`fingerprint.proto`). It never compares them
/// when it loads a model, and neither does this program.
pub struct Fingerprint;

impl Inspector for Fingerprint {
    fn format(&self) -> Format {
        Format::named("savedmodel-fingerprint")
    }

    /// Hashes in the fields 1 to 5, a version in 6 and perhaps a UUID in 7.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if view.len() > FINGERPRINT || !matches!(head.first(), Some(0x08 | 0x09 | 0x10 | 0x11 | 0x32)) {
            return false;
        }
        // The first versions of TensorFlow that wrote one wrote the version of its writer alone.
        if head.len() == 4 && head.starts_with(&[0x32, 2, 8]) {
            return true;
        }
        let Some(spans) = protobuf::spans(view, 64) else { return false };
        let known = |span: &Span| match span.field {
            1..=5 => !span.long,
            6 | 7 => span.long,
            _ => false,
        };
        let hashes = spans.iter().filter(|span| span.field <= 5).count();
        hashes >= 3 && spans.iter().all(known) && spans.iter().any(|span| span.field == 6)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        ended(Walk::new(view, ()).run(|(), _| Step::Skip, |(), _, _| {}), view, scope);
    }
}

/// `saved_model_debug_info.pb`: the lines of Python that made each node (`graph_debug_info.proto`).
pub struct DebugInfo;

impl Inspector for DebugInfo {
    fn format(&self) -> Format {
        Format::named("tensorflow-debug-info")
    }

    /// Names of files, frames and traces; the first name is the path of a file of Python.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if head.first() != Some(&0x0a) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, 10_000) else { return false };
        let name = spans.first().and_then(|span| span.message(view)?.read_up_to(0, FINGERPRINT).ok());
        let python = name.is_some_and(|name| name.ends_with(b".py") && name.iter().all(|byte| *byte >= b' '));
        python && spans.iter().all(|span| span.long && matches!(span.field, 1 | 2 | 4..=6))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        ended(Walk::new(view, ()).run(|(), _| Step::Skip, |(), _, _| {}), view, scope);
    }
}

/// `tfhub_module.pb`, which says that the folder is a module of TensorFlow Hub: a version alone.
pub struct HubModule;

impl Inspector for HubModule {
    fn format(&self) -> Format {
        Format::named("tfhub-module")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        view.len() == 2 && head == [0x08, 3]
    }

    fn inspect(&self, _: &View<'_>, _: &mut Scope<'_>) {}
}

/// `dataset_spec.pb` of a dataset that was saved: how its elements are put together (`struct.proto`).
pub struct Structure;

/// `snapshot.metadata` beside it: which run wrote it, when, and of which types the elements are (`snapshot.proto`).
pub struct Snapshot;

impl Inspector for Snapshot {
    fn format(&self) -> Format {
        Format::named("tensorflow-snapshot")
    }

    /// A hash and the name of a run, each a text; a time and a version; types, a number of elements, and the field 1000.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if view.len() > FINGERPRINT || !matches!(head.first(), Some(0x0a | 0x12)) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, 64) else { return false };
        let known = |span: &Span| match span.field {
            1 | 2 | 5 => span.long,
            3 | 4 | 6 | 1000 => !span.long,
            _ => false,
        };
        let there = |field: u32| spans.iter().any(|span| span.field == field);
        there(2) && there(3) && there(1000) && spans.iter().all(known)
    }

    fn inspect(&self, _: &View<'_>, _: &mut Scope<'_>) {}
}

/// The messages of a structure.
#[derive(Clone, Copy)]
enum Part {
    Value,
    List,
    Dict,
    Entry,
    Named,
    Pair,
}

impl Inspector for Structure {
    fn format(&self) -> Format {
        Format::named("tensorflow-structure")
    }

    /// One value: what tensors are like, or lists, tuples and dictionaries of values, down to the last of them.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        // The numbers of these fields take two bytes; a message of any other kind that begins so is not known.
        let begins = matches!(head, [0x8a | 0x92 | 0x9a, 2, ..] | [0x9a | 0xa2 | 0xaa | 0xb2 | 0xba | 0xc2, 3, ..]);
        if !begins || view.len() > 1 << 20 {
            return false;
        }
        let one = protobuf::spans(view, 2).is_some_and(|spans| spans.len() == 1);
        let step = |part: Part, field: u32| match (part, field) {
            (Part::Value, 51 | 52) => Step::Enter(Part::List),
            (Part::Value, 53) => Step::Enter(Part::Dict),
            (Part::Value, 54) => Step::Enter(Part::Named),
            (Part::List, 1) | (Part::Entry | Part::Pair, 2) => Step::Enter(Part::Value),
            (Part::Dict, 1) => Step::Enter(Part::Entry),
            (Part::Named, 2) => Step::Enter(Part::Pair),
            _ => Step::Skip,
        };
        let mut known = true;
        let outcome = Walk::new(view, Part::Value).run(step, |part, event, _| {
            known &= match (part, event) {
                (_, Event::Enter | Event::Leave) => true,
                (Part::Value, Event::Length(field, _) | Event::Number(field, _)) => {
                    matches!(field, 1 | 11..=14 | 31..=35 | 51..=56)
                }
                (_, Event::Length(field, _)) => *field <= 2,
                _ => false,
            };
        });
        one && known && outcome.is_ok()
    }

    fn inspect(&self, _: &View<'_>, _: &mut Scope<'_>) {}
}

/// `keras_metadata.pb`: the configurations of layers, as JSON (`saved_metadata.proto` of Keras).
pub struct KerasMetadata;

#[derive(Clone, Copy)]
enum Kind {
    Metadata,
    Object,
}

impl Inspector for KerasMetadata {
    fn format(&self) -> Format {
        Format::named("keras-metadata")
    }

    /// Objects, each with a path, an identifier that begins with `_tf_keras_`, and JSON.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let first = || {
            let spans = protobuf::spans(view, 1000)?;
            spans.iter().all(|span| span.field == 1 && span.long).then_some(())?;
            let object = spans.first()?.message(view)?;
            let spans = protobuf::spans(&object, 64)?;
            let known = |span: &Span| if span.field == 2 { !span.long } else { span.long && span.field <= 6 };
            spans.iter().all(known).then_some(())?;
            let name = spans.iter().find(|span| span.field == 4)?.message(&object)?;
            name.read_up_to(0, 10).ok()
        };
        head.first() == Some(&0x0a) && first().is_some_and(|name| name == b"_tf_keras_")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let step = |kind, field| match (kind, field) {
            (Kind::Metadata, 1) => Step::Enter(Kind::Object),
            (Kind::Object, 5) => Step::Read,
            _ => Step::Skip,
        };
        let mut texts = Vec::new();
        let outcome = Walk::new(view, Kind::Metadata).run(step, |kind, event, at| match (kind, event) {
            (Kind::Object, Event::Bytes(5, text)) => texts.push((at, text.to_vec())),
            (Kind::Object, Event::Length(5, range)) => {
                texts.extend(view.read(range.clone()).ok().map(|text| (at, text)))
            }
            _ => {}
        });
        for (at, text) in texts {
            if lambda(&text, at, view, scope).is_none() {
                let at = at.min(view.len());
                scope.raise(&TENSORFLOW_MALFORMED, view, at..at, "the configuration of an object is not JSON");
            }
        }
        ended(outcome, view, scope);
    }
}
