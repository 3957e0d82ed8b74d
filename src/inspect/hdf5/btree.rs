//! Trees of the second version: records of one length, each kind with its own. Source: specification, III.A.2.

use std::collections::BTreeSet;

use super::fields::{Fields, Held, hold, unread, width_of};
use super::file::File;

/// Records of one tree that are read.
const RECORDS: u64 = 1 << 20;

/// One record, and of which kind its tree is.
pub struct Record {
    pub kind: u8,
    pub bytes: Vec<u8>,
}

/// What all nodes of a tree share.
struct Tree {
    kind: u8,
    node: u64,
    record: u64,
    /// Bytes of the number of records in a node.
    count: u8,
    /// Bytes of the number of records below a node, by level.
    below: Vec<u8>,
}

impl File<'_, '_> {
    /// All records of a tree, which must be of one of those kinds.
    pub fn records(&self, at: u64, kinds: &[u8]) -> Held<Vec<Record>> {
        let (o, l) = (u64::from(self.sizes.offsets), u64::from(self.sizes.lengths));
        let bytes = self.checked(at, 22 + o + l, b"BTHD", "a tree")?;
        let mut fields = self.fields(&bytes, at, "a tree");
        fields.skip(4)?;
        fields.version(0..=0)?;
        let kind = fields.byte()?;
        hold(kinds.contains(&kind), at, format!("a tree holds records of the kind {kind}, which has no place there"))?;
        let node = fields.number(4)?;
        let record = fields.number(2)?;
        let depth = fields.number(2)?;
        fields.skip(2)?;
        let root = fields.address()?;
        let count = fields.number(2)?;
        let total = fields.length()?;
        hold(record > 0 && node > record && depth < 32, at, "a tree has sizes that no tree has")?;
        if total > RECORDS {
            return unread(at, "a tree has too many records to be read");
        }
        let tree = self.shape(kind, node, record, depth);
        let mut records = Vec::new();
        let mut seen = BTreeSet::new();
        let mut nodes: Vec<_> = root.map(|root| (root, count, depth)).into_iter().collect();
        while let Some((place, count, level)) = nodes.pop() {
            hold(seen.insert(place), place, "a tree leads back to itself")?;
            let mark: &[u8] = if level == 0 { b"BTLF" } else { b"BTIN" };
            let mut length = count.saturating_mul(record).saturating_add(10);
            if level > 0 {
                length = length.saturating_add(tree.pointer(o, level).saturating_mul(count.saturating_add(1)));
            }
            hold(length <= node, place, format!("a node of a tree says that it holds {count} records, fewer fit"))?;
            hold(self.holds(place, node), place, "a node of a tree leads out of the file")?;
            let bytes = self.checked(place, length, mark, "a node of a tree")?;
            let mut fields = self.fields(&bytes, place, "a node of a tree");
            fields.skip(4)?;
            fields.version(0..=0)?;
            hold(fields.byte()? == tree.kind, place, "a node of a tree is of another kind than the tree")?;
            for _ in 0..count {
                records.push(Record { kind, bytes: fields.take(record)?.to_vec() });
            }
            for _ in 0..if level > 0 { count.saturating_add(1) } else { 0 } {
                nodes.push(tree.child(&mut fields, level)?);
            }
            hold(records.len() as u64 <= total, at, "a tree holds more records than it says")?;
        }
        hold(records.len() as u64 == total, at, "a tree holds fewer records than it says")?;
        Ok(records)
    }

    fn shape(&self, kind: u8, node: u64, record: u64, depth: u64) -> Tree {
        let o = u64::from(self.sizes.offsets);
        let mut most = node.saturating_sub(10) / record.max(1);
        let mut tree = Tree { kind, node, record, count: width_of(most), below: vec![0] };
        for level in 1..=depth {
            let pointer = tree.pointer(o, level);
            let here = tree.node.saturating_sub(10 + pointer) / tree.record.saturating_add(pointer).max(1);
            most = here.saturating_add(1).saturating_mul(most).saturating_add(here);
            tree.below.push(width_of(most));
        }
        tree
    }
}

impl Tree {
    /// Bytes of a pointer from that level to the one below.
    fn pointer(&self, offsets: u64, level: u64) -> u64 {
        let below = usize::try_from(level.saturating_sub(1)).ok().and_then(|level| self.below.get(level));
        offsets + u64::from(self.count) + u64::from(below.copied().unwrap_or(8))
    }

    fn child(&self, fields: &mut Fields<'_>, level: u64) -> Held<(u64, u64, u64)> {
        let at = fields.defined()?;
        let count = fields.number(self.count)?;
        let below = level.saturating_sub(1);
        let width = usize::try_from(below).ok().and_then(|below| self.below.get(below));
        fields.skip(width.copied().unwrap_or(8).into())?;
        Ok((at, count, below))
    }
}
