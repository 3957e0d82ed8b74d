//! Identifiers made from content.

use sha2::{Digest as _, Sha256};

use crate::model::Digest;

use super::percent;

/// A UUID of version 8 whose 122 free bits are the first of the SHA-256 of some bytes.
pub(super) fn uuid(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut id: Vec<u8> = digest.iter().take(16).copied().collect();
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    let text = hex::encode(id);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// A purl that names content by its digest, for what no registry knows.
pub(super) fn content_purl(name: &str, version: Option<&str>, digest: Option<&Digest>) -> String {
    let version = version.map_or_else(String::new, |version| format!("@{}", percent::encode(version, "")));
    let checksum =
        digest.map_or_else(String::new, |digest| format!("?checksum={}:{}", digest.algorithm().name(), digest.hex()));
    format!("pkg:generic/{}{version}{checksum}", percent::encode(name, ""))
}
