//! A FlatBuffer that is read in many small pieces: pages of it are kept, so that each costs one read of the view.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::weigh::{Unreadable, View};

/// Bytes of a page.
const PAGE: u64 = 4096;
/// Pages that are kept.
const KEPT: usize = 4096;

/// The bytes, by offset. `None` wherever an offset leads out of the view, or where a limit stopped, which
/// [`Buffer::trouble`] then tells.
pub struct Buffer<'b, 'v> {
    view: &'b View<'v>,
    pages: RefCell<HashMap<u64, Vec<u8>>>,
    trouble: Cell<Option<Unreadable>>,
}

impl<'b, 'v> Buffer<'b, 'v> {
    /// All of a view.
    pub fn new(view: &'b View<'v>) -> Self {
        Self { view, pages: RefCell::default(), trouble: Cell::new(None) }
    }

    /// Length in bytes.
    pub const fn len(&self) -> u64 {
        self.view.len()
    }

    /// The limit that stopped a read, if one did.
    pub fn trouble(&self) -> Option<Unreadable> {
        self.trouble.take()
    }

    /// So many bytes at that offset.
    pub fn array<const N: usize>(&self, at: u64) -> Option<[u8; N]> {
        let end = at.checked_add(N as u64).filter(|end| *end <= self.len())?;
        let (page, start) = (at / PAGE, (at % PAGE) as usize);
        if end > (page + 1) * PAGE {
            return self.keep(self.view.read(at..end))?.try_into().ok();
        }
        let mut pages = self.pages.borrow_mut();
        if !pages.contains_key(&page) {
            if pages.len() >= KEPT {
                pages.clear();
            }
            let bytes = self.keep(self.view.read_up_to(page * PAGE, PAGE))?;
            pages.insert(page, bytes);
        }
        pages.get(&page)?.get(start..start + N)?.try_into().ok()
    }

    fn keep(&self, read: Result<Vec<u8>, Unreadable>) -> Option<Vec<u8>> {
        read.map_err(|trouble| self.trouble.set(Some(trouble))).ok()
    }

    /// A number of one byte.
    pub fn u8(&self, at: u64) -> Option<u8> {
        self.array(at).map(|[byte]| byte)
    }

    /// A number of two bytes.
    pub fn u16(&self, at: u64) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    /// A number of four bytes.
    pub fn u32(&self, at: u64) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    /// A number of four bytes with a sign.
    pub fn i32(&self, at: u64) -> Option<i32> {
        self.array(at).map(i32::from_le_bytes)
    }

    /// A number of eight bytes.
    pub fn u64(&self, at: u64) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    /// Where a field of a table stands, if it has it.
    pub fn field(&self, table: u64, number: u64) -> Option<u64> {
        let back = i64::from(self.i32(table)?);
        let vtable = u64::try_from(i64::try_from(table).ok()?.checked_sub(back)?).ok()?;
        let entry = 4 + 2 * number;
        if entry + 2 > u64::from(self.u16(vtable)?) {
            return None;
        }
        let offset = u64::from(self.u16(vtable.checked_add(entry)?)?);
        if offset == 0 { None } else { table.checked_add(offset) }
    }

    /// What the offset in a field points at.
    pub fn target(&self, table: u64, number: u64) -> Option<u64> {
        self.follow(self.field(table, number)?)
    }

    /// What the offset at that place points at.
    pub fn follow(&self, at: u64) -> Option<u64> {
        at.checked_add(self.u32(at)?.into())
    }

    /// The list that a field points at: where its elements begin, and how many there are. None is an empty list.
    pub fn list(&self, table: u64, number: u64) -> (u64, u64) {
        let list = || {
            let at = self.target(table, number)?;
            Some((at.checked_add(4)?, u64::from(self.u32(at)?)))
        };
        list().unwrap_or((0, 0))
    }

    /// Tables of the list that a field points at.
    pub fn tables(&self, table: u64, number: u64) -> impl Iterator<Item = u64> {
        let (start, count) = self.list(table, number);
        (0..count).map_while(move |n| self.follow(start.checked_add(n.checked_mul(4)?)?))
    }

    /// The text that a field points at: at most 1 KiB of it.
    pub fn text(&self, table: u64, number: u64) -> Option<String> {
        self.text_up_to(1024, table, number)
    }

    /// The text that a field points at: at most so many bytes of it.
    pub fn text_up_to(&self, most: u64, table: u64, number: u64) -> Option<String> {
        let (start, length) = self.list(table, number);
        let end = start.checked_add(length.min(most)).filter(|end| start > 0 && *end <= self.len())?;
        self.keep(self.view.read(start..end)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}
