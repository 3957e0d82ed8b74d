//! Parquet: `PAR1`, columns, a footer in Thrift, its length, `PAR1`.
//!
//! Source: `parquet.thrift` of the format's repository. Not looked at: the values in the pages, and files that
//! a summary file refers to.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::super::claim::FORMAT_NOT_INSPECTED;
use super::super::{Inspector, Scope};
use super::thrift::{BINARY, INTEGERS, LIST, Reader, STRUCT};
use super::{chunks, extension, malformed, pages, part};
use crate::model::Format;
use crate::weigh::View;

/// The format.
pub struct Parquet;

/// Bytes of the length and the mark at the end.
const TAIL: u64 = 8;
/// Bytes of the signature of a footer.
const SIGNATURE: usize = 28;

impl Inspector for Parquet {
    fn format(&self) -> Format {
        Format::named("parquet")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"PAR1") || head.starts_with(b"PARE")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let end = view.len().saturating_sub(TAIL);
        let tail = match view.read_up_to(end, TAIL) {
            Ok(tail) => tail,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
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
        let mut columns = Vec::new();
        match chunks::check(&footer, start, &mut columns) {
            Some(Ok(())) => pages::inspect(&columns, view, scope),
            Some(Err(what)) => malformed(view, start, what, scope),
            None => malformed(view, start, "the groups of rows are not what the format lays down", scope),
        }
        for (_, value) in pairs.into_iter().filter(|(key, _)| *key == b"ARROW:schema") {
            let (bytes, whole) = decoded(value);
            extension::inspect(&bytes, None, view, scope);
            if !whole {
                malformed(view, start, "the schema of Arrow in the footer is no base64", scope);
            }
        }
    }
}

/// What base64 stands for up to the first byte that is none, as Arrow's own decoder takes it, and whether that is all.
fn decoded(value: &[u8]) -> (Vec<u8>, bool) {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let length = value.iter().take_while(|byte| is_digit(byte)).count();
    let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    let config = config.with_decode_padding_mode(DecodePaddingMode::Indifferent);
    // A digit alone at the end holds no byte.
    let digits = &value[..if length % 4 == 1 { length - 1 } else { length }];
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, config).decode(digits).unwrap_or_default();
    (bytes, STANDARD.decode(value).is_ok())
}

/// Keys and values of the footer; `None` if it is none: the list of columns and the number of rows are never missing.
fn pairs(footer: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut reader = Reader::new(footer);
    let mut found = Vec::new();
    let (mut last, mut version, mut columns, mut rows) = (0, false, false, false);
    while let Some((number, kind)) = reader.field(&mut last)? {
        columns |= number == 2 && kind == LIST;
        rows |= number == 3;
        version |= number == 1 && INTEGERS.contains(&kind);
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
    // The footer is all of its bytes, but for the signature of files with encrypted columns.
    (version && columns && rows && matches!(reader.left(), 0 | SIGNATURE)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrow_decodes_is_looked_at() {
        assert_eq!(decoded(b"YWJj"), (b"abc".to_vec(), true));
        assert_eq!(decoded(b"YWI="), (b"ab".to_vec(), true));
        for odd in [&b"YWJj==="[..], b"YWJj\nYWJj", b"YWJjY", b"YWJj!"] {
            assert_eq!(decoded(odd), (b"abc".to_vec(), false));
        }
        assert_eq!(decoded(b""), (Vec::new(), true));
    }
}
