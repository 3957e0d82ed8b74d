//! OpenSSH signatures and public keys: `PROTOCOL.sshsig` and RFC 4253 6.6.
//!
//! Ed25519 and ECDSA. RSA and security-key types are not verified. The namespace is signed and must be `file`, the one
//! `ssh-keygen -Y sign -n file` writes, so that a signature over a git commit is not one over a model.

use der::Encode;

use super::key::{KeyKind, PublicKey};
use super::strict;
use crate::model::{Algorithm, Artifact};

/// First line of a signature.
pub const BEGIN: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";

/// A signature, read.
pub struct SshSignature {
    /// The key that is said to have made it; a hint until it is found among the trusted ones.
    pub key: PublicKey,
    /// What it was made for.
    pub namespace: String,
    /// Of the message, SHA-256 or SHA-512.
    pub hash: Algorithm,
    reserved: Vec<u8>,
    hash_name: String,
    /// Raw for Ed25519, DER for ECDSA.
    signature: Vec<u8>,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or("it ends early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn string(&mut self) -> Result<&'a [u8], String> {
        let len = <[u8; 4]>::try_from(self.take(4)?).map_err(|_| "it ends early")?;
        self.take(u32::from_be_bytes(len) as usize)
    }

    fn text(&mut self) -> Result<String, String> {
        String::from_utf8(self.string()?.to_vec()).map_err(|_| "a name is not text".to_owned())
    }

    fn end(&self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err("bytes follow after the end".to_owned()) }
    }
}

impl SshSignature {
    /// Reads the armoured text.
    ///
    /// # Errors
    /// A clause; unknown key types say so.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "it is not text")?.trim();
        let body = text.strip_prefix("-----BEGIN SSH SIGNATURE-----").and_then(|rest| rest.strip_suffix(END));
        let body: String = body.ok_or("the last line is missing")?.split_ascii_whitespace().collect();
        let bytes = strict::base64(&body)?;
        let mut reader = Reader(&bytes);
        if reader.take(6)? != MAGIC || reader.take(4)? != [0, 0, 0, 1] {
            return Err("it is not a version 1 SSH signature".to_owned());
        }
        let key = key_blob(reader.string()?)?;
        let namespace = reader.text()?;
        let reserved = reader.string()?.to_vec();
        let hash_name = reader.text()?;
        let hash = match hash_name.as_str() {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            other => return Err(format!("the hash {other:?} is not known")),
        };
        let mut blob = Reader(reader.string()?);
        reader.end()?;
        let kind = blob.text()?;
        if kind != name(key.kind()) {
            return Err(format!("a {} key cannot make a {kind:?} signature", key.kind()));
        }
        let raw = blob.string()?;
        blob.end()?;
        let signature = if key.kind() == KeyKind::Ed25519 { raw.to_vec() } else { to_der(raw)? };
        Ok(Self { key, namespace, hash, reserved, hash_name, signature })
    }

    /// True if its own key made it over this file. `None` if the digest was not computed. Whether the key is trusted
    /// is the caller's question.
    pub fn verify(&self, file: &Artifact) -> Option<bool> {
        Some(self.key.verify(&self.message(file.digests.get(self.hash)?.bytes()), &self.signature))
    }

    fn message(&self, digest: &[u8]) -> Vec<u8> {
        let mut message = MAGIC.to_vec();
        for part in [self.namespace.as_bytes(), &self.reserved, self.hash_name.as_bytes(), digest] {
            message.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            message.extend_from_slice(part);
        }
        message
    }
}

const fn name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Ed25519 => "ssh-ed25519",
        KeyKind::P256 => "ecdsa-sha2-nistp256",
        KeyKind::P384 => "ecdsa-sha2-nistp384",
        KeyKind::P521 => "ecdsa-sha2-nistp521",
    }
}

fn key_blob(bytes: &[u8]) -> Result<PublicKey, String> {
    let mut reader = Reader(bytes);
    let named = reader.text()?;
    let kind = KeyKind::ALL.into_iter().find(|kind| name(*kind) == named);
    let kind = kind.ok_or_else(|| format!("keys of the type {named:?} are not supported"))?;
    if kind != KeyKind::Ed25519 {
        reader.string()?;
    }
    let point = reader.string()?;
    reader.end()?;
    PublicKey::from_sec1(kind, point).map_err(|error| error.to_string())
}

/// Two `mpint` (RFC 4251 5) to the DER that the rest of the room reads.
fn to_der(raw: &[u8]) -> Result<Vec<u8>, String> {
    let mut reader = Reader(raw);
    let (r, s) = (reader.string()?, reader.string()?);
    reader.end()?;
    let number = |bytes: &[u8]| {
        der::asn1::Int::new(bytes)
            .and_then(|number| number.to_der())
            .map_err(|error| format!("a number is malformed ({error})"))
    };
    let body = [number(r)?, number(s)?].concat();
    let sequence = der::asn1::Any::new(der::Tag::Sequence, body).and_then(|sequence| sequence.to_der());
    sequence.map_err(|error| error.to_string())
}

/// Reads a public key line such as `ssh-ed25519 AAAA… comment`.
///
/// # Errors
/// A clause.
pub fn public_key(line: &str) -> Result<PublicKey, String> {
    let mut words = line.split_ascii_whitespace();
    let (kind, blob) = (words.next().unwrap_or_default(), words.next().ok_or("the key is missing")?);
    let key = key_blob(&strict::base64(blob)?)?;
    if kind == name(key.kind()) { Ok(key) } else { Err(format!("it is said to be {kind:?}, but it is not")) }
}
