//! The unpickler, abstractly: it follows every opcode and imports and calls nothing.
//!
//! Where the two unpicklers of CPython (C and Python) differ, the stream is followed as the more lenient one would,
//! and the difference is written down.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::inspect::Scope;
use crate::model::Evidence;
use crate::weigh::View;

use super::array::Wrapper;
use super::lists::Lists;
use super::names::Names;
use super::opcode::Opcode;
use super::rules::{EXTENSION_CODE, MALFORMED, PERSISTENT_ID};
use super::source::{Argument, Halt, Source, Token};
use super::store::{Containers, Full, Memo, Stack};
use super::value::{Coding, Shape, Value};

/// Faults in one file after which it is given up.
const FAULTS: u64 = 10_000;

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At its `STOP`.
    Stop,
    /// It broke; a loader would stop here too.
    Broken,
    /// Inspection reached a bound, or the bytes could not be had.
    Bound,
}

/// Why an opcode could not be carried out.
pub enum Break {
    /// A loader would stop here.
    Malformed(String),
    /// More values are alive than the limit says.
    Full,
}

impl From<Full> for Break {
    fn from(Full: Full) -> Self {
        Self::Full
    }
}

pub type Step = Result<(), Break>;

/// Interprets the pickles of one view.
pub struct Machine<'m, 'v, 'l> {
    pub view: &'m View<'v>,
    pub scope: &'m mut Scope<'l>,
    pub lists: &'m Lists,
    /// Everything imported, over all streams.
    pub names: Names,
    pub stack: Stack,
    pub memo: Memo,
    pub containers: Containers,
    /// The opcode at work: its bytes and its name.
    pub range: Range<u64>,
    pub opcode: &'static str,
    /// Highest protocol declared.
    pub protocol: u8,
    /// Names already resolved, by where their texts stand.
    pub resolved: HashMap<(u64, u64), u32>,
    /// Texts read again for names and arguments.
    pub reads: u64,
    /// Constants that are pickles themselves, by where they begin.
    pub nested: BTreeSet<u64>,
    /// An array whose raw bytes follow, as joblib writes them.
    pub array: Option<Wrapper>,
    /// Object arrays the stream is inside of.
    pub embedding: u32,
    /// What holds for the stream at work alone.
    pub stream: Stream,
    faults: u64,
    opcodes: u64,
}

/// State of one stream beside its stack and memo.
#[derive(Clone, Copy, Default)]
pub struct Stream {
    /// Protocol declared by `PROTO`.
    declared: Option<u8>,
    /// An opcode newer than that was seen.
    outdated: bool,
    /// End of the frame at work.
    frame: Option<u64>,
}

impl<'m, 'v, 'l> Machine<'m, 'v, 'l> {
    pub fn new(view: &'m View<'v>, scope: &'m mut Scope<'l>, lists: &'m Lists) -> Self {
        let limit = usize::try_from(scope.limits.pickle_values).unwrap_or(usize::MAX);
        Self {
            view,
            scope,
            lists,
            names: Names::default(),
            stack: Stack::new(limit),
            memo: Memo::new(limit),
            containers: Containers::new(),
            range: 0..0,
            opcode: "",
            protocol: 0,
            resolved: HashMap::new(),
            reads: 0,
            nested: BTreeSet::new(),
            array: None,
            embedding: 0,
            stream: Stream::default(),
            faults: 0,
            opcodes: 0,
        }
    }

    /// Follows one stream from where the source stands.
    pub fn run(&mut self, source: &mut Source<'_>) -> End {
        self.stack.clear();
        self.memo.clear();
        self.stream = Stream::default();
        loop {
            self.opcodes += 1;
            if self.opcodes > self.scope.limits.opcodes {
                self.scope.limit("opcodes", self.scope.limits.opcodes, self.view);
                return End::Bound;
            }
            let start = source.position();
            let (op, token) = match source.token() {
                Ok(token) => token,
                Err(halt) => return self.halted(halt, start),
            };
            self.range = start..source.position();
            self.opcode = op.name;
            if self.stream.frame.is_some() {
                self.cross_frame();
            }
            if op.protocol > 1 {
                self.check_protocol(op);
            }
            if token.code == b'.' {
                return self.stop();
            }
            match self.apply(token, source) {
                Ok(()) => {}
                Err(Break::Malformed(message)) => {
                    self.fault(message);
                    return End::Broken;
                }
                Err(Break::Full) => {
                    self.scope.limit("pickle-values", self.scope.limits.pickle_values, self.view);
                    return End::Bound;
                }
            }
            if self.array.is_some() {
                self.skip_array(source);
            }
            if self.faults > FAULTS {
                return End::Broken;
            }
        }
    }

