//! One header of 512 bytes: its fields, and what is wrong with them.
//!
//! Sources: POSIX.1-2017 `pax`, "ustar Interchange Format"; GNU tar's manual; `Lib/tarfile.py`, which refuses headers whose
//! numbers are none.

/// Bytes of a header, and what the length of a member is rounded up to.
pub const BLOCK: u64 = 512;

/// What kind of member a header is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file; also whatever no reader knows, which all take for one.
    File,
    /// A link to a member.
    Hard,
    /// A symbolic link.
    Symbolic,
    /// A device or a pipe.
    Device,
    /// A folder.
    Folder,
    /// The name of the next member, too long for its header (GNU).
    LongName,
    /// What the next member links to (GNU).
    LongLink,
    /// Records about the next member (pax).
    Extended,
    /// Records about all that follow (pax).
    Global,
}

impl Kind {
    /// By the byte that stands for it.
    pub const fn of(code: u8) -> Self {
        match code {
            b'1' => Self::Hard,
            b'2' => Self::Symbolic,
            b'3' | b'4' | b'6' => Self::Device,
            b'5' | b'D' => Self::Folder,
            b'L' => Self::LongName,
            b'K' => Self::LongLink,
            b'x' | b'X' => Self::Extended,
            b'g' => Self::Global,
            _ => Self::File,
        }
    }

    /// True for headers that speak of other members.
    pub const fn is_about_others(self) -> bool {
        matches!(self, Self::LongName | Self::LongLink | Self::Extended | Self::Global)
    }
}

/// A header.
#[derive(Clone, Copy)]
pub struct Header<'b>(&'b [u8; BLOCK as usize]);

impl<'b> Header<'b> {
    /// From the bytes of a block; `None` if there are fewer.
    pub fn of(block: &'b [u8]) -> Option<Self> {
        block.first_chunk().map(Self)
    }

    /// The byte that says what kind of member it is.
    pub const fn code(self) -> u8 {
        self.0[156]
    }

    /// What kind of member it is.
    pub const fn kind(self) -> Kind {
        Kind::of(self.code())
    }

    /// True if it has the mark of POSIX or of GNU.
    pub fn is_marked(self) -> bool {
        self.0[257..262] == *b"ustar"
    }

    /// True if the checksum is that of the block, its own field counted as blanks. Some old writers added signed bytes.
    pub fn is_sound(self) -> bool {
        let Some(said) = octal(&self.0[148..156]) else { return false };
        let counted = self.0.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { b' ' } else { *byte });
        let unsigned: u64 = counted.clone().map(u64::from).sum();
        let signed: i64 = counted.map(|byte| i64::from(byte.cast_signed())).sum();
        said > 0 && (said == unsigned || i64::try_from(said) == Ok(signed))
    }

    /// Length of the member in bytes, as this header gives it.
    pub fn size(self) -> Option<u64> {
        octal(&self.0[124..136])
    }

    /// The name, with its first part where POSIX keeps that.
    pub fn name(self) -> String {
        let prefix = if self.0[257..263] == *b"ustar\0" { text(&self.0[345..500]) } else { String::new() };
        let name = text(&self.0[..100]);
        if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
    }

    /// What a link leads to.
    pub fn link(self) -> String {
        text(&self.0[157..257])
    }

    /// Whether more blocks with the map of a sparse file follow (GNU).
    pub const fn is_extended(self) -> bool {
        self.code() == b'S' && self.0[482] != 0
    }

    /// What is wrong with it that no other method tells.
    pub fn faults(self) -> Vec<String> {
        let mut faults = Vec::new();
        let numbers = [("mode", 100..108), ("owner", 108..116), ("group", 116..124), ("time", 136..148)];
        let devices = [("device number", 329..337), ("device number", 337..345)];
        let marked = self.is_marked();
        for (what, range) in numbers.into_iter().chain(devices.into_iter().filter(|_| marked)) {
            if self.0.get(range).and_then(octal_or_negative).is_none() {
                faults.push(format!("the {what} of a member is no number"));
            }
        }
        if !marked && self.0[257..263].iter().any(|byte| *byte != 0) {
            faults.push("a header has a mark that is neither that of POSIX nor that of GNU".to_owned());
        }
        let code = self.code();
        if !(matches!(code, 0 | b'0'..=b'7') || code.is_ascii_uppercase() || matches!(code, b'x' | b'g')) {
            faults.push(format!("a member is of a type that does not exist, {:?}", char::from(code)));
        }
        faults
    }
}

/// Up to the first NUL.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

/// An octal number, or, with the first bit set, a big-endian one.
fn octal(bytes: &[u8]) -> Option<u64> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        let first = u64::from(bytes.first()? & 0x7f);
        return bytes.iter().skip(1).try_fold(first, |value, byte| value.checked_mul(256)?.checked_add((*byte).into()));
    }
    let digits = text(bytes);
    let digits = digits.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// As [`octal`]; times before the epoch are negative numbers, all of whose first bits are set.
fn octal_or_negative(bytes: &[u8]) -> Option<u64> {
    if bytes.first() == Some(&0xff) { Some(0) } else { octal(bytes) }
}
