//! Percent-encoding (RFC 3986).

/// The bytes that are unreserved stay, and what `also` lists; the rest is written `%XX`.
#[must_use]
pub fn encode(text: &str, also: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.as_bytes().contains(&byte);
        if plain { encoded.push(char::from(byte)) } else { encoded.push_str(&format!("%{byte:02X}")) }
    }
    encoded
}

/// The bytes that `%XX` stand for; a `%` without two digits stays, and what is no UTF-8 is replaced.
#[must_use]
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail.get(..2).and_then(|digits| hex::decode(digits).ok()).as_deref()) {
            (b'%', Some([byte])) => {
                bytes.push(*byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_bytes_are_encoded() {
        assert_eq!(encode("a b/é\n", "/"), "a%20b/%C3%A9%0A");
        assert_eq!(decode("a%20b/%C3%A9%0a%zz%"), "a b/é\n%zz%");
    }
}
