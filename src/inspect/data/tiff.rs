//! TIFF: directories of entries, some of which say where the strips of the picture lie.
//!
//! Source: TIFF 6.0 and BigTIFF. Not looked at: the strips, and directories inside of entries.

use super::{Fault, head_of};
use crate::weigh::View;

/// Directories of one file.
const DIRECTORIES: usize = 1000;
/// Entries of one directory.
const ENTRIES: u64 = 4096;
/// Strips of one picture that are looked at.
const STRIPS: u64 = 1000;

pub fn is_tiff(head: &[u8], _: &View<'_>) -> bool {
    [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|mark| head.starts_with(*mark)) && head.len() >= 8
}

struct Picture<'v, 'b> {
    view: &'v View<'b>,
    big_endian: bool,
    /// BigTIFF counts in 64 bits.
    wide: bool,
}

/// An entry: how many values of how many bytes, and where they are.
#[derive(Clone, Copy)]
struct Values {
    at: u64,
    width: u64,
    count: u64,
}

impl Picture<'_, '_> {
    fn read(&self, at: u64, len: u64) -> Option<u64> {
        let mut bytes = self.view.read(at..at.checked_add(len)?).ok()?;
        if !self.big_endian {
            bytes.reverse();
        }
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn step(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    /// One entry; its values lie in it if there is room.
    fn entry(&self, at: u64) -> Option<(u64, Option<Values>)> {
        let (tag, kind, count) = (self.read(at, 2)?, self.read(at + 2, 2)?, self.read(at + 4, self.step())?);
        let width = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            // Readers pass over kinds that they do not know.
            _ => return Some((tag, Some(Values { at, width: 0, count: 0 }))),
        };
        let own = at + 4 + self.step();
        let bytes = count.checked_mul(width);
        let at = if bytes.is_some_and(|bytes| bytes <= self.step()) { own } else { self.read(own, self.step())? };
        let fits = bytes.and_then(|bytes| at.checked_add(bytes)).is_some_and(|end| end <= self.view.len());
        Some((tag, fits.then_some(Values { at, width, count })))
    }

    /// True if all pieces of the picture lie in the file.
    fn strips(&self, offsets: Values, lengths: Values) -> bool {
        (0..offsets.count.min(lengths.count).min(STRIPS)).all(|n| {
            let of = |values: Values| self.read(values.at + n * values.width, values.width);
            let end = of(offsets).zip(of(lengths)).and_then(|(at, length)| at.checked_add(length));
            end.is_some_and(|end| end <= self.view.len())
        })
    }

    /// Returns where the next directory is.
    fn directory(&self, at: u64) -> Result<u64, Fault> {
        let cut = || (at, "a directory lies outside of the file".to_owned());
        let (counted, size) = if self.wide { (8, 20) } else { (2, 12) };
        let entries = self.read(at, counted).filter(|entries| *entries <= ENTRIES).ok_or_else(cut)?;
        let (mut offsets, mut lengths) = (None, None);
        for n in 0..entries {
            let place = at + counted + n * size;
            let (tag, values) = self.entry(place).ok_or_else(cut)?;
            let values = values.ok_or((place, format!("the values of the tag {tag} lie outside of the file")))?;
            match tag {
                273 | 324 => offsets = Some(values),
                279 | 325 => lengths = Some(values),
                _ => {}
            }
        }
        if offsets.zip(lengths).is_some_and(|(offsets, lengths)| !self.strips(offsets, lengths)) {
            return Err((at, "a part of the picture lies outside of the file".to_owned()));
        }
        self.read(at + counted + entries * size, self.step()).ok_or_else(cut)
    }
}

pub fn tiff(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 8);
    let picture =
        Picture { view, big_endian: head.starts_with(b"MM"), wide: head.get(..4).is_some_and(|m| m.contains(&b'+')) };
    let mut at = picture.read(picture.step(), picture.step()).unwrap_or(0);
    for n in 0..DIRECTORIES {
        if at == 0 {
            return if n > 0 { Ok(()) } else { Err((4, "it has no directory".to_owned())) };
        }
        at = picture.directory(at)?;
    }
    Err((at, format!("it has more than {DIRECTORIES} directories, or they go in a circle")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_truncation_and_every_changed_byte_ends() {
        // One entry, of the offset of a strip.
        let mut file = b"II*\0\x08\0\0\0\x01\0\x11\x01\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0".to_vec();
        let check = |bytes: &[u8]| View::with_bytes(bytes, 1 << 20, |view| tiff(view).is_ok());
        assert!(check(&file));
        for end in 0..file.len() {
            assert!(!check(&file[..end]), "{end}");
        }
        for at in 0..file.len() {
            for value in [0, 0xff, file[at] ^ 1] {
                let before = std::mem::replace(&mut file[at], value);
                check(&file);
                file[at] = before;
            }
        }
    }
}
