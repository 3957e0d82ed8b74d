//! Messages that say what a dataset or attribute is: its space, filters, fill value, and the attribute itself.

use super::datatype::{RANK, Type, datatype};
use super::fields::{Fields, Held, broken, hold, little, unread};
use super::file::File;
use super::header::Message;

/// Filters whose meaning is registered with The HDF Group: its own, and those of others from 256 on.
/// Source: the registry at <https://github.com/HDFGroup/hdf5_plugins>, "RegisteredFilterPlugins".
fn is_registered(filter: u64) -> bool {
    matches!(filter, 1..=6 | 257 | 258 | 305 | 306 | 307 | 32000..=32768)
}

/// The extent of a dataset or attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    pub dimensions: Vec<u64>,
    /// How far each can grow; `None` if without end.
    pub most: Vec<Option<u64>>,
    /// There are no elements, not even one.
    pub none: bool,
}

impl Space {
    /// Elements; `None` if they are more than can be counted.
    pub fn elements(&self) -> Option<u64> {
        if self.none || self.dimensions.contains(&0) {
            return Some(0);
        }
        self.dimensions.iter().try_fold(1u64, |product, length| product.checked_mul(*length))
    }
}

/// A dataspace. Source: specification, IV.A.2.b.
pub fn space(fields: &mut Fields<'_>) -> Held<Space> {
    let at = fields.place();
    let version = fields.version(1..=2)?;
    let rank = u64::from(fields.byte()?);
    hold(rank <= RANK, at, format!("a dataspace has {rank} dimensions, the library knows {RANK}"))?;
    let flags = fields.flags(1)?;
    let kind = if version == 2 { fields.byte()? } else { u8::from(rank > 0) };
    fields.skip(if version == 2 { 0 } else { 5 })?;
    hold(
        kind <= 2 && (rank == 0 || kind == 1),
        at,
        format!("a dataspace is of the kind {kind}, which does not exist"),
    )?;
    let mut space = Space { dimensions: Vec::new(), most: Vec::new(), none: kind == 2 };
    for _ in 0..rank {
        space.dimensions.push(fields.length()?);
    }
    space.most = space.dimensions.iter().map(|length| Some(*length)).collect();
    if flags & 1 != 0 {
        let unlimited = u64::MAX >> (64 - 8 * u32::from(fields.sizes().lengths));
        for (length, most) in space.dimensions.iter().zip(&mut space.most) {
            *most = Some(fields.length()?).filter(|most| *most != unlimited);
            hold(most.is_none_or(|most| *length <= most), at, "a dataspace is larger than it can be")?;
        }
    }
    hold(space.elements().is_some(), at, "a dataspace has more elements than can be counted")?;
    Ok(space)
}

/// The filters of a dataset with the first of their settings, in the order they were applied.
/// Source: specification, IV.A.2.l.
pub fn filters(fields: &mut Fields<'_>) -> Held<Vec<(u64, Option<u64>)>> {
    let at = fields.place();
    let version = fields.version(1..=2)?;
    let count = fields.byte()?;
    hold((1..=32).contains(&count), at, format!("a dataset says that it has {count} filters"))?;
    fields.skip(if version == 1 { 6 } else { 0 })?;
    let mut filters = Vec::new();
    for _ in 0..count {
        let place = fields.place();
        let filter = fields.number(2)?;
        let name = if version == 1 || filter >= 256 { fields.number(2)? } else { 0 };
        let flags = fields.number(2)?;
        let values = fields.number(2)?;
        fields.skip(if version == 1 { name.next_multiple_of(8) } else { name })?;
        let first = little(fields.rest().get(..4).unwrap_or_default());
        fields.skip(4 * (values + if version == 1 { values % 2 } else { 0 }))?;
        if !is_registered(filter) {
            return unread(place, format!("a dataset is packed by the filter {filter}, which nobody knows"));
        }
        hold(flags <= 1, place, "a filter of a dataset has flags that do not exist")?;
        let sound = match filter {
            1 => values == 1 && first <= 9,
            2 => values <= 1,
            3 => values == 0,
            _ => true,
        };
        hold(sound, place, format!("the filter {filter} of a dataset has settings that it does not know"))?;
        filters.push((filter, (values > 0).then_some(first)));
    }
    Ok(filters)
}

