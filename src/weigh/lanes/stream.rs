//! One message on its way through a lane: its state, and what is left of it to hash.

/// The chaining value, as eight words.
pub type State = [u32; 8];

/// Bytes of a block.
const BLOCK: usize = 64;

const START: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A message that comes in chunks. All chunks but the last are whole blocks.
pub struct Stream {
    state: State,
    length: u64,
    /// What of the present chunk is left: whole blocks only.
    left: std::ops::Range<usize>,
    /// The end of the message with its padding.
    tail: [u8; 2 * BLOCK],
    tail_left: std::ops::Range<usize>,
}

impl Stream {
    /// The empty message so far.
    pub const fn new() -> Self {
        Self { state: START, length: 0, left: 0..0, tail: [0; 2 * BLOCK], tail_left: 0..0 }
    }

    /// Takes the next chunk; the one before must have been eaten. The last one may end anywhere.
    pub fn feed(&mut self, chunk: &[u8], last: bool) {
        self.length = self.length.wrapping_add(chunk.len() as u64);
        let whole = chunk.len() / BLOCK * BLOCK;
        self.left = 0..whole;
        if last {
            let rest = &chunk[whole..];
            let end = if rest.len() < BLOCK - 8 { BLOCK } else { 2 * BLOCK };
            self.tail = [0; 2 * BLOCK];
            self.tail[..rest.len()].copy_from_slice(rest);
            self.tail[rest.len()] = 0x80;
            self.tail[end - 8..end].copy_from_slice(&self.length.wrapping_mul(8).to_be_bytes());
            self.tail_left = 0..end;
        }
    }

    /// The state, and the whole blocks to hash into it next; `None` when it is hungry. `chunk` is the one it was fed.
    pub fn pending<'s>(&'s mut self, chunk: &'s [u8]) -> Option<(&'s mut State, &'s [u8])> {
        let bytes = if self.left.is_empty() { &self.tail[self.tail_left.clone()] } else { &chunk[self.left.clone()] };
        (!bytes.is_empty()).then_some((&mut self.state, bytes))
    }

    /// So many blocks of what was pending are hashed.
    pub fn eat(&mut self, blocks: usize) {
        let left = if self.left.is_empty() { &mut self.tail_left } else { &mut self.left };
        left.start += blocks * BLOCK;
    }

    /// True when it waits for the next chunk, or is done.
    pub const fn is_hungry(&self) -> bool {
        self.left.start == self.left.end && self.tail_left.start == self.tail_left.end
    }

    /// The digest, once the last chunk was eaten.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        for (bytes, word) in digest.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }
}
