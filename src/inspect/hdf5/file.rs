//! The file as a whole: its superblock, and pieces of it by address.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::checksum::lookup3;
use super::fields::{Fault, Fields, Held, Sizes, Why, broken, hold, little};
use super::global::Collection;
use crate::weigh::{Unreadable, View};

/// What every file begins with, behind the block of its user.
pub const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
/// Last place where the superblock is looked for. The format knows no end of them.
const FARTHEST: u64 = 1 << 20;

/// How the file is to be read.
pub struct File<'v, 'b> {
    pub view: &'v View<'b>,
    pub sizes: Sizes,
    /// Address of the first object.
    pub root: u64,
    /// Address of an object that says more of the file.
    pub extension: Option<u64>,
    /// Tree and heap of the first group, as the superblock repeats them.
    pub cached: Option<(u64, u64)>,
    /// Half of what a node of the trees of old groups holds: leaves, inner nodes; and of trees of chunks.
    pub ranks: [u64; 3],
    /// What is wrong and does not keep the file from being read.
    pub faults: Vec<Fault>,
    /// Collections of the global heap that were read, and their bytes.
    pub collections: RefCell<BTreeMap<u64, Rc<Collection>>>,
    pub collected: Cell<u64>,
}

/// Where the superblock begins: at 0, or at 512, 1024, 2048 … behind a block of the user's own.
pub fn begins(head: &[u8], view: &View<'_>) -> Option<u64> {
    let mut at = 0u64;
    while at <= FARTHEST && at.saturating_add(8) <= view.len() {
        let here = usize::try_from(at).ok().and_then(|at| head.get(at..at.checked_add(8)?));
        let found = match here {
            Some(bytes) => bytes == SIGNATURE,
            None => view.read_up_to(at, 8).is_ok_and(|bytes| bytes == SIGNATURE),
        };
        if found {
            return Some(at);
        }
        at = if at == 0 { 512 } else { at.saturating_mul(2) };
    }
    None
}

impl<'v, 'b> File<'v, 'b> {
    /// Reads the superblock. Source: specification, II.A.
    pub fn read(view: &'v View<'b>) -> Held<Self> {
        let head = view.read_up_to(0, 4096).map_err(|why| stopped(0, why))?;
        let Some(start) = begins(&head, view) else { return broken(0, "it has no superblock") };
        let bytes = view.read_up_to(start, 128).map_err(|why| stopped(start, why))?;
        let version = bytes.get(8).copied().unwrap_or(u8::MAX);
        let at = if version < 2 { 13 } else { 9 };
        let (Some(&offsets), Some(&lengths)) = (bytes.get(at), bytes.get(at + 1)) else {
            return broken(start, "the superblock is cut off");
        };
        hold(version <= 3, start, format!("the superblock is of version {version}, which does not exist"))?;
        let sound = matches!((offsets, lengths), (2 | 4 | 8, 2 | 4 | 8));
        let what = format!("the superblock says that addresses have {offsets} bytes and lengths {lengths}");
        hold(sound, start + at as u64, what)?;
        let sizes = Sizes { base: start, offsets, lengths };
        let mut file = Self {
            view,
            sizes,
            root: 0,
            extension: None,
            cached: None,
            ranks: [4, 16, 32],
            faults: Vec::new(),
            collections: RefCell::default(),
            collected: Cell::new(0),
        };
        let mut fields = Fields::new(&bytes, start, sizes, "the superblock");
        fields.skip(8)?;
        if version < 2 {
            file.old(version, &mut fields)?
        } else {
            file.summed(&bytes, start, &mut fields)?
        }
        Ok(file)
    }

    fn old(&mut self, version: u8, fields: &mut Fields<'_>) -> Held<()> {
        let at = fields.place();
        let versions = fields.take(5)?;
        if matches!(versions, [_, free, root, _, shared] if free | root | shared != 0) {
            self.note(at, "the superblock names versions of its parts that do not exist");
        }
        fields.skip(3)?;
        self.ranks[0] = fields.number(2)?;
        self.ranks[1] = fields.number(2)?;
        let at = fields.place();
        if self.ranks[0] == 0 || self.ranks[1] == 0 {
            self.note(at, "the superblock says that nodes of groups hold nothing");
        }
        let open = fields.number(4)?;
        if open != 0 {
            self.note(at, "the superblock has flags that no closed file has");
        }
        if version == 1 {
            self.ranks[2] = fields.number(2)?;
            fields.skip(2)?;
        }
        let base = self.base(fields)?;
        let at = fields.place();
        if fields.address()?.is_some_and(|free| free >= self.view.len()) {
            self.note(at, "the address of free space leads out of the file");
        }
        self.end(base, fields)?;
        let at = fields.place();
        if let Some(driver) = fields.address()?
            && self.piece(driver, 16).is_err()
        {
            self.note(at, "the address of the driver's information leads out of the file");
        }
        fields.skip(self.sizes.offsets.into())?;
        self.root = fields.defined()?;
        let at = fields.place();
        let cache = fields.number(4)?;
        fields.skip(4)?;
        match cache {
            0 => {}
            1 => self.cached = fields.address()?.zip(fields.address()?),
            _ => self.note(at, "the entry of the first group is of a kind that does not exist"),
        }
        Ok(())
    }

