//! Fractal heaps, where large groups keep links and objects keep attributes. Source: specification, III.F.

use super::btree::Record;
use super::fields::{Held, broken, hold, little, unread, width_of};
use super::file::File;

/// Blocks of one heap that are followed.
const BLOCKS: usize = 4096;
/// Longest object that is read.
const LONGEST: u64 = 16 << 20;

/// A heap: where its blocks are, and how its identifiers are written.
pub struct Heap {
    /// Offset in the heap, place in the file, and size of each direct block.
    blocks: Vec<(u64, u64, u64)>,
    at: u64,
    /// Bytes of an identifier.
    pub identifier: u64,
    /// Bytes of an offset and of a length in it.
    offset: u8,
    length: u8,
    /// Large objects by their number.
    huge: Vec<Record>,
}

/// What all blocks of a heap share.
struct Shape {
    heap: u64,
    /// Bytes of the field that says where a block lies in the heap.
    offset: u8,
    /// A checksum stands in front of the objects.
    checked: bool,
    width: u64,
    start: u64,
    largest: u64,
}

impl File<'_, '_> {
    /// Reads the header of a heap and finds its blocks.
    pub fn heap(&self, at: u64) -> Held<Heap> {
        let (o, l) = (u64::from(self.sizes.offsets), u64::from(self.sizes.lengths));
        let head = self.marked(at, 10, b"FRHP", "a fractal heap")?;
        let mut fields = self.fields(&head, at, "a fractal heap");
        fields.skip(4)?;
        fields.version(0..=0)?;
        let identifier = fields.number(2)?;
        if fields.number(2)? != 0 {
            return unread(at, "a fractal heap is compressed");
        }
        let flags = fields.flags(3)?;
        let length = 26 + 12 * l + 3 * o;
        let bytes = self.checked(at, length, b"FRHP", "a fractal heap")?;
        let mut fields = self.fields(&bytes, at, "a fractal heap");
        fields.skip(10)?;
        let largest_object = fields.number(4)?;
        fields.skip(l)?;
        let huge = fields.address()?;
        fields.skip(l)?;
        let space = fields.address()?;
        if let Some(space) = space {
            self.checked(space, 18 + 7 * l + o, b"FSHD", "the free space of a heap")?;
        }
        fields.skip(8 * l)?;
        let width = fields.number(2)?;
        let start = fields.length()?;
        let largest = fields.length()?;
        let bits = fields.number(2)?;
        fields.skip(2)?;
        let root = fields.address()?;
        let rows = fields.number(2)?;
        let sound = start.is_power_of_two() && largest.is_power_of_two() && largest >= start && width.is_power_of_two();
        hold(sound && (1..=64).contains(&bits), at, "the table of a fractal heap has sizes that no heap has")?;
        let shape = Shape {
            heap: at,
            offset: u8::try_from(bits.div_ceil(8)).unwrap_or(8),
            checked: flags & 2 != 0,
            width,
            start,
            largest,
        };
        let of_block = u8::try_from(largest.ilog2().div_ceil(8)).unwrap_or(8);
        let mut blocks = Vec::new();
        if let Some(root) = root {
            self.heap_block(root, (rows, start, 0), &shape, 0, &mut blocks)?;
        }
        let huge = huge.map_or(Ok(Vec::new()), |huge| self.records(huge, &[1, 2, 3, 4]))?;
        if huge.len() > BLOCKS {
            return unread(at, "a fractal heap has too many large objects to be read");
        }
        let length = of_block.min(width_of(largest_object));
        Ok(Heap { blocks, at, identifier, offset: shape.offset, length, huge })
    }

