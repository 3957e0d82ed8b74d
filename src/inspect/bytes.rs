//! Binary formats read from front to back: numbers and pieces, never past the end.

use std::io::{BufRead, Read};

use crate::weigh::{Reader, Unreadable, View};

/// Reads one view. Every method gives `None` where the bytes end, or where a limit stopped, which
/// [`Cursor::trouble`] then tells.
pub struct Cursor<'v> {
    reader: Reader<'v>,
    len: u64,
}

impl<'v> Cursor<'v> {
    /// At the beginning of the view.
    pub const fn new(view: &'v View<'_>) -> Self {
        Self { reader: view.reader(), len: view.len() }
    }

    /// Offset of the next byte.
    pub fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Bytes up to the end.
    pub fn left(&self) -> u64 {
        self.len.saturating_sub(self.position())
    }

    /// The limit that stopped the last read, if one did.
    pub const fn trouble(&mut self) -> Option<Unreadable> {
        self.reader.trouble()
    }

    /// The next bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).ok().map(|()| bytes)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    /// The next byte, which is not taken.
    pub fn peek(&mut self) -> Option<u8> {
        self.reader.fill_buf().ok()?.first().copied()
    }

    /// The next `len` bytes: the first `most` of them are kept, the others passed over.
    pub fn take(&mut self, len: u64, most: u64) -> Option<Vec<u8>> {
        if len > self.left() {
            return None;
        }
        let kept = len.min(most);
        let mut bytes = Vec::new();
        let taken = (&mut self.reader).take(kept).read_to_end(&mut bytes).ok()?;
        (taken as u64 == kept).then_some(())?;
        self.skip(len - kept)?;
        Some(bytes)
    }

    /// Passes over the next `len` bytes.
    pub fn skip(&mut self, len: u64) -> Option<()> {
        let at = self.position();
        let until = at.checked_add(len).filter(|until| *until <= self.len)?;
        if len > 0 {
            let buffered = self.reader.fill_buf().ok()?.len();
            match usize::try_from(len).ok().filter(|len| *len <= buffered) {
                Some(near) => self.reader.consume(near),
                None => self.reader.seek(until),
            }
        }
        Some(())
    }
}