    /// Superblocks of versions 2 and 3, which end in a checksum.
    fn summed(&mut self, bytes: &[u8], start: u64, fields: &mut Fields<'_>) -> Held<()> {
        let version = fields.byte()?;
        fields.skip(2)?;
        let at = fields.place();
        let flags = fields.byte()?;
        // Bit 0: open for writing, bit 2: being written while others read. The library opens neither (version 3).
        if flags != 0 {
            let what = if version == 3 { "it was not closed by whoever wrote it" } else { "it has flags of no use" };
            self.note(at, what);
        }
        let base = self.base(fields)?;
        self.extension = fields.address()?;
        self.end(base, fields)?;
        self.root = fields.defined()?;
        let length = usize::try_from(fields.place().saturating_sub(start)).unwrap_or(usize::MAX);
        let at = fields.place();
        let checksum = fields.number(4)?;
        if bytes.get(..length).is_none_or(|covered| u64::from(lookup3(covered)) != checksum) {
            self.note(at, "the checksum of the superblock is not that of its bytes");
        }
        Ok(())
    }

    /// The library believes the place where it found the superblock, whatever is written there.
    fn base(&mut self, fields: &mut Fields<'_>) -> Held<u64> {
        let at = fields.place();
        let base = fields.number(self.sizes.offsets)?;
        if base != self.sizes.base {
            let what = format!("the superblock says that it stands at byte {base}, it stands at {}", self.sizes.base);
            self.note(at, what);
        }
        Ok(base)
    }

    fn end(&mut self, base: u64, fields: &mut Fields<'_>) -> Held<()> {
        let at = fields.place();
        let end = fields.number(self.sizes.offsets)?;
        let (has, end) = (self.view.len(), end.saturating_sub(base).saturating_add(self.sizes.base));
        if end != has {
            self.note(at, format!("the superblock says that the file ends at byte {end}, it has {has} bytes"));
        }
        Ok(())
    }

    fn note(&mut self, at: u64, what: impl Into<String>) {
        self.faults.push(Fault { at, what: what.into(), why: Why::Broken });
    }

    /// Bytes at a place.
    pub fn piece(&self, at: u64, len: u64) -> Held<Vec<u8>> {
        let end = at.checked_add(len);
        if end.is_none_or(|end| end > self.view.len()) {
            let has = self.view.len();
            let what = if at >= has {
                format!("an address leads beyond the end of the {has} bytes")
            } else {
                format!("{len} bytes should stand at byte {at}, the file ends before them")
            };
            return broken(at.min(has), what);
        }
        self.view.read(at..at.saturating_add(len)).map_err(|why| stopped(at, why))
    }

    /// Bytes at a place, fewer at the end of the file.
    pub fn up_to(&self, at: u64, len: u64) -> Held<Vec<u8>> {
        self.piece(at, len.min(self.view.len().saturating_sub(at)).max(1))
    }

    /// Fields of bytes that stand at a place.
    pub const fn fields<'d>(&self, bytes: &'d [u8], at: u64, name: &'static str) -> Fields<'d> {
        Fields::new(bytes, at, self.sizes, name)
    }

    /// Bytes with a mark in front.
    pub fn marked(&self, at: u64, len: u64, mark: &[u8], name: &'static str) -> Held<Vec<u8>> {
        let bytes = self.piece(at, len)?;
        hold(bytes.starts_with(mark), at, format!("an address leads to byte {at}, where {name} should stand"))?;
        Ok(bytes)
    }

    /// Bytes with a mark in front and their checksum behind, which is counted in the length and not given back.
    pub fn checked(&self, at: u64, len: u64, mark: &[u8], name: &'static str) -> Held<Vec<u8>> {
        let mut bytes = self.marked(at, len, mark, name)?;
        let checksum = bytes.split_off(bytes.len().saturating_sub(4));
        let sound = little(&checksum) == u64::from(lookup3(&bytes));
        hold(sound, at, format!("the checksum of {name} at byte {at} is not that of its bytes"))?;
        Ok(bytes)
    }

    /// True if so many bytes at that place are in the file.
    pub fn holds(&self, at: u64, len: u64) -> bool {
        at.checked_add(len).is_some_and(|end| end <= self.view.len())
    }
}

/// Bytes that could not be had.
fn stopped(at: u64, why: Unreadable) -> Fault {
    Fault { at, what: why.to_string(), why: Why::Stopped(why) }
}
