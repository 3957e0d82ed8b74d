//! Datatypes. Source: specification, IV.A.2.d.

use super::fields::{Fields, Held, broken, hold, unread, width_of};

/// Types inside of types.
const DEPTH: u32 = 32;
/// Dimensions that the library allows.
pub const RANK: u64 = 32;

/// What elements of a type are made of, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    Integer,
    /// A text of fixed length.
    Text,
    /// Bytes that the library does not interpret.
    Opaque,
    /// A reference to a text or row in a global heap, and the bytes of one element of that.
    Row {
        text: bool,
        element: u64,
        bytes: bool,
    },
    Other,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    pub class: Class,
    /// Bytes of an element.
    pub size: u64,
}

/// Reads one type and what it is made of.
pub fn datatype(fields: &mut Fields<'_>) -> Held<Type> {
    nested(fields, DEPTH)
}

fn nested(fields: &mut Fields<'_>, depth: u32) -> Held<Type> {
    let at = fields.place();
    hold(depth > 0, at, "types are nested too deeply")?;
    let first = fields.byte()?;
    let (version, class) = (first >> 4, first & 0x0f);
    hold((1..=5).contains(&version), at, format!("a type is of version {version}, which does not exist"))?;
    let bits = fields.number(3)?;
    let size = fields.number(4)?;
    hold(size > 0, at, "a type has elements of no bytes")?;
    let class = match class {
        0 => {
            number(fields, size, bits & !0x0f)?;
            Class::Integer
        }
        1 => float(fields, size, bits)?,
        2 => return unread(at, "a type is a time, which no library reads"),
        4 => {
            number(fields, size, bits & !0x07)?;
            Class::Other
        }
        3 => {
            hold(bits & 0x0f <= 2 && bits >> 4 <= 1, at, "a text is padded or encoded in a way that does not exist")?;
            Class::Text
        }
        5 => {
            fields.skip(bits & 0xff)?;
            Class::Opaque
        }
        6 => compound(fields, version, bits & 0xffff, size, depth)?,
        7 => {
            let kind = bits & 0x0f;
            hold(kind <= if version >= 4 { 4 } else { 1 }, at, format!("a reference is of the unknown kind {kind}"))?;
            Class::Other
        }
        8 => enumeration(fields, version, bits & 0xffff, size, depth)?,
        9 => row(fields, bits, size, depth)?,
        10 => array(fields, version, size, depth)?,
        11 => {
            let part = nested(fields, depth - 1)?;
            hold(part.size.checked_mul(2) == Some(size), at, "a complex number is not as long as its parts")?;
            Class::Other
        }
        _ => return broken(at, format!("a type is of class {class}, which does not exist")),
    };
    Ok(Type { class, size })
}

/// Offset and number of bits; the latter is returned.
fn number(fields: &mut Fields<'_>, size: u64, unknown: u64) -> Held<u64> {
    let at = fields.place();
    let offset = fields.number(2)?;
    let precision = fields.number(2)?;
    let bits = size.saturating_mul(8);
    // The library takes a number that leaves more than half of its bits unused for a broken one.
    let sound = precision > 0 && offset + precision <= bits && (size == 1 || precision >= bits / 2) && unknown == 0;
    hold(sound, at, format!("a number of {size} bytes cannot have {precision} bits from bit {offset} on"))?;
    Ok(precision)
}

