//! Telling pickles from other bytes. Protocols 2 and up begin with `PROTO`; older ones begin with any opcode, so they
//! are followed strictly for a while: text and other formats break within a few bytes.

use crate::model::Judgement;

use super::lists::Lists;
use super::opcode::opcode;
use super::source::{Argument, Source, Token};
use super::text::{is_float, is_integer, memo_index};

/// Opcodes that are followed.
const FOLLOWED: u32 = 4096;

/// Opcodes after which a stream that goes on beyond the bytes at hand is believed.
const ENOUGH: u32 = 16;

/// True if a stream of `len` bytes that begins with `head` is a pickle.
pub fn is_pickle(head: &[u8], len: u64) -> bool {
    let whole = head.len() as u64 >= len;
    match head {
        [0x80, 2..=5] => whole,
        // Short files are told even when nothing sound follows, so that broken ones are reported as such.
        [0x80, 2..=5, next, ..] => opcode(*next).is_some() || (whole && head.len() < 64),
        [0x80, _, rest @ ..] => follow(rest, whole),
        _ => follow(head, whole),
    }
}

/// True if some bytes from the middle of other data, which begin with `PROTO`, hold as a pickle for a while.
pub fn is_sound(bytes: &[u8]) -> bool {
    bytes.get(2..).is_some_and(|rest| follow(rest, false))
}

fn follow(head: &[u8], whole: bool) -> bool {
    let mut source = Source::of_bytes(head);
    let mut trial = Trial::default();
    for followed in 0..FOLLOWED {
        let Ok(token) = source.token() else {
            let ended = source.position() + 1 >= head.len() as u64 || truncated(head, &source);
            return trial.ran || (!whole && ended && followed >= ENOUGH);
        };
        if token.code == b'.' {
            let last = source.position() == head.len() as u64 && whole;
            let some = if trial.odd { trial.named } else { last || trial.named || followed >= 6 };
            return trial.depth >= 1 && followed >= 1 && some;
        }
        match trial.step(&token) {
            Some(true) => return true,
            Some(false) => {}
            None => return trial.ran,
        }
    }
    true
}

/// The opcode that could not be read is one whose argument may lie beyond the bytes at hand.
fn truncated(head: &[u8], source: &Source<'_>) -> bool {
    let at = usize::try_from(source.position()).unwrap_or(usize::MAX);
    head.get(at.saturating_sub(1)).is_some_and(|byte| opcode(*byte).is_some())
}

/// Depth of stack and marks, strictly.
#[derive(Default)]
struct Trial {
    depth: u32,
    marks: Vec<u32>,
    /// A name was imported whose spelling is plausible.
    named: bool,
    /// And something was called.
    ran: bool,
    /// A mark was dropped that had nothing above it, or blanks stand around a number: no pickler does that, and texts seem to.
    odd: bool,
}

impl Trial {
    /// `None` when a loader would break here; true when nothing but a pickle looks like this.
    fn step(&mut self, token: &Token) -> Option<bool> {
        if token.code == b'0' && self.drops_mark() {
            return Some(false);
        }
        let (pops, pushes) = match (token.code, &token.argument) {
            (b'(', _) => {
                if self.marks.len() >= 64 {
                    return None;
                }
                self.marks.push(self.depth);
                self.depth = 0;
                (0, 0)
            }
            (b'1' | b't' | b'l' | b'd' | 0x91 | b'e' | b'u' | 0x90 | b'o' | b'i', _) => match self.gather(token)? {
                Some(change) => change,
                None => return Some(true),
            },
            (b'c', argument) => {
                if self.names(argument)? {
                    return Some(true);
                }
                (0, 1)
            }
            (b'R' | 0x81 | b'b', _) => {
                self.ran |= self.named;
                (2, 1)
            }
            (0x92, _) => (3, 1),
            (0x93, _) => (2, 1),
            (b's', _) => (3, 1),
            (b'a', _) => (2, 1),
            // `POP` takes a mark away if there is nothing above it.
            (b'0', _) if self.depth == 0 => {
                self.depth = self.marks.pop()?;
                (0, 0)
            }
            (b'0', _) => (1, 0),
            (b'2', _) => (1, 2),
            (0x85..=0x87, _) => (u32::from(token.code - 0x84), 1),
            (b'q' | b'r' | 0x94 | b'Q' | 0x98, _) => (1, 1),
            (b'p' | b'g', Argument::Line(_, text)) => memo_index(text).map(|_| (u32::from(token.code == b'p'), 1))?,
            (0x80 | 0x95, _) => (0, 0),
            (b'S' | b'V', Argument::LongLine(..)) => (0, 1),
            (code, Argument::Line(_, text)) => self.is_literal(code, text).then_some((0, 1))?,
            _ => (0, 1),
        };
        self.depth = self.depth.checked_sub(pops)?.saturating_add(pushes);
        Some(false)
    }

