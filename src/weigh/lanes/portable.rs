//! One stream in plain Rust, for processors with nothing better.

use super::State;
use super::rounds::{K, rounds, sixteen_rounds};

const fn all(word: u32) -> u32 {
    word
}

const fn load([word]: [u32; 1]) -> u32 {
    word
}

const fn store(word: u32) -> [u32; 1] {
    [word]
}

fn block([bytes]: &[&[u8]; 1], at: usize) -> [u32; 16] {
    let mut words = [0; 16];
    let (block, _) = bytes[at..at + 64].as_chunks::<4>();
    for (word, bytes) in words.iter_mut().zip(block) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

const fn add(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

const fn xor3(a: u32, b: u32, c: u32) -> u32 {
    a ^ b ^ c
}

const fn choose(a: u32, b: u32, c: u32) -> u32 {
    ((b ^ c) & a) ^ c
}

const fn majority(a: u32, b: u32, c: u32) -> u32 {
    (a & b) | ((a | b) & c)
}

const fn rotate<const R: i32, const L: i32>(a: u32) -> u32 {
    a.rotate_right(R.cast_unsigned())
}

const fn shift<const R: i32>(a: u32) -> u32 {
    a >> R
}

const fn pin(a: u32) -> u32 {
    a
}

rounds!(1, u32);
