//! The 68 opcodes of pickle protocols 0 to 5, as CPython's `Lib/pickletools.py` documents them.

/// How the argument of an opcode is written in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// No argument.
    Bare,
    /// One unsigned byte.
    U1,
    /// Two bytes, little-endian, unsigned.
    U2,
    /// Four bytes, little-endian, signed.
    I4,
    /// Four bytes, little-endian, unsigned.
    U4,
    /// Eight bytes, little-endian, unsigned.
    U8,
    /// Eight bytes, big-endian IEEE 754.
    F8,
    /// Text up to a newline.
    Line,
    /// Two texts, each up to a newline.
    Lines,
    /// A length in one byte, then that many bytes.
    Counted1,
    /// A length in four bytes, unsigned, then that many bytes.
    Counted4,
    /// A length in four bytes, signed, then that many bytes. Negative lengths are refused by loaders.
    SignedCounted4,
    /// A length in eight bytes, then that many bytes.
    Counted8,
}

impl Form {
    /// True if the argument is a number of fixed size, or there is none.
    #[inline]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Bare | Self::U1 | Self::U2 | Self::I4 | Self::U4 | Self::U8 | Self::F8)
    }
}

/// One opcode.
#[derive(Clone, Copy, Debug)]
pub struct Opcode {
    /// Its byte.
    pub code: u8,
    /// Its name in pickletools.
    pub name: &'static str,
    /// How its argument is written.
    pub form: Form,
    /// The protocol that introduced it.
    pub protocol: u8,
}

const fn op(code: u8, name: &'static str, form: Form, protocol: u8) -> Opcode {
    Opcode { code, name, form, protocol }
}

/// Every opcode, by protocol.
pub static OPCODES: [Opcode; 68] = [
    op(b'(', "MARK", Form::Bare, 0),
    op(b'.', "STOP", Form::Bare, 0),
    op(b'0', "POP", Form::Bare, 0),
    op(b'2', "DUP", Form::Bare, 0),
    op(b'F', "FLOAT", Form::Line, 0),
    op(b'I', "INT", Form::Line, 0),
    op(b'L', "LONG", Form::Line, 0),
    op(b'N', "NONE", Form::Bare, 0),
    op(b'P', "PERSID", Form::Line, 0),
    op(b'R', "REDUCE", Form::Bare, 0),
    op(b'S', "STRING", Form::Line, 0),
    op(b'V', "UNICODE", Form::Line, 0),
    op(b'a', "APPEND", Form::Bare, 0),
    op(b'b', "BUILD", Form::Bare, 0),
    op(b'c', "GLOBAL", Form::Lines, 0),
    op(b'd', "DICT", Form::Bare, 0),
    op(b'g', "GET", Form::Line, 0),
    op(b'i', "INST", Form::Lines, 0),
    op(b'l', "LIST", Form::Bare, 0),
    op(b'p', "PUT", Form::Line, 0),
    op(b's', "SETITEM", Form::Bare, 0),
    op(b't', "TUPLE", Form::Bare, 0),
    op(b'1', "POP_MARK", Form::Bare, 1),
    op(b'G', "BINFLOAT", Form::F8, 1),
    op(b'J', "BININT", Form::I4, 1),
    op(b'K', "BININT1", Form::U1, 1),
    op(b'M', "BININT2", Form::U2, 1),
    op(b'Q', "BINPERSID", Form::Bare, 1),
    op(b'T', "BINSTRING", Form::SignedCounted4, 1),
    op(b'U', "SHORT_BINSTRING", Form::Counted1, 1),
    op(b'X', "BINUNICODE", Form::Counted4, 1),
    op(b'e', "APPENDS", Form::Bare, 1),
    op(b'h', "BINGET", Form::U1, 1),
    op(b'j', "LONG_BINGET", Form::U4, 1),
    op(b'o', "OBJ", Form::Bare, 1),
    op(b'q', "BINPUT", Form::U1, 1),
    op(b'r', "LONG_BINPUT", Form::U4, 1),
    op(b'u', "SETITEMS", Form::Bare, 1),
    op(b')', "EMPTY_TUPLE", Form::Bare, 1),
    op(b']', "EMPTY_LIST", Form::Bare, 1),
    op(b'}', "EMPTY_DICT", Form::Bare, 1),
    op(0x80, "PROTO", Form::U1, 2),
    op(0x81, "NEWOBJ", Form::Bare, 2),
    op(0x82, "EXT1", Form::U1, 2),
    op(0x83, "EXT2", Form::U2, 2),
    op(0x84, "EXT4", Form::I4, 2),
    op(0x85, "TUPLE1", Form::Bare, 2),
    op(0x86, "TUPLE2", Form::Bare, 2),
    op(0x87, "TUPLE3", Form::Bare, 2),
    op(0x88, "NEWTRUE", Form::Bare, 2),
    op(0x89, "NEWFALSE", Form::Bare, 2),
    op(0x8a, "LONG1", Form::Counted1, 2),
    op(0x8b, "LONG4", Form::SignedCounted4, 2),
    op(b'B', "BINBYTES", Form::Counted4, 3),
    op(b'C', "SHORT_BINBYTES", Form::Counted1, 3),
    op(0x8c, "SHORT_BINUNICODE", Form::Counted1, 4),
    op(0x8d, "BINUNICODE8", Form::Counted8, 4),
    op(0x8e, "BINBYTES8", Form::Counted8, 4),
    op(0x8f, "EMPTY_SET", Form::Bare, 4),
    op(0x90, "ADDITEMS", Form::Bare, 4),
    op(0x91, "FROZENSET", Form::Bare, 4),
    op(0x92, "NEWOBJ_EX", Form::Bare, 4),
    op(0x93, "STACK_GLOBAL", Form::Bare, 4),
    op(0x94, "MEMOIZE", Form::Bare, 4),
    op(0x95, "FRAME", Form::U8, 4),
    op(0x96, "BYTEARRAY8", Form::Counted8, 5),
    op(0x97, "NEXT_BUFFER", Form::Bare, 5),
    op(0x98, "READONLY_BUFFER", Form::Bare, 5),
];

static BY_CODE: [Option<Opcode>; 256] = {
    let mut table = [None; 256];
    let mut at = 0;
    while at < OPCODES.len() {
        table[OPCODES[at].code as usize] = Some(OPCODES[at]);
        at += 1;
    }
    table
};

/// The opcode of that byte, if there is one.
#[inline]
pub fn opcode(code: u8) -> Option<&'static Opcode> {
    BY_CODE[code as usize].as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_names_one_opcode() {
        assert_eq!(BY_CODE.iter().flatten().count(), 68);
    }
}
