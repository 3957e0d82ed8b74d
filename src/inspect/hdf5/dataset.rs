//! Datasets: whether what is stored is what space and type ask for, and what stands in it that is more than numbers.
//!
//! Not looked at: pieces that are packed by other filters than deflate, shuffle and Fletcher's checksum, what lies
//! behind the first 64 MiB of pieces, and what the numbers are.

use std::io::Read;

use super::checksum::fletcher32;
use super::chunks::{Piece, Pieces};
use super::datatype::{Class, Type};
use super::fields::{Held, broken, hold, little};
use super::file::File;
use super::layout::{Chunked, Layout};
use super::messages::Space;

/// Bytes of pieces that are unpacked in one file.
const UNPACKED: u64 = 64 << 20;
/// Longest value that is looked at for a pickle, and rows of one dataset that are followed.
const LONGEST: u64 = 16 << 20;
const ROWS: usize = 65_536;

/// What messages say of one dataset.
pub struct Dataset {
    pub space: Space,
    pub kind: Type,
    pub layout: Layout,
    /// With the first of their settings, in the order they were applied.
    pub filters: Vec<(u64, Option<u64>)>,
    pub fill: Option<u64>,
    /// The bytes are in other files.
    pub outside: bool,
    /// Where the object stands.
    pub at: u64,
}

impl Dataset {
    /// Holds the dataset together. What it keeps as one value of bytes is given back, if it begins as a pickle does.
    pub fn check(&self, file: &File<'_, '_>, unpacked: &mut u64) -> Held<Option<Vec<u8>>> {
        let at = self.at;
        let Some(size) = self.space.elements().and_then(|elements| elements.checked_mul(self.kind.size)) else {
            return broken(at, "a dataset has more bytes than can be counted");
        };
        if let Some(fill) = self.fill {
            let wanted = self.kind.size;
            hold(fill == wanted, at, format!("a dataset of elements of {wanted} bytes is filled with {fill}"))?;
        }
        // PyTables asks for it where it cannot be; then nothing says of what length.
        let element = self.kind.size;
        let other = self.filters.iter().any(|(filter, step)| *filter == 2 && step.is_some_and(|step| step != element));
        hold(!other, at, "a dataset is shuffled by elements of another length")?;
        match &self.layout {
            Layout::Compact(data) => {
                let stored = data.len() as u64;
                hold(stored == size, at, format!("a dataset of {size} bytes is stored in {stored}"))?;
                self.values(data, file)?;
                Ok(self.pickle(data).then(|| data.clone()))
            }
            Layout::Contiguous { at: place, size: stored } => self.contiguous(*place, *stored, size, file),
            Layout::Chunked(chunked) => self.chunked(chunked, size, file, unpacked),
            Layout::Virtual { .. } => Ok(None),
        }
    }

    fn contiguous(
        &self,
        at: Option<u64>,
        stored: Option<u64>,
        size: u64,
        file: &File<'_, '_>,
    ) -> Held<Option<Vec<u8>>> {
        let differs = stored.filter(|stored| *stored != size && !self.space.none);
        if let Some(stored) = differs {
            return broken(self.at, format!("a dataset of {size} bytes is stored in {stored}"));
        }
        let Some(at) = at.filter(|_| !self.outside) else { return Ok(None) };
        let what = format!("a dataset of {size} bytes should stand at byte {at}, it leads out of the file");
        hold(file.holds(at, size), self.at, what)?;
        if matches!(self.kind.class, Class::Row { .. }) {
            self.values(&file.piece(at, size.min(ROWS as u64 * self.kind.size))?, file)?;
        }
        let head = file.piece(at, size.min(2))?;
        let pickle = self.pickle(&head) && size <= LONGEST;
        pickle.then(|| file.piece(at, size)).transpose()
    }

