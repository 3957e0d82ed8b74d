//! The text arguments of protocol 0, and texts as they are shown.

use std::ops::Range;

use super::machine::{Break, Machine, Step, length};
use super::source::Source;
use super::value::{Coding, Value};

/// Digits of a decimal number beyond which Python refuses it (`sys.int_info.default_max_str_digits`).
const DIGITS: usize = 4300;

/// Longest key that is read again, in bytes.
pub const KEY: u32 = 256;

/// Texts that may be read again for names and arguments.
const READS: u64 = 400_000;

impl Machine<'_, '_, '_> {
    /// An opcode whose argument is one line.
    pub fn line(&mut self, code: u8, at: u64, text: &[u8]) -> Step {
        match code {
            b'I' | b'L' => self.integer(code, text),
            b'F' => {
                if !is_float(text) {
                    return Err(Break::Malformed(format!("{:?} is no number", String::from_utf8_lossy(text))));
                }
                self.push(Value::Number)
            }
            b'S' => {
                let quoted = text.len() >= 2 && matches!(text[0], b'\'' | b'"') && text.last() == text.first();
                if !quoted {
                    return Err(Break::Malformed("a STRING has no quotes around it".to_owned()));
                }
                let inner = &text[1..text.len() - 1];
                if !is_literal(inner) {
                    self.fault("a STRING has an escape that is none".to_owned());
                }
                let decoded = unescape(inner);
                self.look_into(&(at + 1..at + 1 + inner.len() as u64), &decoded);
                self.note_key(at + 1, &decoded);
                self.push(Value::Text { at: at + 1, len: inner.len() as u32, coding: Coding::Quoted })
            }
            b'V' => {
                if !is_raw_unicode(text) {
                    self.fault("a UNICODE has an escape that is none".to_owned());
                }
                let decoded: Option<Vec<u8>> = raw_unicode(text).chars().map(|c| u8::try_from(c).ok()).collect();
                self.look_into(&(at..at + text.len() as u64), decoded.as_deref().unwrap_or(text));
                self.note_key(at, decoded.as_deref().unwrap_or(text));
                self.push(Value::Text { at, len: text.len() as u32, coding: Coding::RawUnicode })
            }
            b'g' | b'p' => {
                let index = match plain_index(text) {
                    Some(index) => index,
                    None => self.odd_index(text)?,
                };
                if code == b'g' { self.get(index) } else { self.put(index) }
            }
            _ => Err(Break::Malformed(format!("{} has text as argument", self.opcode()))),
        }
    }

    /// The index of `GET` and `PUT` where it is not written as picklers write it.
    #[cold]
    fn odd_index(&mut self, text: &[u8]) -> Result<i64, Break> {
        let Some(index) = memo_index(text) else {
            return Err(Break::Malformed("a memo index is no number".to_owned()));
        };
        if index.to_string().as_bytes() != text.trim_ascii_end() {
            self.fault(format!("memo index {index} is spelt {:?}", String::from_utf8_lossy(text)));
        }
        Ok(index)
    }

    /// A counted text.
    pub fn text(&mut self, code: u8, range: Range<u64>, source: &Source<'_>) -> Step {
        let whole = source.constant().len() as u64 == range.end - range.start;
        // Strings of Python 2 (`BINSTRING`) may be in any encoding.
        if whole && !matches!(code, b'T' | b'U') && !is_utf8(source.constant()) {
            self.fault("a text is not UTF-8".to_owned());
        }
        self.look_into(&range, source.constant());
        self.note_key(range.start, source.constant());
        self.push(Value::Text { at: range.start, len: length(&range), coding: Coding::Utf8 })
    }

    /// Counted bytes.
    pub fn bytes(&mut self, range: Range<u64>, source: &Source<'_>) -> Step {
        self.look_into(&range, source.constant());
        self.push(Value::Bytes { at: range.start, len: length(&range) })
    }

    /// A text of more than 64 KiB in one line: too long for a name, so only its place is kept.
    pub fn long_line(&mut self, code: u8, range: Range<u64>, ends: [u8; 2]) -> Step {
        if code == b'S' && !(matches!(ends[0], b'\'' | b'"') && ends[0] == ends[1]) {
            return Err(Break::Malformed("a STRING has no quotes around it".to_owned()));
        }
        let coding = if code == b'S' { Coding::Quoted } else { Coding::RawUnicode };
        self.push(Value::Text { at: range.start, len: length(&range), coding })
    }

    fn integer(&mut self, code: u8, text: &[u8]) -> Step {
        match text {
            b"00" if code == b'I' => return self.push(Value::Bool(false)),
            b"01" if code == b'I' => return self.push(Value::Bool(true)),
            _ => {}
        }
        let text = before_nul(text);
        let digits = if code == b'L' { text.strip_suffix(b"L").unwrap_or(text) } else { text };
        let Some(digits) = std::str::from_utf8(digits).ok().map(str::trim).filter(|digits| is_integer(digits)) else {
            return Err(Break::Malformed(format!("{:?} is no number", String::from_utf8_lossy(text))));
        };
        if digits.len() > DIGITS {
            self.fault(format!("a number of {} digits", digits.len()));
        }
        // The C unpickler takes a zero in front for octal, the Python one for an error.
        let bare = digits.trim_start_matches(['+', '-']);
        let octal = bare.len() > 1 && bare.starts_with('0') && bare.bytes().all(|byte| byte.is_ascii_digit());
        if octal {
            self.fault(format!("the number {digits:?} begins with a zero, which loaders read differently"));
            return self.push(Value::Number);
        }
        self.push(digits.parse().map_or(Value::Number, Value::Int))
    }

    /// The text a value stands for, up to `max` bytes; `None` if it is no text, longer, or not readable any more.
    pub fn text_of(&mut self, value: Value, max: u32) -> Option<String> {
        let Value::Text { at, len, coding } = value else { return None };
        self.reads += 1;
        if self.reads == READS + 1 {
            self.scope.limit("texts read again", READS, self.view);
        }
        if len > max || self.reads > READS {
            return None;
        }
        self.read_text(at, len, coding)
    }

    /// The same for a key of a dictionary, of which there is one for each that stands in the stream.
    pub fn key_text(&self, key: Value) -> Option<String> {
        match key {
            Value::Text { at, len: len @ 0..=KEY, coding } => self.read_text(at, len, coding),
            _ => None,
        }
    }

    fn read_text(&self, at: u64, len: u32, coding: Coding) -> Option<String> {
        let bytes = self.view.read(at..at + u64::from(len)).ok()?;
        Some(match coding {
            Coding::Utf8 => String::from_utf8_lossy(&bytes).into_owned(),
            Coding::Quoted => String::from_utf8_lossy(&unescape(&bytes)).into_owned(),
            Coding::RawUnicode => raw_unicode(&bytes),
        })
    }
}

