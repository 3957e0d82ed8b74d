//! Sixteen streams in 512-bit vectors. AVX-512 rotates words and combines three vectors in one step.

use std::arch::asm;
use std::arch::x86_64::*;

use super::State;
use super::rounds::{K, rounds, sixteen_rounds};

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn all(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn load(words: [u32; 16]) -> __m512i {
    // SAFETY: the array has 64 bytes.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn store(vector: __m512i) -> [u32; 16] {
    let mut words = [0; 16];
    // SAFETY: the array has 64 bytes.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) };
    words
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn add(a: __m512i, b: __m512i) -> __m512i {
    _mm512_add_epi32(a, b)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn xor3(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(a, b, c)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn choose(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(a, b, c)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn majority(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe8>(a, b, c)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn rotate<const R: i32, const L: i32>(a: __m512i) -> __m512i {
    _mm512_ror_epi32::<R>(a)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn shift<const R: i32>(a: __m512i) -> __m512i {
    _mm512_srl_epi32(a, _mm_cvtsi32_si128(R))
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn pin(mut a: __m512i) -> __m512i {
    // SAFETY: no instruction at all.
    unsafe { asm!("/* {0} */", inout(zmm_reg) a, options(pure, nomem, nostack, preserves_flags)) };
    a
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn block(bytes: &[&[u8]; 16], at: usize) -> [__m512i; 16] {
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let mut rows = [order; 16];
    for (row, bytes) in rows.iter_mut().zip(bytes) {
        let block = &bytes[at..at + 64];
        // SAFETY: the slice has 64 bytes.
        *row = _mm512_shuffle_epi8(unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }, order);
    }
    transpose(&rows)
}

/// Rows of a 16 by 16 matrix to its columns: words within quarters, then the quarters.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn transpose(rows: &[__m512i; 16]) -> [__m512i; 16] {
    let mut quarters = *rows;
    for four in 0..4 {
        let (a, b, c, d) = (rows[four * 4], rows[four * 4 + 1], rows[four * 4 + 2], rows[four * 4 + 3]);
        let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
        let (ab_high, cd_high) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
        quarters[four] = _mm512_unpacklo_epi64(ab, cd);
        quarters[4 + four] = _mm512_unpackhi_epi64(ab, cd);
        quarters[8 + four] = _mm512_unpacklo_epi64(ab_high, cd_high);
        quarters[12 + four] = _mm512_unpackhi_epi64(ab_high, cd_high);
    }
    let mut columns = quarters;
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

rounds!(16, __m512i, #[target_feature(enable = "avx512f,avx512bw")]);
