//! One stream in plain Rust, for processors with nothing better.

use super::State;
use super::rounds::{Words, compress};

impl Words<1> for u32 {
    #[inline(always)]
    fn all(word: u32) -> Self {
        word
    }

    #[inline(always)]
    fn of([word]: [u32; 1]) -> Self {
        word
    }

    #[inline(always)]
    fn words(self) -> [u32; 1] {
        [self]
    }

    #[inline(always)]
    fn block([bytes]: &[&[u8]; 1], at: usize) -> [Self; 16] {
        let mut words = [0; 16];
        let (block, _) = bytes[at..at + 64].as_chunks::<4>();
        for (word, bytes) in words.iter_mut().zip(block) {
            *word = Self::from_be_bytes(*bytes);
        }
        words
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        self ^ b ^ c
    }

    #[inline(always)]
    fn choose(self, b: Self, c: Self) -> Self {
        ((b ^ c) & self) ^ c
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        (self & b) | ((self | b) & c)
    }

    #[inline(always)]
    fn rotate<const R: i32, const L: i32>(self) -> Self {
        self.rotate_right(R.cast_unsigned())
    }

    #[inline(always)]
    fn shift<const R: i32>(self) -> Self {
        self >> R
    }
}

/// Hashes `blocks` blocks of the stream, which must have them.
pub fn one(states: &mut [State; 1], bytes: &[&[u8]; 1], blocks: usize) {
    compress::<1, u32>(states, bytes, blocks);
}
