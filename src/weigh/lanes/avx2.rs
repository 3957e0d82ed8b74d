//! Eight streams in 256-bit vectors with AVX2, which has neither rotations nor functions of three.

use std::arch::asm;
use std::arch::x86_64::*;

use super::State;
use super::rounds::{K, rounds, sixteen_rounds};

#[target_feature(enable = "avx2")]
#[inline]
fn all(word: u32) -> __m256i {
    _mm256_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(words: [u32; 8]) -> __m256i {
    // SAFETY: the array has 32 bytes.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(vector: __m256i) -> [u32; 8] {
    let mut words = [0; 8];
    // SAFETY: the array has 32 bytes.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) };
    words
}

#[target_feature(enable = "avx2")]
#[inline]
fn add(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor3(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(a, b), c)
}

#[target_feature(enable = "avx2")]
#[inline]
fn choose(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_and_si256(_mm256_xor_si256(b, c), a), c)
}

#[target_feature(enable = "avx2")]
#[inline]
fn majority(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(_mm256_or_si256(a, b), c))
}

#[target_feature(enable = "avx2")]
#[inline]
fn rotate<const R: i32, const L: i32>(a: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_srli_epi32::<R>(a), _mm256_slli_epi32::<L>(a))
}

#[target_feature(enable = "avx2")]
#[inline]
fn shift<const R: i32>(a: __m256i) -> __m256i {
    _mm256_srli_epi32::<R>(a)
}

#[target_feature(enable = "avx2")]
#[inline]
fn pin(mut a: __m256i) -> __m256i {
    // SAFETY: no instruction at all.
    unsafe { asm!("/* {0} */", inout(ymm_reg) a, options(pure, nomem, nostack, preserves_flags)) };
    a
}

#[target_feature(enable = "avx2")]
#[inline]
fn block(bytes: &[&[u8]; 8], at: usize) -> [__m256i; 16] {
    let order =
        _mm256_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    let mut columns = [order; 16];
    for half in 0..2 {
        let mut rows = [order; 8];
        for (row, bytes) in rows.iter_mut().zip(bytes) {
            let block = &bytes[at + 32 * half..at + 32 * half + 32];
            // SAFETY: the slice has 32 bytes.
            *row = _mm256_shuffle_epi8(unsafe { _mm256_loadu_si256(block.as_ptr().cast()) }, order);
        }
        columns[8 * half..8 * half + 8].copy_from_slice(&transpose(&rows));
    }
    columns
}

/// Rows of an 8 by 8 matrix to its columns: words within halves, then the halves.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose(rows: &[__m256i; 8]) -> [__m256i; 8] {
    let mut halves = *rows;
    for four in 0..2 {
        let (a, b, c, d) = (rows[four * 4], rows[four * 4 + 1], rows[four * 4 + 2], rows[four * 4 + 3]);
        let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
        let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
        halves[four] = _mm256_unpacklo_epi64(ab, cd);
        halves[2 + four] = _mm256_unpackhi_epi64(ab, cd);
        halves[4 + four] = _mm256_unpacklo_epi64(ab_high, cd_high);
        halves[6 + four] = _mm256_unpackhi_epi64(ab_high, cd_high);
    }
    let mut columns = halves;
    for column in 0..4 {
        let (a, b) = (halves[2 * column], halves[2 * column + 1]);
        columns[column] = _mm256_permute2x128_si256::<0x20>(a, b);
        columns[4 + column] = _mm256_permute2x128_si256::<0x31>(a, b);
    }
    columns
}

rounds!(8, __m256i, #[target_feature(enable = "avx2")]);
