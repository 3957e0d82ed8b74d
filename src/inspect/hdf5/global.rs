//! Collections of the global heap, where texts and rows of any length are kept. Source: specification, III.E.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::fields::{Fields, Held, Sizes, broken, hold};
use super::file::File;

/// Bytes of all collections that are looked at for the lengths of their objects.
const LOOKED_AT: u64 = 64 << 20;

/// One collection: where its objects stand, by their index.
#[derive(Default)]
pub struct Collection {
    pub objects: BTreeMap<u64, (u64, u64)>,
}

/// The objects of a collection whose bytes these are, from its mark on.
pub fn collection(bytes: &[u8], at: u64, sizes: Sizes) -> Held<Collection> {
    let mut fields = Fields::new(bytes, at, sizes, "a collection of the global heap");
    hold(fields.take(4)? == b"GCOL", at, format!("an address leads to byte {at}, where no global heap stands"))?;
    fields.version(1..=1)?;
    fields.reserved(3)?;
    let size = fields.length()?;
    // Headers of the heap and of its objects are as long as fits.
    let pad = (8 - u64::from(sizes.lengths) % 8) % 8;
    fields.skip(pad)?;
    let head = fields.place().saturating_sub(at);
    let mut inner = fields.part(size.saturating_sub(head), "a collection of the global heap")?;
    let mut objects = BTreeMap::new();
    let step = 8 + u64::from(sizes.lengths) + pad;
    while inner.rest().len() as u64 >= step {
        let place = inner.place();
        let index = inner.number(2)?;
        inner.skip(6)?;
        let length = inner.length()?;
        inner.skip(pad)?;
        if index == 0 {
            // What is left is free; its length counts the fields before it.
            let free = length.saturating_sub(step);
            let at = inner.place();
            let left = inner.rest().len() as u64;
            hold(length == 0 || free <= left, at, "free space of a global heap is longer than the heap")?;
            break;
        }
        let begin = inner.place();
        inner.skip(length)?;
        inner.skip((length.next_multiple_of(8) - length).min(inner.rest().len() as u64))?;
        let first = objects.insert(index, (begin, length)).is_none();
        hold(first, place, format!("a global heap holds two objects {index}"))?;
    }
    Ok(Collection { objects })
}

impl File<'_, '_> {
    /// The collection at a place; `None` if enough of them were looked at.
    pub fn collection(&self, at: u64) -> Held<Option<Rc<Collection>>> {
        if let Some(known) = self.collections.borrow().get(&at) {
            return Ok(Some(Rc::clone(known)));
        }
        let width = self.sizes.lengths;
        let head = self.marked(at, 8 + u64::from(width), b"GCOL", "a global heap")?;
        let mut fields = self.fields(&head, at, "a collection of the global heap");
        fields.skip(8)?;
        let size = fields.length()?;
        hold(size >= 64, at, format!("a global heap says that it has {size} bytes"))?;
        hold(self.holds(at, size), at, format!("a global heap of {size} bytes leads out of the file"))?;
        let read = self.collected.get().saturating_add(size);
        if read > LOOKED_AT {
            return Ok(None);
        }
        self.collected.set(read);
        let known = Rc::new(collection(&self.piece(at, size)?, at, self.sizes)?);
        self.collections.borrow_mut().insert(at, Rc::clone(&known));
        Ok(Some(known))
    }

    /// Where an object stands and how long it is.
    pub fn object(&self, collection: u64, index: u64) -> Held<Option<(u64, u64)>> {
        let Some(known) = self.collection(collection)? else { return Ok(None) };
        match known.objects.get(&index) {
            Some(found) => Ok(Some(*found)),
            None => broken(collection, format!("the global heap at byte {collection} holds no object {index}")),
        }
    }

    /// Up to so many bytes of an object of a global heap; `None` if enough collections were looked at.
    pub fn global(&self, collection: u64, index: u64, most: u64) -> Held<Option<Vec<u8>>> {
        self.object(collection, index)?.map(|(at, length)| self.piece(at, length.min(most))).transpose()
    }
}
