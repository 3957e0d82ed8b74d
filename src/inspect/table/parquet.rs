//! Parquet: `PAR1`, columns, a footer in Thrift, its length, `PAR1`.
//!
//! Source: `parquet.thrift` of the format's repository. Not looked at: pages, offsets of column chunks, and files that a
//! summary file refers to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::claim::FORMAT_NOT_INSPECTED;
use super::super::{Inspector, Scope};
use super::thrift::{BINARY, LIST, Reader, STRUCT};
use super::{malformed, part, schema};
use crate::model::Format;
use crate::weigh::View;

/// The format.
pub struct Parquet;

/// Bytes of the length and the mark at the end.
const TAIL: u64 = 8;

impl Inspector for Parquet {
    fn format(&self) -> Format {
        Format::named("parquet")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"PAR1") || head.starts_with(b"PARE")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let end = view.len().saturating_sub(TAIL);
        let Ok(tail) = view.read_up_to(end, TAIL) else { return };
        let (length, mark) = tail.split_at_checked(4).unwrap_or_default();
        if mark == b"PARE" {
            let message = "the footer of the table is encrypted";
            return scope.raise(&FORMAT_NOT_INSPECTED, view, end..view.len(), message);
        }
        let length = length.try_into().map(u32::from_le_bytes).unwrap_or_default();
        let start = end.checked_sub(length.into()).filter(|start| *start >= 4 && mark == b"PAR1");
        let Some(start) = start else {
            return malformed(view, end, "it does not end in a footer inside of the file and the mark", scope);
        };
        let Some(footer) = part(view, start..end, scope) else { return };
        let Some(pairs) = pairs(&footer) else {
            return malformed(view, start, "the footer is not what the format lays down", scope);
        };
        for (_, value) in pairs.into_iter().filter(|(key, _)| *key == b"ARROW:schema") {
            match STANDARD.decode(value) {
                Ok(bytes) => schema(&bytes, None, view, scope),
                Err(_) => malformed(view, start, "the schema of Arrow in the footer is no base64", scope),
            }
        }
    }
}

/// Keys and values of the footer; `None` if it is none: the list of columns and the number of rows are never missing.
fn pairs(footer: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut reader = Reader::new(footer);
    let mut found = Vec::new();
    let (mut last, mut columns, mut rows) = (0, false, false);
    while let Some((number, kind)) = reader.field(&mut last)? {
        columns |= number == 2 && kind == LIST;
        rows |= number == 3;
        if number != 5 || kind != LIST {
            reader.skip(kind, false, 0)?;
            continue;
        }
        let (length, kind) = reader.list()?;
        for _ in 0..length {
            if kind != STRUCT {
                return None;
            }
            let (mut last, mut pair) = (0, (&[][..], &[][..]));
            while let Some((number, kind)) = reader.field(&mut last)? {
                match (number, kind) {
                    (1, BINARY) => pair.0 = reader.binary()?,
                    (2, BINARY) => pair.1 = reader.binary()?,
                    _ => reader.skip(kind, false, 1)?,
                }
            }
            found.push(pair);
        }
    }
    (columns && rows).then_some(found)
}
