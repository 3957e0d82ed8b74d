//! Deflate (RFC 1951), bounded by a ratio and by what is sensible to hold in memory.

use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};

use crate::weigh::{Unreadable, View};

/// What decompression gave.
pub struct Inflated {
    /// The content, as far as it could be had.
    pub bytes: Vec<u8>,
    /// Bytes of the input that were used.
    pub used: u64,
    /// True if the stream ended where it said.
    pub ended: bool,
    /// True if a limit stopped it.
    pub cut: bool,
}

/// Decompresses a range of raw deflate, at most `ratio` times its length, and never more than 64 MiB beyond 20 times.
///
/// # Errors
/// When the range cannot be read.
pub fn inflate(view: &View<'_>, data: &Range<u64>, ratio: u64) -> Result<Inflated, Unreadable> {
    let input = view.read(data.clone())?;
    let length = input.len() as u64;
    let most = length.saturating_mul(ratio).min(length.saturating_mul(20).saturating_add(64 << 20));
    let mut stream = Decompress::new(false);
    let mut bytes = Vec::new();
    let mut piece = vec![0; 32 << 10];
    loop {
        let (used, made) = (stream.total_in(), stream.total_out());
        let rest = usize::try_from(used).ok().and_then(|used| input.get(used..)).unwrap_or_default();
        let status = stream.decompress(rest, &mut piece, FlushDecompress::None);
        let count = usize::try_from(stream.total_out() - made).unwrap_or(0);
        bytes.extend_from_slice(&piece[..count.min(piece.len())]);
        let stuck = count == 0 && stream.total_in() == used;
        let ended = matches!(status, Ok(Status::StreamEnd));
        let cut = bytes.len() as u64 > most;
        if ended || cut || stuck || status.is_err() {
            return Ok(Inflated { bytes, used: stream.total_in(), ended, cut: cut && !ended });
        }
    }
}
