//! Protocol and frames: what a stream says of itself.

use super::machine::{Machine, Step};
use super::opcode::Opcode;

/// State of one stream beside its stack and memo.
#[derive(Clone, Copy)]
pub struct Stream {
    /// Protocol declared by `PROTO`.
    pub declared: Option<u8>,
    /// Newest protocol whose opcodes are expected.
    pub covered: u8,
    /// End of the frame at work; the end of everything if there is none.
    pub frame: u64,
}

impl Stream {
    /// Before the first opcode.
    pub const FRESH: Self = Self { declared: None, covered: 1, frame: u64::MAX };
}

impl Machine<'_, '_, '_> {
    /// `PROTO`
    pub fn proto(&mut self, version: i64) -> Step {
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
        self.stream.covered = self.stream.covered.max(version);
        self.protocol = self.protocol.max(version);
        Ok(())
    }

    /// No pickler writes an opcode that is newer than the protocol it declares; loaders do not mind.
    #[cold]
    pub fn outdated(&mut self, op: &Opcode) {
        if op.code != 0x80 {
            self.stream.covered = u8::MAX;
            let declared = self.stream.declared.map_or("none".to_owned(), |version| version.to_string());
            self.fault(format!("{} belongs to protocol {}, declared is {declared}", op.name, op.protocol));
        }
    }

    /// The C unpickler only checks that a frame's bytes are there; the Python one refuses whatever crosses its end.
    pub fn frame(&mut self, len: i64) -> Step {
        let left = self.view.len().saturating_sub(self.range.end);
        let len = u64::try_from(len).unwrap_or(u64::MAX);
        let end = self.stream.frame;
        if end != u64::MAX && end > self.range.end {
            self.fault(format!("a frame begins before the last one ended at {end}"));
        }
        if len > left {
            self.fault(format!("a frame of {len} bytes is announced, but only {left} follow"));
            self.stream.frame = u64::MAX;
        } else {
            self.stream.frame = self.range.end + len;
        }
        Ok(())
    }

    /// The opcode at work ends behind the end of the frame.
    #[cold]
    pub fn cross_frame(&mut self) {
        let end = std::mem::replace(&mut self.stream.frame, u64::MAX);
        if self.range.start < end {
            self.fault(format!("{} crosses the end of its frame at {end}", self.opcode()));
        }
    }
}
