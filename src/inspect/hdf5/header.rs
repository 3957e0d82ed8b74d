//! Object headers of both versions as lists of messages. Source: specification, IV.A.

use std::collections::BTreeSet;

use super::checksum::lookup3;
use super::fields::{Fault, Held, Why, broken, hold, little, unread};
use super::file::File;

/// Messages of one object, and blocks that its header goes on in.
const MESSAGES: usize = 100_000;
/// Longest header that is read.
const BLOCK: u64 = 16 << 20;
/// The last kind of message that the format knows.
const LAST: u16 = 0x18;

/// One message of an object header.
pub struct Message {
    pub kind: u16,
    pub flags: u8,
    pub data: Vec<u8>,
    /// Where the data stand.
    pub at: u64,
}

impl Message {
    /// True if the data only say where the message is.
    pub const fn is_shared(&self) -> bool {
        self.flags & 2 != 0
    }
}

/// An object.
pub struct Header {
    pub messages: Vec<Message>,
    /// Links that lead to it, as it counts them itself.
    pub links: u64,
    /// What keeps some of the messages from being read.
    pub fault: Option<Fault>,
}

/// What the blocks of one header share.
struct Blocks {
    modern: bool,
    ordered: bool,
    messages: Vec<Message>,
    /// Messages, those included that continue or say nothing.
    count: u64,
    left: Vec<(u64, u64)>,
    seen: BTreeSet<u64>,
}

impl File<'_, '_> {
    /// The messages of an object.
    pub fn header(&self, at: u64) -> Held<Header> {
        let head = self.up_to(at, 64)?;
        let mut blocks = Blocks {
            modern: head.starts_with(b"OHDR"),
            ordered: false,
            messages: Vec::new(),
            count: 0,
            left: Vec::new(),
            seen: BTreeSet::new(),
        };
        let mut fields = self.fields(&head, at, "the header of an object");
        if blocks.modern {
            fields.skip(4)?;
            fields.version(2..=2)?;
            let flags = fields.flags(0x3f)?;
            blocks.ordered = flags & 4 != 0;
            fields.skip(if flags & 0x20 != 0 { 16 } else { 0 })?;
            fields.skip(if flags & 0x10 != 0 { 4 } else { 0 })?;
            let size = fields.number(1 << (flags & 3))?;
            let skip = fields.place().saturating_sub(at);
            let fault = self.modern_block(at, skip, size, &mut blocks).err();
            return Ok(self.rest(blocks, 1, None, fault));
        }
        hold(head.starts_with(&[1, 0]), at, format!("an address leads to byte {at}, where no object stands"))?;
        fields.skip(2)?;
        let count = fields.number(2)?;
        let links = fields.number(4)?;
        let size = fields.number(4)?;
        fields.skip(4)?;
        let fault = self.old_block(fields.place(), size, &mut blocks).err();
        Ok(self.rest(blocks, links, Some(count), fault))
    }

    /// Reads what the first block continues in.
    fn rest(&self, mut blocks: Blocks, mut links: u64, count: Option<u64>, mut fault: Option<Fault>) -> Header {
        let mut read = 0u64;
        while let Some((at, size)) = blocks.left.pop() {
            read = read.saturating_add(size);
            let done = if read > BLOCK || blocks.messages.len() > MESSAGES {
                unread(at, "the header of an object is too long to be read")
            } else if !blocks.seen.insert(at) {
                broken(at, format!("the header of an object goes on at byte {at} twice"))
            } else if blocks.modern {
                self.modern_block(at, 4, size.saturating_sub(8), &mut blocks)
            } else {
                self.old_block(at, size, &mut blocks)
            };
            fault = fault.or(done.err());
        }
        if fault.is_none()
            && let Some(count) = count.filter(|count| *count != blocks.count)
        {
            let what = format!("the header of an object holds {} messages and says that it has {count}", blocks.count);
            let at = blocks.messages.first().map_or(0, |message| message.at);
            fault = Some(Fault { at, what, why: Why::Broken });
        }
        if let Some(counter) = blocks.messages.iter().find(|message| message.kind == 0x16) {
            links = counter.data.get(1..5).map_or(0, little);
        }
        Header { messages: blocks.messages, links, fault }
    }

    fn old_block(&self, at: u64, size: u64, blocks: &mut Blocks) -> Held<()> {
        let what = "the header of an object is too long to be read";
        if size > BLOCK {
            return if self.holds(at, size) { unread(at, what) } else { self.piece(at, size).map(drop) };
        }
        let bytes = self.piece(at, size)?;
        self.messages(&bytes, at, blocks)
    }

    /// A block with a mark in front, `skip` bytes before the messages, and a checksum behind.
    fn modern_block(&self, at: u64, skip: u64, size: u64, blocks: &mut Blocks) -> Held<()> {
        let length = size.saturating_add(skip);
        if length > BLOCK && self.holds(at, length) {
            return unread(at, "the header of an object is too long to be read");
        }
        let mut bytes = self.piece(at, length.saturating_add(4))?;
        let mark = bytes.starts_with(b"OHDR") || bytes.starts_with(b"OCHK");
        hold(mark, at, format!("an address leads to byte {at}, where a header should go on"))?;
        let checksum = bytes.split_off(bytes.len().saturating_sub(4));
        let sound = little(&checksum) == u64::from(lookup3(&bytes));
        let messages = bytes.get(usize::try_from(skip).unwrap_or(usize::MAX)..).unwrap_or_default();
        self.messages(messages, at.saturating_add(skip), blocks)?;
        hold(sound, at, format!("the checksum of the object header at byte {at} is not that of its bytes"))
    }

    fn messages(&self, bytes: &[u8], start: u64, blocks: &mut Blocks) -> Held<()> {
        let head = if blocks.modern { 4 + if blocks.ordered { 2 } else { 0 } } else { 8 };
        let mut fields = self.fields(bytes, start, "a message of an object header");
        // What is left at the end of a block and too short for a message is a hole.
        while fields.rest().len() >= head {
            let place = fields.place();
            let (kind, size, flags);
            if blocks.modern {
                (kind, size, flags) = (u16::from(fields.byte()?), fields.number(2)?, fields.byte()?);
                fields.skip(if blocks.ordered { 2 } else { 0 })?;
            } else {
                kind = u16::try_from(fields.number(2)?).unwrap_or(u16::MAX);
                (size, flags) = (fields.number(2)?, fields.byte()?);
                fields.skip(3)?;
                hold(size % 8 == 0, place, "the length of a message of an object header is no multiple of eight")?;
            }
            blocks.count += 1;
            let at = fields.place();
            let mut part = fields.part(size, "a message of an object header")?;
            if kind == 0x10 {
                let next = part.defined()?;
                blocks.left.push((next, part.length()?));
                continue;
            }
            if kind > LAST {
                return unread(place, format!("an object has a message of the unknown kind {kind}"));
            }
            // Constant and shared, never shared, kept although unknown: what cannot be at once.
            hold(flags & 6 != 6 && flags & 0x28 != 0x28, place, "a message has flags that exclude each other")?;
            if kind != 0 {
                blocks.messages.push(Message { kind, flags, data: part.rest().to_vec(), at });
            }
        }
        hold(blocks.modern || fields.rest().is_empty(), fields.place(), "bytes are left behind the last message")
    }
}
