//! JSON that tells of keys given twice: two readers of one document must not see two documents.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Repeated keys that are told one by one.
const TOLD: usize = 20;

/// The value of a text, and pointers (RFC 6901) to keys that stand twice in one object; the last of two holds, as
/// `serde_json` has it. Nesting is bounded by `serde_json` (128).
///
/// # Errors
/// Why the text is no JSON value, with line and column.
pub fn read(text: &str) -> Result<(Value, Vec<String>), serde_json::Error> {
    let mut repeated = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Seed { place: &Place::Root, repeated: &mut repeated };
    let value = seed.deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, repeated))
}

/// Where a value stands; written out only for what is told.
enum Place<'p> {
    Root,
    Item(&'p Self, usize),
    Key(&'p Self, &'p str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Item(parent, index) => write!(f, "{parent}/{index}"),
            Self::Key(parent, key) => write!(f, "{parent}/{}", key.replace('~', "~0").replace('/', "~1")),
        }
    }
}

struct Seed<'p, 'r> {
    place: &'p Place<'p>,
    repeated: &'r mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let Self { place, repeated } = self;
        loop {
            let here = Place::Item(place, list.len());
            match items.next_element_seed(Seed { place: &here, repeated: &mut *repeated })? {
                Some(item) => list.push(item),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let Self { place, repeated } = self;
        while let Some(key) = entries.next_key::<String>()? {
            let here = Place::Key(place, &key);
            if map.contains_key(&key) && repeated.len() < TOLD {
                repeated.push(here.to_string());
            }
            let value = entries.next_value_seed(Seed { place: &here, repeated: &mut *repeated })?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn keys_that_stand_twice_are_told_with_their_place() {
        let (value, repeated) = read(r#"{"a": [{"b/c": 1, "b/c": 2}], "d": 1.5}"#).unwrap();
        assert_eq!((value.to_string().as_str(), repeated), (r#"{"a":[{"b/c":2}],"d":1.5}"#, vec!["/a/0/b~1c".into()]));
        assert!(read("{} {}").is_err() && read("").is_err());
    }
}