    fn halted(&mut self, halt: Halt, at: u64) -> End {
        match halt {
            Halt::Malformed(message) => {
                self.range = at..(at + 1).min(self.view.len());
                self.fault(message);
                End::Broken
            }
            Halt::Unreadable(trouble) => {
                self.scope.unreadable(self.view, &trouble);
                End::Bound
            }
        }
    }

    fn stop(&mut self) -> End {
        if let Some(end) = self.stream.frame.filter(|end| *end != self.range.end) {
            self.fault(format!("the frame ends at {end}, but the pickle at {}", self.range.end));
        }
        match self.stack.depth() {
            0 => {
                self.fault("the pickle ends without a value".to_owned());
                End::Broken
            }
            1 if self.stack.open_marks() == 0 => End::Stop,
            _ => {
                self.fault("the pickle ends with more on the stack than its value".to_owned());
                End::Stop
            }
        }
    }

    /// Writes down that the stream is at fault here.
    pub fn fault(&mut self, message: String) {
        self.faults += 1;
        if self.faults <= self.scope.limits.repeats {
            self.scope.raise(&MALFORMED, self.view, self.range.clone(), message);
        } else {
            let place = self.view.place(self.range.clone());
            self.scope.add(Evidence::new(&MALFORMED, message).at(place));
        }
    }

    pub fn push(&mut self, value: Value) -> Step {
        Ok(self.stack.push(value)?)
    }

    pub fn pop(&mut self) -> Result<Value, Break> {
        self.stack.pop().ok_or_else(|| Break::Malformed(format!("{} finds nothing on the stack", self.opcode)))
    }

    fn apply(&mut self, token: Token, source: &mut Source<'_>) -> Step {
        match (token.code, token.argument) {
            (b'K' | b'M' | b'J', Argument::Number(value)) => self.push(Value::Int(value)),
            (b'h' | b'j', Argument::Number(index)) => self.get(index),
            (b'q' | b'r', Argument::Number(index)) => self.put(index),
            (0x94, _) => {
                let top = self.top()?;
                self.memo.put_next(top);
                Ok(())
            }
            (b'X' | 0x8c | 0x8d | b'T' | b'U', Argument::Constant(range)) => self.text(token.code, range, source),
            (b'B' | b'C' | 0x8e | 0x96, Argument::Constant(range)) => self.bytes(range, source),
            (0x8a | 0x8b, Argument::Constant(_)) => self.push(long(source.constant())),
            (b'(', _) => Ok(self.stack.mark()?),
            (b'N', _) => self.push(Value::None),
            (code @ (0x88 | 0x89), _) => self.push(Value::Bool(code == 0x88)),
            (b'G', _) => self.push(Value::Number),
            (b'0', _) => self.pop_or_unmark(),
            (b'1', _) => self.collect(Shape::Tuple).map(drop),
            (b'2', _) => {
                let top = self.top()?;
                self.push(top)
            }
            (b']' | b'}' | 0x8f | b')', _) => {
                let made = self.containers.create(shape_of(token.code));
                self.push(made)
            }
            (b't' | b'l' | b'd' | 0x91, _) => self.gather(shape_of(token.code)),
            (count @ 0x85..=0x87, _) => self.tuple(count - 0x84),
            (b'a', _) => self.append(),
            (b'e' | b'u' | 0x90, _) => self.extend(shape_of(token.code)),
            (b's', _) => self.set_item(),
            (b'c', Argument::Lines(module, name)) => self.global(&module, &name),
            (b'i', Argument::Lines(module, name)) => self.inst(&module, &name),
            (0x93, _) => self.stack_global(),
            (b'R', _) => self.reduce(),
            (b'o', _) => self.obj(),
            (0x81, _) => self.newobj(),
            (0x92, _) => self.newobj_ex(),
            (b'b', _) => self.build(),
            (0x82..=0x84, Argument::Number(code)) => self.extension(code),
            (b'P', Argument::Line(_, text)) => self.persistent_text(&text),
            (b'Q', _) => self.persistent(),
            (0x97, _) => self.push(Value::Outside),
            (0x98, _) => self.top().map(drop),
            (0x80, Argument::Number(version)) => self.proto(version),
            (0x95, Argument::Number(len)) => self.frame(len),
            (code, Argument::LongLine(range, ends)) => self.long_line(code, range, ends),
            (code, Argument::Line(at, text)) => self.line(code, at, &text),
            (code, _) => Err(Break::Malformed(format!("byte 0x{code:02x} is no opcode"))),
        }
    }

    pub fn top(&self) -> Result<Value, Break> {
        self.stack.top().ok_or_else(|| Break::Malformed(format!("{} finds nothing on the stack", self.opcode)))
    }

    fn pop_or_unmark(&mut self) -> Step {
        if self.stack.at_mark() {
            self.stack.unmark();
            return Ok(());
        }
        self.pop().map(drop)
    }

