//! Evidence in a text: its line and column, and the line itself for people to look at.

use std::ops::Range;

use super::Scope;
use crate::model::{Evidence, Excerpt, Place};
use crate::weigh::View;

/// Bytes of a line that are shown.
const SHOWN: usize = 160;

/// Bytes of a line that are shown before the ones that matter.
const BEFORE: usize = 60;

/// Bytes of a line whose characters are counted.
const COUNTED: usize = 64 << 10;

/// Writes evidence about a range of a text down. Where it stands is only worked out for evidence that will be listed, so
/// that a file full of it costs no more than reading it.
pub fn raise(evidence: Evidence, text: &str, range: Range<usize>, view: &View<'_>, scope: &mut Scope<'_>) {
    let evidence =
        if scope.lists(evidence.rule, evidence.severity()) { locate(evidence, text, range, view) } else { evidence };
    scope.add(evidence);
}

/// Writes evidence about a string down, as [`raise`] does: where it stands in quotes, or else anywhere.
pub fn raise_word(evidence: Evidence, text: &str, needle: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let evidence =
        if scope.lists(evidence.rule, evidence.severity()) { find(evidence, text, needle, view) } else { evidence };
    scope.add(evidence);
}

/// Places evidence at a range of the text. `text` is the view from its first byte on.
fn locate(evidence: Evidence, text: &str, range: Range<usize>, view: &View<'_>) -> Evidence {
    let start = boundary(text, range.start.min(text.len()));
    let head = &text[..start];
    let begin = head.rfind('\n').map_or(0, |at| at + 1);
    let line = if view.entry().is_some() { 1 } else { head.bytes().filter(|byte| *byte == b'\n').count() + 1 };
    at(evidence, text, line, begin, range, view)
}

/// Where the lines of a text begin, for many pieces of evidence about it.
pub struct Index<'t> {
    text: &'t str,
    begins: Vec<usize>,
}

impl<'t> Index<'t> {
    /// Reads the text once.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let begins = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, begins }
    }

    /// Places evidence at a range of the text.
    #[must_use]
    pub fn locate(&self, evidence: Evidence, range: Range<usize>, view: &View<'_>) -> Evidence {
        let line = self.begins.partition_point(|begin| *begin <= range.start).max(1);
        let begin = self.begins.get(line - 1).copied().unwrap_or(0);
        at(evidence, self.text, line, begin, range, view)
    }
}

/// Places evidence at a range of the line that begins there. In a member of a container the place stays one of bytes,
/// because only those name the member.
fn at(evidence: Evidence, text: &str, line: usize, begin: usize, range: Range<usize>, view: &View<'_>) -> Evidence {
    let start = boundary(text, range.start.min(text.len()));
    let end = boundary(text, range.end.clamp(start, text.len()));
    let place = if view.entry().is_some() {
        view.place(start as u64..end as u64)
    } else {
        // On a line that is longer than people write, the rest of the column is counted in bytes.
        let counted = boundary(text, start.min(begin.saturating_add(COUNTED)));
        let column = text[begin..counted].chars().count() + (start - counted) + 1;
        Place::Line { line: line as u64, column: column as u64 }
    };
    evidence.at(place).showing(excerpt(text, begin, start..end))
}

/// Places evidence where a string stands in the text in quotes, or else anywhere.
fn find(evidence: Evidence, text: &str, needle: &str, view: &View<'_>) -> Evidence {
    let quoted = serde_json::to_string(needle).unwrap_or_default();
    let found = text.find(&quoted).map(|at| at + 1..at + quoted.len() - 1);
    match found.or_else(|| text.find(needle).map(|at| at..at + needle.len())).filter(|_| !needle.is_empty()) {
        Some(range) => locate(evidence, text, range, view),
        None => evidence.at(view.place(0..0)),
    }
}

fn excerpt(text: &str, begin: usize, range: Range<usize>) -> Option<Excerpt> {
    let from = boundary(text, begin.max(range.start.saturating_sub(BEFORE)));
    let rest = &text[from..];
    let line = rest.find('\n').map_or(rest, |end| &rest[..end]).trim_end_matches('\r');
    let shown = &line[..boundary(line, SHOWN.min(line.len()))];
    // What matters may be the end of the line itself, which is not shown.
    let last = from + shown.len();
    let marked = range.start.min(last) as u64..range.end.min(last) as u64;
    let bytes = shown.as_bytes().to_vec();
    (!bytes.is_empty()).then_some(Excerpt { start: from as u64, bytes, marked })
}

/// The offset, or the next one before it that is between characters.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weigh::View;

    #[test]
    fn a_place_is_a_line_and_a_column_in_characters() {
        let text = "one\nzwei, drüben\nthree";
        View::with_bytes(text.as_bytes(), 1 << 20, |view| {
            let at = text.find("ben").unwrap();
            let seen = locate(Evidence::new(&super::super::text::LFS_POINTER, "x"), text, at..at + 3, view);
            assert_eq!(seen.place, Place::Line { line: 2, column: 10 });
            let shown = seen.excerpt.unwrap();
            assert_eq!(shown.bytes, "zwei, drüben".as_bytes());
            assert_eq!(shown.marked, 14..17);
        });
    }

    #[test]
    fn the_end_of_a_line_can_be_what_matters() {
        let text = "one\r\ntwo";
        View::with_bytes(text.as_bytes(), 1 << 20, |view| {
            for at in 0..=text.len() {
                let seen = locate(Evidence::new(&super::super::text::LFS_POINTER, "x"), text, at..at + 2, view);
                assert!(seen.excerpt.is_none_or(|shown| {
                    let end = shown.start + shown.bytes.len() as u64;
                    shown.marked.start <= shown.marked.end && shown.marked.end <= end
                }));
            }
        });
    }

    #[test]
    fn ranges_past_the_end_and_inside_a_character_are_harmless() {
        let text = "ü";
        View::with_bytes(text.as_bytes(), 1 << 20, |view| {
            let seen = locate(Evidence::new(&super::super::text::LFS_POINTER, "x"), text, 1..99, view);
            assert_eq!(seen.place, Place::Line { line: 1, column: 1 });
        });
    }
}
