//! Groups of the old kind: a tree of nodes whose names are in a local heap.
//!
//! Source: specification, III.A.1, III.B, III.D.

use std::collections::BTreeSet;

use super::fields::{Held, broken, hold, unread};
use super::file::File;
use super::links::{Link, Target};

/// Nodes of the tree of one group.
const NODES: usize = 100_000;
/// Longest local heap that is read.
const HEAP: u64 = 64 << 20;
/// Longest name, and bytes of the names of one group.
const NAME: usize = 4096;
const NAMES: usize = 64 << 20;

/// Names, one after the other.
pub struct Names {
    at: u64,
    bytes: Vec<u8>,
}

impl Names {
    /// The text at an offset.
    pub fn name(&self, offset: u64) -> Held<&[u8]> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default();
        match rest.iter().take(NAME).position(|byte| *byte == 0) {
            None if rest.len() >= NAME => unread(self.at, "a name is too long to be read"),
            Some(length) => Ok(rest.get(..length).unwrap_or_default()),
            None => broken(self.at, format!("a name should stand at byte {offset} of a heap, where none is")),
        }
    }
}

/// What an entry of a node says of the group that it leads to.
pub struct Cached {
    pub object: u64,
    pub tree: u64,
    pub heap: u64,
}

/// What one group holds.
#[derive(Default)]
pub struct Symbols {
    pub links: Vec<Link>,
    /// Bytes of their names.
    named: usize,
    pub cached: Vec<Cached>,
}

impl File<'_, '_> {
    /// A local heap.
    pub fn names(&self, at: u64) -> Held<Names> {
        let (o, l) = (u64::from(self.sizes.offsets), u64::from(self.sizes.lengths));
        let head = self.marked(at, 8 + 2 * l + o, b"HEAP", "a local heap")?;
        let mut fields = self.fields(&head, at, "a local heap");
        fields.skip(4)?;
        fields.version(0..=0)?;
        fields.reserved(3)?;
        let size = fields.length()?;
        hold(size % 8 == 0, at, format!("a local heap has {size} bytes, which is no multiple of eight"))?;
        let mut free = fields.length()?;
        let data = fields.defined()?;
        if size > HEAP && self.holds(data, size) {
            return unread(at, "a local heap is too long to be read");
        }
        let names = Names { at: data, bytes: self.piece(data, size)? };
        // A chain of holes; 1 ends it.
        for _ in 0..=size / 8 {
            if free == 1 {
                return Ok(names);
            }
            let hole = usize::try_from(free).ok().and_then(|free| names.bytes.get(free..)).unwrap_or_default();
            let mut hole = self.fields(hole, data.saturating_add(free), "the free space of a local heap");
            let next = hole.length()?;
            let length = hole.length()?;
            let inside = free.checked_add(length).is_some_and(|end| end <= size);
            hold(inside, at, "the free space of a local heap leads out of it")?;
            free = next;
        }
        if free == 1 { Ok(names) } else { broken(at, "the free space of a local heap leads back to itself") }
    }

    /// The links of a group.
    pub fn symbols(&self, tree: u64, heap: u64, found: &mut Symbols) -> Held<()> {
        let names = self.names(heap)?;
        let mut nodes = vec![(tree, None)];
        let mut seen = BTreeSet::new();
        while let Some((at, level)) = nodes.pop() {
            hold(seen.insert(at), at, "the tree of a group leads back to itself")?;
            if seen.len() > NODES {
                return unread(at, "the tree of a group has too many nodes to be read");
            }
            if level == Some(0) { self.leaf(at, &names, found)? } else { self.inner(at, level, &names, &mut nodes)? }
        }
        Ok(())
    }

    /// `level` is what the node above says of it: one more than its own.
    fn inner(&self, at: u64, level: Option<u64>, names: &Names, nodes: &mut Vec<(u64, Option<u64>)>) -> Held<()> {
        let (o, l) = (u64::from(self.sizes.offsets), u64::from(self.sizes.lengths));
        let size = 8 + 2 * o + l + self.ranks[1].saturating_mul(2) * (l + o);
        let bytes = self.marked(at, 8, b"TREE", "the tree of a group").and_then(|_| self.piece(at, size))?;
        let mut fields = self.fields(&bytes, at, "the tree of a group");
        fields.skip(4)?;
        hold(fields.byte()? == 0, at, "the tree of a group is of another kind")?;
        let own = u64::from(fields.byte()?);
        hold(level.is_none_or(|level| level == own + 1), at, "a node of the tree of a group is of the wrong level")?;
        let count = fields.number(2)?;
        let most = self.ranks[1].saturating_mul(2);
        hold(count <= most, at, format!("a node of the tree of a group says that it holds {count}, {most} fit"))?;
        for _ in 0..2 {
            let place = fields.place();
            let beside = fields.address()?;
            hold(beside.is_none_or(|beside| self.holds(beside, 8)), place, "a tree has a neighbour out of the file")?;
        }
        for _ in 0..count {
            names.name(fields.length()?)?;
            nodes.push((fields.defined()?, Some(own)));
        }
        if count > 0 {
            names.name(fields.length()?)?;
        }
        Ok(())
    }

    fn leaf(&self, at: u64, names: &Names, found: &mut Symbols) -> Held<()> {
        let o = u64::from(self.sizes.offsets);
        let head = self.marked(at, 8, b"SNOD", "a node of symbols")?;
        let mut fields = self.fields(&head, at, "a node of symbols");
        fields.skip(4)?;
        fields.version(1..=1)?;
        fields.reserved(1)?;
        let count = fields.number(2)?;
        let most = self.ranks[0].saturating_mul(2);
        hold(count <= most, at, format!("a node of symbols says that it holds {count}, {most} fit"))?;
        // The library reads the whole node, however few it holds.
        let whole = most.saturating_mul(2 * o + 24).saturating_add(8);
        hold(self.holds(at, whole), at, "a node of symbols leads out of the file")?;
        let first = at.saturating_add(8);
        let bytes = self.piece(first, count.saturating_mul(2 * o + 24))?;
        let mut fields = self.fields(&bytes, first, "a node of symbols");
        let mut before: Option<&[u8]> = None;
        for _ in 0..count {
            let place = fields.place();
            let name = names.name(fields.number(self.sizes.offsets)?)?;
            hold(!name.is_empty(), place, "a link has no name")?;
            hold(std::str::from_utf8(name).is_ok(), place, "the name of a link is not UTF-8")?;
            hold(before.is_none_or(|before| before < name), place, "the links of a group are not in order")?;
            before = Some(name);
            found.named = found.named.saturating_add(name.len());
            if found.named > NAMES {
                return unread(place, "the names of a group are too long to be read");
            }
            let target = fields.address()?;
            let kind = fields.number(4)?;
            fields.skip(4)?;
            let mut scratch = fields.part(16, "the entry of a link")?;
            let name = String::from_utf8_lossy(name).into_owned();
            let target = match (kind, target) {
                (0 | 1, Some(object)) => Target::Hard(object),
                (2, _) => {
                    names.name(scratch.number(4)?)?;
                    Target::Soft
                }
                (0 | 1, None) => return broken(place, format!("the link {name:?} leads nowhere")),
                _ => return broken(place, format!("the link {name:?} is of the kind {kind}, which does not exist")),
            };
            if let (1, Target::Hard(object)) = (kind, &target)
                && let (Some(tree), Some(heap)) = (scratch.address()?, scratch.address()?)
            {
                found.cached.push(Cached { object: *object, tree, heap });
            }
            found.links.push(Link { name, target, at: place });
        }
        Ok(())
    }
}
