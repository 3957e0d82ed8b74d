//! Extension types of Arrow: names and metadata that readers of their own make types from, and those of which older readers
//! unpickle the metadata or the values.
//!
//! Sources: the Arrow columnar format, "Extension Types"; CVE-2023-47248 (pyarrow); CVE-2026-41486 (Ray Data,
//! `ray/air/util/tensor_extensions/arrow.py`). Not looked at: types whose metadata is no pickle.

use std::ops::Range;

use super::TABLE_PICKLED_TYPE;
use crate::inspect::Scope;
use crate::inspect::pickle::{inspect_pickle, looks_like_pickle};
use crate::model::Evidence;
use crate::weigh::View;

/// The name under which pyarrow registered its type that pickles itself.
const PYARROW: &[u8] = b"arrow.py_extension_type";

/// The names of Ray's types whose values are pickles, and of those whose metadata may be one.
const RAY_OBJECTS: &[u8] = b"ray.data.arrow_pickled_object";
const RAY_TENSORS: [&[u8]; 2] = [b"ray.data.arrow_tensor", b"ray.data.arrow_variable_shaped_tensor"];

/// The key of the metadata of an extension type, among the pairs of a column.
const METADATA: &[u8] = b"ARROW:extension:metadata";

/// Pairs of metadata that are looked at.
const PAIRS: usize = 1000;

/// Bytes in front of a field of a table in which that table begins: two fields of four bytes, and where they are laid out.
const NEAR: usize = 64;

/// Bytes in front of a text in which what points at it is looked for.
const REACH: usize = 64 << 10;

/// Looks at the schema of Arrow, as its bytes stand in a FlatBuffer. `at` is where they stand in the view; none for those
/// that were decoded from something else.
pub fn inspect(bytes: &[u8], at: Option<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let place = |found: &Range<usize>| at.map_or(0..0, |at| at + found.start as u64..at + found.end as u64);
    let say = |found: Range<usize>, message: String, scope: &mut Scope<'_>| {
        let range = place(&found);
        let evidence = Evidence::new(&TABLE_PICKLED_TYPE, message).at(view.place(range.clone()));
        scope.add(evidence.showing(view.excerpt(range)));
    };
    if let Some(found) = find(bytes, PYARROW) {
        let message = "a column is of the type arrow.py_extension_type: pyarrow from 0.14.0 to 14.0.0 unpickles what the \
                       file gives for it when the file is opened";
        say(found, message.to_owned(), scope);
    }
    if let Some(found) = find(bytes, RAY_OBJECTS) {
        let message = "a column is of the type ray.data.arrow_pickled_object: Ray Data unpickles its values when they are \
                       read";
        say(found, message.to_owned(), scope);
    }
    let tensors = RAY_TENSORS.iter().any(|name| find(bytes, name).is_some());
    let (mut found, mut missed) = values(bytes);
    found.sort_unstable_by_key(|value| (value.start, value.end));
    found.dedup();
    let mut end = 0;
    found.retain(|value| {
        // Texts that lie over each other would be looked at over and over; no writer makes them so.
        let apart = value.start >= end;
        (end, missed) = (if apart { value.end } else { end }, missed | !apart);
        apart
    });
    if missed {
        scope.limit("extension-types", PAIRS as u64, view);
    }
    for value in found {
        let metadata = &bytes[value.clone()];
        let inner = view.decompressed("extension metadata", metadata);
        let pickled = looks_like_pickle(metadata, &inner);
        if pickled {
            inspect_pickle(&inner, scope);
        }
        if tensors && (pickled || !is_shape(metadata)) {
            let message = "the metadata of a tensor of Ray Data is no JSON: older versions of Ray unpickle it when the file is \
                           opened";
            say(value, message.to_owned(), scope);
            return;
        }
    }
}

/// JSON, as Ray writes the shape and type of a tensor, or nothing.
fn is_shape(metadata: &[u8]) -> bool {
    metadata.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(metadata).is_ok()
}

fn find(bytes: &[u8], name: &[u8]) -> Option<Range<usize>> {
    memchr::memmem::find(bytes, name).map(|found| found..found + name.len())
}

/// Where the values stand whose key is that of metadata. A pair is a table of two fields, each the distance to a text
/// (`KeyValue` in `Schema.fbs`); schemas stand in a message, in a footer or alone, so that pairs are found by their key.
/// Also says whether some could not be found.
fn values(bytes: &[u8]) -> (Vec<Range<usize>>, bool) {
    let (mut found, mut missed) = (Vec::new(), false);
    for (number, key) in memchr::memmem::find_iter(bytes, METADATA).enumerate() {
        if number >= PAIRS {
            return (found, true);
        }
        // The length of a text stands in front of it, and what points at a text stands in front of that.
        let Some(text) = key.checked_sub(4).filter(|at| u32_at(bytes, *at) == Some(METADATA.len() as u32)) else {
            continue;
        };
        let before = found.len();
        for field in (text.saturating_sub(REACH)..text).rev().filter(|field| follow(bytes, *field) == Some(text)) {
            if found.len() >= PAIRS {
                return (found, true);
            }
            let tables = (field.saturating_sub(NEAR)..field).rev();
            found.extend(tables.filter_map(|table| value_of(bytes, table, field)).next());
        }
        missed |= found.len() == before;
    }
    (found, missed)
}

/// The value of the pair that is the table there, if its key is the field there.
fn value_of(bytes: &[u8], table: usize, key: usize) -> Option<Range<usize>> {
    let back = i64::from(u32_at(bytes, table)?.cast_signed());
    let layout = usize::try_from(i64::try_from(table).ok()?.checked_sub(back)?).ok()?;
    let entry = |number: usize| {
        let offset = usize::from(u16_at(bytes, layout.checked_add(4 + 2 * number)?)?);
        (offset > 0).then(|| table.checked_add(offset)).flatten()
    };
    let size = u16_at(bytes, layout)?;
    if size < 8 || entry(0)? != key {
        return None;
    }
    let text = follow(bytes, entry(1)?)?;
    let start = text.checked_add(4)?;
    let end = start.checked_add(usize::try_from(u32_at(bytes, text)?).ok()?)?;
    (end <= bytes.len()).then_some(start..end)
}

/// What the distance at that place leads to.
fn follow(bytes: &[u8], at: usize) -> Option<usize> {
    at.checked_add(usize::try_from(u32_at(bytes, at)?).ok()?)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}
