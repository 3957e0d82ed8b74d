//! Shards of arrays of Zarr: packed chunks one after the other, and an index behind them.
//!
//! Source: the Zarr specification 3.1, codec `sharding_indexed`, with the index at the end and its checksum, as every
//! writer makes it by default.

use super::crc32c::Crc32c;
use crate::weigh::View;

/// Bytes of the longest index that is read.
const INDEX: u64 = 4 << 20;
/// Offset and length of a chunk that is not there.
const ABSENT: u64 = u64::MAX;

/// True if what stands from there to the end is such an index: for each chunk an offset and a length in front of it, and
/// the CRC-32C of all of them. The chunks fill what is before up to the last byte.
pub fn is_index(view: &View<'_>, from: u64) -> bool {
    let length = view.len().saturating_sub(from);
    if !(20..=INDEX).contains(&length) || length % 16 != 4 {
        return false;
    }
    let Ok(bytes) = view.read(from..view.len()) else { return false };
    let Some((index, sum)) = bytes.split_last_chunk::<4>() else { return false };
    let mut crc = Crc32c::new();
    crc.update(index);
    if crc.plain() != u32::from_le_bytes(*sum) {
        return false;
    }
    let (pairs, _) = index.as_chunks::<16>();
    let mut chunks: Vec<(u64, u64)> = Vec::new();
    for pair in pairs {
        let (offset, length) = pair.split_at(8);
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        chunks.push((number(offset), number(length)));
    }
    chunks.retain(|chunk| *chunk != (ABSENT, ABSENT));
    chunks.sort_unstable();
    let end = chunks
        .iter()
        .try_fold(0u64, |end, (offset, length)| (*offset == end).then(|| offset.checked_add(*length)).flatten());
    !chunks.is_empty() && end == Some(from)
}
