//! Where the elements of a dataset are. Source: specification, IV.A.2.i.

use super::datatype::{RANK, Type};
use super::fields::{Fields, Held, broken, hold};
use super::messages::Space;

/// How they are stored.
pub enum Layout {
    /// In the message itself.
    Compact(Vec<u8>),
    /// In one piece, whose length is written down since version 3.
    Contiguous { at: Option<u64>, size: Option<u64> },
    /// In pieces of one shape.
    Chunked(Chunked),
    /// In other datasets: a block of a global heap says which.
    Virtual { heap: Option<u64>, index: u64 },
}

/// Pieces of one shape, and where an index of them is.
pub struct Chunked {
    /// Lengths by dimension.
    pub shape: Vec<u64>,
    /// Bytes of an element.
    pub element: u64,
    pub index: Index,
    pub at: Option<u64>,
    /// Bytes of the length of a packed piece in an index; by that of a whole piece if it is `None`.
    pub width: Option<u8>,
    /// Pieces at the edges are not packed.
    pub edges: bool,
}

/// The index of pieces.
pub enum Index {
    /// A tree of the first version.
    Tree,
    /// One piece; its length if it is packed.
    Single(Option<u64>),
    /// One piece behind the other.
    Implicit,
    /// A fixed array.
    Fixed,
    /// An extensible array.
    Extensible,
    /// A tree of the second version.
    Records,
}

/// Reads the message.
pub fn layout(fields: &mut Fields<'_>) -> Held<Layout> {
    match fields.version(1..=5)? {
        1 | 2 => old(fields),
        version => new(version, fields),
    }
}

fn old(fields: &mut Fields<'_>) -> Held<Layout> {
    let at = fields.place();
    let rank = u64::from(fields.byte()?);
    hold(rank <= RANK + 1, at, format!("a dataset is stored in {rank} dimensions"))?;
    let class = fields.byte()?;
    fields.skip(5)?;
    let address = if class == 0 { None } else { fields.address()? };
    let mut shape = Vec::new();
    for _ in 0..rank {
        shape.push(fields.number(4)?);
    }
    match class {
        0 => {
            let size = fields.number(4)?;
            Ok(Layout::Compact(fields.take(size)?.to_vec()))
        }
        1 => Ok(Layout::Contiguous { at: address, size: None }),
        2 => {
            let Some(element) = shape.pop() else { return broken(at, "pieces of a dataset have no dimensions") };
            Ok(Layout::Chunked(Chunked { shape, element, index: Index::Tree, at: address, width: None, edges: false }))
        }
        _ => broken(at, format!("a dataset is stored in a way that does not exist ({class})")),
    }
}

fn new(version: u8, fields: &mut Fields<'_>) -> Held<Layout> {
    let at = fields.place();
    match fields.byte()? {
        0 => {
            let size = fields.number(2)?;
            Ok(Layout::Compact(fields.take(size)?.to_vec()))
        }
        1 => Ok(Layout::Contiguous { at: fields.address()?, size: Some(fields.length()?) }),
        2 => chunked(version, fields),
        3 if version > 3 => Ok(Layout::Virtual { heap: fields.address()?, index: fields.number(4)? }),
        class => broken(at, format!("a dataset is stored in a way that does not exist ({class})")),
    }
}

fn chunked(version: u8, fields: &mut Fields<'_>) -> Held<Layout> {
    let at = fields.place();
    let flags = if version > 3 { fields.flags(3)? } else { 0 };
    let rank = u64::from(fields.byte()?);
    hold((1..=RANK + 1).contains(&rank), at, format!("pieces of a dataset have {rank} dimensions"))?;
    let mut address = None;
    let mut width = 4;
    if version > 3 {
        width = fields.byte()?;
        hold((1..=8).contains(&width), at, format!("lengths of pieces of a dataset have {width} bytes"))?;
    } else {
        address = fields.address()?;
    }
    let mut shape = Vec::new();
    for _ in 0..rank {
        shape.push(fields.number(width)?);
    }
    let element = shape.pop().unwrap_or_default();
    hold(element > 0 && !shape.contains(&0), at, "pieces of a dataset have no elements")?;
    let mut index = Index::Tree;
    if version > 3 {
        index = match fields.byte()? {
            1 if flags & 2 != 0 => {
                let size = fields.length()?;
                fields.skip(4)?;
                Index::Single(Some(size))
            }
            1 => Index::Single(None),
            2 => Index::Implicit,
            3 => fields.skip(1).map(|()| Index::Fixed)?,
            4 => fields.skip(5).map(|()| Index::Extensible)?,
            5 => fields.skip(6).map(|()| Index::Records)?,
            kind => return broken(at, format!("pieces of a dataset have an index of the unknown kind {kind}")),
        };
        address = fields.address()?;
    }
    let width = if version > 4 { Some(fields.sizes().lengths) } else { None };
    Ok(Layout::Chunked(Chunked { shape, element, index, at: address, width, edges: flags & 1 != 0 }))
}

impl Chunked {
    /// Bytes of a piece that is not packed.
    pub fn size(&self) -> Option<u64> {
        self.shape.iter().try_fold(self.element, |product, length| product.checked_mul(*length))
    }

    /// Holds the pieces against what they are pieces of.
    pub fn fits(&self, space: &Space, kind: &Type, at: u64) -> Held<()> {
        let (rank, own) = (space.dimensions.len(), self.shape.len());
        hold(rank == own, at, format!("a dataset of {rank} dimensions is stored in pieces of {own}"))?;
        let what =
            format!("a dataset has elements of {} bytes and pieces with elements of {}", kind.size, self.element);
        hold(self.element == kind.size, at, what)?;
        hold(
            self.size().is_some_and(|size| size <= u64::from(u32::MAX) || self.width.is_some()),
            at,
            "pieces of a dataset are too large",
        )
    }
}
