//! The graph of an index of faiss that is navigated level by level.
//!
//! Source: `HNSW.cpp` (`prepare_level_tab`) and `index_write.cpp` of faiss. Of graphs of more than [`WALKED`] vectors, or
//! [`NEIGHBOURS`] neighbours, only the lengths are looked at.

use super::{Fault, long, pass, wide};
use crate::inspect::bytes::Cursor;

/// Vectors whose neighbours are gone through.
const WALKED: i64 = 1 << 20;
/// Neighbours that are gone through.
const NEIGHBOURS: i64 = 32 << 20;
/// Levels of a graph; faiss makes some twenty.
const LEVELS: i64 = 1 << 12;

fn wrong<T>(at: u64, what: String) -> Result<T, Fault> {
    Err((at, what))
}

/// Reads the graph of so many vectors.
pub fn graph(cursor: &mut Cursor<'_>, count: i64) -> Result<(), Fault> {
    let probabilities = wide(cursor)?;
    pass(cursor, probabilities, 8, "the shares of the levels")?;
    let at = cursor.position();
    let known = wide(cursor)?;
    if !(0..=LEVELS).contains(&known) {
        return wrong(at, format!("its graph has {known} levels"));
    }
    let mut sums = Vec::new();
    for _ in 0..known {
        sums.push(long(cursor)?);
    }
    let at = cursor.position();
    let vectors = wide(cursor)?;
    if vectors != count {
        return wrong(at, format!("its graph is of {vectors} vectors, the index of {count}"));
    }
    if count > WALKED {
        pass(cursor, count, 4, "the levels of the vectors")?;
        for (width, what) in [(8, "the beginnings of the neighbours"), (4, "the neighbours")] {
            let items = wide(cursor)?;
            pass(cursor, items, width, what)?;
        }
        return pass(cursor, 5, 4, "the settings of the graph");
    }
    let lengths = levels(cursor, count, &sums)?;
    let neighbours = offsets(cursor, &lengths)?;
    let at = cursor.position();
    let said = wide(cursor)?;
    if said != neighbours {
        return wrong(at, format!("its graph has {said} neighbours, its vectors {neighbours}"));
    }
    if said > NEIGHBOURS {
        pass(cursor, said, 4, "the neighbours")?;
        return entry(cursor, count, known);
    }
    for _ in 0..said {
        let at = cursor.position();
        let neighbour = long(cursor)?;
        if !(-1..count).contains(&neighbour) {
            return wrong(at, format!("a neighbour is the vector {neighbour}, there are {count}"));
        }
    }
    entry(cursor, count, known)
}

/// How many neighbours each vector has, by its level.
fn levels(cursor: &mut Cursor<'_>, count: i64, sums: &[i64]) -> Result<Vec<i64>, Fault> {
    let mut lengths = Vec::new();
    for n in 0..count {
        let at = cursor.position();
        let level = long(cursor)?;
        let Some(length) = usize::try_from(level).ok().and_then(|level| sums.get(level)) else {
            return wrong(at, format!("the vector {n} is on the level {level}, there are {}", sums.len()));
        };
        lengths.push(*length);
    }
    Ok(lengths)
}

/// Where the neighbours of each vector begin, and how many there are in all.
fn offsets(cursor: &mut Cursor<'_>, lengths: &[i64]) -> Result<i64, Fault> {
    let at = cursor.position();
    let said = wide(cursor)?;
    if usize::try_from(said).ok() != Some(lengths.len() + 1) {
        return wrong(at, format!("the neighbours of {} vectors begin at {said} places", lengths.len()));
    }
    let mut sum = 0i64;
    for length in std::iter::once(&0).chain(lengths) {
        let at = cursor.position();
        sum = sum.saturating_add(*length);
        let begin = wide(cursor)?;
        if begin != sum {
            return wrong(at, format!("neighbours begin at {begin}, those before end at {sum}"));
        }
    }
    Ok(sum)
}

/// Where a search begins, and settings.
fn entry(cursor: &mut Cursor<'_>, count: i64, levels: i64) -> Result<(), Fault> {
    let at = cursor.position();
    let (begin, top) = (long(cursor)?, long(cursor)?);
    if !(-1..count).contains(&begin) {
        return wrong(at, format!("a search begins at the vector {begin}, there are {count}"));
    }
    if !(-1..levels).contains(&top) {
        return wrong(at, format!("the highest level is {top}, there are {levels}"));
    }
    pass(cursor, 3, 4, "the settings of the graph")
}
