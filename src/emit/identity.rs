//! Identifiers made from content.

use sha2::{Digest as _, Sha256};

use crate::model::Digest;

use crate::model::percent;

/// A UUID of version 8 whose 122 free bits are the first of the SHA-256 of some bytes.
pub(super) fn uuid(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut id: Vec<u8> = digest.iter().take(16).copied().collect();
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    let text = hex::encode(id);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// The SHA-256 of some bytes in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A purl that names a model or dataset on the Hub, at a revision if one is known; `path` is `datasets/` or empty.
/// What is no name on the Hub is generic.
pub(super) fn hub_purl(path: &str, name: &str, revision: Option<&str>) -> String {
    let version = revision.map_or_else(String::new, |revision| format!("@{}", percent::encode(revision, "")));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    let kind = if name.bytes().all(plain) && name.matches('/').count() <= 1 { "huggingface" } else { "generic" };
    let path = if kind == "huggingface" { path } else { "" };
    let also = if kind == "huggingface" { "/" } else { "" };
    format!("pkg:{kind}/{path}{}{version}", percent::encode(name, also))
}

/// A purl that names content by its digest, for what no registry knows.
pub(super) fn content_purl(name: &str, version: Option<&str>, digest: Option<&Digest>) -> String {
    let version = version.map_or_else(String::new, |version| format!("@{}", percent::encode(version, "")));
    let checksum =
        digest.map_or_else(String::new, |digest| format!("?checksum={}:{}", digest.algorithm().name(), digest.hex()));
    format!("pkg:generic/{}{version}{checksum}", percent::encode(name, ""))
}
