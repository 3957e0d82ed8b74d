//! Proof that the bytes that were inspected are the bytes that were hashed.
//!
//! Each piece that an inspector read is written down by its BLAKE3; the pump computes it again from the very chunk
//! that it hashes. Pieces never cross a [`PIECE`] boundary of the file and chunks end at one (or at the end of a shard),
//! so as a rule each piece lies in one chunk.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

/// Pieces and chunks are aligned to this many bytes where they can be.
pub const PIECE: u64 = 64 << 10;

type Pieces = BTreeMap<(u64, u64), [u8; 32]>;

/// What was read of one file, by range.
#[derive(Default)]
pub struct Ledger {
    pieces: RefCell<Pieces>,
    torn: Cell<bool>,
}

impl Ledger {
    /// Writes down that `bytes` were read at `at`. False if the same range was different before.
    pub fn record(&self, at: u64, bytes: &[u8]) -> bool {
        let hash = *blake3::hash(bytes).as_bytes();
        let end = at + bytes.len() as u64;
        let same = self.pieces.borrow_mut().insert((at, end), hash).is_none_or(|before| before == hash);
        if !same {
            self.tear();
        }
        same
    }

    /// Writes down that two reads disagreed, or that bytes were gone.
    pub fn tear(&self) {
        self.torn.set(true);
    }

    /// The pieces in file order, for the pump.
    pub fn close(self) -> Recheck {
        Recheck { pieces: self.pieces.into_inner(), same: !self.torn.get() }
    }
}

/// Compares chunks with a closed ledger, in file order.
pub struct Recheck {
    pieces: Pieces,
    same: bool,
}

impl Recheck {
    /// How far the pieces go that begin before `end`.
    pub fn reach(&self, end: u64) -> Option<u64> {
        self.pieces.range(..(end, 0)).map(|((_, stop), _)| *stop).max()
    }

    /// Checks the pieces that begin before `end`. `bytes` are those of the file from `at` on, as far as
    /// [`Recheck::reach`] says.
    pub fn check(&mut self, at: u64, end: u64, bytes: &[u8]) {
        while let Some(entry) = self.pieces.first_entry().filter(|entry| entry.key().0 < end) {
            let ((start, stop), hash) = entry.remove_entry();
            let inside = usize::try_from(start.wrapping_sub(at))
                .ok()
                .zip(usize::try_from(stop.wrapping_sub(at)).ok())
                .and_then(|(start, stop)| bytes.get(start..stop));
            self.same &= inside.is_some_and(|bytes| *blake3::hash(bytes).as_bytes() == hash);
        }
    }

    /// Reads every piece once more, where nothing is pumped.
    ///
    /// # Errors
    /// What the system says.
    pub fn again(&mut self, read: impl Fn(Range<u64>) -> io::Result<Vec<u8>>) -> io::Result<()> {
        for ((start, end), hash) in std::mem::take(&mut self.pieces) {
            self.same &= *blake3::hash(&read(start..end)?).as_bytes() == hash;
        }
        Ok(())
    }

    /// True if all that was recorded passed again, unchanged.
    pub fn holds(&self) -> bool {
        self.same && self.pieces.is_empty()
    }

    /// The part of it from `at` on; this keeps what is before.
    pub fn split_off(&mut self, at: u64) -> Self {
        Self { pieces: self.pieces.split_off(&(at, 0)), same: self.same }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let ledger = Ledger::default();
        assert!(ledger.record(0, b"head"));
        assert!(ledger.record(PIECE, b"tail"));
        ledger
    }

    #[test]
    fn the_same_bytes_hold() {
        let mut recheck = ledger().close();
        recheck.check(0, 6, b"header");
        assert!(!recheck.holds(), "one piece is still to come");
        recheck.check(PIECE, PIECE + 4, b"tail");
        assert!(recheck.holds());
    }

    #[test]
    fn other_bytes_a_torn_read_and_an_early_end_do_not() {
        let mut recheck = ledger().close();
        recheck.check(0, 6, b"HEADER");
        recheck.check(PIECE, PIECE + 4, b"tail");
        assert!(!recheck.holds());

        let torn = ledger();
        assert!(!torn.record(0, b"HEAD"));
        let mut recheck = torn.close();
        recheck.check(0, 6, b"HEADER");
        recheck.check(PIECE, PIECE + 4, b"tail");
        assert!(!recheck.holds());

        let mut recheck = ledger().close();
        recheck.check(0, 6, b"header");
        recheck.check(PIECE, PIECE + 2, b"ta");
        assert!(!recheck.holds());
    }

    #[test]
    fn what_is_read_again_must_be_the_same() {
        let file = |at: u64| if at == 0 { b"head" } else { b"tail" };
        let mut recheck = ledger().close();
        assert!(recheck.again(|range| Ok(file(range.start).to_vec())).is_ok() && recheck.holds());
        let mut recheck = ledger().close();
        assert!(recheck.again(|_| Ok(b"head".to_vec())).is_ok() && !recheck.holds());
    }

    #[test]
    fn parts_hold_each_their_own() {
        let mut first = ledger().close();
        let mut second = first.split_off(PIECE);
        first.check(0, 6, b"header");
        assert!(first.holds() && !second.holds());
        second.check(PIECE, PIECE + 4, b"tail");
        assert!(second.holds());
    }
}
