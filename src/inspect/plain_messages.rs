//! Messages that carry data and no code, known by their fields: SentencePiece vocabularies and Core ML models.
//!
//! Not looked at: what the vocabulary says, and the layers of a Core ML model, which the system runs itself.

use super::protobuf;
use super::{Inspector, Scope};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// A Core ML model that needs code of the application.
pub static COREML_CUSTOM_MODEL: Rule = Rule {
    id: "coreml-custom-model",
    summary: "the Core ML model is a class of the application that loads it",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/coreml-custom-model.md"),
    frameworks: &["CWE-829", "AML.T0010.001"],
};

/// A vocabulary.
pub struct SentencePiece;

impl Inspector for SentencePiece {
    fn format(&self) -> Format {
        Format::named("sentencepiece")
    }

    /// Pieces, each a text, a score and perhaps a type; then the specifications.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let first = head.first() == Some(&0x0a) && head.get(2) == Some(&0x0a);
        let length = head.get(3).map_or(usize::MAX, |length| usize::from(*length));
        let score = head.get(length.saturating_add(4)) == Some(&0x15);
        first
            && score
            && protobuf::fields(view, 4_000_000)
                .is_some_and(|fields| fields.iter().all(|(field, long)| *long && *field <= 5))
    }

    fn inspect(&self, _: &View<'_>, _: &mut Scope<'_>) {}
}

/// A Core ML model (`Model.proto`).
pub struct CoreMl;

impl Inspector for CoreMl {
    fn format(&self) -> Format {
        Format::named("coreml")
    }

    /// A version, a description, and one model, whose field has a number of 200 or more.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        head.first() == Some(&0x08)
            && protobuf::fields(view, 16).is_some_and(|fields| {
                let known = |(field, long): &(u32, bool)| match field {
                    1 | 10 => !long,
                    2 | 200..=3000 => *long,
                    _ => false,
                };
                fields.iter().all(known) && fields.iter().any(|(field, _)| *field >= 200)
            })
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if protobuf::fields(view, 16).is_some_and(|fields| fields.contains(&(555, true))) {
            scope.raise(&COREML_CUSTOM_MODEL, view, 0..0, "the model is a class of the application");
        }
    }
}
