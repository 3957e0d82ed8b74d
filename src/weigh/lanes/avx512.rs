//! Sixteen streams in 512-bit vectors, or eight in 256-bit ones with the same instructions: AVX-512 F, BW and VL
//! rotate words, and combine three vectors in one step.

use std::arch::x86_64::*;

use super::State;
use super::avx2::transpose;
use super::rounds::{Words, compress};

#[derive(Clone, Copy)]
struct Wide(__m512i);

#[derive(Clone, Copy)]
struct Half(__m256i);

const XOR: i32 = 0x96;
const CHOOSE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;

// SAFETY of every block in this file: the functions are reached through `sixteen` and `eight` alone, which are only
// called where the processor was seen to have AVX-512 F, BW and VL. Loads go through slices of the length they take.

impl Words<16> for Wide {
    #[inline(always)]
    fn all(word: u32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_epi32(word.cast_signed()) })
    }

    #[inline(always)]
    fn of(words: [u32; 16]) -> Self {
        // SAFETY: see above; the array has 64 bytes.
        Self(unsafe { _mm512_loadu_si512(words.as_ptr().cast()) })
    }

    #[inline(always)]
    fn words(self) -> [u32; 16] {
        let mut words = [0; 16];
        // SAFETY: see above; the array has 64 bytes.
        unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), self.0) };
        words
    }

    #[inline(always)]
    fn block(bytes: &[&[u8]; 16], at: usize) -> [Self; 16] {
        // SAFETY: see above; each slice was checked to have the 64 bytes that are loaded.
        unsafe {
            let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
            let mut rows = [_mm512_setzero_si512(); 16];
            for (row, bytes) in rows.iter_mut().zip(bytes) {
                let block = &bytes[at..at + 64];
                *row = _mm512_shuffle_epi8(_mm512_loadu_si512(block.as_ptr().cast()), order);
            }
            let mut words = [Self(order); 16];
            for (words, column) in words.iter_mut().zip(turn(rows)) {
                *words = Self(column);
            }
            words
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_epi32(self.0, other.0) })
    }

    #[inline(always)]
    fn xor3(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi32::<XOR>(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn choose(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi32::<CHOOSE>(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ternarylogic_epi32::<MAJORITY>(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn rotate<const R: i32, const L: i32>(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_ror_epi32::<R>(self.0) })
    }

    #[inline(always)]
    fn shift<const R: i32>(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_srl_epi32(self.0, _mm_cvtsi32_si128(R)) })
    }
}

/// Rows of a 16 by 16 matrix to its columns: words within quarters, then the quarters.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn turn(rows: [__m512i; 16]) -> [__m512i; 16] {
    // SAFETY: as the caller promises.
    unsafe {
        let mut quarters = [_mm512_setzero_si512(); 16];
        for four in 0..4 {
            let (a, b, c, d) = (rows[four * 4], rows[four * 4 + 1], rows[four * 4 + 2], rows[four * 4 + 3]);
            let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
            let (ab_high, cd_high) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
            quarters[four] = _mm512_unpacklo_epi64(ab, cd);
            quarters[4 + four] = _mm512_unpackhi_epi64(ab, cd);
            quarters[8 + four] = _mm512_unpacklo_epi64(ab_high, cd_high);
            quarters[12 + four] = _mm512_unpackhi_epi64(ab_high, cd_high);
        }
        let mut columns = [_mm512_setzero_si512(); 16];
        for column in 0..4 {
            let (a, b) = (quarters[column * 4], quarters[column * 4 + 1]);
            let (c, d) = (quarters[column * 4 + 2], quarters[column * 4 + 3]);
            let (ab, cd) = (_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0x44>(c, d));
            let (ab_high, cd_high) = (_mm512_shuffle_i32x4::<0xee>(a, b), _mm512_shuffle_i32x4::<0xee>(c, d));
            columns[column] = _mm512_shuffle_i32x4::<0x88>(ab, cd);
            columns[4 + column] = _mm512_shuffle_i32x4::<0xdd>(ab, cd);
            columns[8 + column] = _mm512_shuffle_i32x4::<0x88>(ab_high, cd_high);
            columns[12 + column] = _mm512_shuffle_i32x4::<0xdd>(ab_high, cd_high);
        }
        columns
    }
}

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
        Self(unsafe { _mm256_ternarylogic_epi32::<XOR>(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn choose(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_ternarylogic_epi32::<CHOOSE>(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn majority(self, b: Self, c: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_ternarylogic_epi32::<MAJORITY>(self.0, b.0, c.0) })
    }

    #[inline(always)]
    fn rotate<const R: i32, const L: i32>(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_ror_epi32::<R>(self.0) })
    }

    #[inline(always)]
    fn shift<const R: i32>(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm256_srli_epi32::<R>(self.0) })
    }
}

/// Hashes `blocks` blocks of each stream; each must have them.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub fn sixteen(states: &mut [State; 16], bytes: &[&[u8]; 16], blocks: usize) {
    compress::<16, Wide>(states, bytes, blocks);
}

/// The same for eight.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
pub fn eight(states: &mut [State; 8], bytes: &[&[u8]; 8], blocks: usize) {
    compress::<8, Half>(states, bytes, blocks);
}
