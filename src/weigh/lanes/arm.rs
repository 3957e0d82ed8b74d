//! One, two or four streams with the SHA-2 instructions of ARMv8, interleaved: while one waits for its rounds, the
//! next begins its own.

use std::arch::aarch64::*;

use super::State;
use super::rounds::K;

/// Four rounds of every stream, and the four words that they use up replaced by those four groups later.
macro_rules! four_rounds {
    ($words:ident, $halves:ident, $($group:literal)*) => {
        $(
            // SAFETY: the constants have four words from each fourth one on.
            let constants = unsafe { vld1q_u32(K.as_ptr().add($group * 4)) };
            for (words, (abcd, efgh)) in $words.iter_mut().zip(&mut $halves) {
                let now = vaddq_u32(words[$group % 4], constants);
                if $group < 12 {
                    let begun = vsha256su0q_u32(words[$group % 4], words[($group + 1) % 4]);
                    words[$group % 4] = vsha256su1q_u32(begun, words[($group + 2) % 4], words[($group + 3) % 4]);
                }
                let before = *abcd;
                *abcd = vsha256hq_u32(*abcd, *efgh, now);
                *efgh = vsha256h2q_u32(*efgh, before, now);
            }
        )*
    };
}

/// Hashes `blocks` blocks of each stream; each must have them.
#[target_feature(enable = "neon,sha2")]
pub fn interleaved<const N: usize>(states: &mut [State; N], bytes: &[&[u8]; N], blocks: usize) {
    let zero = vdupq_n_u32(0);
    let mut halves = [(zero, zero); N];
    for (halves, state) in halves.iter_mut().zip(&*states) {
        // SAFETY: the state has eight words.
        *halves = unsafe { (vld1q_u32(state.as_ptr()), vld1q_u32(state.as_ptr().add(4))) };
    }
    for block in 0..blocks {
        let before = halves;
        let mut words = [[zero; 4]; N];
        for (words, bytes) in words.iter_mut().zip(bytes) {
            let (fours, _) = bytes[block * 64..block * 64 + 64].as_chunks::<16>();
            for (words, four) in words.iter_mut().zip(fours) {
                // SAFETY: the array has 16 bytes.
                *words = vreinterpretq_u32_u8(vrev32q_u8(unsafe { vld1q_u8(four.as_ptr()) }));
            }
        }
        four_rounds!(words, halves, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for ((abcd, efgh), (abcd_before, efgh_before)) in halves.iter_mut().zip(before) {
            *abcd = vaddq_u32(*abcd, abcd_before);
            *efgh = vaddq_u32(*efgh, efgh_before);
        }
    }
    for (state, (abcd, efgh)) in states.iter_mut().zip(halves) {
        // SAFETY: the state has eight words.
        unsafe {
            vst1q_u32(state.as_mut_ptr(), abcd);
            vst1q_u32(state.as_mut_ptr().add(4), efgh);
        }
    }
}
