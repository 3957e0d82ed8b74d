//! Whether a FlatBuffer is what its schema says: every offset, table, list and text in its place.
//!
//! As the verifier of FlatBuffers does it: tables and lists lie inside of the buffer and are aligned, fields lie inside of
//! their tables, and texts end in a zero byte. Tables of unions are looked at without their schema. Source:
//! <https://flatbuffers.dev/internals/>. Not looked at: which fields must be there.

use std::collections::HashSet;

use super::Buffer;

/// What a field is.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A number of so many bytes.
    Number(u64),
    /// A text.
    Text,
    /// A list of numbers, or of structures that are aligned to four bytes, of so many bytes each.
    Numbers(u64),
    /// A list of texts.
    Texts,
    /// A table.
    One(&'static Table),
    /// A list of tables.
    Many(&'static Table),
    /// A table of a union.
    Any,
}

/// A table of a schema.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its fields: number, name, and what it is.
    pub fields: &'static [(u64, &'static str, Shape)],
}

/// A table of which nothing is known.
static UNKNOWN: Table = Table { name: "a table of a union", fields: &[] };

/// What is wrong, and where.
pub struct Fault(pub u64, pub String);

/// What was followed.
pub struct Followed {
    /// Nothing was left out.
    pub whole: bool,
    /// Where the last of it ends.
    pub end: u64,
}

/// Follows everything from the root. At most `most` tables and texts are looked at.
pub fn verify(buffer: &Buffer<'_, '_>, root: &'static Table, most: u64) -> Result<Followed, Fault> {
    let start = buffer.u32(0).map(u64::from).ok_or_else(|| Fault(0, "it has no root".to_owned()))?;
    let mut verifier = Verifier { buffer, queue: vec![(start, root)], seen: HashSet::new(), texts: 0, end: 0 };
    while let Some((at, table)) = verifier.queue.pop() {
        if verifier.seen.len() as u64 >= most || verifier.texts >= most {
            return Ok(Followed { whole: false, end: verifier.end });
        }
        if verifier.seen.insert((at, table.name)) {
            verifier.table(at, table)?;
        }
    }
    Ok(Followed { whole: true, end: verifier.end })
}

