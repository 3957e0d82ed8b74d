//! GGUF, versions 1 to 3, in either byte order: keys, tensors, and where the tensors lie.
//!
//! Every length is compared with what is left of the file before anything is read or kept, because that is what
//! loaders forgot (CVE-2024-21802, -21825, -21836, -23496, -23605, CVE-2025-53630). Not looked at: the values inside
//! of quantised blocks, and whether the keys describe the tensors.

mod header;
mod keys;
mod rules;
mod source;
pub mod split;
mod types;

use std::ops::Range;

use super::{Inspector, Scope};
use crate::model::{Format, Tensor};
use crate::weigh::View;
use header::Entry;
use source::{Source, Stop};

pub use rules::*;

/// The format.
pub struct Gguf;

impl Inspector for Gguf {
    fn format(&self) -> Format {
        Format::named("gguf")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"GGUF")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let version = view.read(4..8).ok().and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
        let Some(version) = version else {
            return scope.raise(&TRUNCATED, view, 0..view.len(), "the file ends behind the magic number");
        };
        // The byte order is not written down: a version that is small only when its bytes are swapped tells it.
        let big_endian = version & 0xffff == 0 && version != 0;
        let version = if big_endian { version.swap_bytes() } else { version };
        if !(1..=3).contains(&version) {
            return scope.raise(&MALFORMED, view, 4..8, format!("the version is {version}, 1 to 3 are known"));
        }
        let mut source = Source::new(view, version, big_endian);
        match structure(&mut source, view, scope) {
            Ok(()) => {}
            Err(Stop::End) => {
                scope.raise(&TRUNCATED, view, source.position()..view.len(), "the file ends inside of its header");
            }
            Err(Stop::Malformed(what)) => {
                let at = source.position().min(view.len());
                scope.raise(&MALFORMED, view, at..at.saturating_add(1).min(view.len()), what);
            }
            Err(Stop::Trouble(trouble)) => scope.unreadable(view, &trouble),
        }
    }
}

fn structure(source: &mut Source<'_>, view: &View<'_>, scope: &mut Scope<'_>) -> Result<(), Stop> {
    let (count, keys) = (source.count()?, source.count()?);
    for (what, number, least) in [("tensors", count, 16), ("keys", keys, 9)] {
        if number.checked_mul(least).is_none_or(|bytes| bytes > view.len()) {
            let message = format!("the header counts {number} {what}, more than the file has room for");
            return Err(Stop::Malformed(message));
        }
    }
    let keys = header::keys(source, keys, view, scope)?;
    let entries = match header::tensors(source, count, keys.is_picture(), view, scope) {
        Ok(entries) => entries,
        Err((stop, entries)) => {
            list(&entries, 0, view, scope);
            return Err(stop);
        }
    };
    let picture = entries.iter().any(|entry| header::is_of_picture(&entry.name));
    if keys.architecture.is_none() && !keys.is_beside() && !picture {
        scope.raise(&MALFORMED, view, 0..0, "it does not say of which architecture the model is");
    }
    let data = source.position().next_multiple_of(keys.alignment);
    if !entries.is_empty() {
        padding(source.position()..data.min(view.len()), view, scope);
    }
    layout(&entries, data, keys.alignment, view, scope);
    list(&entries, data, view, scope);
    Ok(())
}

/// Bytes that a tensor takes; `None` if the type is unknown, the last dimension is no whole number of blocks, or the
/// product does not fit.
fn size(entry: &Entry) -> Option<u64> {
    let kind = types::numbered(entry.kind)?;
    let row = entry.shape.first().copied().unwrap_or(1);
    entry.shape.iter().all(|dimension| *dimension > 0).then_some(())?;
    let elements = entry.shape.iter().try_fold(1u64, |product, dimension| product.checked_mul(*dimension))?;
    // Loaders count in signed numbers.
    let elements = i64::try_from(elements).ok()?.unsigned_abs();
    (row % kind.elements == 0).then_some(())?;
    (elements / kind.elements).checked_mul(kind.bytes)
}

