//! Tables and databases: SQLite, Stata, ORC, Feather, CRFsuite, the weights of Core ML, and the directory of TensorStore's OCDBT.
//!
//! Sources: the SQLite file format, `dta` of Stata, the ORC specification, `metadata.fbs` of Feather, `crf1d_model.c` of CRFsuite,
//! `MILBlob` of coremltools, `format.md` of TensorStore's kvstore/ocdbt. Not looked at: the rows.

use super::{Fault, head_of, u32_of, u64_of};
use crate::inspect::flatbuffer::{field, u32_at};
use crate::weigh::View;

pub fn is_sqlite(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"SQLite format 3\0")
}

pub fn sqlite(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 100);
    let long = |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let page = head.get(16..18).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes);
    let page = match page {
        Some(1) => 65_536,
        Some(size) if size >= 512 && size.is_power_of_two() => u64::from(size),
        size => return Err((16, format!("its pages have {} bytes", size.unwrap_or(0)))),
    };
    // The first page is the table of tables, a tree of rows.
    if view.len() > 100 && !view.read_up_to(100, 1).is_ok_and(|kind| matches!(kind.as_slice(), [0x05 | 0x0d])) {
        return Err((100, "its first page is no tree of rows".to_owned()));
    }
    // The number of pages counts if it was written by the same change as the rest.
    let pages = long(28).filter(|pages| *pages > 0 && long(24) == long(92));
    match pages.map(|pages| u64::from(pages) * page) {
        Some(bytes) if bytes > view.len() => {
            Err((28, format!("its pages take {bytes} bytes, there are {}", view.len())))
        }
        None if !view.len().is_multiple_of(page) => Err((view.len(), "it ends inside of a page".to_owned())),
        _ => Ok(()),
    }
}

pub fn is_stata(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"<stata_dta>")
}

pub fn stata(view: &View<'_>) -> Result<(), Fault> {
    let at = view.len().saturating_sub(64);
    let ends = view.read_up_to(at, 64).is_ok_and(|tail| tail.trim_ascii_end().ends_with(b"</stata_dta>"));
    if ends { Ok(()) } else { Err((at, "it does not end as it began".to_owned())) }
}

/// The version, the order of the bytes, the kind of file and a zero.
pub fn is_old_stata(head: &[u8], _: &View<'_>) -> bool {
    matches!(head, [113..=115, 1 | 2, 1, 0, ..])
}

pub fn old_stata(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 10);
    let big = head.get(1) == Some(&1);
    let pair: [u8; 2] = head.get(4..6).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    let four: [u8; 4] = head.get(6..10).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    let columns = u64::from(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) });
    let rows = u64::from(if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) });
    let format = if head.first() == Some(&113) { 12 } else { 49 };
    let types = view.read(109..109 + columns).map_err(|_| (109, "the list of columns is cut off".to_owned()))?;
    let width: u64 = types
        .iter()
        .map(|kind| match kind {
            251 => 1,
            252 => 2,
            253 | 254 => 4,
            255 => 8,
            length => u64::from(*length),
        })
        .sum();
    let described = columns * (1 + 33 + format + 33 + 81) + 2 * (columns + 1);
    let least = 109 + described + 5 + rows * width;
    if least > view.len() {
        return Err((
            6,
            format!("{rows} rows of {columns} columns take {least} bytes at least, there are {}", view.len()),
        ));
    }
    Ok(())
}

pub fn is_orc(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"ORC")
}

/// The last byte is the length of a postscript that ends in the mark and names the length of the footer before it.
pub fn orc(view: &View<'_>) -> Result<(), Fault> {
    let cut = || (view.len(), "it does not end in its postscript".to_owned());
    let end = view.len().checked_sub(1).ok_or_else(cut)?;
    let length = view.read_up_to(end, 1).ok().and_then(|last| last.first().copied()).ok_or_else(cut)?;
    let start = end.checked_sub(u64::from(length)).ok_or_else(cut)?;
    let script = view.read(start..end).map_err(|_| cut())?;
    if !script.ends_with(b"ORC") {
        return Err(cut());
    }
    let mut footer = 0u64;
    if script.first() == Some(&0x08) {
        for (n, byte) in script.iter().skip(1).take(9).enumerate() {
            footer |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    if footer == 0 || footer.saturating_add(3) > start {
        return Err((start, format!("its footer is said to have {footer} bytes")));
    }
    Ok(())
}

/// Feather before version 2: `FEA1` at both ends.
pub fn is_feather(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"FEA1\0\0\0\0")
}

/// Columns, then a FlatBuffer that describes them, its length, and the mark.
pub fn feather(view: &View<'_>) -> Result<(), Fault> {
    let at = view.len().saturating_sub(8);
    let tail = view.read_up_to(at, 8).unwrap_or_default();
    let length = u32_of(&tail, 0).map_or(0, u64::from);
    let start = at.checked_sub(length).filter(|start| *start >= 8 && length >= 8 && tail.ends_with(b"FEA1"));
    let start =
        start.ok_or_else(|| (at, "it does not end in a description inside of the file and the mark".to_owned()))?;
    let described = view.slice(start..at).ok();
    let root = described.and_then(|described| {
        let root = u64::from(u32_at(&described, 0)?);
        field(&described, root, 0)
    });
    if root.is_some() { Ok(()) } else { Err((start, "its description is broken".to_owned())) }
}

pub fn is_crfsuite(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(b"lCRF") && head.get(8..12) == Some(b"FOMC")
}

pub fn crfsuite(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 48);
    let size = u32_of(&head, 4).map(u64::from).unwrap_or(0);
    if size != view.len() {
        return Err((4, format!("it says that it has {size} bytes, there are {}", view.len())));
    }
    let names = ["features", "labels", "attributes", "references of labels", "references of attributes"];
    for (n, name) in names.into_iter().enumerate() {
        let at = 28 + 4 * n;
        if u32_of(&head, at).is_none_or(|offset| u64::from(offset) >= view.len()) {
            return Err((at as u64, format!("the {name} lie outside of the file")));
        }
    }
    Ok(())
}

/// Weights of an ML program of Core ML: a header of 64 bytes with the number of pieces, and in front of each piece 64 bytes
/// with a mark, its type, its length and where it lies.
pub fn blob(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 64);
    // Other bytes may have the mark of a piece at the same place.
    let count = if u32_of(&head, 4) == Some(2) { u32_of(&head, 0).unwrap_or(0) } else { 0 };
    let mut at = 64u64;
    for n in 0..count {
        let tag = view
            .read(at..at.saturating_add(24))
            .map_err(|_| (at, format!("it ends before the piece {n} of {count}")))?;
        if u32_of(&tag, 0) != Some(0xdead_beef) {
            return Err((at, format!("the piece {n} of {count} does not begin there")));
        }
        let (length, start) = (u64_of(&tag, 8).unwrap_or(0), u64_of(&tag, 16).unwrap_or(0));
        let end = start.checked_add(length).filter(|end| *end <= view.len() && start >= at);
        let end = end.ok_or_else(|| (at, format!("the piece {n} of {count} goes beyond the end")))?;
        at = end.next_multiple_of(64);
    }
    Ok(())
}

pub fn is_ocdbt(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(&[0x0c, 0xdb, 0x3a, 0x2a])
}

/// The mark, then the length of the whole.
pub fn ocdbt(view: &View<'_>) -> Result<(), Fault> {
    let length = view.read(4..12).ok().and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    if length != Some(view.len()) {
        let length = length.unwrap_or(0);
        return Err((4, format!("it says that it has {length} bytes, there are {}", view.len())));
    }
    Ok(())
}
