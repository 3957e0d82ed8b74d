//! Reading a pickle stream in pieces: one opcode with its argument at a time, constants in place.

use std::ops::Range;

use crate::weigh::{Unreadable, View};

use super::opcode::{Form, Opcode, opcode};

/// Bytes read at once.
const PIECE: u64 = 64 << 10;

/// Constants up to this many bytes are shown to the interpreter whole, longer ones by their beginning.
pub const SHOWN: usize = 4 << 10;

/// Text arguments end at a newline; a longer one than this is taken for broken.
const LINE: usize = 64 << 10;

/// Why no further opcode could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The bytes are not a pickle from here on; says why.
    Malformed(String),
    /// The bytes could not be had.
    Unreadable(Unreadable),
}

/// The argument of an opcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number; 0 for opcodes without one and for floats, whose value matters to nobody here. Eight-byte ones that
    /// do not fit are given as `i64::MAX`.
    Number(i64),
    /// Text up to a newline, without it, and where it begins.
    Line(u64, Vec<u8>),
    /// Text longer than [`LINE`] up to a newline: where it stands, and its first and last byte.
    LongLine(Range<u64>, [u8; 2]),
    /// Two texts up to a newline.
    Lines(Vec<u8>, Vec<u8>),
    /// A counted constant: where its bytes are.
    Constant(Range<u64>),
}

/// One opcode as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Offset of the opcode.
    pub at: u64,
    /// Its byte.
    pub code: u8,
    /// Its argument.
    pub argument: Argument,
}

/// A stream of opcodes.
pub struct Source<'v> {
    view: Option<&'v View<'v>>,
    buffer: Vec<u8>,
    used: usize,
    /// Offset of the buffer's first byte in the view.
    base: u64,
    /// Where the bytes of the last short constant lie in the buffer.
    shown: Range<usize>,
    /// Where a constant ends that goes on behind the last byte.
    beyond: Option<u64>,
}

impl<'v> Source<'v> {
    /// Reads a view from an offset.
    pub const fn new(view: &'v View<'v>, at: u64) -> Self {
        Self { view: Some(view), buffer: Vec::new(), used: 0, base: at, shown: 0..0, beyond: None }
    }

