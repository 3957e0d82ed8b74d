//! Where names and values are kept: local heaps, global heaps, and the blocks of fractal heaps.

use super::object::File;

/// Longest name that is read.
const NAME: u64 = 4096;
/// Blocks of one fractal heap that are followed.
const BLOCKS: usize = 4096;

impl File<'_, '_> {
    /// The name at an offset of a local heap.
    pub fn heap_name(&self, heap: u64, offset: u64) -> Option<String> {
        let l = u64::from(self.lengths);
        (self.bytes(heap, 4)? == *b"HEAP").then_some(())?;
        let data = self.address(heap.checked_add(8 + 2 * l)?)?;
        self.name_at(data.checked_add(offset)?)
    }

    /// The text up to a NUL.
    pub fn name_at(&self, at: u64) -> Option<String> {
        let bytes = self.up_to(at, NAME)?;
        let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Some(String::from_utf8_lossy(name).into_owned())
    }

    /// An object of a global heap.
    pub fn global(&self, collection: u64, index: u32, most: u64) -> Option<Vec<u8>> {
        (self.bytes(collection, 4)? == *b"GCOL").then_some(())?;
        let l = u64::from(self.lengths);
        let size = self.number(collection.checked_add(8)?, self.lengths)?;
        let end = collection.checked_add(size)?;
        let mut at = collection.checked_add(8 + l)?;
        for _ in 0..1 << 16 {
            if at >= end {
                break;
            }
            let found = self.number(at, 2)?;
            let length = self.number(at.checked_add(8)?, self.lengths)?;
            let data = at.checked_add(8 + l)?;
            if found == u64::from(index) {
                return self.bytes(data, length.min(most));
            }
            if found == 0 {
                break;
            }
            at = data.checked_add(length.checked_next_multiple_of(8)?)?;
        }
        None
    }

    /// The contents of the direct blocks of a fractal heap, and how many objects they hold.
    pub fn fractal(&self, heap: u64) -> Option<(Vec<Vec<u8>>, u64)> {
        let (o, l) = (u64::from(self.offsets), u64::from(self.lengths));
        (self.bytes(heap, 4)? == *b"FRHP").then_some(())?;
        let filters = self.number(heap.checked_add(7)?, 2)?;
        let flags = self.number(heap.checked_add(9)?, 1)?;
        // Behind the largest object: huge id, huge index, free space and its manager, space, allocated, iterator.
        let counts = heap.checked_add(14 + l + o + l + o + 3 * l)?;
        let objects = self.number(counts, self.lengths)?;
        let table = counts.checked_add(5 * l)?;
        let width = self.number(table, 2)?;
        let start = self.number(table.checked_add(2)?, self.lengths)?;
        let largest = self.number(table.checked_add(2 + l)?, self.lengths)?;
        let bits = self.number(table.checked_add(2 + 2 * l)?, 2)?;
        let root = self.address(table.checked_add(6 + 2 * l)?);
        let rows = self.number(table.checked_add(6 + 2 * l + o)?, 2)?;
        let sound = filters == 0 && start.is_power_of_two() && largest.is_power_of_two() && largest >= start;
        if !sound || !(1..=64).contains(&bits) || width == 0 {
            return None;
        }
        let Some(root) = root else { return Some((Vec::new(), objects)) };
        let shape = Shape { offset: bits.div_ceil(8), checked: flags & 2 != 0, width, start, largest };
        let mut blocks = Vec::new();
        self.heap_block(root, rows, start, &shape, 0, &mut blocks)?;
        Some((blocks, objects))
    }

    fn heap_block(
        &self,
        at: u64,
        rows: u64,
        size: u64,
        shape: &Shape,
        depth: u32,
        blocks: &mut Vec<Vec<u8>>,
    ) -> Option<()> {
        let head = 5 + u64::from(self.offsets) + shape.offset;
        if rows == 0 {
            (self.bytes(at, 4)? == *b"FHDB").then_some(())?;
            let head = head + if shape.checked { 4 } else { 0 };
            let begin = at.checked_add(head)?;
            blocks.push(self.up_to(begin, size.saturating_sub(head))?);
            return Some(());
        }
        (depth < 8 && self.bytes(at, 4)? == *b"FHIB").then_some(())?;
        let direct = u64::from(shape.largest.trailing_zeros() - shape.start.trailing_zeros()) + 2;
        let mut slot = at.checked_add(head)?;
        for row in 0..rows {
            let size = shape.start.checked_shl(u32::try_from(row.saturating_sub(1)).ok()?)?;
            for _ in 0..shape.width {
                if blocks.len() >= BLOCKS {
                    return None;
                }
                if let Some(child) = self.address(slot) {
                    let below = if row < direct {
                        0
                    } else {
                        u64::from((size / shape.start.checked_mul(shape.width)?).checked_ilog2()?) + 1
                    };
                    self.heap_block(child, below, size, shape, depth + 1, blocks)?;
                }
                slot = slot.checked_add(self.offsets.into())?;
            }
        }
        Some(())
    }
}

/// What all blocks of a heap share.
struct Shape {
    /// Bytes of the field that says where a block lies in the heap.
    offset: u64,
    /// A checksum stands in front of the objects.
    checked: bool,
    width: u64,
    start: u64,
    largest: u64,
}
