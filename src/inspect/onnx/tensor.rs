//! Data of a tensor: whether there is as much of it as its shape needs, and in the right place.
//!
//! Source: `onnx.proto3`, which says for each element type the field its values stand in. Not looked at: the values; the
//! number of those that are stored as numbers of variable length, beyond 64 KiB of them, is only bounded.

use super::schema::element;

/// Values in one of the fields of data.
#[derive(Clone, Copy, Default)]
pub struct Count {
    /// There are at least so many.
    pub least: u64,
    /// And at most so many.
    pub most: u64,
}

/// What was read of a tensor.
#[derive(Default)]
pub struct Data {
    /// Bytes of `raw_data`.
    pub raw: Option<u64>,
    /// Values of `float_data`, `int32_data`, `string_data`, `int64_data`, `double_data` and `uint64_data`, by field.
    typed: [Option<Count>; 12],
}

impl Data {
    /// Adds values of a field.
    pub fn add(&mut self, field: u32, least: u64, most: u64) {
        if let Some(count) = self.typed.get_mut(field as usize) {
            let count = count.get_or_insert_default();
            count.least = count.least.saturating_add(least);
            count.most = count.most.saturating_add(most);
        }
    }

    /// Adds a packed field of that many bytes, which were not read.
    pub fn measure(&mut self, field: u32, length: u64) {
        match field {
            4 => self.add(4, length / 4, length / 4),
            6 => self.add(6, 1, 1),
            10 => self.add(10, length / 8, length / 8),
            // A number takes one byte to ten.
            5 | 7 | 11 => self.add(field, length.div_ceil(10), length),
            9 => self.raw = Some(length),
            _ => {}
        }
    }

    /// What is wrong with it, for so many elements of that type. `elsewhere` says that the data lies in another file.
    pub fn fault(&self, kind: u64, elements: u64, elsewhere: bool) -> Option<String> {
        let (name, bits) = element(kind)?;
        let filled = self.typed.iter().enumerate().filter_map(|(field, count)| Some((field, (*count)?)));
        let filled: Vec<_> = filled.filter(|(_, count)| count.most > 0).collect();
        let raw = self.raw.filter(|raw| *raw > 0);
        if elsewhere {
            let both = raw.is_some() || !filled.is_empty();
            return both.then(|| "has data here and in another file".to_owned());
        }
        if filled.len() + usize::from(raw.is_some()) > 1 {
            return Some("has data in two fields".to_owned());
        }
        if let Some(raw) = raw {
            let needed = elements.checked_mul(bits).map(|bits| bits.div_ceil(8));
            return match needed {
                _ if name == "STRING" => Some("has texts as raw data, which nothing separates".to_owned()),
                Some(needed) if bits > 0 && raw != needed => {
                    Some(format!("takes {raw} bytes, but its shape of {name} needs {needed}"))
                }
                _ => None,
            };
        }
        let Some((field, count)) = filled.first().copied() else {
            return (elements > 0).then(|| "has no data".to_owned());
        };
        if field != place(kind) {
            return Some(format!("of {name} has its values in a field of another type"));
        }
        let fits = |wanted: u64| (count.least..=count.most).contains(&wanted);
        let wanted = match name {
            "COMPLEX64" | "COMPLEX128" => elements.saturating_mul(2),
            _ => elements,
        };
        // Types narrower than a byte are packed by some writers, and by others not.
        let packed = if (1..8).contains(&bits) { elements.div_ceil(8 / bits) } else { wanted };
        (!fits(wanted) && !fits(packed))
            .then(|| format!("has {} values or more, but its shape needs {wanted}", count.least))
    }
}

/// The field that values of an element type stand in.
const fn place(kind: u64) -> usize {
    match kind {
        1 | 14 => 4,
        8 => 6,
        7 => 7,
        11 | 15 => 10,
        12 | 13 => 11,
        _ => 5,
    }
}

/// A whole number that an entry of `external_data` says.
pub fn whole(text: &str) -> Result<u64, String> {
    let number = text.trim().parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| format!("{text:?}, which is no whole number"))
}
