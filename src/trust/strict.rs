//! JSON that means one thing only.
//!
//! Two readers of a signed document must not see two documents. So a repeated key, a byte order mark, text after the
//! value and invalid UTF-8 are refused (serde_json alone lets the last of two keys win).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one JSON value.
///
/// # Errors
/// A clause that says what is ambiguous or malformed, with line and column.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err("it begins with a byte order mark".to_owned());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Unique.deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// The string under `key`.
///
/// # Errors
/// A clause if there is none or it is no string.
pub fn text<'v>(object: &'v Value, key: &str) -> Result<&'v str, String> {
    match object.get(key) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!("{key:?} is not a string")),
        None => Err(format!("{key:?} is missing")),
    }
}

/// The array under `key`.
///
/// # Errors
/// A clause if there is none or it is no array.
pub fn list<'v>(object: &'v Value, key: &str) -> Result<&'v [Value], String> {
    match object.get(key) {
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(format!("{key:?} is not an array")),
        None => Err(format!("{key:?} is missing")),
    }
}

/// Lower-case hexadecimal without spaces, and nothing else.
///
/// # Errors
/// A clause that shows the beginning of what was found.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    let shown = || text.chars().take(80).collect::<String>();
    if text.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(format!("{:?} is not lower-case hexadecimal", shown()));
    }
    hex::decode(text).map_err(|_| format!("{:?} has an odd number of digits", shown()))
}

/// Standard or URL-safe base64, with or without padding, as DSSE readers must accept; stray bits are refused.
///
/// # Errors
/// A clause.
pub fn base64(text: &str) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &base64::alphabet::URL_SAFE } else { &base64::alphabet::STANDARD };
    GeneralPurpose::new(alphabet, config).decode(text).map_err(|error| format!("it is not base64 ({error})"))
}

/// Standard base64 with padding.
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = items.next_element_seed(Unique)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                let shown: String = key.chars().take(80).collect();
                return Err(A::Error::custom(format!("the key {shown:?} stands twice in one object")));
            }
            let value = entries.next_value_seed(Unique)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_keys_marks_and_leftovers_are_refused() {
        for bad in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#, "\u{feff}{}", "{} {}", "{}x", ""] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        let good = r#" {"a":[1,-1,0.5,true,null,"x"],"b":{"a":{}}} "#;
        assert_eq!(parse(good.as_bytes()).unwrap(), serde_json::from_str::<Value>(good).unwrap());
    }

    #[test]
    fn hexadecimal_is_lower_case_and_base64_is_canonical() {
        assert!(hex("00ff").is_ok());
        for bad in ["00FF", "0 0f", "0", "0x00"] {
            assert!(hex(bad).is_err(), "{bad}");
        }
        for good in ["+/8=", "-_8=", "+/8"] {
            assert_eq!(base64(good).unwrap(), [0xfb, 0xff]);
        }
        for bad in ["+_8=", "+/9=", "+/8=\n", "+/8 "] {
            assert!(base64(bad).is_err(), "{bad}");
        }
    }
}
