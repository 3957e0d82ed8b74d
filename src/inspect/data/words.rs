//! Vectors of words as text: a line with their number and dimension, then a word and its numbers on each line.
//!
//! Source: `word2vec.c`, `save_vectors` of fastText, `_load_word2vec_format` of gensim. A text counts as such vectors if its
//! first line is two numbers and its second a word with about as many numbers. What the numbers are is looked at in the
//! first megabytes, and whether all lines are there in the whole file.

use crate::inspect::Scope;
use crate::model::{ArtifactPath, Evidence, Place};
use crate::weigh::{Observer, View};

use super::DATA_MALFORMED;

/// Bytes whose numbers are looked at; behind them lines are only counted.
const READ: u64 = 32 << 20;
/// Longest line.
const LINE: usize = 1 << 20;
/// Numbers of a vector.
const DIMENSIONS: usize = 1 << 16;

/// Watches the text as it is hashed, if `head` begins such vectors.
pub fn watch(head: &[u8], view: &View<'_>, scope: &mut Scope<'_>) {
    let Some((count, dimension)) = begins(head) else { return };
    let watch =
        Watch { count, dimension, line: Vec::new(), lines: 0, long: false, read: view.len().min(READ), wrong: None };
    scope.observe(Box::new(watch));
}

/// Number and dimension of the vectors.
fn begins(head: &[u8]) -> Option<(u64, usize)> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let (count, dimension) = lines.next()?.trim_end().split_once(' ')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (count, dimension) =
        (plain(count).then(|| count.parse().ok())??, plain(dimension).then(|| dimension.parse().ok())??);
    if count == 0 || !(2..=DIMENSIONS).contains(&dimension) {
        return None;
    }
    let first = lines.next()?;
    // The line may go on behind the head.
    let cut = lines.next().is_none();
    let mut parts = first.trim_end().split(' ');
    let word = parts.next()?;
    let all = parts.clone().count();
    let numbers = parts.filter(|part| part.parse::<f64>().is_ok()).count();
    let about = if cut { numbers * 8 >= dimension || numbers >= 64 } else { numbers * 2 >= dimension };
    let like =
        word.parse::<f64>().is_err() && numbers >= 2 && numbers * 4 >= all * 3 && about && all <= dimension * 2 + 1;
    like.then_some((count, dimension))
}

struct Watch {
    count: u64,
    dimension: usize,
    line: Vec<u8>,
    /// Lines that ended.
    lines: u64,
    /// True within a line that is longer than is kept.
    long: bool,
    /// Bytes that are looked at.
    read: u64,
    wrong: Option<(u64, String)>,
}

impl Watch {
    fn close_line(&mut self, at: u64) {
        let line = std::mem::take(&mut self.line);
        let long = std::mem::take(&mut self.long);
        self.lines += 1;
        let row = self.lines - 1;
        if row == 0 || row > self.count || long || self.wrong.is_some() {
            return;
        }
        let what = fault(&String::from_utf8_lossy(&line), self.dimension);
        self.wrong = what.map(|what| (at.saturating_sub(line.len() as u64), format!("line {}: {what}", row + 1)));
    }
}

/// What is wrong with a word and its numbers. Some words have spaces in them.
fn fault(line: &str, dimension: usize) -> Option<String> {
    let parts: Vec<&str> = line.trim_end().split([' ', '\t']).collect();
    let numbers = parts.len().saturating_sub(1);
    if numbers < dimension {
        return Some(format!("{numbers} numbers stand behind a word, the vectors have {dimension}"));
    }
    let (word, vector) = parts.split_at(parts.len() - dimension);
    if let Some(odd) = vector.iter().find(|part| part.parse::<f64>().is_err()) {
        return Some(format!("{:?} is no number", odd.chars().take(40).collect::<String>()));
    }
    let more = word.iter().skip(1).filter(|part| part.parse::<f64>().is_ok()).count();
    (word.len() > 1 && more + 1 == word.len())
        .then(|| format!("{numbers} numbers stand behind a word, the vectors have {dimension}"))
}

impl Observer for Watch {
    fn observe(&mut self, at: u64, bytes: &[u8]) {
        if self.wrong.is_some() {
            return;
        }
        let mut begin = at;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let end = begin + text.len() as u64;
            if begin >= self.read || self.line.len() + text.len() > LINE {
                self.long = true;
                self.line.clear();
            } else if !self.long {
                self.line.extend_from_slice(text);
            }
            if text.len() < piece.len() {
                self.close_line(end);
            }
            begin += piece.len() as u64;
        }
    }

    fn close(mut self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        if !self.line.is_empty() || self.long {
            self.close_line(self.read);
        }
        let rows = self.lines.saturating_sub(1);
        let few =
            (rows < self.count).then(|| (0, format!("it says that it holds {} words, {rows} follow", self.count)));
        let Some((at, what)) = self.wrong.or(few) else { return Vec::new() };
        let message = format!("word2vec, byte {at}: {what}");
        vec![Evidence::new(&DATA_MALFORMED, message).of(path).at(Place::bytes(at, at.saturating_add(8)))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_told_from_other_numbers() {
        assert_eq!(begins(b"4 3\nthe 0.1 2 3\n"), Some((4, 3)));
        assert_eq!(begins(b"4 2\nthe 0.1 2 3\n"), Some((4, 2)));
        for text in
            [&b"4 3\n1 2 3\n"[..], b"4 3\nthe quick brown fox\n", b"4\nthe 1 2 3\n", b"4 300\nthe 1 2\n", b"4 1\na 1\n"]
        {
            assert_eq!(begins(text), None);
        }
    }

    #[test]
    fn rows_are_held_against_the_dimension() {
        assert_eq!(fault("the 1 2 nan", 3), None);
        assert_eq!(fault(". . . 1 2 -3e-4 ", 3), None);
        for row in ["the 1 2", "the 1 2 3.0x", "the 1 2 3 4", ""] {
            assert!(fault(row, 3).is_some(), "{row}");
        }
    }
}
