//! The records of a zip file, as APPNOTE.TXT 6.3.10 describes them, without judging them.

/// Signature of a local file header (4.3.7).
pub const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Signature of a central directory header (4.3.12).
pub const CENTRAL: [u8; 4] = *b"PK\x01\x02";
/// Signature of the end of central directory record (4.3.16).
pub const END: [u8; 4] = *b"PK\x05\x06";
/// Signature of the zip64 end of central directory record (4.3.14).
pub const END64: [u8; 4] = *b"PK\x06\x06";
/// Signature of the zip64 end of central directory locator (4.3.15).
pub const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
/// Optional signature of a data descriptor (4.3.9.3).
pub const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Reads little-endian numbers off the front of bytes.
pub struct Fields<'b>(pub &'b [u8]);

impl<'b> Fields<'b> {
    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    /// The next 16-bit number.
    pub fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_le_bytes)
    }

    /// The next 32-bit number.
    pub fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// The next 64-bit number.
    pub fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }
}

/// What local and central headers both say about a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Name as stored.
    pub name: Vec<u8>,
    /// General purpose bits.
    pub flags: u16,
    /// Compression method.
    pub method: u16,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Stored length in bytes, zip64 applied.
    pub compressed: u64,
    /// Length of the content in bytes, zip64 applied.
    pub size: u64,
}

impl Facts {
    /// The name for people; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// True if sizes and CRC follow after the data (flag bit 3).
    pub const fn described_later(&self) -> bool {
        self.flags & 8 != 0
    }

    /// True if any of the bits for encryption is set: 0, 6, 13.
    pub const fn encrypted(&self) -> bool {
        self.flags & 0x2041 != 0
    }
}

/// A header in the central directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Central {
    /// What it shares with the local header.
    pub facts: Facts,
    /// Offset of the local header, zip64 applied, before any correction for bytes in front of the archive.
    pub offset: u64,
    /// Unix mode, if made on a system that has one.
    pub mode: Option<u32>,
    /// Version that is needed to read the member, times ten.
    pub needed: u8,
    /// The name in UTF-8 that Info-ZIP keeps beside one of another encoding (4.6.9), if it belongs to this one.
    pub unicode: Option<Vec<u8>>,
    /// Number of the disk that the member begins on, which is 0 wherever there are no disks.
    pub disk: u16,
    /// False if the extra fields say that they are longer than there is room for.
    pub extra_fits: bool,
    /// Length of the header in bytes.
    pub length: usize,
}

impl Central {
    /// Reads the header at the front of `bytes`.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(&CENTRAL)?);
        let made_by = fields.u16()?;
        let [needed, _] = fields.u16()?.to_le_bytes();
        let (flags, method) = (fields.u16()?, fields.u16()?);
        fields.u32()?;
        let (crc, compressed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
        let disk = fields.u16()?;
        fields.u16()?;
        let (external, offset) = (fields.u32()?, fields.u32()?);
        let name = fields.take(name.into())?.to_vec();
        let extra = fields.take(extra.into())?;
        fields.take(comment.into())?;
        let [size, compressed, offset] = widened(extra, [size, compressed, offset]);
        let unicode = unicode(extra, &name);
        Some(Self {
            needed,
            unicode,
            facts: Facts { name, flags, method, crc, compressed, size },
            offset,
            mode: (made_by >> 8 == 3).then_some(external >> 16),
            disk,
            extra_fits: fits(extra),
            length: bytes.len() - fields.0.len(),
        })
    }

    /// True for a symbolic link.
    pub fn is_link(&self) -> bool {
        self.mode.is_some_and(|mode| mode & 0o170_000 == 0o120_000)
    }
}

/// A local header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// What it shares with the central header.
    pub facts: Facts,
    /// Length of the header in bytes; the data begins there.
    pub length: u64,
}

impl Local {
    /// Length of the header without name and extra fields.
    pub const FIXED: u64 = 30;

    /// Lengths of name and extra fields together, from the fixed part.
    pub fn variable(fixed: &[u8]) -> Option<u64> {
        let mut fields = Fields(fixed.strip_prefix(&LOCAL)?);
        fields.take(22)?;
        Some(u64::from(fields.u16()?) + u64::from(fields.u16()?))
    }

    /// Reads the header at the front of `bytes`.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(&LOCAL)?);
        fields.u16()?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        fields.u32()?;
        let (crc, compressed, size) = (fields.u32()?, fields.u32()?, fields.u32()?);
        let (name, extra) = (fields.u16()?, fields.u16()?);
        let name = fields.take(name.into())?.to_vec();
        let extra = fields.take(extra.into())?;
        let [size, compressed, _] = widened(extra, [size, compressed, 0]);
        let length = (bytes.len() - fields.0.len()) as u64;
        Some(Self { facts: Facts { name, flags, method, crc, compressed, size }, length })
    }
}

/// True if every extra field (4.5.1) ends inside the room for them. Up to three bytes that are left over are padding.
fn fits(extra: &[u8]) -> bool {
    let mut fields = Fields(extra);
    while fields.0.len() >= 4 {
        let length = fields.u16().and_then(|_| fields.u16());
        if length.and_then(|length| fields.take(length.into())).is_none() {
            return false;
        }
    }
    true
}

