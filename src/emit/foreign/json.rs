//! JSON that tells of keys given twice: two readers of one bill must not see two bills.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Repeated keys that are told one by one.
const TOLD: usize = 20;

/// The value, and pointers to keys that occur twice. Nesting is bounded by `serde_json` (128).
pub(super) fn parse(text: &str) -> Result<(Value, Vec<String>), String> {
    let mut repeated = Vec::new();
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Seed { place: String::new(), repeated: &mut repeated };
    let value = seed.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok((value, repeated))
}

struct Seed<'r> {
    place: String,
    repeated: &'r mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
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

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
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
            let seed = Seed { place: format!("{place}/{}", list.len()), repeated: &mut *repeated };
            match items.next_element_seed(seed)? {
                Some(item) => list.push(item),
                None => return Ok(list.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let Self { place, repeated } = self;
        while let Some(key) = entries.next_key::<String>()? {
            let here = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
            if map.contains_key(&key) && repeated.len() < TOLD {
                repeated.push(here.clone());
            }
            let value = entries.next_value_seed(Seed { place: here, repeated: &mut *repeated })?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}
