//! Reading numbers and strings of a GGUF header, each against what is left of the file.

use std::io::{BufRead, Read};

use crate::weigh::{Reader, Unreadable, View};

/// Why reading stopped.
pub enum Stop {
    /// The file ends inside of what was to be read.
    End,
    /// A length, type or depth that cannot be.
    Malformed(String),
    /// A limit of ours.
    Trouble(Unreadable),
}

/// A position in the header.
pub struct Source<'v> {
    reader: Reader<'v>,
    end: u64,
    /// Version 1 writes lengths in 32 bits.
    narrow: bool,
    big_endian: bool,
    /// True once a string was met that is not UTF-8.
    pub invalid: bool,
}

impl<'v> Source<'v> {
    /// Begins behind magic number and version.
    pub fn new(view: &'v View<'_>, version: u32, big_endian: bool) -> Self {
        let mut reader = view.reader();
        reader.seek(8);
        Self { reader, end: view.len(), narrow: version == 1, big_endian, invalid: false }
    }

    /// Offset of the next byte.
    pub fn position(&self) -> u64 {
        self.reader.position()
    }

    /// Bytes up to the end of the file.
    pub fn left(&self) -> u64 {
        self.end.saturating_sub(self.position())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => {}
            Err(_) => return Err(self.reader.trouble().map_or(Stop::End, Stop::Trouble)),
        }
        if self.big_endian {
            bytes.reverse();
        }
        Ok(bytes)
    }

    /// The next 32-bit number.
    pub fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next 64-bit number.
    pub fn u64(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next 16-bit number.
    pub fn u16(&mut self) -> Result<u16, Stop> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next count or length, as wide as the version writes it.
    pub fn count(&mut self) -> Result<u64, Stop> {
        if self.narrow { self.u32().map(u64::from) } else { self.u64() }
    }

    /// Passes over bytes.
    pub fn skip(&mut self, mut bytes: u64) -> Result<(), Stop> {
        if bytes > self.left() {
            return Err(Stop::End);
        }
        while bytes > 0 {
            let Ok(buffered) = self.reader.fill_buf().map(<[u8]>::len) else {
                return Err(self.reader.trouble().map_or(Stop::End, Stop::Trouble));
            };
            if buffered == 0 {
                return Err(Stop::End);
            }
            let step = usize::try_from(bytes).unwrap_or(usize::MAX).min(buffered);
            self.reader.consume(step);
            bytes -= step as u64;
        }
        Ok(())
    }

    /// The next string; bytes that are not UTF-8 are replaced.
    pub fn text(&mut self) -> Result<String, Stop> {
        let length = self.count()?;
        if length > self.left() {
            return Err(Stop::Malformed(format!("a string is {length} bytes long, {} bytes are left", self.left())));
        }
        let mut bytes = Vec::new();
        if (&mut self.reader).take(length).read_to_end(&mut bytes).is_err() {
            return Err(self.reader.trouble().map_or(Stop::End, Stop::Trouble));
        }
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| {
            self.invalid = true;
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        }))
    }
}
