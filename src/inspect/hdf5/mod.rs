//! HDF5: objects, links and storage are followed, configurations of Keras are read from attributes, and, in files that
//! are not too large, wherever their text stands.
//!
//! Keras reads what a dataset or link points at, in other files too (CVE-2026-1669). Source: *HDF5 File Format
//! Specification 3.0*. Not looked at: indexes of chunks, filters, committed types, and what the numbers are.

mod heap;
mod links;
mod object;
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
    summary: "the HDF5 file is cut off, or its structure leads out of the file or declares far more than it stores",
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
    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        [0, 512, 1024, 2048].iter().any(|at| head.get(*at..).is_some_and(|rest| rest.starts_with(b"\x89HDF\r\n\x1a\n")))
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
    while at < view.len() {
        let bytes = match view.read_up_to(at, WINDOW) {
            Ok(bytes) => bytes,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
        let last = at.saturating_add(bytes.len() as u64) >= view.len();
        let mut from = 0;
        while let Some(start) = begins(&bytes, from) {
            from = start + 1;
            let length = configuration(&bytes[start..], at + start as u64, view, scope);
            from = from.max(start.saturating_add(length));
        }
        // A beginning may lie across the border of two windows.
        at = at.saturating_add(bytes.len() as u64).saturating_sub(if last { 0 } else { 64 });
    }
}

/// Where the next text begins that can be a configuration.
fn begins(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let names: [&[u8]; 5] = [b"class_name\"", b"module\"", b"config\"", b"name\"", b"registered_name\""];
    rest.windows(2).enumerate().find_map(|(at, window)| {
        let begins = window[0] == b'{' && matches!(window[1], b'"' | b' ' | b'\n');
        let name = begins.then(|| rest[at + 1..].trim_ascii_start().strip_prefix(b"\""))??;
        names.iter().any(|known| name.starts_with(known)).then_some(from + at)
    })
}

/// Reads the text that begins there, in the window or beyond it, and returns its length; 0 if it is none.
fn configuration(bytes: &[u8], at: u64, view: &View<'_>, scope: &mut Scope<'_>) -> usize {
    let longer;
    let (text, length) = match extent(bytes) {
        Some(length) => (bytes, length),
        None => {
            let Ok(more) = view.read_up_to(at, LONGEST) else { return 0 };
            longer = more;
            let Some(length) = extent(&longer) else { return 0 };
            (longer.as_slice(), length)
        }
    };
    let Some(tree) = text.get(..length).and_then(|text| Tree::read(text, 512)) else { return 0 };
    if keras::inspect(&tree, view, scope) { length } else { 0 }
}

/// Length of the JSON value at the front; `None` if it does not end here or is none.
fn extent(bytes: &[u8]) -> Option<usize> {
    let mut tokens = Tokens::new(bytes, Dialect::Python, 512);
    let mut end = 0;
    loop {
        match tokens.next() {
            Ok(Some((span, _))) => end = span.end,
            Ok(None) => return Some(end),
            Err(fault) if fault.kind == FaultKind::After => return Some(end),
            Err(_) => return None,
        }
    }
}
