//! Bounded, recorded access to the bytes of one file, or of a member inside it.

use std::cell::Cell;
use std::io;
use std::ops::Range;

use crate::model::{Class, Evidence, Excerpt, Place, Rule, Severity};

use super::ledger::{Ledger, PIECE};
use super::map::Bytes;

/// A bound on inspection was reached.
pub static LIMIT_REACHED: Rule = Rule {
    id: "limit-reached",
    summary: "a limit on inspection was reached, so part of the file was not looked at",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/limit-reached.md"),
    frameworks: &["CWE-770", "CWE-409"],
};

/// Why bytes could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The range goes past the end of the file or member.
    #[error("bytes {0:?} were asked for, but there are only {1}")]
    PastEnd(Range<u64>, u64),
    /// Reading more would pass a limit.
    #[error("{what}: more than {limit}")]
    Limit {
        /// Which one, by its name in the policy.
        what: &'static str,
        /// Its value.
        limit: u64,
    },
    /// The bytes changed between two reads, or the system refused to give them.
    #[error("the file could not be read: {0}")]
    Changed(String),
}

impl Unreadable {
    /// Evidence that a limit stopped inspection at that place.
    #[must_use]
    pub fn limit_evidence(what: &'static str, limit: u64, place: Place) -> Evidence {
        let message = match what {
            "ratio" => {
                format!("inspection stopped: it unpacks to more than a ratio of {limit} to its size lets through")
            }
            "unpacked-bytes" => format!("inspection stopped after {limit} unpacked bytes, more are not held in memory"),
            "nesting" => format!("inspection stopped: containers lie more than {limit} deep inside of each other"),
            what => format!("inspection stopped: more than {limit} {}", what.replace('-', " ")),
        };
        Evidence::new(&LIMIT_REACHED, message).at(place).with("limit", what).with("value", limit)
    }
}

/// Bytes that all views of one file may still read, and may still unpack.
pub struct Budget {
    left: Cell<u64>,
    limit: u64,
    packed: Cell<u64>,
}

/// Bytes that may come out of a file of so many bytes, all members and all nesting together: what a well packed array of
/// zeros gives, but never more than 256 MiB beyond 20 times, and always a mebibyte.
fn unpackable(len: u64) -> u64 {
    len.saturating_mul(10_400).clamp(1 << 20, len.saturating_mul(20).saturating_add(256 << 20))
}

impl Budget {
    pub(super) fn new(limit: u64, len: u64) -> Self {
        let packed = Cell::new(unpackable(len).min(limit.saturating_mul(4)));
        Self { left: Cell::new(limit), limit, packed }
    }

    fn take(&self, bytes: u64) -> Result<(), Unreadable> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Unreadable::Limit { what: "structure-bytes", limit: self.limit }),
        }
    }
}

#[derive(Clone)]
enum Backing<'a> {
    File { bytes: &'a Bytes, ledger: &'a Ledger },
    Memory(&'a [u8]),
}

/// A window on one file, or on a decompressed member of it.
///
/// What is read is copied, counted against the budget, and, unless the whole file is held in memory, recorded so that the
/// pump can prove that the same bytes were hashed. Offsets are relative to the window.
#[derive(Clone)]
pub struct View<'a> {
    backing: Backing<'a>,
    window: Range<u64>,
    /// Name of the member, with `!` between containers; `None` for the file itself.
    entry: Option<String>,
    /// Offset of the window in the member that `entry` names (or in the file).
    base: u64,
    depth: u32,
    budget: &'a Budget,
    mode: Option<u32>,
}

impl<'a> View<'a> {
    pub(super) fn of_file(bytes: &'a Bytes, ledger: &'a Ledger, budget: &'a Budget, mode: u32) -> Self {
        let window = 0..bytes.len();
        Self {
            backing: Backing::File { bytes, ledger },
            window,
            entry: None,
            base: 0,
            depth: 0,
            budget,
            mode: Some(mode),
        }
    }

