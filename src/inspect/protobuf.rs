//! The wire format of protocol buffers, walked without copying what nobody asked for.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>. The walker knows no schema: a function says, for each
//! field of each kind of message, whether to go into it, to read it, or to pass over it.

use std::io::{BufRead, Read};
use std::ops::Range;

use crate::weigh::{Reader, Unreadable, View};

/// Messages inside of messages that are followed.
const DEPTH: usize = 64;
/// Longest field that is read as bytes; what is longer is only measured.
const READ: u64 = 64 << 10;

/// What to do with a field that has a length.
pub enum Step<K> {
    /// It is a message of that kind.
    Enter(K),
    /// Its bytes are wanted.
    Read,
    /// It does not matter.
    Skip,
}

/// What was met.
pub enum Event<'e> {
    /// A message begins.
    Enter,
    /// A message ends.
    Leave,
    /// A field with its bytes: at most 64 KiB of them.
    Bytes(u32, &'e [u8]),
    /// A field that was passed over, and where its content lies.
    Length(u32, Range<u64>),
    /// A field with a number, as wide as it is stored.
    Number(u32, u64),
}

/// Why the walk stopped.
#[derive(Debug)]
pub enum Stop {
    /// The bytes at that offset are not what the format asks for.
    Malformed(u64, &'static str),
    /// A limit of ours.
    Trouble(Unreadable),
}

/// Walks one message, which is all of the view.
pub struct Walk<'v, K> {
    reader: Reader<'v>,
    /// Kinds of the open messages and where each ends.
    open: Vec<(K, u64)>,
}

impl<'v, K: Copy> Walk<'v, K> {
    /// Begins with a message of that kind.
    pub fn new(view: &'v View<'_>, kind: K) -> Self {
        Self { reader: view.reader(), open: vec![(kind, view.len())] }
    }

    /// Goes on to the end. `step` says what to do with a field of a message; `meet` is told what is met, with the kind
    /// of the message it is met in (for [`Event::Enter`] and [`Event::Leave`], of the message itself).
    ///
    /// # Errors
    /// [`Stop`] at the first byte that does not fit.
    pub fn run(
        mut self,
        step: impl Fn(K, u32) -> Step<K>,
        mut meet: impl FnMut(K, &Event<'_>, u64),
    ) -> Result<(), Stop> {
        while let Some((kind, end)) = self.open.last().copied() {
            let at = self.reader.position();
            if at >= end {
                meet(kind, &Event::Leave, at);
                self.open.pop();
                continue;
            }
            let tag = self.varint(end)?;
            let field = u32::try_from(tag >> 3).ok().filter(|field| (1..1 << 29).contains(field));
            let field = field.ok_or(Stop::Malformed(at, "a field has an impossible number"))?;
            match tag & 7 {
                0 => {
                    let number = self.varint(end)?;
                    meet(kind, &Event::Number(field, number), at);
                }
                1 => {
                    let number = u64::from_le_bytes(self.array(end)?);
                    meet(kind, &Event::Number(field, number), at);
                }
                5 => {
                    let number = u32::from_le_bytes(self.array(end)?);
                    meet(kind, &Event::Number(field, number.into()), at);
                }
                2 => {
                    let length = self.varint(end)?;
                    let begin = self.reader.position();
                    let until = begin.checked_add(length).filter(|until| *until <= end);
                    let until = until.ok_or(Stop::Malformed(at, "a field is longer than what it is in"))?;
                    match step(kind, field) {
                        Step::Enter(inner) => {
                            if self.open.len() >= DEPTH {
                                return Err(Stop::Malformed(at, "messages are nested too deeply"));
                            }
                            meet(inner, &Event::Enter, at);
                            self.open.push((inner, until));
                        }
                        Step::Read if length <= READ => {
                            let bytes = self.bytes(length)?;
                            meet(kind, &Event::Bytes(field, &bytes), at);
                        }
                        Step::Read | Step::Skip => {
                            self.skip(until)?;
                            meet(kind, &Event::Length(field, begin..until), at);
                        }
                    }
                }
                _ => return Err(Stop::Malformed(at, "a field has a wire type that does not exist")),
            }
        }
        Ok(())
    }

    fn stop(&mut self) -> Stop {
        let at = self.reader.position();
        self.reader.trouble().map_or(Stop::Malformed(at, "the file ends inside of a field"), Stop::Trouble)
    }

    fn varint(&mut self, end: u64) -> Result<u64, Stop> {
        let at = self.reader.position();
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array::<1>(end)?;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Stop::Malformed(at, "a number does not end"))
    }

