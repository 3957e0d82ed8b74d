//! What the interpreter knows of a value: enough to tell names, callables and containers apart, nothing more.

/// How a text is written in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// The bytes are the text.
    Utf8,
    /// A quoted Python literal with escapes (opcode `STRING`).
    Quoted,
    /// `raw-unicode-escape` (opcode `UNICODE`).
    RawUnicode,
}

/// What kind of builtin container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `tuple`
    Tuple,
    /// `list`
    List,
    /// `dict`
    Dict,
    /// `set` or `frozenset`
    Set,
}

impl Shape {
    /// Its name in Python.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tuple => "tuple",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Set => "set",
        }
    }
}

/// One value on the stack or in the memo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// `None`
    None,
    /// A truth value.
    Bool(bool),
    /// A number that fits.
    Int(i64),
    /// A number that does not, or a floating-point one.
    Number,
    /// Text, and where it stands in the stream.
    Text {
        /// Offset of its first byte.
        at: u64,
        /// Its length in bytes as written.
        len: u32,
        /// How it is written.
        coding: Coding,
    },
    /// Bytes, and where they stand in the stream; also bytearrays.
    Bytes {
        /// Offset of the first byte.
        at: u64,
        /// Length, at most 4 GiB; `u32::MAX` if it is not known.
        len: u32,
    },
    /// A builtin container.
    Container {
        /// Which one.
        shape: Shape,
        /// True if it was given something imported that is not on the list of safe callables.
        carries: bool,
        /// Its number, for looking up its first items.
        serial: u64,
    },
    /// An element type of numpy, by its number in the table of them.
    Dtype(u32),
    /// Something imported, by its number in the table of names.
    Global(u32),
    /// What a call of an imported callable gave.
    Object(u32),
    /// A storage of PyTorch with so many elements.
    Storage(i64),
    /// What a persistent id, a buffer or an extension code stands for.
    Outside,
    /// What a call of something computed gave.
    Computed,
    /// Not known any more: a bound was reached, or the stream was at fault.
    Forgotten,
}

impl Value {
    /// True if losing track of it would lose a name or a callable.
    pub const fn matters(self) -> bool {
        matches!(self, Self::Object(_) | Self::Text { .. }) || self.is_precious()
    }

    /// True if what is done with it later must be seen. Other values may be forgotten: a forgotten one that is
    /// called, or that names something, is reported as not known.
    pub const fn is_precious(self) -> bool {
        matches!(self, Self::Global(_) | Self::Computed | Self::Container { carries: true, .. })
    }
}
