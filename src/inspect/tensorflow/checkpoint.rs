//! Checkpoints of TensorFlow: an index, `NAME.index`, and the shards beside it, `NAME.data-00000-of-00001`.
//!
//! The index is a table whose first entry is the header; each other one says of a tensor its type, its shape, and where
//! its bytes lie in which shard. Sources: `tensor_bundle.proto`, `tensor_bundle.cc`. A checkpoint of the first version
//! is such a table, too, with the tensors in it. Sums of tensors are held against shards in [`super::sums`]. Not looked at:
//! the tensors of the first version.

use std::collections::BTreeMap;
use std::ops::Range;

use super::TENSORFLOW_MALFORMED;
use super::reading::{ASSET, VARIABLES};
use super::schema::{element, elements, signed};
use super::sorted_table::{MAGIC, Stop, entries};
use super::sums::{SUM, of_bytes};
use crate::inspect::claim::{FORMAT_NOT_INSPECTED, SHARD_MISSING};
use crate::inspect::crc32c::combine;
use crate::inspect::protobuf::{self, Event, Step, Walk};
use crate::inspect::{Inspector, Scope};
use crate::model::{Artifact, ArtifactPath, Evidence, Format, Tensor};
use crate::weigh::View;

/// The format.
pub const CHECKPOINT_INDEX: Format = Format::named("checkpoint-index");
/// What says in the metadata of an index how many shards there are; behind a number, where its last tensor ends.
const SHARDS: &str = "checkpoint-shards";
/// Shards that are looked for.
const MOST: i64 = 10_000;
/// Shards that are said to be missing.
const MISSING: usize = 20;
/// Bytes of a name of a tensor that are kept.
const NAME: usize = 1024;

/// The index of a checkpoint.
pub struct Checkpoint;

impl Inspector for Checkpoint {
    fn format(&self) -> Format {
        CHECKPOINT_INDEX
    }

    /// A table is told by its last bytes.
    fn claims(&self, _: &[u8], view: &View<'_>) -> bool {
        view.read_up_to(view.len().saturating_sub(8), 8).is_ok_and(|tail| tail == *MAGIC)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut bundle = Bundle::default();
        let outcome = entries(view, |key, value| bundle.entry(key, value, view, scope));
        match outcome {
            Ok(()) => bundle.close(view, scope),
            Err(Stop::Malformed(at, what)) => raise(at, what, view, scope),
            Err(Stop::Compressed(at)) => {
                let at = at.min(view.len());
                let message = format!("the block at byte {at} is compressed and is not looked into");
                scope.raise(&FORMAT_NOT_INSPECTED, view, at..view.len(), message);
            }
            Err(Stop::Trouble(trouble)) => scope.unreadable(view, &trouble),
        }
    }
}

fn raise(at: u64, message: impl Into<String>, view: &View<'_>, scope: &mut Scope<'_>) {
    let at = at.min(view.len());
    scope.raise(&TENSORFLOW_MALFORMED, view, at..at.saturating_add(1).min(view.len()), message);
}

#[derive(Clone, Copy)]
enum Kind {
    Header,
    Entry,
    Shape,
    Dimension,
}

/// What an entry says of a tensor. Numbers have signs.
#[derive(Default)]
struct Entry {
    kind: u64,
    shape: Vec<u64>,
    shard: i64,
    offset: i64,
    size: i64,
    /// The sum of its bytes.
    sum: Option<u32>,
    /// It is put together from parts that have entries of their own.
    parts: bool,
}

#[derive(Default)]
struct Bundle {
    /// Number of shards, by the header.
    shards: Option<i64>,
    /// The table is a checkpoint of the first version.
    first_version: bool,
    /// Where tensors lie: shard, offset, end, where their entries stand, and the sum of what they take there.
    placed: Vec<(i64, u64, u64, u64, Option<u32>)>,
    seen: bool,
}

