//! The rounds of SHA-256 (FIPS 180-4, section 6.2.2) over vectors: element `i` of each belongs to stream `i`.

use super::State;

/// Round constants, FIPS 180-4 section 4.2.2.
#[rustfmt::skip]
pub const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// As many 32-bit words as there are streams. All functions work on each word alone.
pub trait Words<const N: usize>: Copy {
    /// The same word for all.
    fn all(word: u32) -> Self;
    /// One word each.
    fn of(words: [u32; N]) -> Self;
    /// Back to one word each.
    fn words(self) -> [u32; N];
    /// The 16 big-endian words of the block at `at` of each stream, which must have it.
    fn block(bytes: &[&[u8]; N], at: usize) -> [Self; 16];
    /// Sum modulo 2^32.
    fn add(self, other: Self) -> Self;
    /// Exclusive or of three.
    fn xor3(self, b: Self, c: Self) -> Self;
    /// `self ? b : c`, bit by bit.
    fn choose(self, b: Self, c: Self) -> Self;
    /// What two of three say, bit by bit.
    fn majority(self, b: Self, c: Self) -> Self;
    /// Rotation to the right by `R`; `L` is 32 - `R`.
    fn rotate<const R: i32, const L: i32>(self) -> Self;
    /// Shift to the right.
    fn shift<const R: i32>(self) -> Self;
}

/// One round; the names of its arguments move one place each time, the values stay in their registers.
#[inline(always)]
#[allow(clippy::too_many_arguments, clippy::many_single_char_names)] // the eight working variables of the standard
fn round<const N: usize, W: Words<N>>(a: W, b: W, c: W, d: &mut W, e: W, f: W, g: W, h: &mut W, word: W) {
    let sum1 = e.rotate::<6, 26>().xor3(e.rotate::<11, 21>(), e.rotate::<25, 7>());
    let t1 = h.add(word).add(e.choose(f, g)).add(sum1);
    let sum0 = a.rotate::<2, 30>().xor3(a.rotate::<13, 19>(), a.rotate::<22, 10>());
    *d = d.add(t1);
    *h = t1.add(sum0.add(a.majority(b, c)));
}

/// Eight rounds, after which all names are where they were. Spelt out: in a loop, compilers keep the words in memory.
macro_rules! eight_rounds {
    ($s:ident, $w:ident, $k:ident, $at:literal) => {
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = $s;
        round(a, b, c, &mut d, e, f, g, &mut h, $w[$at].add(W::all($k[$at])));
        round(h, a, b, &mut c, d, e, f, &mut g, $w[$at + 1].add(W::all($k[$at + 1])));
        round(g, h, a, &mut b, c, d, e, &mut f, $w[$at + 2].add(W::all($k[$at + 2])));
        round(f, g, h, &mut a, b, c, d, &mut e, $w[$at + 3].add(W::all($k[$at + 3])));
        round(e, f, g, &mut h, a, b, c, &mut d, $w[$at + 4].add(W::all($k[$at + 4])));
        round(d, e, f, &mut g, h, a, b, &mut c, $w[$at + 5].add(W::all($k[$at + 5])));
        round(c, d, e, &mut f, g, h, a, &mut b, $w[$at + 6].add(W::all($k[$at + 6])));
        round(b, c, d, &mut e, f, g, h, &mut a, $w[$at + 7].add(W::all($k[$at + 7])));
        $s = [a, b, c, d, e, f, g, h];
    };
}

/// The next eight words of the message schedule.
macro_rules! schedule {
    ($w:ident, $($at:literal)*) => {
        $(
            let (early, late) = ($w[($at + 1) % 16], $w[($at + 14) % 16]);
            let sigma0 = early.rotate::<7, 25>().xor3(early.rotate::<18, 14>(), early.shift::<3>());
            let sigma1 = late.rotate::<17, 15>().xor3(late.rotate::<19, 13>(), late.shift::<10>());
            $w[$at] = $w[$at].add(sigma0).add($w[($at + 9) % 16].add(sigma1));
        )*
    };
}

/// Hashes `blocks` blocks of each stream; each must have them.
#[inline(always)]
pub fn compress<const N: usize, W: Words<N>>(states: &mut [State; N], bytes: &[&[u8]; N], blocks: usize) {
    let ([first, later @ ..], _) = K.as_chunks::<16>() else { return };
    let mut s: [W; 8] = std::array::from_fn(|word| W::of(std::array::from_fn(|lane| states[lane][word])));
    for block in 0..blocks {
        let before = s;
        let mut w = W::block(bytes, block * 64);
        eight_rounds!(s, w, first, 0);
        eight_rounds!(s, w, first, 8);
        for k in later {
            schedule!(w, 0 1 2 3 4 5 6 7);
            eight_rounds!(s, w, k, 0);
            schedule!(w, 8 9 10 11 12 13 14 15);
            eight_rounds!(s, w, k, 8);
        }
        for (word, before) in s.iter_mut().zip(before) {
            *word = word.add(before);
        }
    }
    for (word, words) in s.into_iter().map(W::words).enumerate() {
        for (lane, value) in words.into_iter().enumerate() {
            states[lane][word] = value;
        }
    }
}
