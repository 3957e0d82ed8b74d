//! A part of a file on its way through the pump: chunk by chunk, in order, to everyone who wants to see it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::model::{Algorithm, Digest, Digests, Shard};

use super::digests::Hashers;
use super::lanes::Stream;
use super::ledger::PIECE;
use super::opened::{Harvest, Landed, Opened, Pass, Trouble, show};
use super::part::Part;

/// Bytes that go through observers and lanes together: all lanes' chunks fit the second-level cache.
const CHUNK: u64 = PIECE;

/// The hash function over one shard.
enum Sharding {
    Lane(Stream),
    Plain(Hashers),
}

/// A part in the pump.
pub struct Flight<'p> {
    file: Arc<Opened<'p>>,
    part: Part,
    /// The chunk that is being eaten; `None` before the first.
    chunk: Option<Range<u64>>,
    /// Its bytes, where the file is not in memory.
    buffer: Vec<u8>,
    whole: Option<Stream>,
    plain: Hashers,
    shard: Option<Sharding>,
    harvest: Harvest,
}

impl<'p> Flight<'p> {
    /// Before the first chunk.
    pub fn new(file: Arc<Opened<'p>>, mut part: Part) -> Self {
        // Chunks end where shards end, and a lane eats whole blocks.
        let lane = part.shards.is_none_or(|(size, _)| size % 64 == 0);
        let mut others = part.algorithms.clone();
        let whole = (lane && others.remove(&Algorithm::Sha256)).then(Stream::new);
        let plain = Hashers::new(&others, part.range.end);
        let harvest = Harvest {
            digests: Digests::default(),
            shards: Vec::new(),
            observers: std::mem::take(&mut part.observers),
            evidence: Vec::new(),
            trouble: None,
        };
        Self { file, part, chunk: None, buffer: Vec::new(), whole, plain, shard: None, harvest }
    }

    /// Bytes of the part after the chunk.
    pub fn left(&self) -> u64 {
        self.part.range.end - self.chunk.as_ref().map_or(self.part.range.start, |chunk| chunk.end)
    }

    /// True when all streams have eaten the chunk.
    pub fn is_hungry(&self) -> bool {
        self.whole.as_ref().is_none_or(Stream::is_hungry)
            && !matches!(&self.shard, Some(Sharding::Lane(stream)) if !stream.is_hungry())
    }

    /// What the lanes are to eat next.
    pub fn lanes(&mut self) -> impl Iterator<Item = (&mut Stream, &[u8])> {
        let chunk = bytes(&self.file, &self.buffer, self.chunk.clone());
        let shard = self.shard.as_mut().and_then(|shard| match shard {
            Sharding::Lane(stream) => Some(stream),
            Sharding::Plain(_) => None,
        });
        self.whole.iter_mut().chain(shard).filter(|stream| !stream.is_hungry()).map(move |stream| (stream, chunk))
    }

    /// Takes the next chunk when the one before is eaten. False at the end of the part, or at trouble.
    pub fn advance(&mut self, pass: &Pass<'_>) -> bool {
        if let Err(error) = self.file.bytes.intact() {
            self.harvest.trouble = Some(error.into());
        }
        let start = match &self.chunk {
            None => self.part.range.start,
            Some(chunk) => {
                let end = chunk.end;
                self.close_shard(end);
                if end == self.part.range.end {
                    return false;
                }
                end
            }
        };
        if self.harvest.trouble.is_some() {
            return false;
        }
        let chunk = start..self.chunk_end(start);
        if self.file.bytes.memory().is_none()
            && let Err(error) = self.file.bytes.read(chunk.clone(), &mut self.buffer)
        {
            self.harvest.trouble = Some(error.into());
            return false;
        }
        self.chunk = Some(chunk.clone());
        self.pass_round(&chunk);
        pass.progress.advance(chunk.end - chunk.start);
        true
    }

    fn chunk_end(&self, start: u64) -> u64 {
        // Not aligned only in shards of odd sizes.
        let end = if start.is_multiple_of(64) { (start / CHUNK + 1) * CHUNK } else { start.saturating_add(CHUNK) };
        end.min(self.shard_end(start)).min(self.part.range.end)
    }

    fn shard_end(&self, start: u64) -> u64 {
        self.part.shards.map_or(u64::MAX, |(size, _)| (start / size + 1).saturating_mul(size))
    }

    /// Everyone sees the chunk but the lanes, who are fed it.
    fn pass_round(&mut self, chunk: &Range<u64>) {
        let Self { file, part, buffer, whole, plain, shard, harvest, .. } = self;
        let bytes = bytes(file, buffer, Some(chunk.clone()));
        match part.recheck.reach(chunk.end) {
            // An inspector's piece goes on in the next chunk, at the end of a shard of an odd size.
            Some(reach) if reach > chunk.end => match file.bytes.copy(chunk.start..reach) {
                Ok(longer) => part.recheck.check(chunk.start, chunk.end, &longer),
                Err(error) => harvest.trouble = Some(error.into()),
            },
            _ => part.recheck.check(chunk.start, chunk.end, bytes),
        }
        plain.update(bytes);
        if !bytes.is_empty() {
            show(&mut harvest.observers, chunk.start, bytes, &mut harvest.evidence);
        }
        let last = chunk.end == part.range.end;
        if let Some(stream) = whole {
            stream.feed(bytes, last);
        }
        if let Some((size, algorithm)) = part.shards.filter(|_| !bytes.is_empty()) {
            let ends = last || chunk.end.is_multiple_of(size);
            match shard.get_or_insert_with(|| Sharding::new(algorithm)) {
                Sharding::Lane(stream) => stream.feed(bytes, ends),
                Sharding::Plain(hashers) => hashers.update(bytes),
            }
        }
    }

    /// Takes the digest of a shard that ends there.
    fn close_shard(&mut self, end: u64) {
        let Some((size, _)) = self.part.shards else { return };
        if end != self.part.range.end && !end.is_multiple_of(size) {
            return;
        }
        let start = end.saturating_sub(1) / size * size;
        let digest = self.shard.take().and_then(|shard| match shard {
            Sharding::Lane(stream) => Digest::new(Algorithm::Sha256, &stream.digest()).ok(),
            Sharding::Plain(hashers) => hashers.finish().iter().next().cloned(),
        });
        self.harvest.shards.extend(digest.map(|digest| Shard { range: start..end, digest }));
    }

    /// Gives the part back to its file, after [`Flight::advance`] said that it is over.
    pub fn land(mut self, pass: &Pass<'_>) -> Option<Landed> {
        let whole = self.whole.as_ref().and_then(|stream| Digest::new(Algorithm::Sha256, &stream.digest()).ok());
        self.harvest.digests = self.plain.finish();
        if let Some(digest) = whole {
            self.harvest.digests.insert(digest);
        }
        if self.harvest.trouble.is_none() && !self.part.recheck.holds() {
            self.harvest.trouble =
                Some(Trouble::Changed("bytes that were inspected differ from those that were hashed"));
        }
        self.file.land(pass, self.harvest)
    }
}

impl Sharding {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Lane(Stream::new()),
            other => Self::Plain(Hashers::new(&BTreeSet::from([other]), 0)),
        }
    }
}

fn bytes<'b>(file: &'b Opened<'_>, buffer: &'b [u8], chunk: Option<Range<u64>>) -> &'b [u8] {
    let Some((memory, chunk)) = file.bytes.memory().zip(chunk) else { return buffer };
    // Chunks lie inside the file, whose length fits the address space where it lies in memory.
    &memory[chunk.start as usize..chunk.end as usize]
}
