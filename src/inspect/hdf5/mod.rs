//! HDF5: objects, links and storage are followed and held against each other, configurations of Keras are read from
//! attributes, and, in files that are not too large, wherever their text stands; so are rows that are pickles.
//!
//! Keras reads what a dataset or link points at, in other files too (CVE-2026-1669). PyTables unpickles attributes and
//! rows (`tables/attributeset.py`, `ObjectAtom` of `tables/atom.py`). Source: *HDF5 File Format Specification 3.0*. Not
//! looked at: free space, heaps of shared messages, and what the numbers are; see [`dataset`] for pieces.

mod arrays;
mod attributes;
mod btree;
mod checksum;
mod chunks;
mod dataset;
mod datatype;
mod fields;
mod file;
mod fractal;
mod global;
mod header;
mod layout;
mod links;
mod messages;
mod symbols;
mod walk;

use super::json::{Dialect, FaultKind, Tokens, Tree};
use super::{Inspector, Scope, keras};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// Data from elsewhere.
pub static HDF5_EXTERNAL_FILE: Rule = Rule {
    id: "hdf5-external-file",
    summary: "the HDF5 file takes data or groups from another file",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/hdf5-external-file.md"),
    frameworks: &["CWE-73", "CWE-22", "AML.T0011.000"],
};

/// A structure that does not hold.
pub static HDF5_MALFORMED: Rule = Rule {
    id: "hdf5-malformed",
    summary: "the HDF5 file is cut off, or its structure does not hold, leads out of the file or declares far more than it stores",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/hdf5-malformed.md"),
    frameworks: &["CWE-20", "CWE-125", "CWE-770", "AML.T0076"],
};

/// Files up to this many bytes are also searched for texts from end to end.
const SEARCHED: u64 = 256 << 20;

/// Read at once. A configuration that begins in one window and ends in the next is read from where it begins.
const WINDOW: u64 = 8 << 20;
/// Longest configuration.
const LONGEST: u64 = 16 << 20;

/// The format.
pub struct Hdf5;

impl Inspector for Hdf5 {
    fn format(&self) -> Format {
        Format::named("hdf5")
    }

    /// The signature stands at the beginning, or at 512, 1024, 2048 … behind a block of the user's own.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        file::begins(head, view).is_some()
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        walk::follow(view, scope);
        if view.len() <= SEARCHED {
            search(view, scope);
        }
    }
}

/// Looks for configurations in all bytes, whether the structure leads to them or not.
fn search(view: &View<'_>, scope: &mut Scope<'_>) {
    let mut at = 0;
    // Bytes that may be read as JSON in all: numbers that look like the beginning of a text cost next to nothing.
    let mut work = view.len().saturating_mul(4).saturating_add(1 << 20);
    let mut rows = work;
    while at < view.len() {
        let bytes = match view.read_up_to(at, WINDOW) {
            Ok(bytes) => bytes,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
        let last = at.saturating_add(bytes.len() as u64) >= view.len();
        let mut from = 0;
        while let Some(start) = begins(&bytes, from) {
            let length = configuration(&bytes[start..], at + start as u64, &mut work, view, scope);
            if work == 0 {
                return scope.limit("bytes of texts in an HDF5 file", view.len().saturating_mul(4), view);
            }
            from = start + length.max(1);
        }
        collections(&bytes, at, &mut rows, view, scope);
        if rows == 0 {
            return scope.limit("bytes of global heaps in an HDF5 file", view.len().saturating_mul(4), view);
        }
        // A beginning may lie across the border of two windows.
        at = at.saturating_add(bytes.len() as u64).saturating_sub(if last { 0 } else { 64 });
    }
}

/// Looks at the rows of the global heaps in a window, whatever leads to them: a row of objects is a pickle.
/// The bytes of heaps are taken from the work that is left.
fn collections(bytes: &[u8], at: u64, work: &mut u64, view: &View<'_>, scope: &mut Scope<'_>) {
    // Nobody writes files of other sizes that hold objects of Python.
    let sizes = fields::Sizes { base: 0, offsets: 8, lengths: 8 };
    let mut end = 0;
    for start in memchr::memmem::find_iter(bytes, b"GCOL") {
        if start < end {
            continue;
        }
        let place = at.saturating_add(start as u64);
        let heap = bytes.get(start..).unwrap_or_default();
        let size = heap.get(8..16).map_or(0, fields::little);
        if size > SEARCHED {
            continue;
        }
        *work = work.saturating_sub(size.max(64));
        if *work == 0 {
            return;
        }
        let longer;
        let heap = if size > heap.len() as u64 {
            let Ok(more) = view.read_up_to(place, size) else { continue };
            longer = more;
            longer.as_slice()
        } else {
            heap
        };
        let Ok(rows) = global::collection(heap, 0, sizes) else { continue };
        end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        for (begin, length) in rows.objects.values() {
            let end = begin.saturating_add(*length);
            let range = usize::try_from(*begin).unwrap_or(usize::MAX)..usize::try_from(end).unwrap_or(usize::MAX);
            attributes::unpickled("row", heap.get(range).unwrap_or_default(), view, scope);
        }
    }
}

/// Where the next object of JSON can begin: a brace, and a name.
fn begins(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let found = rest.iter().enumerate().filter(|(_, byte)| **byte == b'{').find(|(at, _)| {
        let name = rest[at + 1..].iter().take(60).find(|byte| !byte.is_ascii_whitespace());
        name == Some(&b'"')
    });
    found.map(|(at, _)| from + at)
}

/// Reads the text that begins there, in the window or beyond it, and returns its length; 0 if it is none.
fn configuration(bytes: &[u8], at: u64, work: &mut u64, view: &View<'_>, scope: &mut Scope<'_>) -> usize {
    let longer;
    let (text, length) = match extent(bytes, work) {
        Extent::Whole(length) => (bytes, length),
        Extent::Cut => {
            let Ok(more) = view.read_up_to(at, LONGEST) else { return 0 };
            longer = more;
            let Extent::Whole(length) = extent(&longer, work) else { return 0 };
            (longer.as_slice(), length)
        }
        Extent::None => return 0,
    };
    let Some(tree) = text.get(..length).and_then(|text| Tree::read(text, 512)) else { return 0 };
    if keras::inspect(&tree, view, scope) { length } else { 0 }
}

enum Extent {
    /// A value of that length.
    Whole(usize),
    /// A value that goes on behind the bytes.
    Cut,
    /// No value.
    None,
}

/// The JSON value at the front. What is read is taken from the work that is left.
fn extent(bytes: &[u8], work: &mut u64) -> Extent {
    let mut tokens = Tokens::new(bytes, Dialect::Python, 512);
    let mut end = 0;
    let extent = loop {
        match tokens.next() {
            Ok(Some((span, _))) => end = span.end,
            Ok(None) => break Extent::Whole(end),
            Err(fault) if fault.kind == FaultKind::After => break Extent::Whole(end),
            Err(fault) => {
                end = end.max(fault.at);
                break if fault.kind == FaultKind::End { Extent::Cut } else { Extent::None };
            }
        }
        if end as u64 > *work {
            *work = 0;
            break Extent::None;
        }
    };
    *work = work.saturating_sub(end as u64);
    extent
}
