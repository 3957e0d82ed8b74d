//! Indices of faiss: four letters for the kind, a header, and parts that are lists or indices themselves.
//!
//! Source: `index_write.cpp` and `index_read.cpp` of faiss. Gone through are the kinds that are made most; where another
//! begins, the rest is not looked at but for the least room that so many vectors take.

use super::{Fault, byte, head_of, hnsw, long, pass, u32_of, u64_of, wide};
use crate::inspect::bytes::Cursor;
use crate::weigh::View;

/// Indices inside of indices.
const DEPTH: u32 = 8;
/// Lists of an index.
const LISTS: u64 = 1 << 20;

/// Kinds that faiss reads, up to version 1.15.
const KINDS: &str = "IBFf IBHc IBHf IBHh IBHm IBM2 IBMp IBwF IBxF IH00 IHN2 IHNc IHNf IHNp IHNr IHNs IHc2 IHfP ILfs INNf \
    INSf INSp INSs IPLf IPRf IPfs IRMf IRMh IRfs IVLf IVRf ImRQ ImLS ImPR ImPL Imiq ImiQ Irfn Irfs IvFL IvFl IvPQ IvQR \
    IvSQ IwEd IwEe IwFd IwFl IwIQ IwLS IwP2 IwPL IwPQ IwPR IwPf IwPn IwQR IwRQ IwSQ IwSh IwSq Iwrf Iwrn Iwrq Iwrr Ix2L \
    IxEd IxEe IxF2 IxFI IxFP IxFl IxFp IxHE IxHe IxLS IxLa IxM2 IxMp IxPL IxPQ IxPR IxPT IxPo IxPq IxRF IxRP IxRQ IxRq \
    IxSQ Ixrq Ixrr";

