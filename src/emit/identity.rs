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

/// A purl that names a model or dataset on the Hub, at a commit if one is known; `path` is `datasets/` or empty. The
/// type's definition has commits alone as versions, in lower case: a branch or a tag can move. What is no name on the
/// Hub is generic.
pub(super) fn hub_purl(path: &str, name: &str, revision: Option<&str>) -> String {
    let is_commit = |revision: &&str| revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let version = revision.filter(is_commit).map_or_else(String::new, |commit| format!("@{}", commit.to_lowercase()));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    let kind = if name.bytes().all(plain) && name.matches('/').count() <= 1 { "huggingface" } else { "generic" };
    let path = if kind == "huggingface" { path } else { "" };
    let also = if kind == "huggingface" { "/" } else { ":" };
    format!("pkg:{kind}/{path}{}{version}", percent::encode(name, also))
}

/// A purl that names content by its digest, for what no registry knows.
pub(super) fn content_purl(name: &str, version: Option<&str>, digest: Option<&Digest>) -> String {
    // A colon stands as it is in every part of a package URL.
    let version = version.map_or_else(String::new, |version| format!("@{}", percent::encode(version, ":")));
    let checksum =
        digest.map_or_else(String::new, |digest| format!("?checksum={}:{}", digest.algorithm().name(), digest.hex()));
    format!("pkg:generic/{}{version}{checksum}", percent::encode(name, ":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_hub_have_commits_as_versions() {
        let commit = "0123456789ABCDEF0123456789abcdef01234567";
        let at = |revision| hub_purl("", "Acme/Base", revision);
        assert_eq!(at(Some(commit)), format!("pkg:huggingface/Acme/Base@{}", commit.to_lowercase()));
        assert_eq!(at(Some("main")), "pkg:huggingface/Acme/Base");
        assert_eq!(hub_purl("datasets/", "c4", None), "pkg:huggingface/datasets/c4");
        assert_eq!(hub_purl("", "https://a.b/c", None), "pkg:generic/https:%2F%2Fa.b%2Fc");
        assert_eq!(content_purl("x", Some("sha256:ab"), None), "pkg:generic/x@sha256:ab");
    }
}
