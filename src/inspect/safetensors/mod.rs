//! safetensors: a length, a JSON header, and the tensors' bytes.
//!
//! Read strictly and without dropping anything; the reference crate, which keeps the last of two entries of one name
//! and allows more than the format does, is asked as well, and a different answer is a finding. Tensor values are
//! looked at by [`Statistics`] as they are hashed.

mod dtype;
mod header;
mod layout;
mod loader;
mod rules;

use std::ops::Range;

use crate::model::{Format, Rule, Tensor};
use crate::weigh::View;

use super::statistics::{Statistics, Watched};
use super::{Inspector, Scope, hydra, inspect_content};
use header::{Entry, Header};

pub use layout::odd_name;
pub use rules::*;

/// The longest header that the reference loader reads.
const LONGEST: u64 = 100_000_000;

/// The format.
pub struct Safetensors;

impl Inspector for Safetensors {
    fn format(&self) -> Format {
        Format::named("safetensors")
    }

    /// Nine bytes decide: a length, then `{`. Generous, so that a broken file is called broken, not unknown: white
    /// space before the brace is let through, and a length that cannot be true if what follows looks like a header.
    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        let Some((length, rest)) = head.split_first_chunk::<8>() else { return false };
        let Some(inside) = rest.trim_ascii_start().strip_prefix(b"{") else { return false };
        let plausible = u64::from_le_bytes(*length) <= LONGEST;
        let printable = length.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        let begun = matches!(inside.trim_ascii_start().first(), Some(b'"' | b'}'));
        plausible || (begun && !printable)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let Ok(length) = view.read(0..8) else { return };
        let length = length.try_into().map_or(0, u64::from_le_bytes);
        let left = view.len() - 8;
        if length > LONGEST {
            let message = format!("the header is {length} bytes long, the reference loader reads {LONGEST} at most");
            scope.raise(&HEADER_MALFORMED, view, 0..8, message);
        }
        if length > left {
            let message = format!("the header is {length} bytes long, of which {} are missing", length - left);
            scope.raise(&TRUNCATED, view, 0..8, message);
            let message = "its tensors could not be listed: the header is not all there";
            scope.raise(&super::claim::FORMAT_NOT_INSPECTED, view, 0..8, message);
        }
        let present = length.min(left);
        if present > LONGEST {
            return scope.limit("header-bytes", LONGEST, view);
        }
        let bytes = match view.read(8..8 + present) {
            Ok(bytes) => bytes,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
        let whole = length <= left;
        let header = read(&bytes, whole, view, scope);
        if whole {
            let data = 8 + length..view.len();
            observe(&header.entries, &data, view, scope);
        }
        list(header, length.saturating_add(8), view, scope);
    }
}

/// Reads and checks the header; what is wrong is raised. `whole` says that all of it is there.
fn read(bytes: &[u8], whole: bool, view: &View<'_>, scope: &mut Scope<'_>) -> Header {
    let (end, most) = (view.len(), scope.limits.tensors);
    let mut clean = true;
    let mut behind = None;
    let mut raise = |rule: &'static Rule, range: Range<u64>, message: String| {
        clean = false;
        if rule == &TRAILING_DATA {
            behind = Some(range.clone());
        }
        scope.raise(rule, view, range.start.min(end)..range.end.min(end), message);
    };
    let header = header::read(bytes, most, &mut |rule, range, message| {
        // What breaks off in the middle was already said to be cut off.
        if whole || rule != &HEADER_MALFORMED {
            raise(rule, 8 + range.start as u64..8 + range.end as u64, message);
        }
    });
    if !whole {
        return header;
    }
    let data = 8 + bytes.len() as u64..end;
    layout::check(&header.entries, 8, &data, &mut |rule, range, message| {
        // Tensors that could not be read leave bytes that seem to belong to none.
        if !header.broken || (rule != &HOLE && rule != &TRAILING_DATA) {
            raise(rule, range, message);
        }
    });
    // No safetensors loader reads what follows; another one may.
    if let Some(member) = behind.and_then(|range| view.member("trailing data", range).ok()) {
        inspect_content(&member, scope);
    }
    if header.cut {
        scope.limit("tensors", most, view);
    } else if let Some(difference) = loader::disagrees(bytes, &header.entries, data.end - data.start, clean) {
        scope.raise(&LOADER_DISAGREES, view, 8..data.start, difference);
    }
    header
}

/// Lets the numbers be looked at as they pass, where the file itself holds them.
fn observe(entries: &[Entry], data: &Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    if view.depth() > 0 {
        return;
    }
    let watched = entries.iter().filter_map(|entry| {
        let element = dtype::named(entry.dtype.as_deref()?)?.element?;
        let (shape, (start, end)) = (entry.shape.as_ref()?, entry.offsets?);
        let bytes = data.start.checked_add(start)?..data.start.checked_add(end)?;
        let is_matrix = shape.len() > 1 && end.checked_sub(start)? >= 4096;
        (bytes.end <= data.end).then(|| Watched { name: entry.name.clone(), bytes, element, is_matrix })
    });
    if let Some(statistics) = Statistics::of(watched.collect(), scope.limits.repeats) {
        scope.observe(Box::new(statistics));
    }
}

/// Lists what the header holds.
fn list(header: Header, data: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    let inside = view.depth() > 0;
    // What writes configurations into the header also builds models from them.
    header.metadata.iter().for_each(|(_, value)| hydra::within(value, view, scope));
    let contents = scope.contents();
    contents.metadata.extend(header.metadata);
    contents.tensors.extend(header.entries.into_iter().map(|entry| {
        Tensor {
            name: entry.name,
            dtype: entry.dtype.unwrap_or_else(|| "?".to_owned()),
            shape: entry.shape.unwrap_or_default(),
            bytes: entry
                .offsets
                .and_then(|(start, end)| Some(data.checked_add(start)?..data.checked_add(end)?))
                .filter(|range| range.start <= range.end && !inside),
        }
    }));
}

#[cfg(test)]
mod tests;
