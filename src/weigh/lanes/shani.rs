//! One, two or four streams with the SHA extensions of x86, interleaved: while one waits for its rounds, the next
//! begins its own.

use std::arch::x86_64::*;

use super::State;
use super::rounds::K;

/// Four rounds of every stream, and the four words that they use up replaced by those four groups later. Spelt out: in
/// a loop, compilers keep the words in memory.
macro_rules! four_rounds {
    ($words:ident, $pairs:ident, $($group:literal)*) => {
        $(
            // SAFETY: the constants have four words from each fourth one on.
            let constants = unsafe { _mm_loadu_si128(K.as_ptr().add($group * 4).cast()) };
            for (words, (abef, cdgh)) in $words.iter_mut().zip(&mut $pairs) {
                let now = _mm_add_epi32(words[$group % 4], constants);
                *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, now);
                *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32::<0x0e>(now));
                if $group < 12 {
                    let (w2, w3) = (words[($group + 2) % 4], words[($group + 3) % 4]);
                    let sum = _mm_sha256msg1_epu32(words[$group % 4], words[($group + 1) % 4]);
                    words[$group % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(sum, _mm_alignr_epi8::<4>(w3, w2)), w3);
                }
            }
        )*
    };
}

/// Hashes `blocks` blocks of each stream; each must have them.
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
pub fn interleaved<const N: usize>(states: &mut [State; N], bytes: &[&[u8]; N], blocks: usize) {
    let order = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    // The instructions want the words A B E F in one register and C D G H in the other, highest first.
    let mut pairs: [(__m128i, __m128i); N] = std::array::from_fn(|lane| {
        let [a, b, c, d, e, f, g, h] = states[lane].map(u32::cast_signed);
        (_mm_set_epi32(a, b, e, f), _mm_set_epi32(c, d, g, h))
    });
    for block in 0..blocks {
        let before = pairs;
        let mut words = [[order; 4]; N];
        for (words, bytes) in words.iter_mut().zip(bytes) {
            let (fours, _) = bytes[block * 64..block * 64 + 64].as_chunks::<16>();
            for (words, four) in words.iter_mut().zip(fours) {
                // SAFETY: the array has 16 bytes.
                *words = _mm_shuffle_epi8(unsafe { _mm_loadu_si128(four.as_ptr().cast()) }, order);
            }
        }
        four_rounds!(words, pairs, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for ((abef, cdgh), (abef_before, cdgh_before)) in pairs.iter_mut().zip(before) {
            *abef = _mm_add_epi32(*abef, abef_before);
            *cdgh = _mm_add_epi32(*cdgh, cdgh_before);
        }
    }
    for (state, (abef, cdgh)) in states.iter_mut().zip(pairs) {
        let mut words = [[0_u32; 4]; 2];
        for (words, pair) in words.iter_mut().zip([abef, cdgh]) {
            // SAFETY: the array has 16 bytes.
            unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), pair) };
        }
        let [[f, e, b, a], [h, g, d, c]] = words;
        *state = [a, b, c, d, e, f, g, h];
    }
}