/// A C string ends at its first zero byte.
fn before_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or(text)
}

/// An index as picklers write it: a few digits, no zero in front.
fn plain_index(text: &[u8]) -> Option<i64> {
    let plain = matches!(text, [b'0'] | [b'1'..=b'9', ..]) && text.len() <= 9 && text.iter().all(u8::is_ascii_digit);
    plain.then(|| text.iter().fold(0, |index, digit| index * 10 + i64::from(digit - b'0')))
}

/// The index of `GET` and `PUT`, as `int()` of Python and `PyLong_FromString` read it: white space around it, a sign,
/// zeros in front and single underscores between digits are allowed.
pub fn memo_index(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(before_nul(text)).ok()?;
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let sound = digits.split('_').all(|run| !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit()));
    let number: i64 = sound.then(|| digits.replace('_', "")).and_then(|digits| digits.parse().ok())?;
    Some(if negative { -number } else { number })
}

pub fn is_integer(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = body.to_ascii_lowercase();
    let (digits, radix) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0o") => (&lower[2..], 8),
        Some("0b") => (&lower[2..], 2),
        _ => (lower.as_str(), 10),
    };
    !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix) || c == '_')
}

pub fn is_float(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.trim().replace('_', "").parse::<f64>().is_ok())
}

/// UTF-8 as Python's `surrogatepass` reads it: lone surrogates are allowed.
pub fn is_utf8(bytes: &[u8]) -> bool {
    if std::str::from_utf8(bytes).is_ok() {
        return true;
    }
    let mut mended = bytes.to_vec();
    for at in 2..mended.len() {
        if mended[at - 2] == 0xed && (0xa0..0xc0).contains(&mended[at - 1]) && (0x80..0xc0).contains(&mended[at]) {
            mended[at - 2..=at].copy_from_slice(b"???");
        }
    }
    std::str::from_utf8(&mended).is_ok()
}

