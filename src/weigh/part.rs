//! How a file is split into ranges that are pumped each in order.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::Algorithm;

use super::ledger::Recheck;
use super::observe::Observer;

/// Shards smaller than this share a part.
const SMALLEST: u64 = 1 << 20;

/// A range of a file that is pumped in order.
pub struct Part {
    /// Bytes of the file.
    pub range: Range<u64>,
    /// Digests of the whole file to compute; only where the part is the whole file.
    pub algorithms: BTreeSet<Algorithm>,
    /// Digests of its shards to compute.
    pub shards: Option<(u64, Algorithm)>,
    /// What inspectors read of it.
    pub recheck: Recheck,
    /// Who wants to see its bytes.
    pub observers: Vec<Box<dyn Observer>>,
}

impl Part {
    /// The parts of a file: one, or many where nothing needs to see its bytes in order.
    pub fn split(
        algorithms: BTreeSet<Algorithm>,
        len: u64,
        shards: Option<(u64, Algorithm)>,
        mut recheck: Recheck,
        observers: Vec<Box<dyn Observer>>,
    ) -> Vec<Self> {
        let step = match shards {
            Some((size, _)) if algorithms.is_empty() && observers.is_empty() => {
                size.saturating_mul(SMALLEST.div_ceil(size))
            }
            _ => u64::MAX,
        };
        let mut parts = Vec::new();
        let mut end = len;
        while end > step {
            let start = (end - 1) / step * step;
            let recheck = recheck.split_off(start);
            parts.push(Self { range: start..end, algorithms: BTreeSet::new(), shards, recheck, observers: Vec::new() });
            end = start;
        }
        parts.push(Self { range: 0..end, algorithms, shards, recheck, observers });
        parts.reverse();
        parts
    }
}
