//! Where tensors lie: every byte of the data belongs to exactly one.

use std::ops::Range;

use super::header::Entry;
use super::{HOLE, OVERLAP, SIZE_MISMATCH, TENSOR_NAME_UNSAFE, TRAILING_DATA, TRUNCATED, UNKNOWN_DTYPE, dtype};
use crate::model::Rule;

/// Is told about a defect: rule, range of the file, what it is.
pub type Sink<'s> = &'s mut dyn FnMut(&'static Rule, Range<u64>, String);

/// Compares entries with the data, which is `data` of the file; `header` is where the header begins.
pub fn check(entries: &[Entry], header: u64, data: &Range<u64>, sink: Sink<'_>) {
    let len = data.end - data.start;
    let mut placed = Vec::with_capacity(entries.len());
    for entry in entries {
        let at = header + entry.at.start as u64..header + entry.at.end as u64;
        if let Some(what) = odd_name(&entry.name) {
            sink(&TENSOR_NAME_UNSAFE, at.clone(), format!("the tensor name {:?} {what}", entry.name));
        }
        size(entry, &at, sink);
        if let Some((start, end)) = entry.offsets {
            placed.push((start, end, entry, at));
        }
    }
    placed.sort_by_key(|(start, end, ..)| (*start, *end));
    let mut covered = 0;
    let mut missing = None;
    for (start, end, entry, at) in placed {
        let here = |from: u64, to: u64| data.start.saturating_add(from)..data.start.saturating_add(to.min(len));
        if start < covered {
            let message = format!("{:?} begins at byte {start} of the data, inside another tensor", entry.name);
            sink(&OVERLAP, here(start, covered.min(end.max(start))), message);
        } else if start > covered && start <= len {
            let message = format!("{} bytes before {:?} belong to no tensor", start - covered, entry.name);
            sink(&HOLE, here(covered, start), message);
        }
        if end > len && missing.as_ref().is_none_or(|(_, before, _)| *before < end) {
            missing = Some((entry, end, at));
        }
        covered = covered.max(end);
    }
    if let Some((entry, end, at)) = missing {
        let message = format!(
            "{} bytes are missing at the end: {:?} ends at byte {end} of the data, which has {len}",
            end - len,
            entry.name
        );
        sink(&TRUNCATED, at, message);
    } else if covered < len {
        let message = format!("{} bytes follow after the last tensor", len - covered);
        sink(&TRAILING_DATA, data.start + covered..data.end, message);
    }
}

fn size(entry: &Entry, at: &Range<u64>, sink: Sink<'_>) {
    let name = &entry.name;
    let Some(spelt) = &entry.dtype else { return };
    let Some(dtype) = dtype::named(spelt) else {
        return sink(&UNKNOWN_DTYPE, at.clone(), format!("{name:?} has the element type {spelt:?}, which is unknown"));
    };
    let (Some(shape), Some((start, end))) = (&entry.shape, entry.offsets) else { return };
    let elements = shape.iter().try_fold(1u64, |product, dimension| product.checked_mul(*dimension));
    let Some(bits) = elements.and_then(|elements| elements.checked_mul(dtype.bits)) else {
        let message = format!("the size of {name:?} does not fit 64 bits: shape {shape:?} of {spelt}");
        return sink(&SIZE_MISMATCH, at.clone(), message);
    };
    let message = if start > end {
        format!("{name:?} ends at byte {end}, before it begins at {start}")
    } else if bits % 8 != 0 {
        format!("{name:?} ends inside a byte: shape {shape:?} of {spelt}")
    } else if end - start != bits / 8 {
        format!("{name:?} takes {} bytes, but shape {shape:?} of {spelt} needs {}", end - start, bits / 8)
    } else {
        return;
    };
    sink(&SIZE_MISMATCH, at.clone(), message);
}

/// What a program that writes a file for each tensor would stumble over.
pub fn odd_name(name: &str) -> Option<&'static str> {
    if name.chars().any(char::is_control) {
        Some("holds control characters")
    } else if name.split(['/', '\\']).any(|part| part == "..") {
        Some("climbs out of a folder")
    } else if name.starts_with(['/', '\\']) {
        Some("is an absolute path")
    } else {
        None
    }
}
