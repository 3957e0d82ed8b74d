//! The compact protocol of Thrift, as far as a footer of Parquet needs it.
//!
//! Source: the Thrift compact protocol specification. `None` wherever the bytes end too early or say what no writer
//! does. Nothing is set aside by a number that the bytes name.

/// Structures inside structures.
const DEPTH: u32 = 32;

/// Numbers of two to eight bytes, written as short as they are.
pub const INTEGERS: [u8; 3] = [4, 5, 6];
/// A list, whose items follow.
pub const LIST: u8 = 9;
/// Bytes with their length.
pub const BINARY: u8 = 8;
/// Fields up to a stop.
pub const STRUCT: u8 = 12;

/// A place in the bytes.
pub struct Reader<'b> {
    bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    /// Begins with the first.
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    /// Bytes that were not read yet.
    pub const fn left(&self) -> usize {
        self.bytes.len()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number, zigzag.
    pub fn integer(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Bytes behind their length.
    pub fn binary(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (own, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(own)
    }

    /// Number and kind of the next field; the inner `None` at the end of the structure. `last` is the number before.
    pub fn field(&mut self, last: &mut i64) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        *last = match head >> 4 {
            // The number itself, zigzag.
            0 => self.integer()?,
            more => last.checked_add(i64::from(more))?,
        };
        Some(Some((*last, head & 0x0f)))
    }

    /// Length and kind of a list; each item has a byte at least.
    pub fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { usize::try_from(self.varint()?).ok()? } else { usize::from(head >> 4) };
        (length <= self.bytes.len()).then_some((length, head & 0x0f))
    }

    /// Passes over the value of a field, or over an item of a list, where truths have a byte of their own.
    pub fn skip(&mut self, kind: u8, item: bool, depth: u32) -> Option<()> {
        match kind {
            1 | 2 if !item => {}
            1..=3 => drop(self.byte()?),
            4..=6 => drop(self.varint()?),
            7 => self.bytes = self.bytes.get(8..)?,
            BINARY => drop(self.binary()?),
            _ if depth >= DEPTH => return None,
            LIST | 10 => {
                let (length, kind) = self.list()?;
                (0..length).try_for_each(|_| self.skip(kind, true, depth + 1))?;
            }
            11 => {
                let length = usize::try_from(self.varint()?).ok().filter(|length| *length <= self.bytes.len())?;
                let kinds = if length > 0 { self.byte()? } else { 0 };
                (0..length).try_for_each(|_| {
                    self.skip(kinds >> 4, true, depth + 1)?;
                    self.skip(kinds & 0x0f, true, depth + 1)
                })?;
            }
            STRUCT => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, false, depth + 1)?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}
