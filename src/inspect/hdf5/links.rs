//! Links of a group, in each of the three ways that groups keep them.

use super::object::{File, little};

/// Nodes of the trees of one group.
const NODES: usize = 100_000;

/// Where a link leads.
pub enum Link {
    /// An object of this file.
    Hard(u64),
    /// A path in this file.
    Soft,
    /// An object of another file.
    External { name: String, file: String, path: String },
}

/// One link message: what it is, and its length. Source: specification, IV.A.2.g.
pub fn link(file: &File<'_, '_>, bytes: &[u8]) -> Option<(Link, usize)> {
    let flags = *bytes.get(1)?;
    (*bytes.first()? == 1 && flags < 0x20).then_some(())?;
    let mut at = 2usize;
    let mut take = |count: usize| {
        let taken = bytes.get(at..at.checked_add(count)?)?;
        at += count;
        Some(taken)
    };
    let kind = if flags & 8 != 0 { take(1)?[0] } else { 0 };
    take(if flags & 4 != 0 { 8 } else { 0 })?;
    take(if flags & 16 != 0 { 1 } else { 0 })?;
    let length = little(take(1 << (flags & 3))?);
    let name = String::from_utf8_lossy(take(usize::try_from(length).ok()?)?).into_owned();
    let link = match kind {
        0 => Link::Hard(file.place(take(file.offsets.into())?)?),
        1 => {
            let length = little(take(2)?);
            take(usize::try_from(length).ok()?)?;
            Link::Soft
        }
        64 => {
            let length = little(take(2)?);
            let value = take(usize::try_from(length).ok()?)?;
            let mut texts =
                value.get(1..)?.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
            Link::External { name, file: texts.next()?, path: texts.next().unwrap_or_default() }
        }
        _ => return None,
    };
    Some((link, at))
}

impl File<'_, '_> {
    /// Links of an old group: a tree of nodes whose names are in a local heap. External links cannot be there.
    pub fn symbols(&self, tree: u64, found: &mut Vec<u64>) -> Option<()> {
        let o = u64::from(self.offsets);
        let mut nodes = vec![tree];
        let mut seen = 0usize;
        while let Some(node) = nodes.pop() {
            seen += 1;
            (seen <= NODES).then_some(())?;
            let head = self.bytes(node, 8)?;
            let count = little(&head[6..8]);
            if head.starts_with(b"TREE") && head[4] == 0 {
                // A key, a child, a key, a child, …, a key.
                let step = u64::from(self.lengths) + o;
                let first = node.checked_add(8 + 2 * o + u64::from(self.lengths))?;
                for n in 0..count {
                    nodes.push(self.address(first.checked_add(n.checked_mul(step)?)?)?);
                }
            } else if head.starts_with(b"SNOD") {
                for n in 0..count {
                    let entry = node.checked_add(8)?.checked_add(n.checked_mul(2 * o + 24)?)?;
                    let soft = self.number(entry.checked_add(2 * o)?, 4)? == 2;
                    if !soft {
                        found.push(self.address(entry.checked_add(o)?)?);
                    }
                }
            } else {
                return None;
            }
        }
        Some(())
    }

    /// Links of a large new group, which lie one behind the other in the blocks of a heap. `None` if some cannot be
    /// found so. False beside them if there are more than the heap says: some were removed, and lead nowhere.
    pub fn dense(&self, heap: u64) -> Option<(Vec<Link>, bool)> {
        let (blocks, objects) = self.fractal(heap)?;
        let mut links = Vec::new();
        for block in blocks {
            let mut at = 0;
            // Where a link was removed there is a hole; its bytes may still look like one.
            while let Some(rest) = block.get(at..).filter(|rest| rest.len() > 4) {
                match link(self, rest) {
                    Some((found, length)) => {
                        links.push(found);
                        at += length;
                    }
                    None => at += 1,
                }
            }
        }
        let exact = links.len() as u64 == objects;
        (links.len() as u64 >= objects).then_some((links, exact))
    }
}