struct Verifier<'a, 'b, 'v> {
    buffer: &'a Buffer<'b, 'v>,
    queue: Vec<(u64, &'static Table)>,
    seen: HashSet<(u64, &'static str)>,
    texts: u64,
    end: u64,
}

impl Verifier<'_, '_, '_> {
    fn table(&mut self, at: u64, table: &'static Table) -> Result<(), Fault> {
        let wrong = |what: &str| Fault(at, format!("{} at byte {at} {what}", table.name));
        let back = self.buffer.i32(at).ok_or_else(|| wrong("lies outside of the file"))?;
        if !at.is_multiple_of(4) {
            return Err(wrong("is not aligned to four bytes"));
        }
        let vtable = i64::try_from(at).ok().and_then(|at| u64::try_from(at.checked_sub(back.into())?).ok());
        let vtable = vtable.filter(|vtable| vtable.is_multiple_of(2)).ok_or_else(|| wrong("has no table of fields"))?;
        let sizes = self.buffer.u16(vtable).zip(self.buffer.u16(vtable.saturating_add(2)));
        let (fields, size) = sizes.ok_or_else(|| wrong("has its table of fields outside of the file"))?;
        let (fields, size) = (u64::from(fields), u64::from(size));
        if fields < 4 || !fields.is_multiple_of(2) || vtable.saturating_add(fields) > self.buffer.len() {
            return Err(wrong("has a table of fields of an impossible length"));
        }
        if size < 4 || at.saturating_add(size) > self.buffer.len() {
            return Err(wrong("is of an impossible length"));
        }
        self.end = self.end.max(at + size).max(vtable + fields);
        for n in 0..(fields - 4) / 2 {
            let offset = self.buffer.u16(vtable + 4 + 2 * n).map_or(0, u64::from);
            if offset != 0 && !(4..size).contains(&offset) {
                return Err(wrong("has a field that lies outside of it"));
            }
        }
        for (number, name, shape) in table.fields {
            let place = 4 + 2 * number;
            if place + 2 > fields {
                continue;
            }
            let offset = self.buffer.u16(vtable + place).map_or(0, u64::from);
            if offset != 0 {
                self.field((at, size), offset, *shape)
                    .map_err(|what| Fault(at + offset, format!("{name:?} of {} at byte {at} {what}", table.name)))?;
            }
        }
        Ok(())
    }

    /// `table` is where the table begins and its length; `offset` where in it the field stands.
    fn field(&mut self, table: (u64, u64), offset: u64, shape: Shape) -> Result<(), &'static str> {
        let at = table.0 + offset;
        let width = if let Shape::Number(width) = shape { width } else { 4 };
        if offset + width > table.1 {
            return Err("lies outside of its table");
        }
        if !at.is_multiple_of(width) {
            return Err("is not aligned");
        }
        match shape {
            Shape::Number(_) => Ok(()),
            Shape::Text => {
                let at = self.target(at)?;
                self.text(at)
            }
            Shape::Numbers(width) => self.list(at, width).map(drop),
            Shape::Texts => {
                let (start, count) = self.list(at, 4)?;
                self.texts = self.texts.saturating_add(count);
                for n in 0..count {
                    let at = self.target(start + 4 * n)?;
                    self.text(at)?;
                }
                Ok(())
            }
            Shape::One(inner) => {
                let at = self.target(at)?;
                self.queue.push((at, inner));
                Ok(())
            }
            Shape::Any => {
                let at = self.target(at)?;
                self.queue.push((at, &UNKNOWN));
                Ok(())
            }
            Shape::Many(inner) => {
                let (start, count) = self.list(at, 4)?;
                self.texts = self.texts.saturating_add(count);
                for n in 0..count {
                    let at = self.target(start + 4 * n)?;
                    if !self.seen.contains(&(at, inner.name)) {
                        self.queue.push((at, inner));
                    }
                }
                Ok(())
            }
        }
    }

    fn target(&self, at: u64) -> Result<u64, &'static str> {
        let offset = self.buffer.u32(at).ok_or("lies outside of the file")?;
        let target = at.saturating_add(offset.into());
        if offset == 0 || target >= self.buffer.len() { Err("points out of the file") } else { Ok(target) }
    }

    /// Where the elements begin, and how many there are.
    fn list(&mut self, at: u64, width: u64) -> Result<(u64, u64), &'static str> {
        let list = self.target(at)?;
        let count = self.buffer.u32(list).map(u64::from).ok_or("points out of the file")?;
        let start = list.saturating_add(4);
        let end = count.checked_mul(width).and_then(|bytes| bytes.checked_add(start));
        let Some(end) = end.filter(|end| *end <= self.buffer.len()) else {
            return Err("is a list that goes past the end of the file");
        };
        self.end = self.end.max(end);
        // Nothing is wider than eight bytes but structures.
        let aligned = if width.is_power_of_two() { width.min(8) } else { 4 };
        if !list.is_multiple_of(4) || (count > 0 && !start.is_multiple_of(aligned)) {
            return Err("is a list that is not aligned");
        }
        self.texts = self.texts.saturating_add(1);
        Ok((start, count))
    }

    fn text(&mut self, at: u64) -> Result<(), &'static str> {
        self.texts = self.texts.saturating_add(1);
        let length = self.buffer.u32(at).map(u64::from).ok_or("points out of the file")?;
        let end = at.saturating_add(4).saturating_add(length);
        self.end = self.end.max(end.saturating_add(1));
        match self.buffer.u8(end) {
            None => Err("is a text that goes past the end of the file"),
            Some(0) if at.is_multiple_of(4) => Ok(()),
            Some(0) => Err("is a text that is not aligned"),
            Some(_) => Err("is a text that does not end in a zero byte"),
        }
    }
}
