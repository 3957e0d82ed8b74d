//! CRC-32C (Castagnoli), and the mask under which LevelDB and TensorFlow store it.
//!
//! Sources: RFC 3720, appendix B.4; `crc32c.h` of LevelDB.

/// The polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// `TABLES[n][byte]` is the remainder of that byte with n bytes of zero behind it.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut n = 1;
    while n < 8 {
        byte = 0;
        while byte < 256 {
            let crc = tables[n - 1][byte];
            tables[n][byte] = (crc >> 8) ^ tables[0][(crc & 0xff) as usize];
            byte += 1;
        }
        n += 1;
    }
    tables
}

/// Of bytes that come in pieces.
#[derive(Clone, Copy)]
pub struct Crc32c(u32);

impl Crc32c {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self(!0)
    }

    /// Takes the next bytes, eight at a time.
    pub fn update(&mut self, bytes: &[u8]) {
        let (eights, rest) = bytes.as_chunks::<8>();
        let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
        let at = |table: &[u32; 256], byte: u8| table[usize::from(byte)];
        for &[a, b, c, d, e, f, g, h] in eights {
            let [w, x, y, z] = (self.0 ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            self.0 = at(t7, w) ^ at(t6, x) ^ at(t5, y) ^ at(t4, z) ^ at(t3, e) ^ at(t2, f) ^ at(t1, g) ^ at(t0, h);
        }
        for byte in rest {
            self.0 = (self.0 >> 8) ^ at(t0, (self.0 as u8) ^ byte);
        }
    }

    /// As it is.
    pub const fn plain(self) -> u32 {
        !self.0
    }

    /// As it is stored: turned by 15 bits, and a number added.
    pub const fn masked(self) -> u32 {
        (!self.0).rotate_right(15).wrapping_add(0xa282_ead8)
    }
}

/// Of all these bytes at once, as it is stored.
pub fn masked(bytes: &[u8]) -> u32 {
    let mut crc = Crc32c::new();
    crc.update(bytes);
    crc.masked()
}

/// A sum without its mask.
pub const fn unmasked(masked: u32) -> u32 {
    masked.wrapping_sub(0xa282_ead8).rotate_left(15)
}

/// The sum of two pieces one behind the other, from those of each and the length of the second.
pub fn combine(first: u32, second: u32, length: u64) -> u32 {
    // Bits are the other way round: the highest one stands for 1, the eighth below it for x to the eighth.
    let (mut power, mut base, mut left) = (1 << 31, 1 << 23, length);
    while left > 0 {
        if left & 1 != 0 {
            power = multiplied(power, base);
        }
        base = multiplied(base, base);
        left >>= 1;
    }
    multiplied(power, first) ^ second
}

/// The product of two polynomials, modulo the one of the sum.
fn multiplied(one: u32, other: u32) -> u32 {
    let (mut product, mut other) = (0, other);
    for bit in (0..32).rev() {
        product ^= other & (one >> bit & 1).wrapping_neg();
        other = (other >> 1) ^ (POLYNOMIAL & (other & 1).wrapping_neg());
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_rfc_however_the_bytes_come() {
        let unmasked = |bytes: &[u8]| super::unmasked(masked(bytes));
        let (text, all) = (b"123456789", unmasked(b"123456789"));
        for at in 0..=9 {
            let (front, back) = text.split_at(at);
            assert_eq!(combine(unmasked(front), unmasked(back), back.len() as u64), all, "{at}");
        }
        assert_eq!(unmasked(&[0; 32]), 0x8a91_36aa);
        assert_eq!(unmasked(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(unmasked(b"123456789"), 0xe306_9283);
        let mut crc = Crc32c::new();
        [&b"1"[..], b"2345678", b"", b"9"].iter().for_each(|piece| crc.update(piece));
        assert_eq!(crc.masked(), masked(b"123456789"));
    }
}