    /// `block` is how many rows it has (none if it is a direct one), its size and its offset.
    fn heap_block(
        &self,
        at: u64,
        block: (u64, u64, u64),
        shape: &Shape,
        depth: u32,
        blocks: &mut Vec<(u64, u64, u64)>,
    ) -> Held<()> {
        let (rows, size, offset) = block;
        let o = u64::from(self.sizes.offsets);
        let head = 5 + o + u64::from(shape.offset);
        let mark: &[u8] = if rows == 0 { b"FHDB" } else { b"FHIB" };
        let bytes = if rows == 0 && shape.checked {
            self.direct(at, size, usize::try_from(head).unwrap_or(usize::MAX))?
        } else if rows == 0 {
            hold(self.holds(at, size), at, "a block of a fractal heap leads out of the file")?;
            self.marked(at, head, mark, "a block of a fractal heap")?
        } else {
            hold(depth < 8 && rows <= 64, at, "the blocks of a fractal heap are nested too deeply")?;
            let length = head.saturating_add(rows.saturating_mul(shape.width).saturating_mul(o)).saturating_add(4);
            self.checked(at, length, mark, "a block of a fractal heap")?
        };
        let mut fields = self.fields(&bytes, at, "a block of a fractal heap");
        fields.skip(4)?;
        fields.version(0..=0)?;
        let own = fields.defined()? == shape.heap && fields.number(shape.offset)? == offset;
        hold(own, at, "a block of a fractal heap says that it belongs elsewhere")?;
        if rows == 0 {
            blocks.push((offset, at, size));
            return Ok(());
        }
        let direct = u64::from(shape.largest.ilog2() - shape.start.ilog2()) + 2;
        let mut within = offset;
        for row in 0..rows {
            let shift = u32::try_from(row.saturating_sub(1)).unwrap_or(u32::MAX);
            let size = shape.start.checked_shl(shift).unwrap_or(0);
            hold(size > 0, at, "a row of a fractal heap is longer than any heap")?;
            for _ in 0..shape.width {
                if blocks.len() >= BLOCKS {
                    return unread(at, "a fractal heap has too many blocks to be read");
                }
                if let Some(child) = fields.address()? {
                    let below =
                        (size / shape.start / shape.width).checked_ilog2().map_or(1, |rows| u64::from(rows) + 1);
                    let rows = if row < direct { 0 } else { below };
                    self.heap_block(child, (rows, size, within), shape, depth + 1, blocks)?;
                }
                within = within.saturating_add(size);
            }
        }
        Ok(())
    }

    /// A direct block whose checksum, behind its header, is counted as zero.
    fn direct(&self, at: u64, size: u64, head: usize) -> Held<Vec<u8>> {
        if size > LONGEST && self.holds(at, size) {
            return unread(at, "a block of a fractal heap is too long to be read");
        }
        let mut bytes = self.marked(at, size, b"FHDB", "a block of a fractal heap")?;
        let Some(field) = bytes.get_mut(head..head.saturating_add(4)) else {
            return broken(at, "a block of a fractal heap is shorter than its header");
        };
        let checksum = little(field);
        field.fill(0);
        let sound = u64::from(super::checksum::lookup3(&bytes)) == checksum;
        hold(sound, at, format!("the checksum of the block of a heap at byte {at} is not that of its bytes"))?;
        Ok(bytes)
    }

    /// The object of an identifier, and where it stands.
    pub fn heap_object(&self, heap: &Heap, identifier: &[u8]) -> Held<(u64, Vec<u8>)> {
        let mut fields = self.fields(identifier, heap.at, "an identifier of a heap");
        let first = fields.byte()?;
        match first {
            0x00 => {
                let offset = fields.number(heap.offset)?;
                let length = fields.number(heap.length)?;
                let index = heap.blocks.partition_point(|(begin, ..)| *begin <= offset);
                let block = index.checked_sub(1).and_then(|index| heap.blocks.get(index));
                let end = offset.checked_add(length);
                let Some((begin, at, _)) = block
                    .filter(|(begin, _, size)| end.is_some_and(|end| end <= begin.saturating_add(*size)) && length > 0)
                else {
                    return broken(heap.at, "an object of a fractal heap is in none of its blocks");
                };
                let at = at.saturating_add(offset - begin);
                Ok((at, self.piece(at, length)?))
            }
            0x10 => self.huge(heap, &mut fields),
            0x20..=0x2f if heap.identifier <= 17 => {
                let at = fields.place();
                Ok((at, fields.take(u64::from(first & 0x0f) + 1)?.to_vec()))
            }
            0x20..=0x2f => unread(heap.at, "an object of a fractal heap is in its identifier"),
            _ => broken(heap.at, "an identifier of a fractal heap is of a kind that does not exist"),
        }
    }

    /// A large object: directly by its place, or by its number in a tree.
    fn huge(&self, heap: &Heap, fields: &mut super::fields::Fields<'_>) -> Held<(u64, Vec<u8>)> {
        let (o, l) = (self.sizes.offsets, self.sizes.lengths);
        let own = heap.identifier.saturating_sub(1);
        let (at, length) = if own >= u64::from(o) + u64::from(l) {
            (fields.defined()?, fields.length()?)
        } else {
            let number = fields.number(u8::try_from(own).unwrap_or(u8::MAX).min(l))?;
            let record = heap.huge.iter().find(|record| {
                let fields = record.bytes.get(usize::from(o) + usize::from(l)..).unwrap_or_default();
                record.kind == 1 && little(fields) == number
            });
            let Some(record) = record else {
                return if heap.huge.iter().any(|record| record.kind != 1) {
                    unread(heap.at, "a large object of a fractal heap is compressed")
                } else {
                    broken(heap.at, format!("a fractal heap holds no large object {number}"))
                };
            };
            let mut fields = self.fields(&record.bytes, heap.at, "a large object of a fractal heap");
            (fields.defined()?, fields.length()?)
        };
        if length > LONGEST && self.holds(at, length) {
            return unread(at, "an object of a fractal heap is too long to be read");
        }
        Ok((at, self.piece(at, length)?))
    }
}
