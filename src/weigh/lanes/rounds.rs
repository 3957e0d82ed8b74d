//! The rounds of SHA-256 (FIPS 180-4, section 6.2.2) over vectors: element `i` of each belongs to stream `i`.
//!
//! A macro, for the functions that it makes must have the target features of the kernel that they are for. The kernel
//! brings, for its type of vector:
//!
//! - `all(word)`: the same word for all; `load([word; N])` and `store(vector) -> [word; N]`
//! - `block(&[&[u8]; N], at) -> [vector; 16]`: the big-endian words of the block at `at` of each stream
//! - `add(a, b)` modulo 2^32, `xor3(a, b, c)`, `choose(a, b, c)` (`a ? b : c`), `majority(a, b, c)`
//! - `rotate::<R, L>(a)` to the right by `R`, where `L` is 32 - `R`; `shift::<R>(a)` to the right
//! - `pin(a)`: the same, but compilers must not look through it: they would put sums in another order

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

/// Sixteen rounds, after which all names are where they were. Spelt out: in a loop, compilers keep the words in memory.
macro_rules! sixteen_rounds {
    ($s:ident, $w:ident, $k:ident $(, $schedule:ident)?) => {
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = $s;
        sixteen_rounds!(@eight a b c d e f g h, $w, $k, $($schedule)?, 0 1 2 3 4 5 6 7);
        sixteen_rounds!(@eight a b c d e f g h, $w, $k, $($schedule)?, 8 9 10 11 12 13 14 15);
        $s = [a, b, c, d, e, f, g, h];
    };
    (@eight $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $w:ident, $k:ident,
        $($schedule:ident)?, $i0:literal $i1:literal $i2:literal $i3:literal $i4:literal $i5:literal $i6:literal
        $i7:literal
    ) => {
        sixteen_rounds!(@one $a $b $c $d $e $f $g $h, $w, $k, $($schedule)?, $i0);
        sixteen_rounds!(@one $h $a $b $c $d $e $f $g, $w, $k, $($schedule)?, $i1);
        sixteen_rounds!(@one $g $h $a $b $c $d $e $f, $w, $k, $($schedule)?, $i2);
        sixteen_rounds!(@one $f $g $h $a $b $c $d $e, $w, $k, $($schedule)?, $i3);
        sixteen_rounds!(@one $e $f $g $h $a $b $c $d, $w, $k, $($schedule)?, $i4);
        sixteen_rounds!(@one $d $e $f $g $h $a $b $c, $w, $k, $($schedule)?, $i5);
        sixteen_rounds!(@one $c $d $e $f $g $h $a $b, $w, $k, $($schedule)?, $i6);
        sixteen_rounds!(@one $b $c $d $e $f $g $h $a, $w, $k, $($schedule)?, $i7);
    };
    (@one $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $w:ident, $k:ident,
        $($schedule:ident)?, $at:literal
    ) => {
        round($a, $b, $c, &mut $d, $e, $f, $g, &mut $h, add($w[$at], all($k[$at])));
        $($schedule::<$at>(&mut $w);)?
    };
}

/// Makes `compress(&mut [State; N], &[&[u8]; N], blocks)` for a kernel.
macro_rules! rounds {
    ($lanes:literal, $vector:ty $(, #[$feature:meta])?) => {
        /// One round; the names of its arguments move one place each time, the values stay in their registers.
        $(#[$feature])?
        #[inline]
        #[allow(clippy::too_many_arguments, clippy::many_single_char_names)] // the working variables of the standard
        fn round(
            a: $vector,
            b: $vector,
            c: $vector,
            d: &mut $vector,
            e: $vector,
            f: $vector,
            g: $vector,
            h: &mut $vector,
            word: $vector,
        ) {
            let sum1 = xor3(rotate::<6, 26>(e), rotate::<11, 21>(e), rotate::<25, 7>(e));
            let sum0 = xor3(rotate::<2, 30>(a), rotate::<13, 19>(a), rotate::<22, 10>(a));
            let choice = choose(e, f, g);
            // What is known early is added early, so that few steps lie between the `a` and `e` of one round and of
            // the next.
            let early = pin(add(*h, word));
            *d = add(pin(add(pin(add(*d, early)), choice)), sum1);
            let both = pin(add(pin(add(early, choice)), sum1));
            *h = add(pin(add(both, majority(a, b, c))), sum0);
        }

        /// Replaces a word of the message schedule by the one 16 places later.
        $(#[$feature])?
        #[inline]
        fn schedule<const AT: usize>(w: &mut [$vector; 16]) {
            let (early, late) = (w[(AT + 1) % 16], w[(AT + 14) % 16]);
            let sigma0 = xor3(rotate::<7, 25>(early), rotate::<18, 14>(early), shift::<3>(early));
            let sigma1 = xor3(rotate::<17, 15>(late), rotate::<19, 13>(late), shift::<10>(late));
            w[AT] = add(add(w[AT], w[(AT + 9) % 16]), add(sigma0, sigma1));
        }

        /// Hashes `blocks` blocks of each stream; each must have them.
        $(#[$feature])?
        pub fn compress(states: &mut [State; $lanes], bytes: &[&[u8]; $lanes], blocks: usize) {
            let ([early @ .., last], _) = K.as_chunks::<16>() else { return };
            let mut s = [all(0); 8];
            for (word, vector) in s.iter_mut().enumerate() {
                let mut words = [0; $lanes];
                words.iter_mut().zip(&*states).for_each(|(to, state)| *to = state[word]);
                *vector = load(words);
            }
            for at in 0..blocks {
                let before = s;
                let mut w = block(bytes, at * 64);
                for k in early {
                    // A word of the schedule is replaced as soon as it is used up, beside the rounds, which leave the
                    // processor enough room: they wait for each other.
                    sixteen_rounds!(s, w, k, schedule);
                }
                sixteen_rounds!(s, w, last);
                for (vector, before) in s.iter_mut().zip(before) {
                    *vector = add(*vector, before);
                }
            }
            for (word, vector) in s.into_iter().enumerate() {
                for (state, value) in states.iter_mut().zip(store(vector)) {
                    state[word] = value;
                }
            }
        }
    };
}

pub(super) use {rounds, sixteen_rounds};
