//! Deflate (RFC 1951), bounded by a ratio, by what was read, and by what is sensible to hold in memory.

use std::io::BufRead;
use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};

use crate::weigh::{Unreadable, View};

/// Bytes that are unpacked at a time.
const PIECE: usize = 32 << 10;

/// What decompression gave.
pub struct Inflated {
    /// The content, as far as it could be had.
    pub bytes: Vec<u8>,
    /// Bytes of the input that were used.
    pub used: u64,
    /// True if the stream ended where it said.
    pub ended: bool,
    /// The limit that stopped it, by its name and value.
    pub cut: Option<(&'static str, u64)>,
}

/// Bytes that may come out of a stream of `len` bytes, of which so many were read: never more than 20 times what was read
/// and some hundred MiB.
#[must_use]
pub fn allowance(len: u64, read: u64) -> u64 {
    let some = len.saturating_mul(20).min(192 << 20).saturating_add(64 << 20);
    read.saturating_mul(20).saturating_add(some)
}

/// Decompresses a range of raw deflate, at most `ratio` times what was read of it, and never more than [`allowance`] and
/// [`View::unpackable`] let through.
///
/// # Errors
/// When the range cannot be read.
pub fn inflate(view: &View<'_>, data: &Range<u64>, ratio: u64) -> Result<Inflated, Unreadable> {
    let input = view.slice(data.clone())?;
    let left = view.unpackable();
    let mut reader = input.reader();
    let mut stream = Decompress::new(false);
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let (used, made) = (stream.total_in(), stream.total_out());
        let outcome = match reader.fill_buf() {
            Ok(rest) => stream.decompress(rest, &mut piece, FlushDecompress::None),
            Err(_) => break,
        };
        reader.consume(usize::try_from(stream.total_in() - used).unwrap_or(0));
        let count = usize::try_from(stream.total_out() - made).unwrap_or(0);
        bytes.extend_from_slice(&piece[..count.min(piece.len())]);
        let read = stream.total_in();
        let by_ratio = read.saturating_mul(ratio).saturating_add(2 * PIECE as u64);
        let most = by_ratio.min(allowance(input.len(), read)).min(left);
        let stuck = count == 0 && read == used;
        let ended = matches!(outcome, Ok(Status::StreamEnd));
        let cut = bytes.len() as u64 > most;
        if ended || cut || stuck || outcome.is_err() {
            view.unpacked(bytes.len() as u64);
            let length = bytes.len() as u64;
            let limit = if length > by_ratio { ("ratio", ratio) } else { ("unpacked-bytes", length) };
            return Ok(Inflated { bytes, used: read, ended, cut: (cut && !ended).then_some(limit) });
        }
    }
    Err(reader.trouble().unwrap_or(Unreadable::PastEnd(data.clone(), view.len())))
}

/// Bytes of content in front of what is looked at by [`inflate_behind`].
const FURTHEST: u64 = 512 << 20;

/// What comes out of a range of raw deflate from that byte of the content on, at most so many bytes. `None` if nothing does, if
/// it lies too far behind the beginning, or if too much was unpacked of the file already.
pub fn inflate_behind(view: &View<'_>, data: &Range<u64>, from: u64, most: u64) -> Option<Vec<u8>> {
    if from > FURTHEST || view.unpackable() < most {
        return None;
    }
    let input = view.slice(data.clone()).ok()?;
    let mut reader = input.reader();
    let mut stream = Decompress::new(false);
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE];
    while (bytes.len() as u64) < most {
        let (used, made) = (stream.total_in(), stream.total_out());
        let outcome = stream.decompress(reader.fill_buf().ok()?, &mut piece, FlushDecompress::None);
        reader.consume(usize::try_from(stream.total_in() - used).unwrap_or(0));
        let count = usize::try_from(stream.total_out() - made).unwrap_or(0).min(piece.len());
        let skipped = usize::try_from(from.saturating_sub(made)).unwrap_or(usize::MAX);
        bytes.extend_from_slice(piece[..count].get(skipped..).unwrap_or_default());
        let stuck = count == 0 && stream.total_in() == used;
        if stuck || !matches!(outcome, Ok(Status::Ok | Status::BufError)) {
            break;
        }
    }
    view.unpacked(bytes.len() as u64);
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn content_is_had_from_the_middle_on() {
        let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&vec![0; 100_000]).unwrap();
        packed.write_all(b"behind").unwrap();
        let packed = packed.finish().unwrap();
        View::with_bytes(&packed, 1 << 20, |view| {
            let data = 0..view.len();
            let behind = |from, most| inflate_behind(view, &data, from, most);
            assert_eq!(behind(100_000, 1000).as_deref(), Some(&b"behind"[..]));
            assert_eq!(behind(100_003, 1000).as_deref(), Some(&b"ind"[..]));
            assert!(behind(100_006, 1000).is_none() && behind(FURTHEST + 1, 1000).is_none());
        });
    }
}
