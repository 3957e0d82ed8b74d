//! JSON that means one thing only.
//!
//! Two readers of a signed document must not see two documents. So a repeated key, a byte order mark, text after the
//! value and invalid UTF-8 are refused (serde_json alone lets the last of two keys win).

use serde_json::Value;

use crate::model::json;

/// Reads one JSON value.
///
/// # Errors
/// A clause that says what is ambiguous or malformed, with line and column.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err("it begins with a byte order mark".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {error}"))?;
    let (value, repeated) = json::read(text).map_err(|error| error.to_string())?;
    match repeated.first() {
        None => Ok(value),
        Some(place) => {
            let shown: String = place.chars().take(80).collect();
            Err(format!("the key {shown:?} stands twice in one object"))
        }
    }
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
