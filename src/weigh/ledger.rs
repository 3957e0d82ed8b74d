//! Proof that the bytes that were inspected are the bytes that were hashed.
//!
//! Each piece that an inspector read is written down by its BLAKE3; the pump computes it again from the very chunk
//! that it hashes. Pieces never cross a [`PIECE`] boundary of the file and chunks begin and end at one, so each piece
//! lies in one chunk.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// Pieces and chunks are aligned to this many bytes.
pub const PIECE: u64 = 64 << 10;

/// What was read of one file, by range.
#[derive(Default)]
pub struct Ledger {
    pieces: RefCell<BTreeMap<(u64, u64), [u8; 32]>>,
}

impl Ledger {
    /// Writes down that `bytes` were read at `at`. False if the same range was different before.
    pub fn record(&self, at: u64, bytes: &[u8]) -> bool {
        let hash = *blake3::hash(bytes).as_bytes();
        let end = at + bytes.len() as u64;
        self.pieces.borrow_mut().insert((at, end), hash).is_none_or(|before| before == hash)
    }

    /// The pieces in file order, for the pump.
    pub fn close(self) -> Vec<Entry> {
        self.pieces.into_inner().into_iter().map(|((start, end), hash)| Entry { start, end, hash }).collect()
    }
}

/// One recorded piece.
pub struct Entry {
    start: u64,
    end: u64,
    hash: [u8; 32],
}

/// Compares chunks with a closed ledger, in file order.
pub struct Recheck {
    entries: std::iter::Peekable<std::vec::IntoIter<Entry>>,
}

impl Recheck {
    /// Starts at the beginning of the file.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries: entries.into_iter().peekable() }
    }

    /// True if every piece inside this chunk is as it was read.
    pub fn same(&mut self, at: u64, chunk: &[u8]) -> bool {
        let end = at + chunk.len() as u64;
        while let Some(entry) = self.entries.next_if(|entry| entry.start < end) {
            let inside = usize::try_from(entry.start.wrapping_sub(at))
                .ok()
                .zip(usize::try_from(entry.end.wrapping_sub(at)).ok())
                .and_then(|(start, stop)| chunk.get(start..stop));
            if inside.is_none_or(|bytes| *blake3::hash(bytes).as_bytes() != entry.hash) {
                return false;
            }
        }
        true
    }

    /// True if nothing recorded is left, that is, the file did not end early.
    pub fn finished(&mut self) -> bool {
        self.entries.peek().is_none()
    }
}
