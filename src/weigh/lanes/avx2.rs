//! Eight streams in 256-bit vectors with AVX2, which has neither rotations nor functions of three.

use std::arch::x86_64::*;

use super::State;
use super::rounds::{Words, compress};

#[derive(Clone, Copy)]
struct Half(__m256i);

// SAFETY of every block in this file: the functions are reached through `eight` alone (and `transpose` through the
// 256-bit form of AVX-512), which is only called where the processor was seen to have AVX2.

impl Words<8> for Half {
    #[inline(always)]
    fn all(word: u32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_set1_epi32(word.cast_signed()) })
    }

    #[inline(always)]
    fn of(words: [u32; 8]) -> Self {
        // SAFETY: see above; the array has 32 bytes.
        Self(unsafe { _mm256_loadu_si256(words.as_ptr().cast()) })
    }

    #[inline(always)]
    fn words(self) -> [u32; 8] {
        let mut words = [0; 8];
        // SAFETY: see above; the array has 32 bytes.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), self.0) };
        words
    }

    #[inline(always)]
    fn block(bytes: &[&[u8]; 8], at: usize) -> [Self; 16] {
        // SAFETY: see above.
        let columns = unsafe { transpose(bytes, at) };
        let mut words = [Self(columns[0]); 16];
        for (words, column) in words.iter_mut().zip(columns) {
            *words = Self(column);
        }
        words
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_xor_si256(_mm256_xor_si256(self.0, b.0), c.0) })
    }

    #[inline(always)]
    fn choose(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_xor_si256(_mm256_and_si256(_mm256_xor_si256(b.0, c.0), self.0), c.0) })
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            let (both, either) = (_mm256_and_si256(self.0, b.0), _mm256_or_si256(self.0, b.0));
            _mm256_or_si256(both, _mm256_and_si256(either, c.0))
        })
    }

    #[inline(always)]
    fn rotate<const R: i32, const L: i32>(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_or_si256(_mm256_srli_epi32::<R>(self.0), _mm256_slli_epi32::<L>(self.0)) })
    }

    #[inline(always)]
    fn shift<const R: i32>(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_srli_epi32::<R>(self.0) })
    }
}

/// The 16 big-endian words of the block at `at` of each stream.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
pub unsafe fn transpose(bytes: &[&[u8]; 8], at: usize) -> [__m256i; 16] {
    // SAFETY: as the caller promises; each slice was checked to have the 64 bytes that are loaded.
    unsafe {
        let mut columns = [_mm256_setzero_si256(); 16];
        for half in 0..2 {
            let order = _mm256_set_epi64x(
                0x0c0d_0e0f_0809_0a0b,
                0x0405_0607_0001_0203,
                0x0c0d_0e0f_0809_0a0b,
                0x0405_0607_0001_0203,
            );
            let mut rows = [order; 8];
            for (row, bytes) in rows.iter_mut().zip(bytes) {
                let block = &bytes[at + 32 * half..at + 32 * half + 32];
                *row = _mm256_shuffle_epi8(_mm256_loadu_si256(block.as_ptr().cast()), order);
            }
            let mut quarters = [_mm256_setzero_si256(); 8];
            for four in 0..2 {
                let (a, b, c, d) = (rows[four * 4], rows[four * 4 + 1], rows[four * 4 + 2], rows[four * 4 + 3]);
                let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
                let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
                quarters[four] = _mm256_unpacklo_epi64(ab, cd);
                quarters[2 + four] = _mm256_unpackhi_epi64(ab, cd);
                quarters[4 + four] = _mm256_unpacklo_epi64(ab_high, cd_high);
                quarters[6 + four] = _mm256_unpackhi_epi64(ab_high, cd_high);
            }
            for column in 0..4 {
                let (a, b) = (quarters[2 * column], quarters[2 * column + 1]);
                columns[8 * half + column] = _mm256_permute2x128_si256::<0x20>(a, b);
                columns[8 * half + 4 + column] = _mm256_permute2x128_si256::<0x31>(a, b);
            }
        }
        columns
    }
}

/// Hashes `blocks` blocks of each stream; each must have them.
#[target_feature(enable = "avx2")]
pub fn eight(states: &mut [State; 8], bytes: &[&[u8]; 8], blocks: usize) {
    compress::<8, Half>(states, bytes, blocks);
}
