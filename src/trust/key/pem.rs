//! PEM armour and the names of algorithms.

use der::asn1::ObjectIdentifier;
use pkcs8::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::kind::{KeyError, KeyKind};

/// The first armoured block of a text.
pub struct Block {
    /// Between `BEGIN` and the dashes.
    pub label: String,
    /// Decoded.
    pub der: Zeroizing<Vec<u8>>,
}

/// Finds the first block; text before and after it is passed over, as OpenSSL does. `EC PARAMETERS`, which OpenSSL
/// writes before a key, is passed over too.
pub fn first(text: &[u8]) -> Result<Block, KeyError> {
    let mut rest = Zeroizing::new(String::from_utf8(text.to_vec()).map_err(|_| KeyError::NotPem)?);
    loop {
        let Some(begin) = rest.find("-----BEGIN ") else { return Err(KeyError::NotPem) };
        let tail = Zeroizing::new(rest[begin..].to_owned());
        let label = tail[11..].split("-----").next().unwrap_or_default().to_owned();
        let end = format!("-----END {label}-----");
        let Some(stop) = tail.find(&end) else {
            return Err(KeyError::BrokenPem(format!("the line {end:?} is missing")));
        };
        let stop = stop + end.len();
        if label == "EC PARAMETERS" {
            rest = Zeroizing::new(tail[stop..].to_owned());
            continue;
        }
        let block = &tail[..stop];
        if block.contains("Proc-Type:") {
            return Err(KeyError::UnsupportedEncryption("the old OpenSSL header \"Proc-Type\"".to_owned()));
        }
        let der = decode(block, &label).map_err(KeyError::BrokenPem)?;
        return Ok(Block { label, der });
    }
}

/// Lines of any length, as OpenSSL reads them; the armour of RFC 7468 would ask for lines of one length.
fn decode(block: &str, label: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    use base64::Engine as _;
    let body = block.get(16 + label.len()..block.len().saturating_sub(14 + label.len())).unwrap_or_default();
    let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    let decoded = base64::engine::general_purpose::STANDARD.decode(body.as_bytes());
    decoded.map(Zeroizing::new).map_err(|error| error.to_string())
}

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const CURVES: [(ObjectIdentifier, KeyKind); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), KeyKind::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), KeyKind::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), KeyKind::P521),
];

/// The kind of a named curve.
pub fn curve(oid: ObjectIdentifier) -> Result<KeyKind, KeyError> {
    CURVES
        .iter()
        .find(|(curve, _)| *curve == oid)
        .map(|(_, kind)| *kind)
        .ok_or_else(|| KeyError::Unsupported(format!("Elliptic curve {oid}")))
}

/// The kind that an algorithm identifier names.
pub fn kind(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<KeyKind, KeyError> {
    match algorithm.oid {
        ED25519 => Ok(KeyKind::Ed25519),
        EC => algorithm
            .parameters_oid()
            .map_err(|_| KeyError::Unsupported("Elliptic curve keys without a named curve; these".to_owned()))
            .and_then(curve),
        oid => Err(KeyError::Unsupported(match oid.to_string().as_str() {
            "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => "RSA".to_owned(),
            "1.2.840.10040.4.1" => "DSA".to_owned(),
            "1.3.101.110" => "X25519".to_owned(),
            "1.3.101.113" => "Ed448".to_owned(),
            other => format!("Algorithm {other}"),
        })),
    }
}