    fn array<const N: usize>(&mut self, end: u64) -> Result<[u8; N], Stop> {
        let at = self.reader.position();
        if end.saturating_sub(at) < N as u64 {
            return Err(Stop::Malformed(at, "a field is longer than what it is in"));
        }
        let mut bytes = [0; N];
        match self.reader.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(_) => Err(self.stop()),
        }
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        let taken = (&mut self.reader).take(length).read_to_end(&mut bytes).map(|taken| taken as u64);
        if taken.ok() == Some(length) { Ok(bytes) } else { Err(self.stop()) }
    }

    /// Goes on at that offset; near ones are read over, because seeking reads a window anew.
    fn skip(&mut self, until: u64) -> Result<(), Stop> {
        loop {
            let at = self.reader.position();
            let left = until.saturating_sub(at);
            if left == 0 {
                return Ok(());
            }
            let Ok(buffered) = self.reader.fill_buf().map(<[u8]>::len) else { return Err(self.stop()) };
            let near = usize::try_from(left).unwrap_or(usize::MAX).min(buffered);
            if near == 0 {
                return Err(self.stop());
            }
            self.reader.consume(near);
            if near as u64 != left {
                self.reader.seek(until);
                return Ok(());
            }
        }
    }
}

/// The fields at the top: number, and true if it has a length. `None` if the first few do not read as a message;
/// what breaks off later is for the inspector of the format to say. Looks at no more than `most` fields.
pub fn fields(view: &View<'_>, most: usize) -> Option<Vec<(u32, bool)>> {
    Some(spans(view, most)?.into_iter().map(|span| (span.field, span.long)).collect())
}

/// One field at the top of a message.
pub struct Span {
    /// Its number.
    pub field: u32,
    /// True if it has a length.
    pub long: bool,
    /// Its value, if it is a number.
    pub number: u64,
    /// Where its content ends.
    end: u64,
    /// Length of the content, if it has one.
    length: u64,
}

impl Span {
    /// The content of a field that has a length, as a message of its own; `None` if it is cut off.
    pub fn message<'v>(&self, view: &View<'v>) -> Option<View<'v>> {
        view.slice(self.end.checked_sub(self.length)?..self.end).ok().filter(|_| self.long)
    }
}

/// As [`fields`], with where they lie.
pub fn spans(view: &View<'_>, most: usize) -> Option<Vec<Span>> {
    let mut walk = Walk::new(view, ());
    let mut fields = Vec::new();
    while walk.reader.position() < view.len() && fields.len() < most {
        match walk.field(view.len()) {
            Ok(field) => fields.push(field),
            Err(_) if fields.len() > 1 => break,
            Err(_) => return None,
        }
    }
    Some(fields)
}

impl Walk<'_, ()> {
    fn field(&mut self, end: u64) -> Result<Span, Stop> {
        let at = self.reader.position();
        let tag = self.varint(end)?;
        let field = u32::try_from(tag >> 3).ok().filter(|field| *field > 0);
        let field = field.ok_or(Stop::Malformed(at, "a field has an impossible number"))?;
        let (mut length, mut number) = (0, 0);
        match tag & 7 {
            0 => number = self.varint(end)?,
            1 => number = u64::from_le_bytes(self.array(end)?),
            5 => number = u32::from_le_bytes(self.array(end)?).into(),
            2 => {
                length = self.varint(end)?;
                let until = self.reader.position().checked_add(length);
                // A field that goes past the end is still a field: the file was cut off.
                self.skip(until.unwrap_or(end).min(end))?;
            }
            _ => return Err(Stop::Malformed(at, "a field has a wire type that does not exist")),
        }
        Ok(Span { field, long: tag & 7 == 2, number, end: self.reader.position(), length })
    }
}

/// The numbers of a packed field of varints.
pub fn packed(bytes: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    let (mut value, mut shift) = (0u64, 0u32);
    for byte in bytes {
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift = shift.saturating_add(7);
        if *byte < 0x80 {
            numbers.push(value);
            (value, shift) = (0, 0);
        }
    }
    numbers
}
