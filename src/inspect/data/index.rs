//! Indices of neighbours: how faiss is told, and hnswlib.
//!
//! Sources: `index_write.cpp` of faiss, `hnswalg.h` of hnswlib.

use super::{Fault, end, head_of, long, pass, u32_of, u64_of};
use crate::inspect::bytes::Cursor;
use crate::weigh::View;

/// What faiss writes twice behind the number of vectors.
const FILLER: u64 = 1 << 20;
pub fn is_faiss(head: &[u8], _: &View<'_>) -> bool {
    let name = head.get(1..4).is_some_and(|name| name.iter().all(u8::is_ascii_alphanumeric));
    let numbers = u64_of(head, 16) == Some(FILLER) && u64_of(head, 24) == Some(FILLER);
    let dimension = u32_of(head, 4).is_some_and(|dimension| (1..1 << 24).contains(&dimension));
    // Of bits: the code size follows, an eighth of the dimension.
    let bits =
        head.starts_with(b"IB") && u32_of(head, 4).zip(u32_of(head, 8)).is_some_and(|(d, size)| size == d.div_ceil(8));
    head.first() == Some(&b'I') && name && dimension && (numbers || bits)
}

/// The fields of the header of hnswlib that hold each other.
struct Graph {
    count: u64,
    size: u64,
}

/// Bytes of the header.
const GRAPH: u64 = 96;
/// Elements whose lists are gone through.
const WALKED: u64 = 2_000_000;

fn graph(head: &[u8]) -> Option<Graph> {
    let (zero, most, count) = (u64_of(head, 0)?, u64_of(head, 8)?, u64_of(head, 16)?);
    let (size, label, data) = (u64_of(head, 24)?, u64_of(head, 32)?, u64_of(head, 40)?);
    let (links, doubled, m) = (u64_of(head, 56)?, u64_of(head, 64)?, u64_of(head, 72)?);
    let sane = zero == 0 && count <= most && size < 1 << 24 && label.checked_add(8)? == size && data < label;
    (sane && links == m && doubled == m.checked_mul(2)? && (1..1 << 16).contains(&m)).then_some(Graph { count, size })
}

pub fn is_hnswlib(head: &[u8], _: &View<'_>) -> bool {
    graph(head).is_some()
}

pub fn hnswlib(view: &View<'_>) -> Result<(), Fault> {
    let Some(Graph { count, size }) = graph(&head_of(view, GRAPH)) else { return Ok(()) };
    let mut cursor = Cursor::new(view);
    pass(&mut cursor, 1, GRAPH, "the header")?;
    pass(&mut cursor, count.cast_signed(), size, "the elements")?;
    if count > WALKED {
        return Ok(());
    }
    for _ in 0..count {
        let length = long(&mut cursor)?;
        pass(&mut cursor, length, 1, "the links of an element")?;
    }
    end(&cursor)
}