    /// A view of bytes in memory, for tests and for callers that already hold a small file.
    pub fn with_bytes<T>(bytes: &[u8], limit: u64, look: impl FnOnce(&View<'_>) -> T) -> T {
        let budget = Budget::new(limit, bytes.len() as u64);
        let window = 0..bytes.len() as u64;
        let backing = Backing::Memory(bytes);
        look(&View { backing, window, entry: None, base: 0, depth: 0, budget: &budget, mode: None })
    }

    /// Length of the window in bytes.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.window.end - self.window.start
    }

    /// True when there is nothing to read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.window.start == self.window.end
    }

    /// How many containers this view is inside of.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// The permission bits of the file; `None` for a member of a container.
    #[must_use]
    pub const fn mode(&self) -> Option<u32> {
        self.mode
    }

    /// The member's name, `!` between containers; `None` at the top.
    #[must_use]
    pub fn entry(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// Copies a range of the window.
    ///
    /// # Errors
    /// [`Unreadable`] if the range is not inside, the budget is spent, or the file changed.
    pub fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Unreadable> {
        let absolute = self.absolute(&range)?;
        match &self.backing {
            Backing::Memory(bytes) => {
                self.budget.take(range.end - range.start)?;
                // `absolute` was checked against the slice's own length, which fits a usize.
                Ok(bytes[absolute.start as usize..absolute.end as usize].to_vec())
            }
            Backing::File { bytes, ledger } => {
                // Each read costs an entry in the ledger, however short it is.
                self.budget.take((range.end - range.start).max(64))?;
                let copy = bytes.copy(absolute.clone()).map_err(|error| {
                    ledger.tear();
                    Unreadable::Changed(error.to_string())
                })?;
                let mut at = absolute.start;
                let mut rest = if bytes.is_held() { &[] } else { copy.as_slice() };
                while !rest.is_empty() {
                    let piece = (PIECE - at % PIECE).min(rest.len() as u64) as usize;
                    let (head, tail) = rest.split_at(piece);
                    if !ledger.record(at, head) {
                        return Err(Unreadable::Changed("it changed while it was inspected".to_owned()));
                    }
                    at += piece as u64;
                    rest = tail;
                }
                Ok(copy)
            }
        }
    }

    /// Up to `len` bytes from `at`, fewer at the end of the window, none past it.
    ///
    /// # Errors
    /// As [`View::read`], but never [`Unreadable::PastEnd`].
    pub fn read_up_to(&self, at: u64, len: u64) -> Result<Vec<u8>, Unreadable> {
        let start = at.min(self.len());
        self.read(start..start.saturating_add(len).min(self.len()))
    }

    /// The whole window, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`Unreadable::Limit`] by the name `what` if it has more; else as [`View::read`].
    pub fn read_all(&self, what: &'static str, limit: u64) -> Result<Vec<u8>, Unreadable> {
        if self.len() > limit {
            return Err(Unreadable::Limit { what, limit });
        }
        self.read(0..self.len())
    }

    /// A narrower window on the same file or member: its offsets start at 0, its places stay those of the file.
    ///
    /// # Errors
    /// [`Unreadable::PastEnd`] if the range is not inside.
    pub fn slice(&self, range: Range<u64>) -> Result<View<'a>, Unreadable> {
        let absolute = self.absolute(&range)?;
        Ok(Self { window: absolute, base: self.base + range.start, ..self.clone() })
    }

    /// A member stored without compression in that range: its places are named by the member and start at 0.
    ///
    /// # Errors
    /// [`Unreadable::PastEnd`] if the range is not inside.
    pub fn member(&self, name: &str, range: Range<u64>) -> Result<View<'a>, Unreadable> {
        let slice = self.slice(range)?;
        Ok(Self { entry: Some(self.join(name)), base: 0, depth: self.depth + 1, mode: None, ..slice })
    }

    /// A member that was decompressed into memory. Its compressed bytes must have been read through this view, so
    /// that they are recorded; the decompressed ones are counted against the same budget when they are read.
    #[must_use]
    pub fn decompressed<'b>(&self, name: &str, bytes: &'b [u8]) -> View<'b>
    where
        'a: 'b,
    {
        View {
            backing: Backing::Memory(bytes),
            window: 0..bytes.len() as u64,
            entry: Some(self.join(name)),
            base: 0,
            depth: self.depth + 1,
            budget: self.budget,
            mode: None,
        }
    }

    /// How many bytes may still be unpacked from the file that this is a part of, and be held at once: never more than
    /// could be read.
    #[must_use]
    pub fn unpackable(&self) -> u64 {
        self.budget.packed.get().min(self.budget.limit)
    }

    /// Counts bytes that were unpacked.
    pub fn unpacked(&self, bytes: u64) {
        self.budget.packed.set(self.budget.packed.get().saturating_sub(bytes));
    }

    /// The place of a range of this window, named by file or member. Headers lie, so what is said to be outside of the
    /// window is placed at its end, and a range that ends before it begins is empty.
    #[must_use]
    pub fn place(&self, range: Range<u64>) -> Place {
        let range = self.within(range);
        let (start, end) = (self.base + range.start, self.base + range.end);
        match &self.entry {
            None => Place::Bytes { start, end },
            Some(name) => Place::Entry { name: name.clone(), start, end },
        }
    }

    /// Up to 48 bytes around the beginning of a range, for people to look at; `None` where nothing can be read.
    #[must_use]
    pub fn excerpt(&self, range: Range<u64>) -> Option<Excerpt> {
        let range = self.within(range);
        let start = range.start.saturating_sub(16) / 16 * 16;
        let bytes = self.read_up_to(start, 48).ok().filter(|bytes| !bytes.is_empty())?;
        let end = range.end.min(start + bytes.len() as u64);
        Some(Excerpt { start: self.base + start, bytes, marked: self.base + range.start..self.base + end })
    }

    /// Reads the window from its beginning, in windows of 64 KiB.
    #[must_use]
    pub const fn reader(&self) -> Reader<'_> {
        Reader { view: self, at: 0, buffer: Vec::new(), used: 0, trouble: None }
    }

    fn within(&self, range: Range<u64>) -> Range<u64> {
        let start = range.start.min(self.len());
        start..range.end.clamp(start, self.len())
    }

    fn join(&self, name: &str) -> String {
        self.entry.as_ref().map_or_else(|| name.to_owned(), |outer| format!("{outer}!{name}"))
    }

    fn absolute(&self, range: &Range<u64>) -> Result<Range<u64>, Unreadable> {
        let start = self.window.start.checked_add(range.start);
        let end = self.window.start.checked_add(range.end);
        match (start, end) {
            (Some(start), Some(end)) if start <= end && end <= self.window.end => Ok(start..end),
            _ => Err(Unreadable::PastEnd(range.clone(), self.len())),
        }
    }
}