impl Bundle {
    fn entry(&mut self, key: &[u8], value: Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
        let first = !std::mem::replace(&mut self.seen, true);
        if self.first_version {
            return;
        }
        let Ok(message) = view.slice(value.clone()) else { return };
        if key.is_empty() {
            return self.header(&message, value.start, scope);
        }
        if first {
            raise(value.start, "the first entry of the index is not its header", view, scope);
        }
        let name = String::from_utf8_lossy(key.get(..NAME).unwrap_or(key)).into_owned();
        let mut entry = Entry::default();
        let mut size = 0;
        let step = |kind, field| match (kind, field) {
            (Kind::Entry, 2) => Step::Enter(Kind::Shape),
            (Kind::Shape, 2) => Step::Enter(Kind::Dimension),
            _ => Step::Skip,
        };
        let outcome = Walk::new(&message, Kind::Entry).run(step, |kind, event, _| match (kind, event) {
            (Kind::Entry, Event::Number(1, kind)) => entry.kind = *kind,
            (Kind::Entry, Event::Number(3, shard)) => entry.shard = shard.cast_signed(),
            (Kind::Entry, Event::Number(4, offset)) => entry.offset = offset.cast_signed(),
            (Kind::Entry, Event::Number(5, size)) => entry.size = size.cast_signed(),
            (Kind::Entry, Event::Number(6, sum)) => entry.sum = u32::try_from(*sum).ok(),
            (Kind::Entry, Event::Length(7, _)) => entry.parts = true,
            (Kind::Dimension, Event::Enter) => size = 0,
            (Kind::Dimension, Event::Number(1, number)) => size = *number,
            (Kind::Dimension, Event::Leave) => entry.shape.push(size),
            _ => {}
        });
        match outcome {
            Ok(()) => {}
            Err(protobuf::Stop::Malformed(at, what)) => {
                let at = value.start.saturating_add(at);
                return raise(at, format!("the entry of {name:?}: at byte {at}: {what}"), view, scope);
            }
            Err(protobuf::Stop::Trouble(trouble)) => return scope.unreadable(view, &trouble),
        }
        if let Some(what) = entry.fault(self.shards) {
            raise(value.start, format!("the tensor {name:?} {what}"), view, scope);
        } else if let (Ok(offset), Ok(size), false) =
            (u64::try_from(entry.offset), u64::try_from(entry.size), entry.parts)
        {
            let end = offset.saturating_add(size);
            self.placed.push((entry.shard, offset, end, value.start, entry.stored_sum(size)));
        }
        // Parts of a tensor have keys that begin with a zero byte.
        let listed = !name.starts_with('\0') && (scope.contents().tensors.len() as u64) < scope.limits.tensors;
        if let Some((dtype, _)) = element(entry.kind).filter(|_| listed) {
            scope.contents().tensors.push(Tensor { name, dtype: dtype.to_owned(), shape: entry.shape, bytes: None });
        }
    }

    fn header(&mut self, message: &View<'_>, at: u64, scope: &mut Scope<'_>) {
        let (mut shards, mut slices) = (0, false);
        let outcome = Walk::new(message, Kind::Header).run(
            |_, _| Step::Skip,
            |_, event, _| match event {
                Event::Number(1, number) => shards = number.cast_signed(),
                // `SavedTensorSlices` has a message there.
                Event::Length(1, _) => slices = true,
                _ => {}
            },
        );
        self.first_version = slices;
        if outcome.is_err() {
            scope.raise(&TENSORFLOW_MALFORMED, message, 0..message.len(), "the header of the index is broken");
        } else if !slices && !(1..=MOST).contains(&shards) {
            let what = format!("the header of the index at byte {at} speaks of {shards} shards");
            scope.raise(&TENSORFLOW_MALFORMED, message, 0..message.len(), what);
        } else {
            self.shards = Some(shards);
        }
    }

    /// The end: tensors that overlap. How long the shards must be is held against them when the tree was seen.
    fn close(mut self, view: &View<'_>, scope: &mut Scope<'_>) {
        if self.first_version {
            return;
        }
        if !self.seen {
            raise(0, "the index has no header", view, scope);
        }
        self.placed.sort_unstable();
        let mut ends: BTreeMap<i64, u64> = BTreeMap::new();
        let mut sums: BTreeMap<i64, Option<u32>> = BTreeMap::new();
        for (shard, offset, end, at, sum) in self.placed {
            let last = ends.entry(shard).or_default();
            let whole = sums.entry(shard).or_insert(Some(0));
            *whole = whole.zip(sum).filter(|_| offset == *last).map(|(whole, sum)| combine(whole, sum, end - offset));
            if offset < *last && end > offset {
                let message =
                    format!("a tensor at byte {offset} of shard {shard} overlaps another, which ends at {last}");
                raise(at, message, view, scope);
            }
            *last = end.max(*last);
        }
        // What lies in an archive has its shards there, too.
        if let Some(shards) = self.shards.filter(|_| view.depth() == 0) {
            let metadata = &mut scope.contents().metadata;
            metadata.insert(SHARDS.to_owned(), shards.to_string());
            let ends = ends.into_iter().filter(|(shard, _)| (0..shards).contains(shard));
            metadata.extend(ends.map(|(shard, end)| (format!("{SHARDS} {shard}"), end.to_string())));
            let sums = sums.into_iter().filter_map(|(shard, sum)| Some((format!("{SUM}{shard}"), sum?.to_string())));
            metadata.extend(sums);
        }
    }
}