    /// Takes what stands above the topmost mark together: values popped and pushed, or `None` inside when nothing but a
    /// pickle looks like this.
    fn gather(&mut self, token: &Token) -> Option<Option<(u32, u32)>> {
        let items = self.depth;
        self.depth = self.marks.pop()?;
        Some(Some(match token.code {
            b'e' | b'u' | 0x90 => (1, 1),
            b'1' => (0, 0),
            b'o' if items == 0 => return None,
            b'o' => {
                self.ran |= self.named;
                (0, 1)
            }
            b'i' => {
                let known = self.names(&token.argument)?;
                self.ran = true;
                if known {
                    return Some(None);
                }
                (0, 1)
            }
            _ => (0, 1),
        }))
    }

    /// Drops the topmost mark if nothing is above it: the unpickler takes it for a value then.
    fn drops_mark(&mut self) -> bool {
        let mark = if self.depth == 0 { self.marks.pop() } else { None };
        self.odd |= mark.is_some();
        self.depth = mark.unwrap_or(self.depth);
        mark.is_some()
    }

    /// True if the text argument of an opcode is sound. Loaders pass over blanks around a number; no pickler writes them.
    fn is_literal(&mut self, code: u8, text: &[u8]) -> bool {
        let trimmed = if matches!(code, b'I' | b'L' | b'F') { text.trim_ascii() } else { text };
        self.odd |= trimmed.len() < text.len();
        sound(code, trimmed)
    }

    /// Whether the names are on one of the lists; `None` if they are not plausible at all.
    fn names(&mut self, argument: &Argument) -> Option<bool> {
        let Argument::Lines(module, name) = argument else { return None };
        let (module, name) = (std::str::from_utf8(module).ok()?, std::str::from_utf8(name).ok()?);
        let plain = |text: &str| {
            let text = text.trim_end_matches('\r');
            !text.is_empty()
                && !text.starts_with(|c: char| c.is_ascii_digit())
                && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        };
        if !plain(module) || !plain(name) {
            return None;
        }
        self.named = true;
        Some(Lists::built_in().judge(module, name).0 != Judgement::Unknown)
    }
}

/// True if the text argument of a protocol 0 opcode is one that a pickler writes.
fn sound(code: u8, text: &[u8]) -> bool {
    match code {
        b'I' | b'L' => {
            let text = if code == b'L' { text.strip_suffix(b"L").unwrap_or(text) } else { text };
            std::str::from_utf8(text).is_ok_and(is_integer)
        }
        b'F' => is_float(text),
        b'S' => text.len() >= 2 && matches!(text[0], b'\'' | b'"') && text.first() == text.last(),
        b'V' => !text.contains(&0),
        b'P' => text.iter().all(u8::is_ascii_graphic),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> bool {
        is_pickle(bytes, bytes.len() as u64)
    }

    #[test]
    fn pickles_of_every_protocol_are_told() {
        for pickle in [
            b"(lp0\nI1\naI2\na.".as_slice(),
            b"cos\nsystem\n(S'id'\ntR.",
            b"cos\nsystem\n(S'id'\ntR\xff\xff",
            b"cos\nsystem\n(S'id'",
            b"(S'id'\nios\nsystem\n.",
            b"(0cos\nsystem\n(S'id'\ntR.",
            b"((00cos\nsystem\n(S'id'\ntR.",
            b"]q\x00(K\x01K\x02e.",
            b"\x80\x02]q\x00.",
            b"\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00]\x94.",
            b"\x80\x04",
            b"\x80\x09cos\nsystem\n(tR.",
            b"((00cos\nsystem\n(S'id'\ntR.",
        ] {
            assert!(told(pickle), "{}", pickle.escape_ascii());
        }
    }

    #[test]
    fn other_bytes_are_not() {
        for other in [
            b"".as_slice(),
            b"cat\ndog\nfish\nbird\n",
            b"copyright\nall rights\nreserved",
            b"class\nobject\nnet\n",
            b"{\"a\": 1}",
            b"[1, 2]",
            b"Version 1.0\nNothing here.\n",
            b"I am a text.\n",
            b"(see below) for more.",
            b"(0N0N0N0N.",
            b"GGUF\x03\x00\x00\x00\x01\x00\x00\x00",
            b"PK\x03\x04\x14\x00\x00\x00",
            b"\x89PNG\r\n\x1a\n\x00",
            b"\x93NUMPY\x01\x00",
            b"K\x00\x00\x00\x00\x00\x00\x00{}",
            b"import os\nsystem\nprint",
        ] {
            assert!(!told(other), "{}", other.escape_ascii());
        }
    }
}
