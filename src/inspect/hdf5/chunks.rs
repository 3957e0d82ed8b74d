//! The pieces of a dataset, by each kind of index. Source: specification, III.A.1, III.A.2, VII.

use std::collections::BTreeSet;

use super::fields::{Fields, Held, broken, hold, little};
use super::file::File;
use super::layout::{Chunked, Index};
use super::messages::Space;

/// Pieces of one dataset that are looked at. Those behind them are data, and lead nowhere.
const PIECES: u64 = 1 << 20;

/// One piece.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    pub at: u64,
    pub size: u64,
    /// Filters that were left out.
    pub mask: u64,
}

/// Pieces of one dataset as they are found.
pub struct Pieces<'l> {
    pub layout: &'l Chunked,
    /// Bytes of a piece that is not packed.
    pub size: u64,
    pub packed: bool,
    pub found: Vec<Piece>,
}

impl<'l> Pieces<'l> {
    /// None found yet.
    pub fn new(layout: &'l Chunked, packed: bool) -> Self {
        Self { layout, size: layout.size().unwrap_or(u64::MAX), packed, found: Vec::new() }
    }

    const fn is_full(&self) -> bool {
        self.found.len() as u64 >= PIECES
    }

    /// Bytes of the length of a packed piece in an index of the second version.
    pub fn width(&self) -> u8 {
        let bits = self.size.checked_ilog2().unwrap_or(0);
        self.layout.width.unwrap_or_else(|| u8::try_from(1 + (bits + 8) / 8).unwrap_or(8).min(8))
    }

    /// An element of an array, or the beginning of a record: an address, and if packed a length and a mask.
    pub fn element(&mut self, fields: &mut Fields<'_>, file: &File<'_, '_>) -> Held<()> {
        let place = fields.place();
        let at = fields.address()?;
        let (size, mask) = if self.packed { (fields.number(self.width())?, fields.number(4)?) } else { (self.size, 0) };
        at.map_or(Ok(()), |at| self.add(Piece { at, size, mask }, place, file))
    }

    fn add(&mut self, piece: Piece, place: u64, file: &File<'_, '_>) -> Held<()> {
        let what = format!("{} bytes of a dataset should stand at byte {}, out of the file", piece.size, piece.at);
        hold(file.holds(piece.at, piece.size), place, what)?;
        hold(self.packed || piece.size == self.size, place, "a piece of a dataset is not as long as its shape")?;
        hold(piece.size > 0, place, "a piece of a dataset has no bytes")?;
        self.found.push(piece);
        Ok(())
    }
}

/// How many pieces there are in all.
pub fn count(lengths: impl Iterator<Item = u64>, shape: &[u64]) -> Option<u64> {
    lengths.zip(shape).try_fold(1u64, |product, (length, step)| product.checked_mul(length.div_ceil((*step).max(1))))
}

