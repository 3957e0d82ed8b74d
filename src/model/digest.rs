//! Digests whose length was checked when they were made.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A hash function by the name in-toto and CycloneDX readers know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// FIPS 180-4, 32 bytes. Always computed.
    Sha256,
    /// FIPS 180-4, 48 bytes.
    Sha384,
    /// FIPS 180-4, 64 bytes.
    Sha512,
    /// RFC 7693, 64 bytes.
    #[serde(rename = "blake2b-512")]
    Blake2b512,
    /// BLAKE3, 32 bytes.
    Blake3,
    /// FIPS 180-4, 20 bytes. Collisions are practical: a match says little against an attacker.
    Sha1,
    /// RFC 1321, 16 bytes. Collisions are trivial: a match says nothing against an attacker.
    Md5,
    /// SHA-1 of a git blob object (`blob LEN\0` before the bytes), 20 bytes. As weak as SHA-1.
    GitBlob,
}

impl Algorithm {
    /// Every algorithm, in the order reports list them.
    pub const ALL: [Self; 8] = [
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Blake2b512,
        Self::Blake3,
        Self::Sha1,
        Self::Md5,
        Self::GitBlob,
    ];

    /// Length of a digest in bytes.
    #[must_use]
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha384 => 48,
            Self::Sha512 | Self::Blake2b512 => 64,
            Self::Sha1 | Self::GitBlob => 20,
            Self::Md5 => 16,
        }
    }

    /// True for functions with practical collisions; a match is then `attested` by luck, not proof.
    #[must_use]
    pub const fn is_broken(self) -> bool {
        matches!(self, Self::Sha1 | Self::Md5 | Self::GitBlob)
    }

    /// The name used in JSON and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Blake2b512 => "blake2b-512",
            Self::Blake3 => "blake3",
            Self::Sha1 => "sha1",
            Self::Md5 => "md5",
            Self::GitBlob => "git-blob",
        }
    }

    /// The algorithm of that name, also in the spellings `SHA-256`, `SHA256`, `blake2b`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(|c| *c != '-' && *c != '_').collect::<String>().to_ascii_lowercase();
        match plain.as_str() {
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            "blake2b512" | "blake2b" => Some(Self::Blake2b512),
            "blake3" => Some(Self::Blake3),
            "sha1" => Some(Self::Sha1),
            "md5" => Some(Self::Md5),
            "gitblob" => Some(Self::GitBlob),
            _ => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why bytes or text are not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Wrong number of bytes for the algorithm.
    #[error("a {algorithm} digest has {} bytes, not {found}", algorithm.digest_len())]
    Length {
        /// The algorithm the digest was said to be of.
        algorithm: Algorithm,
        /// Bytes found.
        found: usize,
    },
    /// Not lower- or upper-case hexadecimal.
    #[error("not hexadecimal: {0:?}")]
    Hex(String),
    /// No algorithm that is known stands before a colon.
    #[error("not an algorithm, a colon and a digest: {0:?}")]
    Unnamed(String),
}

/// The output of one hash function over some bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Box<[u8]>,
}

impl Digest {
    /// Takes raw bytes; their number must be [`Algorithm::digest_len`].
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, DigestError> {
        if bytes.len() == algorithm.digest_len() {
            Ok(Self { algorithm, bytes: bytes.into() })
        } else {
            Err(DigestError::Length { algorithm, found: bytes.len() })
        }
    }

    /// Takes hexadecimal text of either case.
    pub fn from_hex(algorithm: Algorithm, text: &str) -> Result<Self, DigestError> {
        let bytes = hex::decode(text).map_err(|_| DigestError::Hex(text.chars().take(160).collect()))?;
        Self::new(algorithm, &bytes)
    }

    /// The function that made it.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Lower-case hexadecimal.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.bytes)
    }
}

impl std::str::FromStr for Digest {
    type Err = DigestError;

    /// Reads `sha256:` and hexadecimal digits, as [`Digest`] is displayed.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        let named = text.split_once(':').and_then(|(name, hex)| Some((Algorithm::parse(name)?, hex)));
        let (algorithm, hex) = named.ok_or_else(|| DigestError::Unnamed(text.chars().take(160).collect()))?;
        Self::from_hex(algorithm, hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// At most one digest per algorithm; in JSON `{"sha256": "…"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests(BTreeMap<Algorithm, Digest>);

impl Digests {
    /// Adds or replaces the digest of its algorithm.
    pub fn insert(&mut self, digest: Digest) {
        self.0.insert(digest.algorithm(), digest);
    }

    /// The digest of that algorithm, if it was computed.
    #[must_use]
    pub fn get(&self, algorithm: Algorithm) -> Option<&Digest> {
        self.0.get(&algorithm)
    }

    /// All digests, in the order of [`Algorithm::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &Digest> {
        self.0.values()
    }

    /// True when nothing was hashed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Digest> for Digests {
    fn from_iter<I: IntoIterator<Item = Digest>>(digests: I) -> Self {
        let mut all = Self::default();
        digests.into_iter().for_each(|digest| all.insert(digest));
        all
    }
}

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.values().map(|digest| (digest.algorithm().name(), digest.hex())))
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = BTreeMap::<Algorithm, String>::deserialize(deserializer)?;
        wire.into_iter()
            .map(|(algorithm, text)| Digest::from_hex(algorithm, &text).map_err(serde::de::Error::custom))
            .collect()
    }
}

impl JsonSchema for Digests {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digests".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = BTreeMap::<String, String>::json_schema(generator);
        schema.insert("description".into(), "Digests by algorithm, lower-case hexadecimal.".into());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_the_wrong_length_cannot_be_made() {
        assert_eq!(
            Digest::new(Algorithm::Sha256, &[0; 31]),
            Err(DigestError::Length { algorithm: Algorithm::Sha256, found: 31 })
        );
        for algorithm in Algorithm::ALL {
            let digest = Digest::new(algorithm, &vec![7; algorithm.digest_len()]).unwrap();
            assert_eq!(Digest::from_hex(algorithm, &digest.hex().to_uppercase()), Ok(digest));
            assert_eq!(Algorithm::parse(algorithm.name()), Some(algorithm));
        }
    }

    #[test]
    fn digests_survive_json() {
        let digests: Digests = [Digest::new(Algorithm::Sha256, &[1; 32]).unwrap()].into_iter().collect();
        let text = serde_json::to_string(&digests).unwrap();
        assert_eq!(serde_json::from_str::<Digests>(&text).unwrap(), digests);
        assert!(serde_json::from_str::<Digests>(r#"{"sha256":"00"}"#).is_err());
    }
}
