//! How long bytes packed by Snappy are when they are unpacked, if they can be. Nothing is unpacked.
//!
//! Source: `format_description.txt` of Snappy.

/// The length that the bytes say, if what follows makes as many: every copy must lie inside of what came before it.
pub fn length(bytes: &[u8]) -> Option<u64> {
    let mut rest = bytes;
    let said = varint(&mut rest)?;
    let mut made = 0u64;
    while let Some((tag, behind)) = rest.split_first() {
        rest = behind;
        let high = u64::from(tag >> 2);
        let (length, back) = match tag & 3 {
            0 => {
                // Lengths above 60 stand in one to four bytes of their own.
                let length = if high < 60 { high } else { little(&mut rest, high.checked_sub(59)?)? };
                let length = length.checked_add(1)?;
                rest = rest.get(usize::try_from(length).ok()?..)?;
                (length, None)
            }
            1 => {
                let low = little(&mut rest, 1)?;
                (4 + (high & 7), Some(u64::from(tag >> 5) << 8 | low))
            }
            2 => (high + 1, Some(little(&mut rest, 2)?)),
            _ => (high + 1, Some(little(&mut rest, 4)?)),
        };
        if back.is_some_and(|back| back == 0 || back > made) {
            return None;
        }
        made = made.checked_add(length).filter(|made| *made <= said)?;
    }
    (made == said).then_some(said)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = little(rest, 1)?;
        value |= (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn little(rest: &mut &[u8], count: u64) -> Option<u64> {
    let (own, behind) = rest.split_at_checked(usize::try_from(count).ok()?)?;
    *rest = behind;
    Some(own.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn copies_lie_behind_what_they_copy() {
        assert_eq!(length(b"\x00"), Some(0));
        assert_eq!(length(b"\x03\x08abc"), Some(3));
        assert_eq!(length(b"\x07\x08abc\x01\x03"), Some(7));
        assert_eq!(length(b"\x07\x08abc\x01\x04"), None);
        assert_eq!(length(b"\x08\x08abc\x01\x03"), None);
        assert_eq!(length(b"\x03\x08ab"), None);
    }
}