/// The name of the extra field 0x7075, if the checksum in front of it is that of the name in the header; readers pass over it
/// otherwise.
fn unicode(extra: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Fields(extra);
    loop {
        let (id, length) = (fields.u16()?, fields.u16()?);
        let body = fields.take(length.into())?;
        if id == 0x7075 {
            let mut body = Fields(body.strip_prefix(&[1])?);
            return (body.u32()? == crc32fast::hash(name)).then(|| body.0.to_vec());
        }
    }
}

/// A data descriptor (4.3.9), which says after the data what could not be said before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// CRC-32 of the content.
    pub crc: u32,
    /// Stored length in bytes.
    pub compressed: u64,
    /// Length of the content in bytes.
    pub size: u64,
    /// Bits of a length that are written: 32, or 64 for members of zip64.
    pub bits: u32,
}

impl Descriptor {
    /// Reads what is exactly one descriptor, with its signature or without.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut fields = match bytes.len() {
            12 | 20 => Fields(bytes),
            16 | 24 => Fields(bytes.strip_prefix(&DESCRIPTOR)?),
            _ => return None,
        };
        let wide = fields.0.len() == 20;
        let crc = fields.u32()?;
        let mut length = || if wide { fields.u64() } else { fields.u32().map(u64::from) };
        let (compressed, size) = (length()?, length()?);
        Some(Self { crc, compressed, size, bits: if wide { 64 } else { 32 } })
    }

    /// True if it says of a member what its header does, as far as it has room for it.
    pub const fn agrees(&self, facts: &Facts) -> bool {
        let mask = if self.bits == 64 { u64::MAX } else { u32::MAX as u64 };
        self.crc == facts.crc && self.compressed == facts.compressed & mask && self.size == facts.size & mask
    }
}

/// Size, compressed size and offset with the zip64 extra field (4.5.3) applied: it holds those that are all ones.
fn widened(extra: &[u8], narrow: [u32; 3]) -> [u64; 3] {
    let mut wide = narrow.map(u64::from);
    let mut fields = Fields(extra);
    while let (Some(id), Some(length)) = (fields.u16(), fields.u16()) {
        let Some(body) = fields.take(length.into()) else { break };
        if id == 1 {
            let mut body = Fields(body);
            for (value, narrow) in wide.iter_mut().zip(narrow) {
                if narrow == u32::MAX
                    && let Some(real) = body.u64()
                {
                    *value = real;
                }
            }
            break;
        }
    }
    wide
}

/// The end of central directory record, zip64 applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Where the record (or the zip64 record in front of it) begins; the central directory should end there.
    pub at: u64,
    /// One past the record's comment as its length says; may lie past the end of the file.
    pub until: u64,
    /// One past the fixed part of the record.
    pub fixed: u64,
    /// Number of members.
    pub entries: u64,
    /// Length of the central directory in bytes.
    pub size: u64,
    /// Offset of the central directory.
    pub offset: u64,
    /// True if a disk other than the first is named.
    pub split: bool,
    /// How it and what zip64 has for it contradict each other, if they do.
    pub fault: Option<&'static str>,
}

impl End {
    /// Reads the 22 fixed bytes; `at` is where they lie.
    pub fn read(bytes: &[u8], at: u64) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(&END)?);
        let (disk, start, here, entries) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?);
        let (size, offset) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
        let comment = u64::from(fields.u16()?);
        let split = (disk != 0 && disk != u16::MAX)
            || (start != 0 && start != u16::MAX)
            || (here != entries && here != u16::MAX);
        let fixed = at.checked_add(22)?;
        Some(Self { at, until: fixed + comment, fixed, entries: entries.into(), size, offset, split, fault: None })
    }

    /// True if a field says that the truth stands in the zip64 record.
    pub fn wants_64(&self) -> bool {
        self.entries == u64::from(u16::MAX) || self.size == u64::from(u32::MAX) || self.offset == u64::from(u32::MAX)
    }

    /// With the values of the zip64 record, 56 bytes or more that lie at `at`.
    pub fn widen(self, record: &[u8], at: u64) -> Option<Self> {
        let mut fields = Fields(record.strip_prefix(&END64)?);
        fields.take(20)?;
        let (here, entries, size, offset) = (fields.u64()?, fields.u64()?, fields.u64()?, fields.u64()?);
        // A field that does not send the reader to the zip64 record (4.4.1.4) has to say the same as it.
        let differs = |narrow: u64, all_ones: u64, wide: u64| narrow != all_ones && narrow != wide;
        let differs = differs(self.entries, u16::MAX.into(), entries)
            || differs(self.size, u32::MAX.into(), size)
            || differs(self.offset, u32::MAX.into(), offset);
        let fault = differs.then_some("the end record and the zip64 end record in front of it say different things");
        Some(Self { at, entries, size, offset, split: self.split || here != entries, fault, ..self })
    }
}