    fn chunked(&self, chunked: &Chunked, size: u64, file: &File<'_, '_>, unpacked: &mut u64) -> Held<Option<Vec<u8>>> {
        chunked.fits(&self.space, &self.kind, self.at)?;
        let mut pieces = Pieces::new(chunked, !self.filters.is_empty());
        file.pieces(&self.space, self.at, &mut pieces)?;
        let whole = pieces.size;
        for piece in &pieces.found {
            let next = unpacked.saturating_add(whole.max(piece.size));
            let rows = matches!(self.kind.class, Class::Row { .. });
            if next > UNPACKED || whole > file.view.unpackable() || chunked.edges {
                break;
            }
            if self.filters.is_empty() && !rows && pieces.found.len() > 1 {
                break;
            }
            *unpacked = next;
            let Some(bytes) = self.unpack(piece, whole, file)? else { break };
            self.values(&bytes, file)?;
            if pieces.found.len() == 1 && self.pickle(&bytes) {
                let length = usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len());
                return Ok(bytes.get(..length).map(<[u8]>::to_vec));
            }
        }
        Ok(None)
    }

    /// The bytes of a piece; `None` if it is packed by a filter that is not undone here.
    fn unpack(&self, piece: &Piece, whole: u64, file: &File<'_, '_>) -> Held<Option<Vec<u8>>> {
        let mut bytes = file.piece(piece.at, piece.size)?;
        for (index, (filter, _)) in self.filters.iter().enumerate().rev() {
            let left_out = u32::try_from(index).is_ok_and(|index| piece.mask.checked_shr(index).unwrap_or(0) & 1 != 0);
            if left_out {
                continue;
            }
            match filter {
                1 => {
                    let mut plain = Vec::new();
                    let most = whole.saturating_add(64);
                    let read = flate2::read::ZlibDecoder::new(bytes.as_slice()).take(most).read_to_end(&mut plain);
                    hold(read.is_ok(), piece.at, "a packed piece of a dataset is broken")?;
                    file.view.unpacked(plain.len() as u64);
                    bytes = plain;
                }
                2 => bytes = unshuffle(&bytes, self.kind.size),
                3 => {
                    let sum = bytes.split_off(bytes.len().saturating_sub(4));
                    let wanted = fletcher32(&bytes);
                    // Old versions wrote the bytes of each half the other way round.
                    let turned = (wanted & 0x00ff_00ff) << 8 | wanted >> 8 & 0x00ff_00ff;
                    let sound = [wanted, turned].map(u64::from).contains(&little(&sum));
                    hold(sound, piece.at, "the checksum of a piece of a dataset is not that of its bytes")?;
                }
                _ => return Ok(None),
            }
        }
        let has = bytes.len() as u64;
        hold(has == whole, piece.at, format!("a piece of a dataset unpacks to {has} bytes, it should have {whole}"))?;
        Ok(Some(bytes))
    }

    /// Follows the references of rows to their heap.
    fn values(&self, bytes: &[u8], file: &File<'_, '_>) -> Held<()> {
        rows(&self.kind, bytes, self.at, file)
    }

    /// True for bytes that begin as a pickle does.
    fn pickle(&self, bytes: &[u8]) -> bool {
        let plain = matches!(self.kind.class, Class::Text | Class::Opaque) || self.kind.size == 1;
        plain && matches!(bytes, [0x80, 2..=5, ..])
    }
}

/// Follows the references of rows to their heap. Source: specification, VIII.C.
pub fn rows(kind: &Type, bytes: &[u8], at: u64, file: &File<'_, '_>) -> Held<()> {
    let Class::Row { element, .. } = kind.class else { return Ok(()) };
    let step = usize::try_from(kind.size).unwrap_or(usize::MAX);
    for reference in bytes.chunks_exact(step.max(1)).take(ROWS) {
        let mut fields = file.fields(reference, at, "a reference to a row");
        let length = fields.number(4)?;
        let collection = fields.address()?;
        let index = fields.number(4)?;
        // No row at all is the address 0.
        let nil = length == 0 && collection == Some(file.sizes.base);
        let Some(collection) = collection.filter(|_| !nil) else { continue };
        let Some((_, stored)) = file.object(collection, index)? else { return Ok(()) };
        let sound = length.checked_mul(element) == Some(stored);
        hold(sound, at, format!("a row of {length} elements is kept in {stored} bytes"))?;
    }
    Ok(())
}

/// Undoes the filter that puts the first bytes of all elements in front, then the second ones, and so on.
fn unshuffle(bytes: &[u8], size: u64) -> Vec<u8> {
    let size = usize::try_from(size).unwrap_or(usize::MAX).max(1);
    let count = bytes.len() / size;
    if size == 1 || count < 2 {
        return bytes.to_vec();
    }
    let mut plain = Vec::with_capacity(bytes.len());
    for element in 0..count {
        plain.extend((0..size).filter_map(|byte| bytes.get(byte * count + element)));
    }
    plain.extend(bytes.get(count * size..).unwrap_or_default());
    plain
}
