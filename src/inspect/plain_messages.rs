//! SentencePiece vocabularies: messages that carry data and no code, known by their fields.
//!
//! Not looked at: what the vocabulary says.

use super::protobuf;
use super::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

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
