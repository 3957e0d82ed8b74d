//! Marks on a digest that can be told without the bytes it is of.

/// Hash functions by name in any of the formats, the length of their digests in hexadecimal, and whether NIST
/// approves of them (FIPS 180-4, FIPS 202).
const KNOWN: [(&str, usize, bool); 22] = [
    ("adler32", 8, false),
    ("blake2b256", 64, false),
    ("blake2b384", 96, false),
    ("blake2b512", 128, false),
    ("blake3", 64, false),
    ("md2", 32, false),
    ("md4", 32, false),
    ("md5", 32, false),
    ("sha1", 40, false),
    ("sha224", 56, true),
    ("sha256", 64, true),
    ("sha384", 96, true),
    ("sha3224", 56, true),
    ("sha3256", 64, true),
    ("sha3384", 96, true),
    ("sha3512", 128, true),
    ("sha512", 128, true),
    ("streebog256", 64, false),
    ("streebog512", 128, false),
    ("gitoid", 0, false),
    ("md6", 0, false),
    ("other", 0, false),
];

/// What a digest looks like.
pub(super) enum Look {
    /// Of the right length, by a function that NIST approves of.
    Approved,
    /// Of the right length, by another function.
    Sound,
    /// Marked as unknown.
    Unknown,
    /// No such function, or not its digest; the reason.
    Broken(String),
}

/// Looks at the name of a function and a digest.
pub(super) fn look(algorithm: &str, digest: &str) -> Look {
    if super::word(Some(digest)) == Some(super::Word::Unknown) {
        return Look::Unknown;
    }
    let plain: String = algorithm.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let Some((_, length, approved)) = KNOWN.iter().find(|(name, ..)| *name == plain) else {
        return Look::Broken("a hash function that the format does not know".to_owned());
    };
    if !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Look::Broken(format!("a {algorithm} digest that is not hexadecimal"));
    }
    if *length != 0 && digest.len() != *length {
        return Look::Broken(format!("a {algorithm} digest of {} digits, where it has {length}", digest.len()));
    }
    if *approved { Look::Approved } else { Look::Sound }
}