impl Entry {
    /// The sum of the bytes that it takes in its shard, if that can be told.
    fn stored_sum(&self, size: u64) -> Option<u32> {
        let (name, bytes) = element(self.kind)?;
        let text = name == "string";
        let single = self.shape.iter().all(|length| *length == 1);
        let sum = self.sum.filter(|_| if text { single } else { bytes > 0 })?;
        of_bytes(sum, size, text)
    }

    /// What is wrong with it.
    fn fault(&self, shards: Option<i64>) -> Option<String> {
        let shape = signed(&self.shape);
        let Some((name, bytes)) = element(self.kind).filter(|_| self.kind < 100) else {
            return Some(format!("has the element type {}, which is unknown", self.kind));
        };
        let Some(elements) = elements(&self.shape) else { return Some(format!("has the impossible shape {shape:?}")) };
        if self.parts {
            return None;
        }
        if self.offset < 0 || self.size < 0 || self.offset.checked_add(self.size).is_none() {
            return Some(format!(
                "takes {} bytes at byte {} of its shard, which is impossible",
                self.size, self.offset
            ));
        }
        if let Some(shards) = shards.filter(|shards| !(0..*shards).contains(&self.shard)) {
            return Some(format!("lies in shard {}, and there are {shards}", self.shard));
        }
        let size = self.size.cast_unsigned();
        match elements.checked_mul(bytes) {
            None => Some(format!("has the impossible shape {shape:?}")),
            Some(needed) if bytes > 0 && needed != size => {
                Some(format!("takes {size} bytes, but shape {shape:?} of {name} needs {needed}"))
            }
            // A length of at least a byte for each text, and a sum of all lengths.
            _ if name == "string" && size < elements.saturating_add(4) => {
                Some(format!("takes {size} bytes, but {elements} texts need more"))
            }
            _ => None,
        }
    }
}

/// Holds indices against the shards beside them, and SavedModels against their variables and assets.
pub fn beside(artifacts: &[Artifact], by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for artifact in artifacts {
        if artifact.is(&CHECKPOINT_INDEX) {
            shards(artifact, by_path, &mut evidence);
        }
        if artifact.is(&Format::named("savedmodel")) {
            let metadata = &artifact.contents.metadata;
            let named = metadata.iter().filter(|(key, _)| *key == VARIABLES || key.starts_with(ASSET));
            let missing = named.filter(|(_, path)| !by_path.contains_key(&artifact.path.sibling(path)));
            evidence.extend(missing.take(MISSING).map(|(_, path)| {
                let message = format!("{path:?} is not there; the graph reads variables or a table from it");
                Evidence::new(&SHARD_MISSING, message).of(&artifact.path).with("shard", path.as_str())
            }));
        }
    }
    evidence
}

/// The name of a shard of an index, by its number.
pub fn shard_name(index: &Artifact, number: &str) -> Option<String> {
    let count = index.contents.metadata.get(SHARDS)?.parse::<u64>().ok()?;
    let number = number.parse::<u64>().ok()?;
    let name = index.path.name();
    Some(format!("{}.data-{number:05}-of-{count:05}", name.strip_suffix(".index").unwrap_or(name)))
}

fn shards(index: &Artifact, by_path: &BTreeMap<&ArtifactPath, &Artifact>, evidence: &mut Vec<Evidence>) {
    let number = |key: &str| index.contents.metadata.get(key).and_then(|number| number.parse::<u64>().ok());
    let Some(count) = number(SHARDS) else { return };
    let name = index.path.name();
    let stem = name.strip_suffix(".index").unwrap_or(name);
    let mut missing = 0;
    for n in 0..count {
        let shard = format!("{stem}.data-{n:05}-of-{count:05}");
        let end = number(&format!("{SHARDS} {n}")).unwrap_or(0);
        let Some(file) = by_path.get(&index.path.sibling(&shard)) else {
            let message = format!("{shard:?} is not there; tensors of the checkpoint would be read from it");
            evidence.push(Evidence::new(&SHARD_MISSING, message).of(&index.path).with("shard", shard));
            missing += 1;
            if missing >= MISSING {
                return;
            }
            continue;
        };
        let message = if end > file.size {
            format!("tensors go to byte {end} of {shard:?}, which has {}", file.size)
        } else if end < file.size {
            format!("{} bytes of {shard:?} lie behind all tensors", file.size - end)
        } else {
            continue;
        };
        evidence.push(Evidence::new(&TENSORFLOW_MALFORMED, message).of(&index.path).with("shard", shard));
    }
}
