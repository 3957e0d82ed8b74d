//! From the first object to all others.

use std::collections::BTreeSet;

use super::links::{Link, link};
use super::object::{File, Message, little};
use super::{HDF5_EXTERNAL_FILE, HDF5_MALFORMED};
use crate::inspect::claim::FORMAT_NOT_INSPECTED;
use crate::inspect::json::Tree;
use crate::inspect::{Scope, keras};
use crate::weigh::View;

/// Longest configuration.
const LONGEST: u64 = 16 << 20;
/// Bytes of a dataset that nobody calls large, and how many times more than the file holds it may declare.
const LARGE: u64 = 4 << 30;
const TIMES: u64 = 1000;

/// Follows the structure of a file.
pub fn follow(view: &View<'_>, scope: &mut Scope<'_>) {
    let Some(file) = File::read(view) else {
        return scope.raise(&HDF5_MALFORMED, view, 0..view.len().min(64), "its superblock is broken or of no version");
    };
    if file.end > view.len() {
        let message = format!("it says that it has {} bytes, it has {}", file.end, view.len());
        scope.raise(&HDF5_MALFORMED, view, 0..view.len().min(64), message);
    }
    let mut walk =
        Walk { file, seen: BTreeSet::new(), queue: Vec::new(), doubtful: BTreeSet::new(), unread: None, broken: None };
    walk.queue.push(walk.file.root);
    while let Some(at) = walk.queue.pop() {
        if !walk.seen.insert(at) {
            continue;
        }
        if walk.seen.len() as u64 > scope.limits.entries {
            return scope.limit("entries", scope.limits.entries, view);
        }
        match walk.file.messages(at) {
            Some(messages) => walk.object(at, &messages, scope),
            None if walk.doubtful.contains(&at) => {}
            None => walk.broken = walk.broken.or(Some(at)),
        }
    }
    if let Some(at) = walk.broken {
        let at = at.min(view.len());
        let message = format!("an address leads to byte {at}, where no object or group stands");
        scope.raise(&HDF5_MALFORMED, view, at..at, message);
    }
    if let Some(at) = walk.unread {
        let at = at.min(view.len());
        scope.raise(&FORMAT_NOT_INSPECTED, view, at..at, "links of a group or attributes could not all be found");
    }
}

struct Walk<'v, 'b> {
    file: File<'v, 'b>,
    seen: BTreeSet<u64>,
    queue: Vec<u64>,
    /// Those among them that may have been removed.
    doubtful: BTreeSet<u64>,
    /// An object whose links or attributes were not all found.
    unread: Option<u64>,
    /// A place where an object should be.
    broken: Option<u64>,
}

impl Walk<'_, '_> {
    fn object(&mut self, at: u64, messages: &[Message], scope: &mut Scope<'_>) {
        let mut declared = None;
        let mut element = None;
        for message in messages {
            let data = message.data.as_slice();
            let done = match message.kind {
                0x01 => {
                    declared = self.elements(data);
                    Some(())
                }
                0x03 => {
                    element = data.get(4..8).map(little);
                    Some(())
                }
                0x02 => self.link_info(data, at, scope),
                0x06 => link(&self.file, data).map(|(link, _)| self.link(link, at, scope)),
                0x07 => self.external(data, at, scope),
                0x08 => self.layout(data, at, scope),
                0x0c => self.attribute(data, scope),
                0x11 => self.group(data),
                0x15 => self.attribute_info(data, scope),
                _ => Some(()),
            };
            if done.is_none() {
                self.broken = self.broken.or(Some(at));
            }
        }
        let size = declared.zip(element).map(|(count, size): (u64, u64)| count.saturating_mul(size));
        let stored = self.file.view.len();
        if let Some(size) = size.filter(|size| *size > LARGE && *size / TIMES > stored) {
            let message = format!("a dataset declares {size} bytes in a file of {stored}");
            scope.raise(&HDF5_MALFORMED, self.file.view, at.min(stored)..at.min(stored), message);
        }
    }

    /// Elements of a dataspace.
    fn elements(&self, data: &[u8]) -> Option<u64> {
        let rank = usize::from(*data.get(1)?);
        let start: usize = if *data.first()? == 1 { 8 } else { 4 };
        let width = usize::from(self.file.lengths);
        let sizes = data.get(start..start.checked_add(rank.checked_mul(width)?)?)?;
        Some(sizes.chunks(width).map(little).fold(1u64, u64::saturating_mul))
    }

    fn group(&mut self, data: &[u8]) -> Option<()> {
        let tree = self.file.place(data)?;
        self.file.symbols(tree, &mut self.queue)
    }

    /// Flags, an order if there is one, a heap, an index.
    fn heap_of(&self, data: &[u8], order: usize) -> Option<Option<u64>> {
        let flags = *data.get(1)?;
        let start = 2 + if flags & 1 != 0 { order } else { 0 };
        data.get(start..start + usize::from(self.file.offsets))?;
        Some(self.file.place(&data[start..]))
    }

    fn link_info(&mut self, data: &[u8], at: u64, scope: &mut Scope<'_>) -> Option<()> {
        let Some(heap) = self.heap_of(data, 8)? else { return Some(()) };
        match self.file.dense(heap) {
            Some((links, exact)) => {
                if !exact {
                    let hard = links.iter().filter_map(|link| if let Link::Hard(at) = link { Some(*at) } else { None });
                    self.doubtful.extend(hard);
                }
                links.into_iter().for_each(|link| self.link(link, at, scope));
            }
            None => self.unread = self.unread.or(Some(heap)),
        }
        Some(())
    }

