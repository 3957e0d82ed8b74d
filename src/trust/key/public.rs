//! Public keys and what they verify.

use std::fmt;

use der::Decode;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use sha2::{Digest as _, Sha256};

use super::kind::{KeyError, KeyKind};
use super::pem;

/// Identifies a public key: the lower-case hexadecimal SHA-256 of its PEM text, as model signatures hint at it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The hexadecimal text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Point {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(Box<p521::ecdsa::VerifyingKey>),
}

/// A public key that can verify signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    point: Point,
    spki: Vec<u8>,
}

impl PublicKey {
    /// Reads a PEM `PUBLIC KEY`.
    ///
    /// # Errors
    /// [`KeyError`] says what the text is instead and what to do.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let block = pem::first(text)?;
        match block.label.as_str() {
            "PUBLIC KEY" => Self::from_der(&block.der),
            "RSA PUBLIC KEY" => Err(KeyError::Unsupported("RSA".to_owned())),
            "CERTIFICATE" | "TRUSTED CERTIFICATE" => Err(KeyError::CertificateInsteadOfKey),
            label if label.ends_with("PRIVATE KEY") => Err(KeyError::PrivateInsteadOfPublic),
            label => Err(KeyError::Unsupported(format!("{label:?}"))),
        }
    }

    /// Reads a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for other algorithms, [`KeyError::Malformed`] for a point that is not on its curve.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |error: pkcs8::spki::Error| KeyError::Malformed(error.to_string());
        let info =
            pkcs8::SubjectPublicKeyInfoRef::from_der(der).map_err(|error| KeyError::Malformed(error.to_string()))?;
        let point = match pem::kind(&info.algorithm)? {
            KeyKind::Ed25519 => {
                Point::Ed25519(ed25519_dalek::VerifyingKey::from_public_key_der(der).map_err(malformed)?)
            }
            KeyKind::P256 => Point::P256(p256::ecdsa::VerifyingKey::from_public_key_der(der).map_err(malformed)?),
            KeyKind::P384 => Point::P384(p384::ecdsa::VerifyingKey::from_public_key_der(der).map_err(malformed)?),
            KeyKind::P521 => {
                Point::P521(Box::new(p521::ecdsa::VerifyingKey::from_public_key_der(der).map_err(malformed)?))
            }
        };
        Self::of(point).ok_or_else(|| KeyError::Malformed("it cannot be written again".to_owned()))
    }

    /// Takes the 32 bytes of an Ed25519 key, as minisign and OpenSSH carry it.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if they are not a point.
    pub fn from_ed25519_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::try_from(bytes).map_err(|e| KeyError::Malformed(e.to_string()))?;
        Self::of(Point::Ed25519(key)).ok_or_else(|| KeyError::Malformed("it cannot be written".to_owned()))
    }

    /// Takes an uncompressed SEC1 point on the curve of that kind, as OpenSSH carries it.
    ///
    /// # Errors
    /// [`KeyError`] if the bytes are not such a point or the kind is not a NIST curve.
    pub fn from_sec1(kind: KeyKind, bytes: &[u8]) -> Result<Self, KeyError> {
        let malformed = |error: p256::ecdsa::Error| KeyError::Malformed(error.to_string());
        let point = match kind {
            KeyKind::Ed25519 => return Self::from_ed25519_bytes(bytes),
            KeyKind::P256 => Point::P256(p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map_err(malformed)?),
            KeyKind::P384 => Point::P384(p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map_err(malformed)?),
            KeyKind::P521 => {
                Point::P521(Box::new(p521::ecdsa::VerifyingKey::from_sec1_bytes(bytes).map_err(malformed)?))
            }
        };
        Self::of(point).ok_or_else(|| KeyError::Malformed("it cannot be written".to_owned()))
    }

    pub(super) fn ed25519(key: ed25519_dalek::VerifyingKey) -> Option<Self> {
        Self::of(Point::Ed25519(key))
    }

    pub(super) fn p256(key: &p256::ecdsa::VerifyingKey) -> Option<Self> {
        Self::of(Point::P256(*key))
    }

    pub(super) fn p384(key: &p384::ecdsa::VerifyingKey) -> Option<Self> {
        Self::of(Point::P384(*key))
    }

    pub(super) fn p521(key: &p521::ecdsa::VerifyingKey) -> Option<Self> {
        Self::of(Point::P521(Box::new(*key)))
    }

    /// The canonical encoding is kept, so that the same key read from two encodings is one key.
    fn of(point: Point) -> Option<Self> {
        let document = match &point {
            Point::Ed25519(key) => key.to_public_key_der(),
            Point::P256(key) => key.to_public_key_der(),
            Point::P384(key) => key.to_public_key_der(),
            Point::P521(key) => key.to_public_key_der(),
        };
        document.ok().map(|document| Self { point, spki: document.into_vec() })
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match self.point {
            Point::Ed25519(_) => KeyKind::Ed25519,
            Point::P256(_) => KeyKind::P256,
            Point::P384(_) => KeyKind::P384,
            Point::P521(_) => KeyKind::P521,
        }
    }

    /// DER SubjectPublicKeyInfo, points uncompressed.
    #[must_use]
    pub fn to_der(&self) -> &[u8] {
        &self.spki
    }

    /// PEM `PUBLIC KEY` with a final newline.
    #[must_use]
    pub fn to_pem(&self) -> String {
        der::pem::encode_string("PUBLIC KEY", LineEnding::LF, &self.spki).unwrap_or_default()
    }

    /// The identifier that model signatures hint at.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(hex::encode(Sha256::digest(self.to_pem().as_bytes())))
    }

    /// Lower-case hexadecimal SHA-256 of the DER, as other tools name keys.
    #[must_use]
    pub fn der_id(&self) -> KeyId {
        KeyId(hex::encode(Sha256::digest(&self.spki)))
    }

    /// The fingerprint that `ssh-keygen -l` shows: `SHA256:` and base64 without padding.
    #[must_use]
    pub fn ssh_fingerprint(&self) -> String {
        use base64::Engine as _;
        let (name, curve) = match self.kind() {
            KeyKind::Ed25519 => ("ssh-ed25519", None),
            KeyKind::P256 => ("ecdsa-sha2-nistp256", Some("nistp256")),
            KeyKind::P384 => ("ecdsa-sha2-nistp384", Some("nistp384")),
            KeyKind::P521 => ("ecdsa-sha2-nistp521", Some("nistp521")),
        };
        let mut blob = Vec::new();
        for part in [Some(name.as_bytes()), curve.map(str::as_bytes), Some(&self.raw())].into_iter().flatten() {
            // No part is longer than a few dozen bytes.
            blob.extend(u32::try_from(part.len()).unwrap_or_default().to_be_bytes());
            blob.extend(part);
        }
        format!("SHA256:{}", base64::engine::general_purpose::STANDARD_NO_PAD.encode(Sha256::digest(&blob)))
    }

    /// True if `signature` over `message` was made with this key, by the hash of its curve. Ed25519 is strict: no
    /// small-order keys or points.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.point {
            Point::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|sig| key.verify_strict(message, &sig).is_ok()),
            Point::P256(key) => {
                p256::ecdsa::DerSignature::from_bytes(signature).is_ok_and(|sig| key.verify(message, &sig).is_ok())
            }
            Point::P384(key) => {
                p384::ecdsa::DerSignature::from_bytes(signature).is_ok_and(|sig| key.verify(message, &sig).is_ok())
            }
            Point::P521(key) => {
                p521::ecdsa::DerSignature::from_bytes(signature).is_ok_and(|sig| key.verify(message, &sig).is_ok())
            }
        }
    }

    /// True if the ECDSA `signature` is over a message with this digest, whatever hash made it. Ed25519 keys never
    /// verify this way: they need the message itself.
    #[must_use]
    pub fn verify_digest(&self, digest: &[u8], signature: &[u8]) -> bool {
        match &self.point {
            Point::Ed25519(_) => false,
            Point::P256(key) => p256::ecdsa::DerSignature::from_bytes(signature)
                .is_ok_and(|sig| key.verify_prehash(digest, &sig).is_ok()),
            Point::P384(key) => p384::ecdsa::DerSignature::from_bytes(signature)
                .is_ok_and(|sig| key.verify_prehash(digest, &sig).is_ok()),
            Point::P521(key) => p521::ecdsa::DerSignature::from_bytes(signature)
                .is_ok_and(|sig| key.verify_prehash(digest, &sig).is_ok()),
        }
    }

    /// The SEC1 point or the Ed25519 bytes, as certificates and OpenSSH carry them.
    #[must_use]
    pub fn raw(&self) -> Vec<u8> {
        pkcs8::SubjectPublicKeyInfoRef::from_der(&self.spki)
            .ok()
            .and_then(|info| info.subject_public_key.as_bytes().map(<[u8]>::to_vec))
            .unwrap_or_default()
    }
}
