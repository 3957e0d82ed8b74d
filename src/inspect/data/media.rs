//! Pictures and documents: that their parts lie inside of the file.
//!
//! Sources: the headers of Windows bitmaps and icons, Netpbm, RIFF, ISO 32000. Not looked at: the
//! pictures, and what a document holds.

use super::{Fault, head_of, u32_of};
use crate::weigh::View;

pub fn is_bitmap(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"BM")
        && u32_of(head, 6) == Some(0)
        && matches!(u32_of(head, 14), Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

pub fn bitmap(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 64);
    let (size, data) = (u32_of(&head, 2).unwrap_or(0), u32_of(&head, 10).unwrap_or(0));
    if u64::from(size) > view.len() || u64::from(data) > view.len() {
        return Err((2, format!("it says that it has {size} bytes, there are {}", view.len())));
    }
    Ok(())
}

/// A zero, the kind, the number of pictures, and the first of them directly behind the directory.
pub fn is_icon(head: &[u8], _: &View<'_>) -> bool {
    let count = head.get(4..6).map_or(0, |bytes| u32::from(bytes[0]) | u32::from(bytes[1]) << 8);
    let begins = matches!(head, [0, 0, 1 | 2, 0, ..]) && (1..=64).contains(&count) && head.get(9) == Some(&0);
    begins && u32_of(head, 18).is_some_and(|offset| offset >= 6 + 16 * count && offset < 1 << 20)
}

pub fn icon(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 6 + 16 * 64);
    let count = head.get(4).copied().map_or(0, usize::from);
    for n in 0..count {
        let at = 6 + 16 * n;
        let end = u32_of(&head, at + 8).zip(u32_of(&head, at + 12)).map(|(size, at)| u64::from(size) + u64::from(at));
        if end.is_none_or(|end| end > view.len()) {
            return Err((at as u64, format!("the picture {n} goes beyond the end")));
        }
    }
    Ok(())
}

pub fn is_netpbm(head: &[u8], _: &View<'_>) -> bool {
    matches!(head, [b'P', b'4'..=b'7', b'\n' | b' ', b'0'..=b'9' | b'#' | b'W', ..])
}

/// Width, height and the greatest value, then that many bytes. Those with comments, and of kinds other than 5 and 6, are
/// only told.
pub fn netpbm(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 64);
    let channels = match head.get(1) {
        Some(b'5') => 1,
        Some(b'6') => 3,
        _ => return Ok(()),
    };
    let mut numbers = Vec::new();
    let mut at = 2;
    for part in head.get(2..).unwrap_or_default().split(u8::is_ascii_whitespace).take(8) {
        at += part.len() as u64 + 1;
        if part.is_empty() {
            continue;
        }
        let Some(number) = std::str::from_utf8(part).ok().and_then(|text| text.parse::<u64>().ok()) else {
            return Ok(());
        };
        numbers.push(number);
        if numbers.len() == 3 {
            break;
        }
    }
    let [width, height, most] = numbers.as_slice() else { return Ok(()) };
    let each = if *most > 255 { 2 } else { 1 };
    let bytes =
        width.checked_mul(*height).and_then(|all| all.checked_mul(channels * each)).and_then(|all| all.checked_add(at));
    // The blank in front of the size is counted with it.
    if bytes.is_none_or(|bytes| bytes > view.len().saturating_add(1)) {
        return Err((0, format!("a picture of {width} by {height} is cut off")));
    }
    Ok(())
}

/// Sound and pictures in RIFF say how long they are, unless they were written to a pipe.
pub fn riff(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 12);
    // The other marks are of files with the bytes the other way round, and of longer ones.
    let length = if head.starts_with(b"RIFF") { u32_of(&head, 4).unwrap_or(0) } else { 0 };
    if !matches!(length, 0 | u32::MAX) && u64::from(length).saturating_add(8) > view.len().saturating_add(1) {
        return Err((4, format!("it says that {length} bytes follow, there are {}", view.len().saturating_sub(8))));
    }
    Ok(())
}

/// A PDF ends in a mark, with little behind it.
pub fn portable_document(view: &View<'_>) -> Result<(), Fault> {
    let at = view.len().saturating_sub(2048);
    let tail = view.read_up_to(at, 2048).unwrap_or_default();
    if tail.windows(5).any(|word| word == b"%%EOF") { Ok(()) } else { Err((at, "its end is missing".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(bytes: &[u8], check: fn(&View<'_>) -> Result<(), Fault>) -> bool {
        View::with_bytes(bytes, 1 << 20, |view| check(view).is_ok())
    }

    #[test]
    fn every_truncation_ends() {
        let icon_of = [0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 4, 0, 0, 0, 22, 0, 0, 0, 1, 2, 3, 4];
        assert!(with(&icon_of, icon));
        for end in 0..icon_of.len() {
            with(&icon_of[..end], bitmap);
            with(&icon_of[..end], netpbm);
            assert!(!with(&icon_of[..end], icon) || end < 6, "{end}");
        }
        assert!(with(b"P5 2 2 255\n\0\0\0\0", netpbm) && !with(b"P5 200 200 255\n\0\0\0\0", netpbm));
    }
}
