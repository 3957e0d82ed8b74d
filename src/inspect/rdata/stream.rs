//! Numbers and texts in the three encodings of R's serialization.

use crate::inspect::bytes::Cursor;
use crate::weigh::{Unreadable, View};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Big-endian.
    Xdr,
    /// Little-endian, as written by the machines that are met.
    Native,
    /// Words apart by white space.
    Ascii,
}

/// Reads one after the other; `None` at the end.
pub struct Stream<'v> {
    cursor: Cursor<'v>,
    encoding: Encoding,
}

impl<'v> Stream<'v> {
    /// Behind the mark of a workspace, if there is one: `skip` bytes are passed over.
    pub fn new(view: &'v View<'_>, skip: u64) -> Self {
        let mut cursor = Cursor::new(view);
        cursor.skip(skip);
        let encoding = match cursor.array::<2>() {
            Some([b'A', _]) => Encoding::Ascii,
            Some([b'B', _]) => Encoding::Native,
            _ => Encoding::Xdr,
        };
        Self { cursor, encoding }
    }

    pub fn position(&self) -> u64 {
        self.cursor.position()
    }

    pub const fn trouble(&mut self) -> Option<Unreadable> {
        self.cursor.trouble()
    }

    /// True if nothing but white space follows, as behind a text.
    pub fn only_space(&mut self) -> bool {
        self.encoding == Encoding::Ascii
            && self.cursor.take(self.cursor.left(), 64).is_some_and(|rest| rest.trim_ascii().is_empty())
    }

    pub fn int(&mut self) -> Option<i32> {
        match self.encoding {
            Encoding::Xdr => self.cursor.array().map(i32::from_be_bytes),
            Encoding::Native => self.cursor.array().map(i32::from_le_bytes),
            Encoding::Ascii => {
                let word = self.word()?;
                if word == "NA" { Some(i32::MIN) } else { word.parse().ok() }
            }
        }
    }

    /// Passes over `count` elements of `width` bytes.
    pub fn elements(&mut self, count: u64, width: u64) -> Option<()> {
        if self.encoding != Encoding::Ascii {
            return self.cursor.skip(count.checked_mul(width)?);
        }
        // Complex numbers are two words.
        let words = if width == 16 { count.checked_mul(2)? } else { count };
        (words <= self.cursor.left()).then_some(())?;
        for _ in 0..words {
            self.word()?;
        }
        Some(())
    }

    /// A text of `len` bytes; the first `most` are kept.
    pub fn text(&mut self, len: u64, most: u64) -> Option<Vec<u8>> {
        if self.encoding != Encoding::Ascii {
            return self.cursor.take(len, most);
        }
        (len <= self.cursor.left()).then_some(())?;
        self.space();
        let mut text = Vec::new();
        for _ in 0..len {
            let byte = match self.cursor.byte()? {
                b'\\' => self.escaped()?,
                byte => byte,
            };
            if (text.len() as u64) < most {
                text.push(byte);
            }
        }
        Some(text)
    }

    fn escaped(&mut self) -> Option<u8> {
        Some(match self.cursor.byte()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'v' => 0x0b,
            b'b' => 0x08,
            b'r' => b'\r',
            b'f' => 0x0c,
            b'a' => 0x07,
            digit @ b'0'..=b'7' => {
                let mut value = digit - b'0';
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.cursor.peek() else { break };
                    self.cursor.byte()?;
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                value
            }
            other => other,
        })
    }

    fn space(&mut self) {
        while self.cursor.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.cursor.byte();
        }
    }

    fn word(&mut self) -> Option<String> {
        self.space();
        let mut word = String::new();
        while let Some(byte) = self.cursor.peek().filter(|byte| !byte.is_ascii_whitespace()) {
            self.cursor.byte();
            if word.len() >= 64 {
                return None;
            }
            word.push(byte.into());
        }
        (!word.is_empty()).then_some(word)
    }
}
