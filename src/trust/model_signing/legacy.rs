//! The encoding that release 0.2 of `model_signing` signed by mistake: Python's text form of the payload.

use super::super::dsse::IN_TOTO;

/// `DSSEV1 28 application/vnd.in-toto+json LEN b'…'`.
pub fn encode(payload: &[u8]) -> Vec<u8> {
    format!("DSSEV1 {} {IN_TOTO} {} {}", IN_TOTO.len(), payload.len(), repr(payload)).into_bytes()
}

/// `repr(bytes)` of Python 3.
fn repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut text = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\t' => text.push_str("\\t"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            _ if char::from(*byte) == quote => {
                text.push('\\');
                text.push(quote);
            }
            0x20..=0x7e => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push(quote);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_python_writes_them() {
        for (bytes, text) in [
            (b"{\"a\": 1}\n".as_slice(), r#"b'{"a": 1}\n'"#),
            (b"it's", r#"b"it's""#),
            (b"it's \"x\"", r#"b'it\'s "x"'"#),
            (b"\\\t\r\x00\x7f\xff~", r"b'\\\t\r\x00\x7f\xff~'"),
        ] {
            assert_eq!(repr(bytes), text);
        }
        assert_eq!(encode(b"{}"), b"DSSEV1 28 application/vnd.in-toto+json 2 b'{}'");
    }
}
