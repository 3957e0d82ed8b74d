//! SHA-256 (FIPS 180-4) over many independent streams at once.
//!
//! One stream is a chain: each block waits for the one before, and most of the processor idles. Streams of different
//! files do not wait for each other, so a core takes as many together as its registers hold.
//!
//! Which kernel is best depends on how many streams are alive: sixteen lanes with one stream run at a sixteenth of
//! their speed. [`compress`] decides anew each time.
#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod arm;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod kernel;
mod portable;
mod rounds;
#[cfg(target_arch = "x86_64")]
mod shani;
mod stream;
#[cfg(test)]
mod tests;

pub use kernel::{Kernel, compress, mixes};
pub use stream::{State, Stream};

/// Streams that a worker keeps alive, so that the widest kernel is full.
pub const WIDTH: usize = 16;
