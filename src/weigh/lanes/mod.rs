//! SHA-256 (FIPS 180-4) over many independent streams at once.
//!
//! One stream is a chain: each block waits for the one before, and most of the processor idles. Streams of different
//! files do not wait for each other, so a core takes as many together as its registers hold.

mod stream;

pub use stream::{State, Stream};

/// Streams that a worker keeps alive, so that the widest kernel is full.
pub const WIDTH: usize = 16;

/// Hashes the first `blocks` blocks of 64 bytes of each stream.
pub fn compress(lanes: &mut [(&mut State, &[u8])], blocks: usize) {
    for (state, bytes) in lanes {
        let (whole, _) = bytes.as_chunks::<64>();
        sha2::block_api::compress256(state, &whole[..blocks]);
    }
}