/// Where tensors lie: aligned, apart, inside of the file.
fn layout(entries: &[Entry], data: u64, alignment: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut placed: Vec<(u64, u64, &Entry)> = Vec::new();
    for entry in entries {
        if entry.offset % alignment != 0 {
            let message = format!(
                "{:?} begins at {}, which is not aligned to {alignment}",
                entry.name,
                entry.offset.cast_signed()
            );
            scope.raise(&MALFORMED, view, entry.at.clone(), message);
        }
        let Some(size) = size(entry) else {
            if types::numbered(entry.kind).is_some() {
                // Negative numbers are read as such, as loaders read them.
                let shape: Vec<_> = entry.shape.iter().map(|dimension| dimension.cast_signed()).collect();
                let message = format!("the size of {:?} is impossible: shape {shape:?}", entry.name);
                scope.raise(&SIZE_IMPOSSIBLE, view, entry.at.clone(), message);
            }
            continue;
        };
        match data.checked_add(entry.offset).and_then(|start| Some((start, start.checked_add(size)?))) {
            Some((start, end)) => placed.push((start, end, entry)),
            None => {
                let message = format!("{:?} ends past what 64 bits can count", entry.name);
                scope.raise(&SIZE_IMPOSSIBLE, view, entry.at.clone(), message);
            }
        }
    }
    let complete = placed.len() == entries.len();
    if complete {
        order(&placed, alignment, view, scope);
    }
    placed.sort_by_key(|(start, end, _)| (*start, *end));
    let mut covered = data;
    for (start, end, entry) in &placed {
        if *start < covered && start < end {
            let message = format!("{:?} begins inside of another tensor", entry.name);
            scope.raise(&OVERLAP, view, entry.at.clone(), message);
        } else if *start > covered && complete {
            unowned(covered..(*start).min(view.len()), alignment, view, scope);
        }
        covered = covered.max(*end);
    }
    if covered > view.len() && !entries.is_empty() {
        let last = placed.iter().max_by_key(|(_, end, _)| *end).map_or("", |(_, _, entry)| entry.name.as_str());
        let message = format!("{} bytes are missing at the end, of {last:?} or others", covered - view.len());
        scope.raise(&TRUNCATED, view, view.len()..view.len(), message);
    } else if complete && covered < view.len() {
        unowned(covered..view.len(), alignment, view, scope);
    }
}

/// Loaders want the tensors in the order of the list, each where the one before ends, filled up to the alignment.
fn order(placed: &[(u64, u64, &Entry)], alignment: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut pairs = placed.iter().zip(placed.iter().skip(1));
    let odd = pairs.find(|(before, after)| after.0 < before.0);
    if let Some(((.., before), (.., after))) = odd {
        let message = format!(
            "{:?} lies before {:?}, although it is listed behind it: loaders refuse tensors out of order",
            after.name, before.name
        );
        scope.raise(&MALFORMED, view, after.at.clone(), message);
    } else if let Some((start, _, first)) = placed.first().filter(|(start, ..)| start % alignment == 0)
        && first.offset != 0
    {
        let message = format!("the first tensor, {:?}, begins at byte {start}, not where the data begins", first.name);
        scope.raise(&MALFORMED, view, first.at.clone(), message);
    }
}

fn unowned(range: Range<u64>, alignment: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    if range.start >= range.end {
        return;
    }
    if range.end - range.start < alignment {
        return padding(range, view, scope);
    }
    let message = format!("{} bytes belong to no tensor", range.end - range.start);
    scope.raise(&HIDDEN_DATA, view, range, message);
}

/// What fills up to the alignment is zero.
fn padding(range: Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let length = range.end.saturating_sub(range.start).min(4096);
    let Ok(bytes) = view.read_up_to(range.start, length) else { return };
    if length > 0 && bytes.iter().any(|byte| *byte != 0) {
        let message = format!("{length} bytes that only fill up to the alignment are not zero");
        scope.raise(&HIDDEN_DATA, view, range, message);
    }
}

fn list(entries: &[Entry], data: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let top = view.depth() == 0 && data > 0;
    let tensors = entries.iter().map(|entry| Tensor {
        name: entry.name.clone(),
        dtype: types::numbered(entry.kind).map_or_else(|| format!("type {}", entry.kind), |kind| kind.name.to_owned()),
        shape: entry.shape.iter().rev().copied().collect(),
        bytes: size(entry).filter(|_| top).and_then(|size| {
            let start = data.checked_add(entry.offset)?;
            Some(start..start.checked_add(size)?)
        }),
    });
    scope.contents().tensors.extend(tensors);
}

/// Elements in one block of a type of ggml, and the bytes of a block.
pub fn element(number: u32) -> Option<(u64, u64)> {
    types::numbered(number).map(|kind| (kind.elements, kind.bytes))
}

#[cfg(test)]
mod tests;