/// The escapes of a Python string literal. What is no escape stays.
pub fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        let (b'\\', Some((&kind, after))) = (byte, tail.split_first()) else {
            out.push(byte);
            rest = tail;
            continue;
        };
        rest = after;
        match kind {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(kind),
            b'x' => match number(after, 2, 16) {
                Some((value, left)) => {
                    out.push(value as u8);
                    rest = left;
                }
                None => out.extend_from_slice(b"\\x"),
            },
            b'0'..=b'7' => {
                let run = tail.iter().take(3).take_while(|digit| (b'0'..=b'7').contains(digit)).count();
                let value = number(tail, run, 8).map_or(0, |(value, _)| value);
                out.push((value & 0xff) as u8);
                rest = &tail[run..];
            }
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }
    out
}

/// False if Python refuses an escape: a backslash at the end, or `\x` without two digits.
fn is_literal(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let Some((kind, after)) = rest[at + 1..].split_first() else { return false };
        if *kind == b'x' && number(after, 2, 16).is_none() {
            return false;
        }
        rest = after;
    }
    true
}

/// False if `\u` or `\U` stands without its digits.
fn is_raw_unicode(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let Some((kind, after)) = rest[at + 1..].split_first() else { return true };
        let digits = match kind {
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        if digits > 0 && number(after, digits, 16).is_none() {
            return false;
        }
        rest = after;
    }
    true
}

/// `\uXXXX` and `\UXXXXXXXX`; every other byte is Latin-1.
fn raw_unicode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let digits = match (byte, tail.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                out.push(byte.into());
                continue;
            }
        };
        match number(&tail[1..], digits, 16) {
            Some((value, left)) => {
                out.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = left;
            }
            None => out.push('\\'),
        }
    }
    out
}

fn number(bytes: &[u8], digits: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (head, rest) = bytes.split_at_checked(digits)?;
    let text = std::str::from_utf8(head).ok().filter(|text| text.chars().all(|c| c.is_digit(radix)))?;
    Some((u32::from_str_radix(text, radix).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_hide_no_name() {
        assert_eq!(unescape(b"\\x6f\\163"), b"os");
        assert_eq!(unescape(b"a\\'b\\q\\x4"), b"a'b\\q\\x4");
        assert!(is_literal(b"a\\'b\\q\\x4f\\\\") && !is_literal(b"\\x4") && !is_literal(b"a\\"));
        assert!(is_raw_unicode(b"\\\\u\\u005c") && !is_raw_unicode(b"\\u00"));
        assert_eq!(raw_unicode(b"\\u006fs\\U00000041\\x"), "osA\\x");
    }

    #[test]
    fn lone_surrogates_are_text_and_latin1_is_not() {
        assert!(is_utf8(b"a\xed\xa0\x80b"));
        assert!(!is_utf8(b"\xe9"));
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for good in ["0x1F", "-12", "+0b1", "1_000", "0o17"] {
            assert!(is_integer(good), "{good}");
        }
        assert!(!is_integer("1.5") && !is_integer("") && !is_integer("0x"));
        for (text, index) in [("1_0", 10), (" +07 ", 7), ("-0", 0), ("10\0x", 10)] {
            assert_eq!(memo_index(text.as_bytes()), Some(index), "{text}");
        }
        assert!(memo_index(b"1__0").is_none() && memo_index(b"_1").is_none() && memo_index(b"").is_none());
        assert!(is_float(b"1e5") && is_float(b"-inf") && !is_float(b"x"));
    }
}