    pub fn get(&mut self, index: i64) -> Step {
        let value = u64::try_from(index).ok().and_then(|index| self.memo.get(index));
        if value.is_none() {
            self.fault(format!("memo entry {index} is used, but was never put"));
        }
        self.push(value.unwrap_or(Value::Forgotten))
    }

    pub fn put(&mut self, index: i64) -> Step {
        let top = self.top()?;
        match u64::try_from(index) {
            Ok(index) => self.memo.put(index, top),
            Err(_) => self.fault(format!("memo index {index} is negative")),
        }
        if index > i64::from(u32::MAX >> 1) {
            self.fault(format!("memo index {index} makes a loader allocate gigabytes"));
        }
        Ok(())
    }

    fn text(&mut self, code: u8, range: Range<u64>, source: &Source<'_>) -> Step {
        let whole = source.constant().len() as u64 == range.end - range.start;
        // Strings of Python 2 (`BINSTRING`) may be in any encoding.
        if whole && !matches!(code, b'T' | b'U') && !super::text::is_utf8(source.constant()) {
            self.fault("a text is not UTF-8".to_owned());
        }
        self.look_into(&range, source.constant());
        self.push(Value::Text { at: range.start, len: length(&range), coding: Coding::Utf8 })
    }

    fn bytes(&mut self, range: Range<u64>, source: &Source<'_>) -> Step {
        self.look_into(&range, source.constant());
        self.push(Value::Bytes { at: range.start, len: length(&range) })
    }

    fn extension(&mut self, code: i64) -> Step {
        let message = format!("extension code {code} stands for a callable that only the loading program knows");
        self.scope.raise(&EXTENSION_CODE, self.view, self.range.clone(), message);
        if code <= 0 {
            self.fault(format!("extension code {code} is not positive"));
        }
        self.push(Value::Outside)
    }

    fn persistent_text(&mut self, text: &[u8]) -> Step {
        let message = format!("persistent id {:?}", String::from_utf8_lossy(text));
        self.scope.raise(&PERSISTENT_ID, self.view, self.range.clone(), message);
        self.push(Value::Outside)
    }

    fn proto(&mut self, version: i64) -> Step {
        if let Some(before) = self.stream.declared {
            self.fault(format!("protocol {version} is declared after protocol {before}"));
        } else if self.range.start != 0 && self.opcodes > 1 && self.stack.depth() > 0 {
            self.fault(format!("protocol {version} is declared in the middle of the stream"));
        }
        if !(0..=5).contains(&version) {
            self.fault(format!("there is no protocol {version}"));
        }
        let version = u8::try_from(version).unwrap_or(u8::MAX);
        self.stream.declared = Some(version);
        self.protocol = self.protocol.max(version);
        Ok(())
    }

    /// No pickler writes an opcode that is newer than the protocol it declares; loaders do not mind.
    #[inline]
    fn check_protocol(&mut self, op: &Opcode) {
        if op.protocol > self.stream.declared.unwrap_or(1) && op.code != 0x80 && !self.stream.outdated {
            self.stream.outdated = true;
            let declared = self.stream.declared.map_or("none".to_owned(), |version| version.to_string());
            let message = format!("{} belongs to protocol {}, declared is {declared}", op.name, op.protocol);
            self.fault(message);
        }
    }

    /// The C unpickler only checks that a frame's bytes are there; the Python one refuses whatever crosses its end.
    fn frame(&mut self, len: i64) -> Step {
        let left = self.view.len().saturating_sub(self.range.end);
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        if let Some(end) = self.stream.frame.filter(|end| *end > self.range.end) {
            self.fault(format!("a frame begins before the last one ended at {end}"));
        }
        if len > left {
            self.fault(format!("a frame of {len} bytes is announced, but only {left} follow"));
            self.stream.frame = None;
        } else {
            self.stream.frame = Some(self.range.end + len);
        }
        Ok(())
    }

    fn cross_frame(&mut self) {
        let Some(end) = self.stream.frame else { return };
        if self.range.start >= end {
            self.stream.frame = None;
        } else if self.range.end > end {
            self.fault(format!("{} crosses the end of its frame at {end}", self.opcode));
            self.stream.frame = None;
        }
    }
}

const fn shape_of(code: u8) -> Shape {
    match code {
        b']' | b'l' | b'e' => Shape::List,
        b'}' | b'd' | b'u' => Shape::Dict,
        0x8f..=0x91 => Shape::Set,
        _ => Shape::Tuple,
    }
}

pub fn length(range: &Range<u64>) -> u32 {
    u32::try_from(range.end - range.start).unwrap_or(u32::MAX)
}

/// A little-endian two's complement number, if it fits.
fn long(bytes: &[u8]) -> Value {
    if bytes.len() > 8 {
        return Value::Number;
    }
    let fill = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut full = [fill; 8];
    full[..bytes.len()].copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(full))
}
