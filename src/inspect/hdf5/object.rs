//! The file as a whole, and object headers of both versions as lists of messages.

use crate::weigh::View;

/// Messages of one object, and blocks that its header goes on in.
const MESSAGES: usize = 100_000;
/// Longest block of messages that is read.
const BLOCK: u64 = 16 << 20;

/// How addresses are to be read.
pub struct File<'v, 'b> {
    pub view: &'v View<'b>,
    /// Added to every address.
    pub base: u64,
    /// Bytes of an address.
    pub offsets: u8,
    /// Bytes of a length.
    pub lengths: u8,
    /// Address of the first object.
    pub root: u64,
    /// Where the file says that it ends.
    pub end: u64,
}

/// One message of an object header.
pub struct Message {
    pub kind: u16,
    pub data: Vec<u8>,
}

impl<'v, 'b> File<'v, 'b> {
    /// Reads the superblock.
    pub fn read(view: &'v View<'b>) -> Option<Self> {
        let head = view.read_up_to(0, 4096).ok()?;
        let start = [0usize, 512, 1024, 2048]
            .into_iter()
            .find(|at| head.get(*at..).is_some_and(|rest| rest.starts_with(b"\x89HDF\r\n\x1a\n")))?;
        let version = *head.get(start + 8)?;
        let (sizes, fields) = match version {
            0 => (start + 13, start + 24),
            1 => (start + 13, start + 28),
            2 | 3 => (start + 9, start + 12),
            _ => return None,
        };
        let (offsets, lengths) = (*head.get(sizes)?, *head.get(sizes + 1)?);
        if !matches!((offsets, lengths), (2 | 4 | 8, 2 | 4 | 8)) {
            return None;
        }
        let mut file = Self { view, base: 0, offsets, lengths, root: 0, end: 0 };
        let (o, fields) = (u64::from(offsets), fields as u64);
        file.base = file.number(fields, offsets)?;
        file.end = file.number(fields + 2 * o, offsets)?;
        // Behind the driver's block stands an entry whose second field is the address of the header.
        let root = if version < 2 { fields + 5 * o } else { fields + 3 * o };
        file.root = file.address(root)?;
        Some(file)
    }

    /// Bytes at an absolute place.
    pub fn bytes(&self, at: u64, len: u64) -> Option<Vec<u8>> {
        self.view.read(at..at.checked_add(len)?).ok()
    }

    /// Up to so many bytes.
    pub fn up_to(&self, at: u64, len: u64) -> Option<Vec<u8>> {
        (at < self.view.len()).then_some(())?;
        self.view.read_up_to(at, len).ok()
    }

    /// A little-endian number.
    pub fn number(&self, at: u64, width: u8) -> Option<u64> {
        Some(little(&self.bytes(at, width.into())?))
    }

    /// An address as a place in the view; `None` if it is undefined, too.
    pub fn address(&self, at: u64) -> Option<u64> {
        self.place(&self.bytes(at, self.offsets.into())?)
    }

    /// The address at the beginning of some bytes.
    pub fn place(&self, bytes: &[u8]) -> Option<u64> {
        let bytes = bytes.get(..self.offsets.into())?;
        if bytes.iter().all(|byte| *byte == 0xff) { None } else { little(bytes).checked_add(self.base) }
    }

    /// The messages of an object.
    pub fn messages(&self, header: u64) -> Option<Vec<Message>> {
        let mut messages = Vec::new();
        let mut blocks = Vec::new();
        let head = self.up_to(header, 64)?;
        let modern = head.starts_with(b"OHDR");
        let ordered;
        if modern {
            let flags = *head.get(5)?;
            ordered = flags & 4 != 0;
            let sizes = 6 + if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
            let width = 1u8 << (flags & 3);
            let size = self.number(header.checked_add(sizes)?, width)?;
            blocks.push((header.checked_add(sizes + u64::from(width))?, size));
        } else {
            (*head.first()? == 1).then_some(())?;
            ordered = false;
            blocks.push((header.checked_add(16)?, little(head.get(8..12)?)));
        }
        let mut read = 0u64;
        while let Some((at, size)) = blocks.pop() {
            read = read.checked_add(size).filter(|read| *read <= BLOCK)?;
            let bytes = self.bytes(at, size)?;
            self.block(&bytes, modern, ordered, &mut messages, &mut blocks)?;
            if messages.len() + blocks.len() > MESSAGES {
                return None;
            }
        }
        Some(messages)
    }

    fn block(
        &self,
        bytes: &[u8],
        modern: bool,
        ordered: bool,
        messages: &mut Vec<Message>,
        blocks: &mut Vec<(u64, u64)>,
    ) -> Option<()> {
        let head = if modern { 4 + if ordered { 2 } else { 0 } } else { 8 };
        let mut at = 0usize;
        // What is left at the end of a block and too short for a message is a hole.
        while let Some(message) = bytes.get(at..at + head) {
            let (kind, size, flags) = if modern {
                (u16::from(message[0]), little(&message[1..3]), message[3])
            } else {
                (u16::from_le_bytes([message[0], message[1]]), little(&message[2..4]), message[4])
            };
            let size = usize::try_from(size).ok()?;
            let data = bytes.get(at + head..(at + head).checked_add(size)?)?;
            at += head + size;
            if kind == 0x10 {
                let place = self.place(data)?;
                let length = little(data.get(self.offsets.into()..)?.get(..self.lengths.into())?);
                // A block of the new kind has a mark in front and a checksum behind.
                let (skip, around) = if modern { (4, 8) } else { (0, 0) };
                blocks.push((place.checked_add(skip)?, length.checked_sub(around)?));
            } else if flags & 2 == 0 {
                messages.push(Message { kind, data: data.to_vec() });
            }
        }
        Some(())
    }
}

/// A little-endian number of up to eight bytes.
pub fn little(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}
