//! The few DER structures that are written here (ITU-T X.690).

/// An element with that tag around the parts.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let long = length.to_be_bytes();
            let digits: Vec<u8> = long.into_iter().skip_while(|byte| *byte == 0).collect();
            // Eight digits at most.
            bytes.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            bytes.extend(digits);
        }
    }
    parts.iter().for_each(|part| bytes.extend(*part));
    bytes
}

/// `SEQUENCE`.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short_where_they_can_be() {
        assert_eq!(sequence(&[]), [0x30, 0]);
        assert_eq!(sequence(&[&[0; 127]])[..2], [0x30, 127]);
        assert_eq!(sequence(&[&[0; 128]])[..3], [0x30, 0x81, 128]);
        assert_eq!(element(4, &[&[0; 200], &[0; 100]])[..4], [4, 0x82, 1, 44]);
    }
}
