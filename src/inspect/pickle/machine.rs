//! The unpickler, abstractly: it follows every opcode and imports and calls nothing.
//!
//! Where the two unpicklers of CPython (C and Python) differ, the stream is followed as the more lenient one would,
//! and the difference is written down.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use crate::inspect::Scope;
use crate::model::{Evidence, Rule};
use crate::weigh::View;

use super::array::Wrapper;
use super::dtype::Element;
use super::framing::Stream;
use super::lists::Lists;
use super::names::Names;
use super::opcode::opcode;
use super::rules::MALFORMED;
use super::source::{Argument, Halt, Source};
use super::store::{Containers, Full, Memo, Stack};
use super::value::{Shape, Value};

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
    /// No further opcode could be read.
    Halt(Halt),
}

impl From<Halt> for Break {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
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
    /// The opcode at work: where it stands, and its byte.
    pub range: Range<u64>,
    pub code: u8,
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
    /// Arrays whose raw bytes were looked into.
    pub arrays: u32,
    /// Where an array began whose end is not known.
    pub lost: Option<u64>,
    /// Where the raw bytes of the last array ended.
    pub array_end: Option<u64>,
    /// The first formula that is more than names and numbers: where it stands and how it reads.
    pub formula: Option<(Range<u64>, String)>,
    /// Where the keys stand behind which a callable is named.
    pub keys: BTreeSet<u64>,
    /// Element types of numpy that were made.
    pub elements: Vec<Element>,
    /// What holds for the stream at work alone.
    pub stream: Stream,
    said: BTreeMap<&'static str, u64>,
    faults: u64,
    pub opcodes: u64,
}

impl<'m, 'v, 'l> Machine<'m, 'v, 'l> {
    pub fn new(view: &'m View<'v>, scope: &'m mut Scope<'l>, lists: &'m Lists) -> Self {
        let limit = usize::try_from(scope.limits.pickle_values).unwrap_or(usize::MAX);
        Self {
            view,
            scope,
            lists,
            names: Names::new(),
            stack: Stack::new(limit / 4),
            memo: Memo::new(limit / 2),
            containers: Containers::new(),
            range: 0..0,
            code: 0,
            protocol: 0,
            resolved: HashMap::new(),
            reads: 0,
            nested: BTreeSet::new(),
            array: None,
            embedding: 0,
            arrays: 0,
            lost: None,
            array_end: None,
            formula: None,
            keys: BTreeSet::new(),
            elements: Vec::new(),
            stream: Stream::FRESH,
            said: BTreeMap::new(),
            faults: 0,
            opcodes: 0,
        }
    }