impl File<'_, '_> {
    /// Finds the pieces of a dataset.
    pub fn pieces(&self, space: &Space, at: u64, pieces: &mut Pieces<'_>) -> Held<()> {
        let Some(index) = pieces.layout.at else { return Ok(()) };
        match pieces.layout.index {
            Index::Tree => self.tree(index, space, pieces),
            Index::Single(size) => {
                let size = size.unwrap_or(pieces.size);
                pieces.add(Piece { at: index, size, mask: 0 }, at, self)
            }
            Index::Implicit => {
                let count = count(space.dimensions.iter().copied(), &pieces.layout.shape);
                let length = count.and_then(|count| count.checked_mul(pieces.size));
                let inside = length.is_some_and(|length| self.holds(index, length));
                hold(inside, at, "the pieces of a dataset lead out of the file")
            }
            Index::Fixed => self.fixed(index, space, pieces),
            Index::Extensible => self.extensible(index, pieces),
            Index::Records => {
                let kinds: &[u8] = if pieces.packed { &[11] } else { &[10] };
                let records = self.records(index, kinds)?;
                let wanted = self.record(pieces);
                for record in records.iter().take(usize::try_from(PIECES).unwrap_or(usize::MAX)) {
                    let length = record.bytes.len() as u64;
                    hold(length == wanted, index, format!("pieces of a dataset have records of {length} bytes"))?;
                    let mut fields = self.fields(&record.bytes, index, "the record of a piece");
                    pieces.element(&mut fields, self)?;
                    for (length, step) in space.dimensions.iter().zip(&pieces.layout.shape) {
                        let inside = fields.number(8)?.checked_mul(*step).is_some_and(|begin| begin < *length);
                        hold(inside, index, "a piece of a dataset lies beside it")?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Bytes of a record of a piece.
    fn record(&self, pieces: &Pieces<'_>) -> u64 {
        let packed = if pieces.packed { u64::from(pieces.width()) + 4 } else { 0 };
        u64::from(self.sizes.offsets) + packed + 8 * pieces.layout.shape.len() as u64
    }

    /// A tree of the first version.
    fn tree(&self, root: u64, space: &Space, pieces: &mut Pieces<'_>) -> Held<()> {
        let o = u64::from(self.sizes.offsets);
        let key = 8 + 8 * (pieces.layout.shape.len() as u64 + 1);
        let mut nodes = vec![(root, None)];
        let mut seen = BTreeSet::new();
        while let Some((at, level)) = nodes.pop() {
            hold(seen.insert(at), at, "the tree of a dataset leads back to itself")?;
            if pieces.is_full() {
                return Ok(());
            }
            let head = self.marked(at, 8, b"TREE", "the tree of a dataset")?;
            let [_, _, _, _, kind, own, ..] = head[..] else { return broken(at, "a tree is cut off") };
            let (own, count) = (u64::from(own), head.get(6..8).map_or(0, little));
            hold(kind == 1, at, "the tree of a dataset is of another kind")?;
            hold(level.is_none_or(|level| level == own + 1), at, "a node of a tree is of the wrong level")?;
            let most = self.ranks[2].saturating_mul(2);
            hold(count <= most, at, format!("a node of a tree says that it holds {count}, {most} fit"))?;
            let whole = 8 + 2 * o + most.saturating_mul(key + o).saturating_add(key);
            hold(self.holds(at, whole), at, "a node of the tree of a dataset leads out of the file")?;
            let bytes = self.piece(at, 8 + 2 * o + count * (key + o) + if count > 0 { key } else { 0 })?;
            let mut fields = self.fields(&bytes, at, "the tree of a dataset");
            fields.skip(8)?;
            for _ in 0..2 {
                let beside = fields.address()?;
                hold(beside.is_none_or(|at| self.holds(at, 8)), at, "a tree has a neighbour out of the file")?;
            }
            let mut before: Option<Vec<u64>> = None;
            for _ in 0..count {
                let place = fields.place();
                let (size, mask) = (fields.number(4)?, fields.number(4)?);
                let mut begin = Vec::new();
                for _ in 0..=pieces.layout.shape.len() {
                    begin.push(fields.number(8)?);
                }
                let child = fields.defined()?;
                hold(
                    before.as_ref().is_none_or(|before| *before < begin),
                    place,
                    "the pieces of a dataset are not in order",
                )?;
                if own > 0 {
                    nodes.push((child, Some(own)));
                } else {
                    lies(&begin, space, pieces.layout, place)?;
                    pieces.add(Piece { at: child, size, mask }, place, self)?;
                }
                before = Some(begin);
            }
            if count > 0 {
                fields.skip(8)?;
                for step in pieces.layout.shape.iter().chain([&pieces.layout.element]) {
                    let even = fields.number(8)?.checked_rem(*step) == Some(0);
                    hold(even, at, "a tree of pieces ends between two of them")?;
                }
            }
        }
        Ok(())
    }
}

/// Holds the place of a piece against the dataset.
fn lies(begin: &[u64], space: &Space, layout: &Chunked, place: u64) -> Held<()> {
    let mut sides = begin.iter().zip(space.dimensions.iter().zip(&layout.shape));
    let sound = sides.all(|(begin, (length, step))| begin < length && begin.checked_rem(*step) == Some(0));
    hold(sound && begin.last() == Some(&0), place, "a piece of a dataset lies beside it")
}
