//! The fields of one structure in the order they stand, and what is wrong where they do not hold.

use crate::weigh::Unreadable;

/// Why a structure could not be read.
#[derive(Debug)]
pub enum Why {
    /// It does not hold.
    Broken,
    /// It does not hold, and whoever believes it runs out of memory.
    Bomb,
    /// It may hold, but nothing here reads it.
    Unread,
    /// A limit stopped the reading.
    Stopped(Unreadable),
}

/// What is wrong, and where.
#[derive(Debug)]
pub struct Fault {
    /// Offset in the view.
    pub at: u64,
    /// In words that follow on "it is broken:".
    pub what: String,
    pub why: Why,
}

/// What was read, or why not.
pub type Held<T> = Result<T, Fault>;

/// A structure that does not hold.
pub fn broken<T>(at: u64, what: impl Into<String>) -> Held<T> {
    Err(Fault { at, what: what.into(), why: Why::Broken })
}

/// A structure that nothing here reads.
pub fn unread<T>(at: u64, what: impl Into<String>) -> Held<T> {
    Err(Fault { at, what: what.into(), why: Why::Unread })
}

/// A structure that holds only if the condition does.
pub fn hold(condition: bool, at: u64, what: impl Into<String>) -> Held<()> {
    if condition { Ok(()) } else { broken(at, what) }
}

/// How addresses and lengths are written in one file.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Added to every address.
    pub base: u64,
    /// Bytes of an address.
    pub offsets: u8,
    /// Bytes of a length.
    pub lengths: u8,
}

/// Reads from front to back.
#[derive(Clone)]
pub struct Fields<'d> {
    bytes: &'d [u8],
    at: usize,
    start: u64,
    sizes: Sizes,
    name: &'static str,
}

impl<'d> Fields<'d> {
    /// `start` is where the bytes begin in the view, `name` what they are.
    pub const fn new(bytes: &'d [u8], start: u64, sizes: Sizes, name: &'static str) -> Self {
        Self { bytes, at: 0, start, sizes, name }
    }

    /// Where the next field stands in the view.
    pub const fn place(&self) -> u64 {
        self.start.saturating_add(self.at as u64)
    }

    /// How addresses are written here.
    pub const fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// What is left.
    pub fn rest(&self) -> &'d [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next bytes.
    pub fn take(&mut self, count: u64) -> Held<&'d [u8]> {
        let taken = usize::try_from(count).ok().and_then(|count| {
            let end = self.at.checked_add(count)?;
            let taken = self.bytes.get(self.at..end)?;
            self.at = end;
            Some(taken)
        });
        match taken {
            Some(taken) => Ok(taken),
            None => broken(self.place(), format!("{} ends before what it declares", self.name)),
        }
    }

    /// Some of the next bytes as a structure of their own.
    pub fn part(&mut self, count: u64, name: &'static str) -> Held<Self> {
        let start = self.place();
        Ok(Self::new(self.take(count)?, start, self.sizes, name))
    }

    /// Bytes that say nothing.
    pub fn skip(&mut self, count: u64) -> Held<()> {
        self.take(count).map(drop)
    }

    /// Bytes that are zero.
    pub fn reserved(&mut self, count: u64) -> Held<()> {
        let at = self.place();
        let zero = self.take(count)?.iter().all(|byte| *byte == 0);
        hold(zero, at, format!("reserved bytes of {} are not zero", self.name))
    }

    /// A little-endian number of up to eight bytes.
    pub fn number(&mut self, width: u8) -> Held<u64> {
        self.take(width.into()).map(little)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Held<u8> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    /// A length.
    pub fn length(&mut self) -> Held<u64> {
        self.number(self.sizes.lengths)
    }

    /// An address as a place in the view; `None` if it is undefined.
    pub fn address(&mut self) -> Held<Option<u64>> {
        let at = self.place();
        let bytes = self.take(self.sizes.offsets.into())?;
        if bytes.iter().all(|byte| *byte == 0xff) {
            return Ok(None);
        }
        match little(bytes).checked_add(self.sizes.base) {
            Some(place) => Ok(Some(place)),
            None => broken(at, format!("the address {} in {} lies beyond any file", little(bytes), self.name)),
        }
    }

    /// An address that must be there.
    pub fn defined(&mut self) -> Held<u64> {
        let at = self.place();
        match self.address()? {
            Some(place) => Ok(place),
            None => broken(at, format!("an address in {} is undefined", self.name)),
        }
    }

    /// A text up to its NUL; with that it takes a multiple of `step` bytes.
    pub fn text(&mut self, step: usize) -> Held<&'d [u8]> {
        let at = self.place();
        let Some(length) = self.rest().iter().position(|byte| *byte == 0) else {
            return broken(at, format!("a name in {} has no end", self.name));
        };
        let taken = self.take((length + 1).next_multiple_of(step) as u64)?;
        Ok(taken.get(..length).unwrap_or_default())
    }

    /// The version, which must be one of those.
    pub fn version(&mut self, known: std::ops::RangeInclusive<u8>) -> Held<u8> {
        let at = self.place();
        let version = self.byte()?;
        hold(known.contains(&version), at, format!("{} is of version {version}, which does not exist", self.name))?;
        Ok(version)
    }

    /// Flags of which only those may be set.
    pub fn flags(&mut self, known: u8) -> Held<u8> {
        let at = self.place();
        let flags = self.byte()?;
        hold(flags & !known == 0, at, format!("{} has flags that do not exist ({flags:#04x})", self.name))?;
        Ok(flags)
    }
}

/// A little-endian number of up to eight bytes.
pub fn little(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// Bytes that hold every number up to a limit, as the format counts them for fields of no fixed width.
pub fn width_of(limit: u64) -> u8 {
    u8::try_from(limit.checked_ilog2().unwrap_or(0) / 8 + 1).unwrap_or(8)
}
