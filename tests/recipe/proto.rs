//! Protocol buffers as readable text: ONNX, TensorFlow graphs, Core ML.
//!
//! ```text
//! 1 8                    # field 1, varint
//! 2 "pytorch"            # field 2, text or bytes with the escapes of pickle assembly
//! 7 {                    # field 7, a message
//!   1 { 4 "Add" }
//! }
//! 5 f32 1.5              # four bytes
//! 6 i64 -1               # eight bytes
//! 9 hex 00 ff            # bytes
//! 9 len=99 "short"       # a length that lies
//! raw 0a ff              # bytes without a field
//! ```

use super::pickle::unquote;

/// The bytes of a message.
pub fn encode(text: &str) -> Result<Vec<u8>, String> {
    // A message in one line is the same as one in several.
    let spread = spread(text);
    let mut lines = spread.iter().map(String::as_str);
    message(&mut lines, false)
}

/// One field a line; braces that stand outside of quotes open and close lines.
fn spread(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default();
        let (mut quoted, mut escaped, mut now) = (false, false, String::new());
        for c in line.chars() {
            match c {
                '{' | '}' | ';' if !quoted => {
                    if c == '{' {
                        now.push('{');
                    }
                    lines.push(std::mem::take(&mut now));
                    if c == '}' {
                        lines.push("}".to_owned());
                    }
                    continue;
                }
                '"' if !escaped => quoted = !quoted,
                _ => {}
            }
            escaped = c == '\\' && !escaped;
            now.push(c);
        }
        lines.push(now);
    }
    lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn message<'l>(lines: &mut impl Iterator<Item = &'l str>, inside: bool) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(line) = lines.next() {
        if line == "}" {
            return if inside { Ok(bytes) } else { Err("} without {".to_owned()) };
        }
        let (field, value) = line.split_once(' ').ok_or_else(|| format!("{line}: a field and a value"))?;
        let value = value.trim();
        if field == "raw" {
            bytes.extend(hex::decode(value.replace(' ', "")).map_err(|error| error.to_string())?);
            continue;
        }
        let field: u64 = field.parse().map_err(|error| format!("{line}: {error}"))?;
        let wrong = |error: &dyn std::fmt::Display| format!("{line}: {error}");
        let (word, rest) = value.split_once(' ').unwrap_or((value, ""));
        if value == "{" {
            let inner = message(lines, true)?;
            counted(&mut bytes, field, inner.len() as u64, &inner);
        } else if word == "hex" {
            let inner = hex::decode(rest.replace(' ', "")).map_err(|error| wrong(&error))?;
            counted(&mut bytes, field, inner.len() as u64, &inner);
        } else if word == "f32" {
            varint(&mut bytes, field << 3 | 5);
            bytes.extend(rest.parse::<f32>().map_err(|error| wrong(&error))?.to_le_bytes());
        } else if word == "i64" {
            varint(&mut bytes, field << 3 | 1);
            bytes.extend(rest.parse::<i64>().map_err(|error| wrong(&error))?.to_le_bytes());
        } else if let Some(len) = word.strip_prefix("len=") {
            let inner = unquote(rest.trim())?;
            counted(&mut bytes, field, len.parse().map_err(|error| wrong(&error))?, &inner);
        } else if value.starts_with('"') {
            let inner = unquote(value)?;
            counted(&mut bytes, field, inner.len() as u64, &inner);
        } else {
            varint(&mut bytes, field << 3);
            varint(&mut bytes, value.parse::<i64>().map_err(|error| wrong(&error))? as u64);
        }
    }
    if inside { Err("{ without }".to_owned()) } else { Ok(bytes) }
}

fn counted(bytes: &mut Vec<u8>, field: u64, len: u64, inner: &[u8]) {
    varint(bytes, field << 3 | 2);
    varint(bytes, len);
    bytes.extend(inner);
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[test]
fn messages_are_bytes() {
    assert_eq!(encode("1 8\n7 { 4 \"{\" }\n2 hex 00").unwrap(), b"\x08\x08\x3a\x03\x22\x01{\x12\x01\0");
    assert_eq!(encode("1 300; 2 len=9 \"a\"").unwrap(), b"\x08\xac\x02\x12\x09a");
    assert!(encode("7 {").is_err() && encode("}").is_err());
}
