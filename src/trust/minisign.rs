//! minisign signatures: <https://jedisct1.github.io/minisign/#signature-format>.
//!
//! Two Ed25519 signatures: one over the file (or its BLAKE2b-512), one over the first and the trusted comment. The key
//! number in them is a hint only.

use super::key::PublicKey;
use super::strict;
use crate::model::{Algorithm, Artifact};

/// First bytes of every minisign file.
pub const BEGIN: &[u8] = b"untrusted comment:";

/// A signature file, read.
pub struct Minisignature {
    prehashed: bool,
    signature: [u8; 64],
    /// Signed by the second signature, so `trusted` once that holds.
    pub comment: String,
    global: [u8; 64],
}

/// What is needed to check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The BLAKE2b-512 of the file.
    Blake2b,
    /// Its bytes.
    Bytes,
}

impl Minisignature {
    /// Reads the four lines.
    ///
    /// # Errors
    /// A clause.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "it is not text")?;
        let lines: Vec<&str> = text.lines().collect();
        let [_, signature, comment, global, rest @ ..] = lines.as_slice() else {
            return Err("a minisign signature has four lines".to_owned());
        };
        if rest.iter().any(|line| !line.trim().is_empty()) {
            return Err("lines follow after the signature".to_owned());
        }
        let signature = strict::base64(signature)?;
        let comment = comment.strip_prefix("trusted comment: ").ok_or("the trusted comment is missing")?;
        let (prehashed, signature) = match signature.split_at_checked(10) {
            Some(([b'E', b'd', ..], rest)) => (false, rest),
            Some(([b'E', b'D', ..], rest)) => (true, rest),
            _ => return Err("it is not an Ed25519 signature".to_owned()),
        };
        let fixed = |bytes: &[u8]| <[u8; 64]>::try_from(bytes).map_err(|_| "a signature does not have 64 bytes");
        let global = strict::base64(global)?;
        Ok(Self { prehashed, signature: fixed(signature)?, comment: comment.to_owned(), global: fixed(&global)? })
    }

    /// What must be had of the file.
    pub const fn needs(&self) -> Needs {
        if self.prehashed { Needs::Blake2b } else { Needs::Bytes }
    }

    /// True if the key made both signatures. `None` if what [`Self::needs`] says is not at hand.
    pub fn verify(&self, key: &PublicKey, file: &Artifact) -> Option<bool> {
        let message = match self.needs() {
            Needs::Blake2b => file.digests.get(Algorithm::Blake2b512)?.bytes(),
            Needs::Bytes => file.kept.as_deref()?,
        };
        let mut sealed = self.signature.to_vec();
        sealed.extend_from_slice(self.comment.as_bytes());
        Some(key.verify(message, &self.signature) && key.verify(&sealed, &self.global))
    }
}

/// Reads a minisign public key file, or its second line alone.
///
/// # Errors
/// A clause.
pub fn public_key(text: &str) -> Result<PublicKey, String> {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    match strict::base64(line)?.split_at_checked(10) {
        Some(([b'E', b'd', ..], key)) => PublicKey::from_ed25519_bytes(key).map_err(|error| error.to_string()),
        _ => Err("it is not a minisign key".to_owned()),
    }
}