fn float(fields: &mut Fields<'_>, size: u64, bits: u64) -> Held<Class> {
    let at = fields.place();
    let precision = number(fields, size, 0)?;
    let sign = bits >> 8 & 0xff;
    let exponent = (u64::from(fields.byte()?), u64::from(fields.byte()?));
    let mantissa = (u64::from(fields.byte()?), u64::from(fields.byte()?));
    let bias = fields.number(4)?;
    let inside = |(from, count): (u64, u64)| count > 0 && from + count <= precision;
    let apart = exponent.0 + exponent.1 <= mantissa.0 || mantissa.0 + mantissa.1 <= exponent.0;
    let signed = [exponent, mantissa].iter().all(|(from, count)| sign < *from || sign >= from + count);
    let biased = exponent.1 >= 32 || bias >> exponent.1 == 0;
    let sound = inside(exponent) && inside(mantissa) && apart && biased && signed && sign < precision;
    let order = bits & 0x41 != 0x40;
    hold(sound && order && bits & 0x30 != 0x30, at, "the parts of a floating-point type do not fit in it")?;
    Ok(Class::Other)
}

fn compound(fields: &mut Fields<'_>, version: u8, members: u64, size: u64, depth: u32) -> Held<Class> {
    let at = fields.place();
    hold(members > 0, at, "a compound type has no members")?;
    let mut taken: Vec<(u64, u64)> = Vec::new();
    for _ in 0..members {
        let place = fields.place();
        fields.text(if version < 3 { 8 } else { 1 })?;
        let offset = fields.number(if version < 3 { 4 } else { width_of(size) })?;
        let mut times = 1u64;
        if version == 1 {
            let rank = fields.byte()?;
            hold(rank <= 4, place, "a member of a compound type has too many dimensions")?;
            fields.skip(11)?;
            for dimension in 0..4 {
                let length = fields.number(4)?;
                times = if dimension < rank { times.saturating_mul(length) } else { times };
            }
        }
        let member = nested(fields, depth - 1)?;
        let end = member.size.checked_mul(times).and_then(|size| offset.checked_add(size));
        let Some(end) = end.filter(|end| *end <= size) else {
            return broken(place, "a member of a compound type does not fit in it");
        };
        taken.push((offset, end));
    }
    taken.sort_unstable();
    let apart = taken.windows(2).all(|pair| matches!(pair, [first, second] if first.1 <= second.0));
    hold(apart, at, "members of a compound type overlap")?;
    Ok(Class::Other)
}

fn enumeration(fields: &mut Fields<'_>, version: u8, members: u64, size: u64, depth: u32) -> Held<Class> {
    let at = fields.place();
    let base = nested(fields, depth - 1)?;
    hold(base.size == size, at, "an enumeration is not as long as the numbers it is made of")?;
    for _ in 0..members {
        fields.text(if version < 3 { 8 } else { 1 })?;
    }
    fields.skip(members.saturating_mul(size))?;
    Ok(Class::Other)
}

fn row(fields: &mut Fields<'_>, bits: u64, size: u64, depth: u32) -> Held<Class> {
    let at = fields.place();
    let sound = bits & 0x0f <= 1 && bits >> 4 & 0x0f <= 2 && bits >> 8 & 0x0f <= 1;
    hold(sound, at, "a type of any length is of a kind that does not exist")?;
    let base = nested(fields, depth - 1)?;
    let wanted = 8 + u64::from(fields.sizes().offsets);
    hold(size == wanted, at, format!("a type of any length has references of {size} bytes, not {wanted}"))?;
    let bytes = base.size == 1 && base.class == Class::Integer;
    Ok(Class::Row { text: bits & 0x0f == 1, element: base.size, bytes })
}

fn array(fields: &mut Fields<'_>, version: u8, size: u64, depth: u32) -> Held<Class> {
    let at = fields.place();
    let rank = u64::from(fields.byte()?);
    hold((1..=RANK).contains(&rank), at, format!("an array type has {rank} dimensions"))?;
    fields.skip(if version < 3 { 3 } else { 0 })?;
    let mut elements = 1u64;
    for _ in 0..rank {
        elements = elements.saturating_mul(fields.number(4)?);
    }
    fields.skip(if version < 3 { 4 * rank } else { 0 })?;
    let base = nested(fields, depth - 1)?;
    hold(elements.checked_mul(base.size) == Some(size), at, "an array type is not as long as its elements")?;
    Ok(Class::Other)
}