    /// Follows one stream from where the source stands.
    pub fn run(&mut self, source: &mut Source<'_>) -> End {
        self.stack.clear();
        self.memo.clear();
        self.stream = Stream::FRESH;
        if self.embedding == 0 {
            self.elements.clear();
            self.lost = None;
        }
        loop {
            self.opcodes += 1;
            if self.opcodes > self.scope.limits.opcodes {
                self.scope.limit("opcodes", self.scope.limits.opcodes, self.view);
                return End::Bound;
            }
            let start = source.position();
            match self.next(source, start) {
                Ok(b'.') => return self.stop(),
                Ok(_) => {}
                Err(Break::Halt(halt)) => return self.halted(halt, start),
                Err(Break::Malformed(message)) => {
                    self.broken(&message);
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

    /// Follows opcodes from where the source stands, on the stack as it is, until one fails or ends the pickle.
    pub fn follow(&mut self, source: &mut Source<'_>, until: u64) {
        while source.position() < until && self.opcodes < self.scope.limits.opcodes && self.faults <= FAULTS {
            self.opcodes += 1;
            let start = source.position();
            if !matches!(self.next(source, start), Ok(code) if code != b'.') {
                return;
            }
        }
    }

    /// Carries out one opcode; gives its byte.
    #[inline]
    fn next(&mut self, source: &mut Source<'_>, start: u64) -> Result<u8, Break> {
        let op = source.opcode()?;
        self.code = op.code;
        if op.protocol == 1 && self.protocol == 0 {
            // Protocol 1 does not declare itself.
            self.protocol = 1;
        }
        if op.protocol > self.stream.covered {
            self.range = start..start + 1;
            self.outdated(op);
        }
        if op.form.is_number() {
            let number = source.number(op.form)?;
            self.range = start..source.position();
            if self.range.end > self.stream.frame {
                self.cross_frame();
            }
            self.plain(op.code, number)?;
        } else {
            let argument = source.argument(op)?;
            self.range = start..source.position();
            if self.range.end > self.stream.frame {
                self.cross_frame();
            }
            self.apply(op.code, argument, source)?;
        }
        Ok(op.code)
    }

    /// The name of the opcode at work.
    pub fn opcode(&self) -> &'static str {
        opcode(self.code).map_or("", |op| op.name)
    }

    fn halted(&mut self, halt: Halt, at: u64) -> End {
        match halt {
            Halt::Malformed(message) => {
                self.range = at..(at + 1).min(self.view.len());
                self.broken(&message);
                End::Broken
            }
            Halt::Unreadable(trouble) => {
                self.scope.unreadable(self.view, &trouble);
                End::Bound
            }
        }
    }

    fn stop(&mut self) -> End {
        let end = self.stream.frame;
        if end != u64::MAX && end != self.range.end {
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

    /// Writes down that the stream cannot be followed any more. Behind an array whose end is not known its bytes are
    /// taken for opcodes, so that what they seem to say means nothing.
    fn broken(&mut self, message: &str) {
        self.fault(match self.lost {
            Some(at) => format!("the stream cannot be followed behind the array at {at}, whose end is not known"),
            None if self.array_end == Some(self.range.start) => {
                format!("{message}: the array that ends there may be longer or shorter than it is said to be")
            }
            None => message.to_owned(),
        });
    }

    /// Writes down that the stream is at fault here.
    pub fn fault(&mut self, message: String) {
        self.faults += 1;
        self.say(&MALFORMED, |_| message);
    }

    /// Writes down evidence at the opcode at work. What the scope would only count is not put into words.
    pub fn say(&mut self, rule: &'static Rule, message: impl FnOnce(&mut Self) -> String) {
        let said = self.said.entry(rule.id).or_default();
        *said += 1;
        if *said <= self.scope.limits.repeats {
            let message = message(self);
            self.scope.raise(rule, self.view, self.range.clone(), message);
        } else {
            self.scope.add(Evidence::new(rule, String::new()));
        }
    }

    pub fn push(&mut self, value: Value) -> Step {
        Ok(self.stack.push(value)?)
    }

    pub fn pop(&mut self) -> Result<Value, Break> {
        self.stack.pop().ok_or_else(|| Break::Malformed(format!("{} finds nothing on the stack", self.opcode())))
    }

    /// Opcodes whose argument is a number, or that have none.
    #[inline]
    fn plain(&mut self, code: u8, number: i64) -> Step {
        match code {
            b'K' | b'M' | b'J' => self.push(Value::Int(number)),
            b'h' | b'j' => self.get(number),
            b'q' | b'r' => self.put(number),
            0x94 => {
                let top = self.top()?;
                self.memo.put_next(top);
                Ok(())
            }
            b'(' => Ok(self.stack.mark()?),
            b'N' => self.push(Value::None),
            0x88 | 0x89 => self.push(Value::Bool(code == 0x88)),
            b'G' => self.push(Value::Number),
            b'0' => self.pop_or_unmark(),
            b'1' => self.collect(Shape::Tuple).map(drop),
            b'2' => {
                let top = self.top()?;
                self.push(top)
            }
            b']' | b'}' | 0x8f | b')' => {
                let made = self.containers.create(shape_of(code));
                self.push(made)
            }
            b't' | b'l' | b'd' | 0x91 => self.gather(shape_of(code)),
            0x85..=0x87 => self.tuple(code - 0x84),
            b'a' => self.append(),
            b'e' | b'u' | 0x90 => self.extend(shape_of(code)),
            b's' => self.set_item(),
            0x93 => self.stack_global(),
            b'R' | 0x81 => self.reduce(),
            b'o' => self.obj(),
            0x92 => self.newobj_ex(),
            b'b' => self.build(),
            0x82..=0x84 => self.extension(number),
            b'Q' => self.persistent(),
            0x97 => {
                self.fault("NEXT_BUFFER needs a buffer that is not in the file".to_owned());
                self.push(Value::Outside)
            }
            0x98 => self.read_only(),
            0x80 => self.proto(number),
            0x95 => self.frame(number),
            _ => Ok(()),
        }
    }

    /// Opcodes whose argument is text or a constant.
    fn apply(&mut self, code: u8, argument: Argument, source: &mut Source<'_>) -> Step {
        match (code, argument) {
            (b'X' | 0x8c | 0x8d | b'T' | b'U', Argument::Constant(range)) => self.text(code, range, source),
            (b'B' | b'C' | 0x8e | 0x96, Argument::Constant(range)) => self.bytes(range, source),
            (_, Argument::Constant(_)) => self.push(long(source.constant())),
            (b'i', Argument::Lines(module, name)) => self.inst(&module, &name),
            (_, Argument::Lines(module, name)) => self.global(&module, &name),
            (b'P', Argument::Line(_, text)) => self.persistent_text(&text),
            (_, Argument::Line(at, text)) => self.line(code, at, &text),
            (_, Argument::LongLine(range, ends)) => self.long_line(code, range, ends),
            (_, Argument::Number(_)) => Ok(()),
        }
    }

    /// `READONLY_BUFFER`
    fn read_only(&mut self) -> Step {
        if matches!(
            self.top()?,
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Number | Value::Text { .. } | Value::Container { .. }
        ) {
            self.fault("READONLY_BUFFER is applied to something that is no buffer".to_owned());
        }
        Ok(())
    }

    pub fn top(&self) -> Result<Value, Break> {
        self.stack.top().ok_or_else(|| Break::Malformed(format!("{} finds nothing on the stack", self.opcode())))
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