    fn attribute_info(&mut self, data: &[u8], scope: &mut Scope<'_>) -> Option<()> {
        let Some(heap) = self.heap_of(data, 2)? else { return Some(()) };
        let Some((blocks, _)) = self.file.fractal(heap) else {
            self.unread = self.unread.or(Some(heap));
            return Some(());
        };
        for block in blocks {
            let mut at = 0;
            while let Some(rest) = block.get(at..).filter(|rest| rest.len() > 8) {
                at += match attribute_length(rest) {
                    Some(length) if self.attribute(&rest[..length], scope).is_some() => length,
                    _ => 1,
                };
            }
        }
        Some(())
    }

    fn link(&mut self, link: Link, at: u64, scope: &mut Scope<'_>) {
        match link {
            Link::Hard(object) => self.queue.push(object),
            Link::Soft => {}
            Link::External { name, file, path } => {
                let message = format!("the link {name:?} leads to {path:?} in the file {file:?}");
                self.raise(at, message, scope);
            }
        }
    }

    fn raise(&self, at: u64, message: String, scope: &mut Scope<'_>) {
        let at = at.min(self.file.view.len());
        scope.raise(&HDF5_EXTERNAL_FILE, self.file.view, at..at, message);
    }

    /// Files that hold the bytes of a dataset.
    fn external(&mut self, data: &[u8], at: u64, scope: &mut Scope<'_>) -> Option<()> {
        let heap = self.file.place(data.get(8..)?)?;
        let used = little(data.get(6..8)?);
        let first = 8 + usize::from(self.file.offsets);
        let width = usize::from(self.file.lengths);
        let mut names = Vec::new();
        for slot in data.get(first..)?.chunks(3 * width).take(usize::try_from(used).ok()?.min(16)) {
            let offset = little(slot.get(..width)?);
            names.push(self.file.heap_name(heap, offset).unwrap_or_else(|| "?".to_owned()));
        }
        self.raise(at, format!("the bytes of a dataset are in other files: {}", names.join(", ")), scope);
        Some(())
    }

    /// Virtual datasets name files in a block of a global heap.
    fn layout(&mut self, data: &[u8], at: u64, scope: &mut Scope<'_>) -> Option<()> {
        if *data.first()? < 4 || *data.get(1)? != 3 {
            return Some(());
        }
        let Some(collection) = self.file.place(data.get(2..)?) else { return Some(()) };
        let index = little(data.get(2 + usize::from(self.file.offsets)..)?.get(..4)?);
        let block = self.file.global(collection, u32::try_from(index).ok()?, 64 << 10)?;
        let start = 1 + usize::from(self.file.lengths);
        let count = little(block.get(1..start)?);
        let name = block.get(start..)?.split(|byte| *byte == 0).next()?;
        let name = String::from_utf8_lossy(name).into_owned();
        if name != "." || count > 1 {
            self.raise(
                at,
                format!("a virtual dataset is put together from {count} parts, the first in {name:?}"),
                scope,
            );
        }
        Some(())
    }

    /// Texts in attributes, where Keras keeps the configuration.
    fn attribute(&mut self, data: &[u8], scope: &mut Scope<'_>) -> Option<()> {
        let (kind, value) = attribute(data)?;
        match kind {
            3 => self.text(value, scope),
            9 => {
                let o = usize::from(self.file.offsets);
                for element in value.chunks_exact(8 + o).take(1024) {
                    let Some(collection) = self.file.place(&element[4..]) else { continue };
                    let index = u32::try_from(little(&element[4 + o..8 + o])).unwrap_or(0);
                    if let Some(text) = self.file.global(collection, index, LONGEST) {
                        self.text(&text, scope);
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    /// Small files are searched as a whole, so that what is found here would be said twice.
    fn text(&self, text: &[u8], scope: &mut Scope<'_>) {
        let text = text.trim_ascii_start();
        let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if text.starts_with(b"{")
            && self.file.view.len() > super::SEARCHED
            && let Some(tree) = Tree::read(&text[..end], 512)
        {
            keras::inspect(&tree, self.file.view, scope);
        }
    }
}

/// Sizes of name, type and space, and where the name begins. Source: specification, IV.A.2.m.
fn sizes(data: &[u8]) -> Option<(usize, [usize; 3])> {
    let version = *data.first()?;
    let size = |at: usize| data.get(at..at + 2).map(|bytes| little(bytes) as usize);
    let sizes = [size(2)?, size(4)?, size(6)?];
    Some(match version {
        1 => (8, sizes.map(|size| size.next_multiple_of(8))),
        2 => (8, sizes),
        3 => (9, sizes),
        _ => return None,
    })
}

/// The class of an attribute's type, and its value.
fn attribute(data: &[u8]) -> Option<(u8, &[u8])> {
    let (start, [name, kind, space]) = sizes(data)?;
    let class = data.get(start + name)? & 0x0f;
    Some((class, data.get(start + name + kind + space..)?))
}

/// How long an attribute is that stands among others: by its type and space.
fn attribute_length(data: &[u8]) -> Option<usize> {
    let (start, [name, kind, space]) = sizes(data)?;
    (*data.first()? == 3 && name > 0 && kind >= 8 && space >= 4).then_some(())?;
    let element = little(data.get(start + name + 4..start + name + 8)?);
    let shape = data.get(start + name + kind..start + name + kind + space)?;
    let rank = usize::from(*shape.get(1)?);
    let elements = match shape.get(3) {
        Some(2) => 0,
        _ => shape.get(4..4 + 8 * rank)?.chunks(8).map(little).fold(1u64, u64::saturating_mul),
    };
    let length = (start + name + kind + space).checked_add(usize::try_from(elements.checked_mul(element)?).ok()?)?;
    (length <= data.len()).then_some(length)
}