/// Why the walk ended early.
enum Stop {
    /// A kind that is not gone through.
    Other,
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What every index says of itself.
#[derive(Clone, Copy)]
struct Header {
    /// Numbers of each vector.
    dimension: i64,
    /// Vectors.
    count: i64,
    /// Where it begins.
    at: u64,
}

impl Header {
    /// Holds the length of the codes of all vectors against that of one.
    fn holds(&self, codes: i64, each: Option<i64>, what: &str) -> Result<(), Fault> {
        if each.and_then(|each| each.checked_mul(self.count)) == Some(codes) {
            return Ok(());
        }
        let message =
            format!("{codes} {what} are not those of {} vectors of {} dimensions", self.count, self.dimension);
        Err((self.at, message))
    }
}

pub fn faiss(view: &View<'_>) -> Result<(), Fault> {
    let head = head_of(view, 32);
    let bits = head.starts_with(b"IB");
    let count = u64_of(&head, if bits { 12 } else { 8 }).unwrap_or(0);
    let dimension = u32_of(&head, 4).unwrap_or(0);
    if count > view.len() {
        let message = format!("it says that it holds {} vectors of {dimension} dimensions", count.cast_signed());
        return Err((8, format!("{message}, for which the file is too short")));
    }
    let mut cursor = Cursor::new(view);
    match index(&mut cursor, 0) {
        Err(Stop::Fault(fault)) => Err(fault),
        Ok(_) | Err(Stop::Other) => Ok(()),
    }
}

fn letters(cursor: &mut Cursor<'_>) -> Result<[u8; 4], Fault> {
    let at = cursor.position();
    cursor.array().ok_or((at, "it is cut off".to_owned()))
}

/// A list of items of that width, behind their number, which is given.
fn list(cursor: &mut Cursor<'_>, width: u64) -> Result<i64, Fault> {
    let count = wide(cursor)?;
    pass(cursor, count, width, "the items of a list")?;
    Ok(count)
}

/// Dimension, number of vectors, filler, whether it is trained, and the metric with its argument.
fn header(cursor: &mut Cursor<'_>) -> Result<Header, Fault> {
    let at = cursor.position();
    let (dimension, count) = (long(cursor)?, wide(cursor)?);
    pass(cursor, 17, 1, "the header")?;
    if long(cursor)? > 1 {
        pass(cursor, 4, 1, "the argument of the metric")?;
    }
    if dimension < 0 || count < 0 {
        return Err((at, format!("an index has {count} vectors of {dimension} dimensions")));
    }
    Ok(Header { dimension, count, at })
}

/// A quantiser of parts of vectors; gives the bytes of a code.
fn products(cursor: &mut Cursor<'_>, header: &Header) -> Result<i64, Fault> {
    let at = cursor.position();
    let (dimension, parts, bits) = (wide(cursor)?, wide(cursor)?, wide(cursor)?);
    let centroids = list(cursor, 4)?;
    let each = u32::try_from(bits).ok().filter(|bits| *bits <= 24).map(|bits| 1i64 << bits);
    let all = each.and_then(|each| each.checked_mul(dimension));
    if dimension != header.dimension || (centroids != 0 && all != Some(centroids)) {
        let shape = format!("{parts} parts of {bits} bits, {dimension} dimensions and {centroids} numbers");
        return Err((at, format!("a quantiser has {shape}, the vectors {} dimensions", header.dimension)));
    }
    parts.checked_mul(bits).map(|bits| bits.saturating_add(7) / 8).ok_or((at, "a code has no length".to_owned()))
}

/// A quantiser of single numbers; gives the bytes of a code.
fn scalars(cursor: &mut Cursor<'_>, header: &Header) -> Result<i64, Fault> {
    pass(cursor, 12, 1, "the shape of a quantiser")?;
    let at = cursor.position();
    let (dimension, code) = (wide(cursor)?, wide(cursor)?);
    if dimension != header.dimension {
        return Err((at, format!("a quantiser is of {dimension} dimensions, the vectors of {}", header.dimension)));
    }
    list(cursor, 4)?;
    Ok(code)
}

/// The four letters with which an index begins.
fn kind(cursor: &mut Cursor<'_>) -> Result<[u8; 4], Fault> {
    let at = cursor.position();
    let kind = letters(cursor)?;
    if &kind == b"null" || KINDS.split_whitespace().any(|known| known.as_bytes() == kind) {
        return Ok(kind);
    }
    let shown: String = kind.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect();
    Err((at, format!("an index is of the kind {shown:?}, which faiss does not have")))
}

fn index(cursor: &mut Cursor<'_>, depth: u32) -> Result<Header, Stop> {
    let kind = kind(cursor)?;
    if depth > DEPTH {
        return Err(Stop::Other);
    }
    let read = match &kind {
        b"IxF2" | b"IxFI" | b"IxFl" => {
            let header = header(cursor)?;
            let numbers = list(cursor, 4)?;
            header.holds(numbers, Some(header.dimension), "numbers")?;
            header
        }
        b"IxPQ" | b"IxPq" | b"IxPo" => {
            let header = header(cursor)?;
            let code = products(cursor, &header)?;
            let codes = list(cursor, 1)?;
            header.holds(codes, Some(code), "bytes of codes")?;
            if &kind != b"IxPQ" {
                pass(cursor, 9, 1, "the settings of the search")?;
            }
            header
        }
        b"IxSQ" => {
            let header = header(cursor)?;
            let code = scalars(cursor, &header)?;
            let codes = list(cursor, 1)?;
            header.holds(codes, Some(code), "bytes of codes")?;
            header
        }
        b"IwFl" | b"IwPQ" | b"IwSq" => cells(&kind, cursor, depth)?,
        b"IHNf" | b"IHNp" | b"IHNs" => {
            let header = header(cursor)?;
            hnsw::graph(cursor, header.count)?;
            within(&header, cursor, depth)?;
            header
        }
        b"IxMp" | b"IxM2" => {
            let header = header(cursor)?;
            within(&header, cursor, depth)?;
            let names = list(cursor, 8)?;
            header.holds(names, Some(1), "names")?;
            header
        }
        b"IxRF" => {
            let header = header(cursor)?;
            within(&header, cursor, depth)?;
            within(&header, cursor, depth)?;
            pass(cursor, 4, 1, "the factor")?;
            header
        }
        b"IBxF" => bits(cursor)?,
        _ => return Err(Stop::Other),
    };
    Ok(read)
}

/// Vectors of bits.
fn bits(cursor: &mut Cursor<'_>) -> Result<Header, Stop> {
    let at = cursor.position();
    let (dimension, bytes, count) = (long(cursor)?, long(cursor)?, wide(cursor)?);
    pass(cursor, 5, 1, "the header")?;
    let header = Header { dimension, count, at };
    let codes = list(cursor, 1)?;
    header.holds(codes, Some(bytes), "bytes of codes")?;
    Ok(header)
}

/// An index that holds the vectors of the one around it.
fn within(header: &Header, cursor: &mut Cursor<'_>, depth: u32) -> Result<(), Stop> {
    let inner = index(cursor, depth + 1)?;
    if inner.count != header.count {
        let message = format!("an index of {} vectors stands in one of {}", inner.count, header.count);
        return Err(Stop::Fault((inner.at, message)));
    }
    Ok(())
}

/// An index whose vectors lie in lists, one for each cell.
fn cells(kind: &[u8], cursor: &mut Cursor<'_>, depth: u32) -> Result<Header, Stop> {
    let (header, count) = inverted(cursor, depth)?;
    let code = match kind {
        b"IwPQ" => {
            pass(cursor, 9, 1, "the size of a code")?;
            products(cursor, &header)?
        }
        b"IwSq" => {
            let code = scalars(cursor, &header)?;
            pass(cursor, 9, 1, "the size of a code")?;
            code
        }
        _ => header.dimension.saturating_mul(4),
    };
    lists(cursor, &header, count, code)?;
    Ok(header)
}

/// What stands before the inverted lists: the header, the number of lists, an index of their centres, and a map.
fn inverted(cursor: &mut Cursor<'_>, depth: u32) -> Result<(Header, i64), Stop> {
    let header = header(cursor)?;
    let at = cursor.position();
    let lists = wide(cursor)?;
    pass(cursor, 8, 1, "the number of lists")?;
    let centres = index(cursor, depth + 1)?;
    if centres.count != 0 && centres.count != lists {
        return Err(Stop::Fault((at, format!("it has {lists} lists and {} centres", centres.count))));
    }
    let map = byte(cursor)?;
    list(cursor, 8)?;
    if map == 2 {
        list(cursor, 16)?;
    }
    Ok((header, lists))
}

/// Inverted lists: their lengths, then for each list its codes and its numbers.
fn lists(cursor: &mut Cursor<'_>, header: &Header, wanted: i64, bytes: i64) -> Result<(), Stop> {
    if &letters(cursor)? != b"ilar" {
        return Err(Stop::Other);
    }
    let at = cursor.position();
    let (number, code) = (wide(cursor)?, wide(cursor)?);
    if number != wanted || code != bytes {
        let message = format!("it has {number} lists of codes of {code} bytes, its header {wanted} of {bytes} bytes");
        return Err(Stop::Fault((at, message)));
    }
    let code = u64::try_from(code).ok().filter(|code| *code < 1 << 32).ok_or(Stop::Other)?;
    let kind = letters(cursor)?;
    let at = cursor.position();
    let count = u64::try_from(wide(cursor)?).ok().filter(|count| *count <= LISTS).ok_or(Stop::Other)?;
    let mut entries = 0i64;
    for n in 0..count {
        let length = wide(cursor)?;
        // Those with few full lists have the number of each before its length.
        if &kind == b"full" || n % 2 == 1 {
            entries =
                entries.checked_add(length).filter(|_| length >= 0).ok_or((at, "a list has no length".to_owned()))?;
        }
    }
    header.holds(entries, Some(1), "entries of lists")?;
    pass(cursor, entries, code.saturating_add(8), "the codes and numbers of the lists").map_err(Stop::Fault)
}