    /// Reads bytes that are at hand and nothing behind them.
    pub fn of_bytes(bytes: &[u8]) -> Source<'static> {
        Source { view: None, buffer: bytes.to_vec(), used: 0, base: 0, shown: 0..0, beyond: None }
    }

    /// Offset of the next byte.
    pub const fn position(&self) -> u64 {
        self.base + self.used as u64
    }

    /// Where the constant ends at which the data broke off, if it did so in one.
    pub const fn beyond(&self) -> Option<u64> {
        self.beyond
    }

    /// One past the last byte there is.
    pub fn end(&self) -> u64 {
        self.view.map_or(self.base + self.buffer.len() as u64, View::len)
    }

    /// The beginning of the constant that was read last, all of it up to [`SHOWN`] bytes.
    pub fn constant(&self) -> &[u8] {
        self.buffer.get(self.shown.clone()).unwrap_or_default()
    }

    /// Reads one opcode with its argument.
    pub fn token(&mut self) -> Result<Token, Halt> {
        let at = self.position();
        let op = self.opcode()?;
        let argument = if op.form.is_number() { Argument::Number(self.number(op.form)?) } else { self.argument(op)? };
        Ok(Token { at, code: op.code, argument })
    }

    /// Reads the byte of an opcode.
    #[inline]
    pub fn opcode(&mut self) -> Result<&'static Opcode, Halt> {
        let [code] = self.array::<1>()?;
        opcode(code).ok_or_else(|| Halt::Malformed(format!("byte 0x{code:02x} is no opcode")))
    }

    /// Reads an argument that is a number, or none at all.
    #[inline]
    pub fn number(&mut self, form: Form) -> Result<i64, Halt> {
        Ok(match form {
            Form::U1 => self.array::<1>()?[0].into(),
            Form::U2 => u16::from_le_bytes(self.array()?).into(),
            Form::I4 => i32::from_le_bytes(self.array()?).into(),
            Form::U4 => u32::from_le_bytes(self.array()?).into(),
            Form::U8 => i64::try_from(u64::from_le_bytes(self.array()?)).unwrap_or(i64::MAX),
            Form::F8 => {
                self.array::<8>()?;
                0
            }
            _ => 0,
        })
    }

    /// Reads an argument that is text or a constant.
    pub fn argument(&mut self, op: &Opcode) -> Result<Argument, Halt> {
        Ok(match op.form {
            Form::Line => {
                let at = self.position();
                match self.line(op) {
                    Ok(line) => Argument::Line(at, line),
                    Err(_) if matches!(op.code, b'S' | b'V') && self.position() == at && self.long() => {
                        self.long_line(at)?
                    }
                    Err(halt) => return Err(halt),
                }
            }
            Form::Lines => Argument::Lines(self.line(op)?, self.line(op)?),
            Form::Counted1 => {
                let len = self.array::<1>()?[0].into();
                self.constant_of(len, op)?
            }
            Form::Counted4 => {
                let len = u32::from_le_bytes(self.array()?).into();
                self.constant_of(len, op)?
            }
            Form::SignedCounted4 => {
                let len = i32::from_le_bytes(self.array()?);
                let len = u64::try_from(len)
                    .map_err(|_| Halt::Malformed(format!("{} has the negative length {len}", op.name)))?;
                self.constant_of(len, op)?
            }
            Form::Counted8 => {
                let len = u64::from_le_bytes(self.array()?);
                self.constant_of(len, op)?
            }
            form => Argument::Number(self.number(form)?),
        })
    }

    fn constant_of(&mut self, len: u64, op: &Opcode) -> Result<Argument, Halt> {
        let start = self.position();
        if len > self.end().saturating_sub(start) {
            self.beyond = start.checked_add(len);
            let message = format!("{} says {len} bytes follow, but the data ends before that", op.name);
            return Err(Halt::Malformed(message));
        }
        let shown = usize::try_from(len).unwrap_or(SHOWN).min(SHOWN);
        if self.buffer.len() - self.used < shown {
            self.fill(shown)?;
        }
        self.shown = self.used..self.used + shown;
        self.skip(len);
        Ok(Argument::Constant(start..start + len))
    }

    /// Goes on `len` bytes later without reading what lies between, if it is not in the buffer yet.
    pub fn skip(&mut self, len: u64) {
        let buffered = (self.buffer.len() - self.used) as u64;
        if len <= buffered {
            self.used += len as usize;
        } else {
            // The buffer stays for `constant`; an exhausted one is replaced at the next read.
            let target = self.position().saturating_add(len);
            self.used = self.buffer.len();
            self.base = target.saturating_sub(self.used as u64);
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Halt> {
        if self.buffer.len() - self.used < N {
            self.fill(N)?;
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.buffer[self.used..self.used + N]);
        self.used += N;
        Ok(bytes)
    }

    /// Reads on until at least `wanted` bytes are in the buffer.
    #[cold]
    fn fill(&mut self, wanted: usize) -> Result<(), Halt> {
        let at = self.position();
        let mut rest = self.buffer.split_off(self.used);
        if let Some(view) = self.view {
            let read = view.read_up_to(at + rest.len() as u64, PIECE.max(wanted as u64)).map_err(Halt::Unreadable)?;
            if rest.is_empty() {
                rest = read;
            } else {
                rest.extend_from_slice(&read);
            }
        }
        self.buffer = rest;
        self.used = 0;
        self.base = at;
        if self.buffer.len() < wanted {
            return Err(Halt::Malformed("the data ends in the middle of the stream".to_owned()));
        }
        Ok(())
    }

    /// A line was given up because it is longer than [`LINE`].
    const fn long(&self) -> bool {
        self.buffer.len() - self.used > LINE
    }

    /// Goes to the end of a long text without keeping it.
    fn long_line(&mut self, at: u64) -> Result<Argument, Halt> {
        let first = self.buffer[self.used];
        let mut last = first;
        loop {
            let ahead = &self.buffer[self.used..];
            let found = ahead.iter().position(|byte| *byte == b'\n');
            let length = found.unwrap_or(ahead.len());
            last = length.checked_sub(1).map_or(last, |end| ahead[end]);
            self.used += length;
            if found.is_some() {
                let end = self.position();
                self.used += 1;
                return Ok(Argument::LongLine(at..end, [first, last]));
            }
            self.fill(1)?;
        }
    }

    fn line(&mut self, op: &Opcode) -> Result<Vec<u8>, Halt> {
        let mut searched = 0;
        loop {
            let ahead = &self.buffer[self.used..];
            let found = ahead.get(searched..).and_then(|new| new.iter().position(|byte| *byte == b'\n'));
            if let Some(length) = found.map(|offset| searched + offset) {
                let line = ahead[..length].to_vec();
                self.used += length + 1;
                return Ok(line);
            }
            searched = ahead.len();
            if searched > LINE {
                return Err(Halt::Malformed(format!("the text of {} is longer than {LINE} bytes", op.name)));
            }
            self.fill(searched + 1)?;
        }
    }
}
