//! Vectors of words, fastText and word2vec; and arrays of IDX.
//!
//! Sources: `fasttext.cc`, `dictionary.cc`, `densematrix.cc` and `quantmatrix.cc` of fastText; `word2vec.c`.

use super::{Fault, byte, end, long, pass, wide};
use crate::inspect::Inspector;
use crate::inspect::bytes::Cursor;
use crate::inspect::text::Text;
use crate::weigh::View;

/// Bytes of arguments between the dimension and the loss, and behind the kind of model.
const ARGUMENTS: (i64, i64) = (20, 24);
/// Centroids of each part of a quantised matrix.
const CENTROIDS: u64 = 256;

pub fn is_fasttext(head: &[u8], _: &View<'_>) -> bool {
    head.starts_with(&[0xba, 0x16, 0x4f, 0x2f])
}

/// Two zeros, the type of the elements, the number of dimensions, each of them as a big-endian number, and exactly that
/// many elements (the description of MNIST's files). There is nothing else that could be wrong.
pub fn is_idx(head: &[u8], view: &View<'_>) -> bool {
    let [0, 0, kind, dimensions @ 1..=4, rest @ ..] = head else { return false };
    let width = match kind {
        0x08 | 0x09 => 1u64,
        0x0b => 2,
        0x0c | 0x0d => 4,
        0x0e => 8,
        _ => return false,
    };
    let dimensions = usize::from(*dimensions);
    let (sizes, _) = rest.as_chunks::<4>();
    let elements = sizes
        .iter()
        .take(dimensions)
        .try_fold(width, |bytes, size| bytes.checked_mul(u32::from_be_bytes(*size).into()));
    let header = 4 + 4 * dimensions as u64;
    sizes.len() >= dimensions && elements.and_then(|bytes| bytes.checked_add(header)) == Some(view.len())
}

pub fn fasttext(view: &View<'_>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(view);
    let magic = long(&mut cursor)?;
    let version = long(&mut cursor)?;
    if !(1..=64).contains(&version) {
        return Err((4, format!("its version is {version} behind the mark {magic:x}")));
    }
    let dimension = long(&mut cursor)?;
    if dimension <= 0 {
        return Err((8, format!("its vectors have {dimension} dimensions")));
    }
    pass(&mut cursor, ARGUMENTS.0, 1, "the arguments")?;
    let (loss, model) = (long(&mut cursor)?, long(&mut cursor)?);
    if !(1..=4).contains(&loss) || !(1..=3).contains(&model) {
        return Err((32, format!("its loss is of the kind {loss}, 1 to 4 exist, its model {model}, 1 to 3 exist")));
    }
    pass(&mut cursor, ARGUMENTS.1, 1, "the arguments")?;
    dictionary(&mut cursor)?;
    for _ in 0..2 {
        let quantised = byte(&mut cursor)?;
        match quantised {
            0 => dense(&mut cursor, dimension)?,
            1 => packed(&mut cursor)?,
            other => return Err((cursor.position(), format!("a truth value is {other}"))),
        }
    }
    end(&cursor)
}

fn dictionary(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    let at = cursor.position();
    let (size, words, labels) = (long(cursor)?, long(cursor)?, long(cursor)?);
    if size < 0 || words < 0 || labels < 0 || words + labels != size {
        return Err((at, format!("its dictionary has {size} entries, {words} words and {labels} labels")));
    }
    let _tokens = wide(cursor)?;
    let pruned = wide(cursor)?;
    for n in 0..size {
        let at = cursor.position();
        while byte(cursor)? != 0 {}
        pass(cursor, 9, 1, "the entries of the dictionary")
            .map_err(|_| (at, format!("the dictionary ends in the entry {n} of {size}")))?;
    }
    pass(cursor, pruned.max(0), 8, "the pruned entries")
}

fn dense(cursor: &mut Cursor<'_>, dimension: i64) -> Result<(), Fault> {
    let at = cursor.position();
    let (rows, columns) = (wide(cursor)?, wide(cursor)?);
    if rows < 0 || columns != dimension {
        return Err((at, format!("a matrix has {rows} rows of {columns} numbers, vectors have {dimension}")));
    }
    let elements = rows.checked_mul(columns).ok_or((at, "a matrix is larger than 64 bits count".to_owned()))?;
    pass(cursor, elements, 4, "the numbers of a matrix")
}

fn packed(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    let norms = byte(cursor)?;
    let (rows, _columns, codes) = (wide(cursor)?, wide(cursor)?, long(cursor)?);
    pass(cursor, codes, 1, "the codes of a matrix")?;
    centroids(cursor)?;
    if norms != 0 {
        pass(cursor, rows, 1, "the codes of the norms")?;
        centroids(cursor)?;
    }
    Ok(())
}

fn centroids(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    let dimension = long(cursor)?;
    pass(cursor, 3, 4, "the shape of the centroids")?;
    pass(cursor, dimension, 4 * CENTROIDS, "the centroids")
}

/// Entries of word2vec that are gone through; of longer files only the length is looked at.
const WALKED: u64 = 100_000;
/// Longest word.
const WORD: u64 = 4096;

/// The first line: how many words, and how many numbers each has.
fn first_line(head: &[u8]) -> Option<(i64, i64, u64)> {
    let end = head.iter().take(40).position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(head.get(..end)?).ok()?;
    let (words, numbers) = line.trim_end().split_once(' ')?;
    Some((words.parse().ok()?, numbers.parse().ok()?, end as u64 + 1))
}

pub fn is_word2vec(head: &[u8], view: &View<'_>) -> bool {
    first_line(head).is_some_and(|(_, numbers, _)| numbers.unsigned_abs() < 1 << 20) && !Text.claims(head, view)
}

pub fn word2vec(view: &View<'_>) -> Result<(), Fault> {
    let head = super::head_of(view, 64);
    let (words, numbers, begin) = first_line(&head).ok_or((0, "it has no first line".to_owned()))?;
    let counts = u64::try_from(words).ok().zip(u64::try_from(numbers).ok()).filter(|(_, numbers)| *numbers > 0);
    let (count, width) = counts.ok_or((0, format!("it says that it holds {words} words of {numbers} numbers")))?;
    let width = width.saturating_mul(4);
    let left = view.len() - begin.min(view.len());
    if count.checked_mul(width.saturating_add(2)).is_none_or(|bytes| bytes > left.saturating_add(count)) {
        return Err((0, format!("it says that it holds {words} words of {numbers} numbers, {left} bytes follow")));
    }
    let mut cursor = Cursor::new(view);
    cursor.skip(begin);
    for n in 0..count.min(WALKED) {
        let start = cursor.position();
        let cut = || (start, format!("it ends in the word {n} of {count}"));
        // Some writers end each vector with a new line.
        while byte(&mut cursor).map_err(|_| cut())? != b' ' {
            if cursor.position() - start > WORD {
                return Err((start, format!("the word {n} is longer than words are")));
            }
        }
        cursor.skip(width).ok_or_else(cut)?;
    }
    if count <= WALKED && cursor.left() > 1 {
        return end(&cursor);
    }
    Ok(())
}
