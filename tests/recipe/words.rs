//! Binary layouts as readable text, little-endian: GGUF headers, flatbuffers, boxes of any kind.
//!
//! ```text
//! text "GGUF"            # bytes with the escapes of pickle assembly
//! u32 3 1                # numbers of 1, 2, 4, 8 bytes: u8 u16 u32 u64 i32 i64 f32; be32 be64 the other way round
//! str "general.name"     # a length of eight bytes and the text; str32 a length of four
//! hex 00 ff
//! zeros 16               # so many; align 32: up to the next multiple
//! times 100 u8 1         # the same line so many times
//! ```

use super::pickle::unquote;

/// The bytes of a layout.
pub fn encode(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if !line.is_empty() && !line.starts_with('#') {
            put(&mut bytes, line).map_err(|error| format!("{line}: {error}"))?;
        }
    }
    Ok(bytes)
}

fn put(bytes: &mut Vec<u8>, line: &str) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').ok_or("a word and a value")?;
    let rest = rest.trim();
    let numbers = || rest.split_whitespace().map(number);
    match word {
        "text" => bytes.extend(unquote(rest)?),
        "str" | "str32" => {
            let text = unquote(rest)?;
            let len = (text.len() as u64).to_le_bytes();
            bytes.extend(&len[..if word == "str" { 8 } else { 4 }]);
            bytes.extend(text);
        }
        "hex" => bytes.extend(hex::decode(rest.replace(' ', "")).map_err(|error| error.to_string())?),
        "zeros" => bytes.resize(bytes.len() + number(rest)? as usize, 0),
        "align" => bytes.resize(bytes.len().next_multiple_of(number(rest)? as usize), 0),
        "times" => {
            let (count, line) = rest.split_once(' ').ok_or("a count and a line")?;
            for _ in 0..number(count)? {
                put(bytes, line)?;
            }
        }
        "f32" => {
            for value in rest.split_whitespace() {
                bytes.extend(value.parse::<f32>().map_err(|error| error.to_string())?.to_le_bytes());
            }
        }
        "be32" => numbers().try_for_each(|n| n.map(|n| bytes.extend((n as u32).to_be_bytes())))?,
        "be64" => numbers().try_for_each(|n| n.map(|n| bytes.extend((n as u64).to_be_bytes())))?,
        _ => {
            let width = match word {
                "u8" => 1,
                "u16" => 2,
                "u32" | "i32" => 4,
                "u64" | "i64" => 8,
                _ => return Err(format!("no word is {word:?}")),
            };
            numbers().try_for_each(|n| n.map(|n| bytes.extend(&n.to_le_bytes()[..width])))?;
        }
    }
    Ok(())
}

fn number(text: &str) -> Result<i128, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|error| format!("{text}: {error}"))
}

#[test]
fn layouts_are_bytes() {
    assert_eq!(encode("text \"GG\"\nu16 1\nstr32 \"ab\"\nalign 16\ntimes 2 u8 0xff 1").unwrap(), {
        b"GG\x01\0\x02\0\0\0ab\0\0\0\0\0\0\xff\x01\xff\x01"
    });
    assert!(encode("u8").is_err() && encode("u9 1").is_err());
}