/// The length of the fill value, if there is one. Source: specification, IV.A.2.e and f.
pub fn fill(kind: u16, fields: &mut Fields<'_>) -> Held<Option<u64>> {
    let at = fields.place();
    let defined = if kind == 4 {
        true
    } else {
        let version = fields.version(1..=3)?;
        if version == 3 {
            let flags = fields.flags(0x3f)?;
            hold(flags & 0x30 != 0x30 && flags & 3 != 0, at, "a fill value is set and not set at once")?;
            flags & 0x20 != 0
        } else {
            let (early, late, defined) = (fields.byte()?, fields.byte()?, fields.byte()?);
            hold(early <= 3 && late <= 2 && defined <= 2, at, "a fill value is written at a time that does not exist")?;
            version == 1 || defined != 0
        }
    };
    if !defined {
        return Ok(None);
    }
    let size = fields.number(4)?;
    if size == 0 || size == u64::from(u32::MAX) {
        return Ok(None);
    }
    fields.skip(size)?;
    Ok(Some(size))
}

/// An attribute.
pub struct Attribute {
    pub name: String,
    pub kind: Type,
    pub space: Space,
    pub value: Vec<u8>,
    /// Where the value stands.
    pub at: u64,
}

impl File<'_, '_> {
    /// The type of a message, there or where it says that it is.
    pub fn type_of(&self, fields: &mut Fields<'_>, shared: bool) -> Held<Type> {
        if !shared {
            return datatype(fields);
        }
        let at = fields.place();
        let object = shared_object(fields)?;
        let header = self.header(object)?;
        let Some(message) = header.messages.iter().find(|message| message.kind == 3 && !message.is_shared()) else {
            return broken(at, format!("a type should stand at byte {object}, where none does"));
        };
        datatype(&mut self.message(message, "a datatype"))
    }

    /// The fields of a message.
    pub fn message<'m>(&self, message: &'m Message, name: &'static str) -> Fields<'m> {
        self.fields(&message.data, message.at, name)
    }

    /// One attribute. Source: specification, IV.A.2.m.
    pub fn attribute(&self, fields: &mut Fields<'_>) -> Held<Attribute> {
        let at = fields.place();
        let version = fields.version(1..=3)?;
        let flags = if version == 1 { fields.skip(1).map(|()| 0)? } else { fields.flags(3)? };
        let sizes = [fields.number(2)?, fields.number(2)?, fields.number(2)?];
        let letters = if version == 3 { fields.byte()? } else { 0 };
        hold(letters <= 1, at, "the name of an attribute is in letters that do not exist")?;
        let [name, kind, shape] = sizes.map(|size| if version == 1 { size.next_multiple_of(8) } else { size });
        let text = fields.take(name)?;
        let own = usize::try_from(sizes[0]).unwrap_or(usize::MAX);
        let Some((0, text)) = text.get(..own).and_then(<[u8]>::split_last) else {
            return broken(at, "the name of an attribute has no end");
        };
        hold(!text.contains(&0), at, "the name of an attribute is shorter than it says")?;
        hold(std::str::from_utf8(text).is_ok(), at, "the name of an attribute is not UTF-8")?;
        let name = String::from_utf8_lossy(text).into_owned();
        let pad = kind.saturating_sub(sizes[1]);
        let kind = self.type_of(&mut fields.part(sizes[1], "the type of an attribute")?, flags & 1 != 0)?;
        fields.skip(pad)?;
        if flags & 2 != 0 {
            return unread(at, format!("the extent of the attribute {name:?} is kept elsewhere"));
        }
        let pad = shape.saturating_sub(sizes[2]);
        let space = space(&mut fields.part(sizes[2], "the extent of an attribute")?)?;
        fields.skip(pad)?;
        let length = space.elements().and_then(|elements| elements.checked_mul(kind.size));
        let at = fields.place();
        match length {
            Some(length) if length <= fields.rest().len() as u64 => {
                Ok(Attribute { name, kind, space, value: fields.take(length)?.to_vec(), at })
            }
            _ => broken(at, format!("the value of the attribute {name:?} is longer than what is there")),
        }
    }
}

/// Where a shared message is. Source: specification, IV.A.2, "shared message".
pub fn shared_object(fields: &mut Fields<'_>) -> Held<u64> {
    let at = fields.place();
    let version = fields.version(1..=3)?;
    let kind = fields.byte()?;
    match version {
        1 => {
            fields.skip(6 + u64::from(fields.sizes().lengths))?;
            fields.defined()
        }
        3 if kind == 1 => unread(at, "a message is kept in a heap of shared messages"),
        3 if kind != 2 => broken(at, format!("a message is shared in a way that does not exist ({kind})")),
        _ => fields.defined(),
    }
}
