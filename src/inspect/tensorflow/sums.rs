//! Sums of the tensors of a checkpoint, held against the shard they lie in.
//!
//! The index has a sum (CRC-32C) of each tensor, and never opens the shard. Where tensors fill a shard without a gap, the
//! sum of the whole shard follows from theirs; the pass computes it over the bytes. Sources: `tensor_bundle.cc`;
//! `crc32_combine` of zlib, with another polynomial. Not looked at: shards with gaps, and with lists of texts.

use std::collections::BTreeMap;

use super::TENSORFLOW_MALFORMED;
use super::checkpoint::{CHECKPOINT_INDEX, shard_name};
use crate::inspect::crc32c::{Crc32c, combine, unmasked};
use crate::model::{Artifact, ArtifactPath, Evidence, Severity};
use crate::weigh::Observer;

/// Name in the metadata of an index, before the number of a shard: the sum that it must have.
pub const SUM: &str = "checkpoint-sum ";
/// Detail of the evidence that hands on the sum of a shard, until it was compared.
const OWN: &str = "crc32c";

/// The sum of the bytes that a tensor takes in its shard, from what its entry says. That of a text is over other bytes
/// than those that are stored: over its length as a number of fixed width, not over the number as it is stored.
pub fn of_bytes(masked: u32, size: u64, text: bool) -> Option<u32> {
    let sum = unmasked(masked);
    if !text {
        return Some(sum);
    }
    let width = |length: u64| u64::from((64 - (length | 1).leading_zeros()).div_ceil(7));
    let length = (1..=10).find_map(|n| size.checked_sub(n + 4).filter(|length| width(*length) == n))?;
    let fixed = u32::try_from(length).ok()?.to_le_bytes();
    let mut head = Crc32c::new();
    head.update(&fixed);
    let check = head.masked().to_le_bytes();
    head.update(&check);
    let text = sum ^ combine(unmasked(head.masked()), 0, length);
    let mut stored = Vec::new();
    let mut left = length;
    while left >= 0x80 {
        stored.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    stored.push(left as u8);
    stored.extend(check);
    let mut begin = Crc32c::new();
    begin.update(&stored);
    Some(combine(unmasked(begin.masked()), text, length))
}

/// Sums up a shard as it is hashed.
pub struct ShardSum(Crc32c);

impl ShardSum {
    /// Of nothing yet.
    pub const fn new() -> Self {
        Self(Crc32c::new())
    }
}

impl Observer for ShardSum {
    fn observe(&mut self, _: u64, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        let sum = unmasked(self.0.masked());
        let evidence = Evidence::new(&TENSORFLOW_MALFORMED, "the sum of the shard was not compared");
        vec![evidence.rated(Severity::Info).of(path).with(OWN, sum)]
    }
}

/// Takes back the sums of shards, and says which are others than those of their index.
pub fn compare(artifacts: &[Artifact], evidence: &mut Vec<Evidence>) {
    let mut own: BTreeMap<ArtifactPath, u64> = BTreeMap::new();
    evidence.retain(|seen| {
        let sum = seen.fact.details.get(OWN).filter(|_| seen.rule.id == TENSORFLOW_MALFORMED.id);
        let Some((path, sum)) = seen.artifact.as_ref().zip(sum.and_then(|sum| sum.as_u64())) else { return true };
        own.insert(path.clone(), sum);
        false
    });
    for index in artifacts.iter().filter(|artifact| !own.is_empty() && artifact.is(&CHECKPOINT_INDEX)) {
        let sums = index.contents.metadata.iter().filter_map(|(key, sum)| Some((key.strip_prefix(SUM)?, sum)));
        for (number, sum) in sums {
            let Some(shard) = shard_name(index, number) else { continue };
            let found = own.get(&index.path.sibling(&shard)).copied();
            if found.zip(sum.parse::<u64>().ok()).is_some_and(|(own, wanted)| own != wanted) {
                let message =
                    format!("the tensors in {shard:?} have other sums than the index says: bytes were changed");
                evidence.push(Evidence::new(&TENSORFLOW_MALFORMED, message).of(&index.path).with("shard", shard));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::crc32c::masked;

    #[test]
    fn the_sum_of_a_text_is_over_other_bytes_than_are_stored() {
        for length in [0usize, 1, 127, 128, 300] {
            let text = vec![b'x'; length];
            let fixed = (length as u32).to_le_bytes();
            let check = masked(&fixed).to_le_bytes();
            let said = masked(&[&fixed[..], &check, &text].concat());
            let varint = if length < 128 { vec![length as u8] } else { vec![length as u8 | 0x80, (length >> 7) as u8] };
            let stored = [&varint[..], &check, &text].concat();
            assert_eq!(of_bytes(said, stored.len() as u64, true), Some(unmasked(masked(&stored))), "{length}");
        }
    }
}
