//! The checksums of the format: Jenkins' lookup3 over metadata, Fletcher's over the chunks of a dataset.
//!
//! Sources: Bob Jenkins, `lookup3.c`, `hashlittle` (2006); *HDF5 File Format Specification 3.0*, "checksum".

/// The checksum of metadata, over bytes that begin with its signature.
pub fn lookup3(bytes: &[u8]) -> u32 {
    let begin = 0xdead_beef_u32.wrapping_add(u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or_default());
    let (mut a, mut b, mut c) = (begin, begin, begin);
    let word = |block: &[u8], at: usize| {
        block.iter().skip(at).take(4).rev().fold(0u32, |value, byte| value << 8 | u32::from(*byte))
    };
    // The last block is mixed in another way, and is never empty unless the whole is.
    let last = bytes.len().saturating_sub(1) / 12 * 12;
    let (blocks, tail) = bytes.split_at(last);
    for block in blocks.chunks_exact(12) {
        a = a.wrapping_add(word(block, 0));
        b = b.wrapping_add(word(block, 4));
        c = c.wrapping_add(word(block, 8));
        a = a.wrapping_sub(c) ^ c.rotate_left(4);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(6);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(8);
        b = b.wrapping_add(a);
        a = a.wrapping_sub(c) ^ c.rotate_left(16);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(19);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(4);
        b = b.wrapping_add(a);
    }
    if tail.is_empty() {
        return c;
    }
    a = a.wrapping_add(word(tail, 0));
    b = b.wrapping_add(word(tail, 4));
    c = c.wrapping_add(word(tail, 8));
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

/// The checksum that the filter `fletcher32` puts behind a chunk: over big-endian words of 16 bits, an odd byte last.
pub fn fletcher32(bytes: &[u8]) -> u32 {
    let (mut first, mut second) = (0u32, 0u32);
    // 360 words are what 32 bits take before they must be folded.
    for words in bytes.chunks(720) {
        for word in words.chunks(2) {
            let value = word.iter().fold(0u32, |value, byte| value << 8 | u32::from(*byte));
            first = first.wrapping_add(if word.len() == 1 { value << 8 } else { value });
            second = second.wrapping_add(first);
        }
        first = (first & 0xffff) + (first >> 16);
        second = (second & 0xffff) + (second >> 16);
    }
    first = (first & 0xffff) + (first >> 16);
    second = (second & 0xffff) + (second >> 16);
    second << 16 | first
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that Jenkins gives in `lookup3.c` for an initial value of zero.
    #[test]
    fn lookup3_is_that_of_its_author() {
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }
}