/// Sequential reading of a view, buffered. After an error, [`Reader::trouble`] has the typed reason.
pub struct Reader<'v> {
    view: &'v View<'v>,
    at: u64,
    buffer: Vec<u8>,
    used: usize,
    trouble: Option<Unreadable>,
}

impl Reader<'_> {
    /// Offset in the view of the next byte.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.at - (self.buffer.len() - self.used) as u64
    }

    /// Goes on at another offset.
    pub fn seek(&mut self, at: u64) {
        self.at = at;
        self.buffer.clear();
        self.used = 0;
    }

    /// Why the last read failed, if it did.
    pub const fn trouble(&mut self) -> Option<Unreadable> {
        self.trouble.take()
    }
}

impl io::BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.used == self.buffer.len() {
            match self.view.read_up_to(self.at, PIECE) {
                Ok(bytes) => {
                    self.at += bytes.len() as u64;
                    self.buffer = bytes;
                    self.used = 0;
                }
                Err(trouble) => {
                    let error = io::Error::other(trouble.to_string());
                    self.trouble = Some(trouble);
                    return Err(error);
                }
            }
        }
        Ok(&self.buffer[self.used..])
    }

    fn consume(&mut self, amount: usize) {
        self.used = (self.used + amount).min(self.buffer.len());
    }
}

impl io::Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = io::BufRead::fill_buf(self)?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        io::BufRead::consume(self, count);
        Ok(count)
    }
}
