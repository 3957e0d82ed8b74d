//! SentencePiece: a message of pieces, each a text with a score and a kind, and the specifications.
//!
//! Its reader wants one unknown piece, and no piece that is empty or occurs twice. Not looked at: the specifications
//! beyond the size of the table of the normaliser.

use std::collections::HashSet;

use super::TOKENIZER_MALFORMED;
use crate::inspect::protobuf::{self, Event, Step, Stop, Walk};
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::{Unreadable, View};

/// A vocabulary.
pub struct SentencePiece;

/// The messages that are gone into.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Piece,
    Normaliser,
}

/// Bytes of a table of the normaliser that are gone through; those that come with SentencePiece have some 300 thousand.
const TABLE: u64 = 16 << 20;
/// Kinds of piece: from ordinary (1) to byte (6).
const KINDS: std::ops::RangeInclusive<u64> = 1..=6;
/// The kind of the unknown piece.
const UNKNOWN: u64 = 2;

impl Inspector for SentencePiece {
    fn format(&self) -> Format {
        Format::named("sentencepiece")
    }

    /// Pieces, each a text, perhaps a score and a type; then the specifications. A score of 0 need not be written.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let first = head.first() == Some(&0x0a) && head.get(2) == Some(&0x0a);
        let length = head.get(3).map_or(usize::MAX, |length| usize::from(*length));
        let behind = length.saturating_add(4);
        let ends = head.get(1).is_some_and(|whole| behind == usize::from(*whole) + 2);
        let score = match head.get(behind) {
            Some(0x15) => true,
            // A type alone, up to the end of the piece; or the next piece, whose text follows at once.
            Some(0x18) => head.get(1).is_some_and(|whole| behind + 2 == usize::from(*whole) + 2),
            Some(0x0a) => ends && head.get(behind + 2) == Some(&0x0a),
            _ => false,
        };
        first
            && score
            && protobuf::fields(view, 4_000_000)
                .is_some_and(|fields| fields.iter().all(|(field, long)| *long && *field <= 5))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let step = |kind, field| match (kind, field) {
            (Kind::Model, 1) => Step::Enter(Kind::Piece),
            (Kind::Model, 3) => Step::Enter(Kind::Normaliser),
            (Kind::Piece, 1) | (Kind::Normaliser, 2) => Step::Read,
            _ => Step::Skip,
        };
        let mut pieces = Pieces::default();
        let mut missed = None;
        let outcome = Walk::new(view, Kind::Model).run(step, |kind, event, at| match (kind, event) {
            (Kind::Piece, event) => pieces.meet(event, at),
            (Kind::Normaliser, Event::Bytes(2, table)) => pieces.table(table, at),
            (Kind::Normaliser, Event::Length(2, range)) if range.end.saturating_sub(range.start) > TABLE => {
                missed.get_or_insert(Unreadable::Limit { what: "sentencepiece-table", limit: TABLE });
            }
            (Kind::Normaliser, Event::Length(2, range)) => match view.read(range.clone()) {
                Ok(table) => pieces.table(&table, at),
                Err(trouble) => missed = missed.take().or(Some(trouble)),
            },
            _ => {}
        });
        if let Some(trouble) = missed {
            scope.unreadable(view, &trouble);
        }
        match outcome {
            Err(Stop::Malformed(at, what)) => pieces.wrong(at, what.to_owned()),
            Err(Stop::Trouble(trouble)) => return scope.unreadable(view, &trouble),
            Ok(()) if pieces.unknown != 1 => {
                let message = format!("there are {} unknown pieces, readers want one", pieces.unknown);
                pieces.wrong(0, message);
            }
            Ok(()) => {}
        }
        for (at, what) in pieces.found {
            let at = at.min(view.len());
            scope.raise(&TOKENIZER_MALFORMED, view, at..at, what);
        }
    }
}

#[derive(Default)]
struct Pieces {
    seen: HashSet<Vec<u8>>,
    text: Vec<u8>,
    kind: u64,
    unknown: u64,
    /// What is wrong, and where; not more than a few.
    found: Vec<(u64, String)>,
}

impl Pieces {
    fn wrong(&mut self, at: u64, what: String) {
        if self.found.len() < 20 {
            self.found.push((at, what));
        }
    }

    fn meet(&mut self, event: &Event<'_>, at: u64) {
        match event {
            Event::Enter => {
                self.text = Vec::new();
                self.kind = 1;
            }
            Event::Bytes(1, text) => self.text = text.to_vec(),
            Event::Number(2, bits) => {
                let score = u32::try_from(*bits).map_or(f32::NAN, f32::from_bits);
                if !score.is_finite() {
                    self.wrong(at, format!("the score of a piece at byte {at} is not finite"));
                }
            }
            Event::Number(3, kind) => self.kind = *kind,
            Event::Leave => self.close(at),
            _ => {}
        }
    }

    fn close(&mut self, at: u64) {
        self.unknown += u64::from(self.kind == UNKNOWN);
        let text = std::mem::take(&mut self.text);
        let shown: String = String::from_utf8_lossy(&text).chars().take(40).collect();
        if text.is_empty() {
            self.wrong(at, format!("the piece before byte {at} is empty"));
        } else if !self.seen.insert(text) {
            self.wrong(at, format!("the piece {shown:?} before byte {at} occurs twice"));
        }
        if !KINDS.contains(&self.kind) {
            self.wrong(at, format!("the piece {shown:?} before byte {at} is of the kind {}, 1 to 6 exist", self.kind));
        }
    }

    /// The table of the normaliser: the length of a tree of letters, the tree, and the texts that it leads to.
    fn table(&mut self, table: &[u8], at: u64) {
        if table.is_empty() {
            return;
        }
        let parts = table.split_first_chunk::<4>().and_then(|(length, rest)| {
            rest.split_at_checked(u32::from_le_bytes(*length) as usize).filter(|(_, texts)| !texts.is_empty())
        });
        let Some((tree, texts)) = parts else {
            return self.wrong(at, format!("the table of the normaliser at byte {at} is longer than it is"));
        };
        if let Some(what) = tree_fault(tree, texts.len()) {
            self.wrong(at, format!("the table of the normaliser at byte {at}: {what}"));
        }
    }
}

/// What is wrong with a tree of letters, as `darts.h` keeps it: units of four bytes, each with a label, an offset to the
/// units of what follows, and whether a value stands there.
fn tree_fault(tree: &[u8], texts: usize) -> Option<&'static str> {
    let (units, rest) = tree.as_chunks::<4>();
    if units.is_empty() || !rest.is_empty() {
        return Some("its tree is of no whole units");
    }
    let unit = |at: usize| units.get(at).map(|unit| u32::from_le_bytes(*unit));
    let mut seen = vec![false; units.len()];
    let mut open = vec![0usize];
    while let Some(at) = open.pop() {
        let own = unit(at)?;
        let offset = ((own >> 10) << ((own & 1 << 9) >> 6)) as usize;
        let below = at ^ offset;
        if below >= units.len() {
            return Some("its tree leads out of itself");
        }
        if own & 1 << 8 != 0 && unit(below).is_none_or(|value| (value & 0x7fff_ffff) as usize >= texts) {
            return Some("its tree leads out of the texts");
        }
        for label in 1..=255u32 {
            let next = below ^ label as usize;
            let follows = unit(next).is_some_and(|unit| unit & 0x8000_00ff == label);
            if follows && seen.get(next) == Some(&false) {
                seen[next] = true;
                open.push(next);
            }
        }
    }
    None
}
