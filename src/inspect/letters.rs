//! Bytes as text, in every encoding that a reader of configurations or code would guess.
//!
//! Python's `json.loads` takes bytes in UTF-8, UTF-16 and UTF-32 and finds out which (`json.detect_encoding`), readers of
//! XML and PyYAML go by the byte order mark. Bytes that are no UTF-8 stand for themselves, as Latin-1 would read them:
//! what is ASCII around them is read in any case.

use std::borrow::Cow;

/// An encoding of more than one byte for each character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wide {
    /// Two bytes, the high one first, behind so many bytes of a mark.
    Big16(usize),
    /// Two bytes, the low one first.
    Little16(usize),
    /// Four bytes, the high one first.
    Big32(usize),
    /// Four bytes, the low one first.
    Little32(usize),
}

/// True for text in UTF-16 behind its mark, all of whose characters are letters, signs and ends of lines.
#[must_use]
pub fn is_wide_text(bytes: &[u8]) -> bool {
    let marked = matches!(Wide::marked(bytes), Some(Wide::Big16(_) | Wide::Little16(_)));
    let odd = |c: char| c == '\u{fffd}' || (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}'));
    marked && bytes.len().is_multiple_of(2) && !text(bytes).contains(odd)
}

impl Wide {
    /// The encoding that a byte order mark names.
    #[must_use]
    pub fn marked(head: &[u8]) -> Option<Self> {
        match head {
            [0, 0, 0xfe, 0xff, ..] => Some(Self::Big32(4)),
            [0xff, 0xfe, 0, 0, ..] => Some(Self::Little32(4)),
            [0xfe, 0xff, ..] => Some(Self::Big16(2)),
            [0xff, 0xfe, ..] => Some(Self::Little16(2)),
            _ => None,
        }
    }

    /// The same, or where there is no mark, what the zeros of the first character say: it is ASCII in JSON and XML.
    #[must_use]
    pub fn told(head: &[u8]) -> Option<Self> {
        Self::marked(head).or(match head {
            [0, 0, 0, 1..=255, ..] => Some(Self::Big32(0)),
            [1..=255, 0, 0, 0, ..] => Some(Self::Little32(0)),
            [0, 1..=255, ..] => Some(Self::Big16(0)),
            [1..=255, 0, ..] => Some(Self::Little16(0)),
            _ => None,
        })
    }

    fn decode(self, bytes: &[u8]) -> String {
        let halves = |rest: &[u8], of: fn([u8; 2]) -> u16| {
            let (pairs, _) = rest.as_chunks::<2>();
            char::decode_utf16(pairs.iter().map(|pair| of(*pair))).map(|one| one.unwrap_or('\u{fffd}')).collect()
        };
        let wholes = |rest: &[u8], of: fn([u8; 4]) -> u32| {
            let (fours, _) = rest.as_chunks::<4>();
            fours.iter().map(|four| char::from_u32(of(*four)).unwrap_or('\u{fffd}')).collect()
        };
        let rest = |mark: usize| bytes.get(mark..).unwrap_or_default();
        match self {
            Self::Big16(mark) => halves(rest(mark), u16::from_be_bytes),
            Self::Little16(mark) => halves(rest(mark), u16::from_le_bytes),
            Self::Big32(mark) => wholes(rest(mark), u32::from_be_bytes),
            Self::Little32(mark) => wholes(rest(mark), u32::from_le_bytes),
        }
    }
}

/// The bytes in UTF-8, if they begin as JSON or XML in a wider encoding; as they are otherwise.
#[must_use]
pub fn narrow(bytes: &[u8]) -> Cow<'_, [u8]> {
    match Wide::told(bytes) {
        Some(wide) => Cow::Owned(wide.decode(bytes).into_bytes()),
        None => Cow::Borrowed(bytes),
    }
}

/// The bytes as text. Bytes that are no UTF-8 become the characters of the same number.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    if let Some(wide) = Wide::marked(bytes) {
        return Cow::Owned(wide.decode(bytes));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_in_every_encoding_that_python_detects() {
        let said = "{\"a\": \"\u{1f600}\"}";
        let utf16 = |of: fn(u16) -> [u8; 2]| said.encode_utf16().flat_map(of).collect::<Vec<_>>();
        let utf32 = |of: fn(u32) -> [u8; 4]| said.chars().flat_map(|c| of(u32::from(c))).collect::<Vec<_>>();
        let plain = [
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
            utf32(u32::to_le_bytes),
            utf32(u32::to_be_bytes),
            said.as_bytes().to_vec(),
        ];
        let marks: [&[u8]; 4] = [b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff"];
        for (at, bytes) in plain.iter().enumerate() {
            assert_eq!(narrow(bytes), said.as_bytes(), "{at}");
            if let Some(mark) = marks.get(at) {
                assert_eq!(narrow(&[mark, bytes.as_slice()].concat()), said.as_bytes(), "{at} with a mark");
            }
        }
    }

    #[test]
    fn what_is_no_utf8_hides_nothing_behind_it() {
        assert_eq!(text(b"# \xe9\nimport os"), "# \u{e9}\nimport os");
        assert_eq!(text(b"\xff\xfea\0b\0"), "ab");
        assert_eq!(text("ü\n".as_bytes()), "ü\n");
    }
}
