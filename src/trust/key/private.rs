//! Private keys: made, read, written, and signing.

use std::fmt;

use der::{Decode, Encode};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::pkcs5::{EncryptionScheme, scrypt};
use pkcs8::{DecodePrivateKey, EncodePrivateKey, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::kind::{KeyError, KeyKind};
use super::pem;
use super::public::PublicKey;

/// scrypt cost when writing: N = 2^14, r = 8, p = 5, which is what OWASP gives for 16 MiB. More memory would make
/// files that OpenSSL refuses (its limit is 32 MiB).
const LOG_N: u8 = 14;
const R: u32 = 8;
const P: u32 = 5;

/// Most work that reading may cost: 1 GiB of scrypt memory, 64 rounds over it, 10 million PBKDF2 iterations.
const SCRYPT_BYTES: u64 = 1 << 30;
const SCRYPT_WORK: u64 = 64 << 30;
const PBKDF2_ITERATIONS: u32 = 10_000_000;

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(Box<p521::ecdsa::SigningKey>),
}

/// A private key. Its bytes are wiped from memory when it is dropped; it is never printed.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, of {})", self.public.kind(), self.public.id())
    }
}

impl PrivateKey {
    /// Makes a new key from the system's random bytes.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let len = match kind {
            KeyKind::Ed25519 | KeyKind::P256 => 32,
            KeyKind::P384 => 48,
            KeyKind::P521 => 66,
        };
        let mut bytes = Zeroizing::new(vec![0_u8; len]);
        // A random number is below the order of P-256 and P-384 almost always; for P-521 once in 128 tries unless
        // the bits above 521 are cleared, and then half the time.
        for _ in 0..256 {
            getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
            if kind == KeyKind::P521 {
                bytes[0] &= 1;
            }
            if let Ok(key) = Self::from_scalar(kind, &bytes) {
                return Ok(key);
            }
        }
        Err(KeyError::NoRandomness)
    }

    fn from_scalar(kind: KeyKind, bytes: &[u8]) -> Result<Self, KeyError> {
        let malformed = |error: p256::ecdsa::Error| KeyError::Malformed(error.to_string());
        let secret = match kind {
            KeyKind::Ed25519 => Secret::Ed25519(ed25519_dalek::SigningKey::try_from(bytes).map_err(malformed)?),
            KeyKind::P256 => Secret::P256(p256::ecdsa::SigningKey::from_slice(bytes).map_err(malformed)?),
            KeyKind::P384 => Secret::P384(p384::ecdsa::SigningKey::from_slice(bytes).map_err(malformed)?),
            KeyKind::P521 => Secret::P521(Box::new(p521::ecdsa::SigningKey::from_slice(bytes).map_err(malformed)?)),
        };
        Self::of(secret)
    }

    fn of(secret: Secret) -> Result<Self, KeyError> {
        let public = match &secret {
            Secret::Ed25519(key) => PublicKey::ed25519(key.verifying_key()),
            Secret::P256(key) => PublicKey::p256(key.verifying_key()),
            Secret::P384(key) => PublicKey::p384(key.verifying_key()),
            Secret::P521(key) => PublicKey::p521(key.verifying_key()),
        };
        let public = public.ok_or_else(|| KeyError::Malformed("its public half cannot be written".to_owned()))?;
        Ok(Self { secret, public })
    }

    /// Reads PKCS#8 PEM, encrypted or not, or a plain SEC1 `EC PRIVATE KEY`.
    ///
    /// # Errors
    /// [`KeyError`] says what the text is instead and what to do.
    pub fn from_pem(text: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let block = pem::first(text)?;
        match block.label.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8(&block.der),
            "ENCRYPTED PRIVATE KEY" => Self::decrypt(&block.der, passphrase),
            "EC PRIVATE KEY" => Self::from_sec1(&block.der),
            "RSA PRIVATE KEY" => Err(KeyError::Unsupported("RSA".to_owned())),
            "DSA PRIVATE KEY" => Err(KeyError::Unsupported("DSA".to_owned())),
            "OPENSSH PRIVATE KEY" => Err(KeyError::Unsupported(
                "OpenSSH private keys are not read; `ssh-keygen -p -m PKCS8` converts a copy. Such".to_owned(),
            )),
            "CERTIFICATE" => Err(KeyError::CertificateInsteadOfKey),
            label if label.ends_with("PUBLIC KEY") => Err(KeyError::PublicInsteadOfPrivate),
            label => Err(KeyError::Foreign { label: label.to_owned(), content: block.der.to_vec() }),
        }
    }

    /// Reads a DER PKCS#8 `PrivateKeyInfo`.
    ///
    /// # Errors
    /// [`KeyError`] for another algorithm or bytes that are not a key.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |error: pkcs8::Error| KeyError::Malformed(error.to_string());
        let info = PrivateKeyInfoRef::from_der(der).map_err(|error| KeyError::Malformed(error.to_string()))?;
        let secret = match pem::kind(&info.algorithm)? {
            KeyKind::Ed25519 => Secret::Ed25519(ed25519_dalek::SigningKey::from_pkcs8_der(der).map_err(malformed)?),
            KeyKind::P256 => Secret::P256(p256::ecdsa::SigningKey::from_pkcs8_der(der).map_err(malformed)?),
            KeyKind::P384 => Secret::P384(p384::ecdsa::SigningKey::from_pkcs8_der(der).map_err(malformed)?),
            KeyKind::P521 => Secret::P521(Box::new(p521::ecdsa::SigningKey::from_pkcs8_der(der).map_err(malformed)?)),
        };
        Self::of(secret)
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |error: String| KeyError::Malformed(error);
        let parsed = sec1::EcPrivateKey::from_der(der).map_err(|e| malformed(e.to_string()))?;
        let oid = parsed
            .parameters
            .and_then(|parameters| parameters.named_curve())
            .ok_or_else(|| malformed("it names no curve".to_owned()))?;
        Self::from_scalar(pem::curve(oid)?, parsed.private_key)
    }

    fn decrypt(der: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let info = EncryptedPrivateKeyInfoRef::from_der(der)
            .map_err(|error| KeyError::UnsupportedEncryption(error.to_string()))?;
        let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
            return Err(KeyError::UnsupportedEncryption("PBES1".to_owned()));
        };
        match &parameters.kdf {
            Kdf::Scrypt(cost) => {
                let bytes = cost.cost_parameter.saturating_mul(u64::from(cost.block_size)).saturating_mul(128);
                check_scrypt(bytes, u64::from(cost.parallelization))?;
            }
            Kdf::Pbkdf2(cost) if cost.iteration_count > PBKDF2_ITERATIONS => {
                return Err(KeyError::TooCostly(format!("{} PBKDF2 iterations", cost.iteration_count)));
            }
            Kdf::Pbkdf2(_) => {}
            _ => return Err(KeyError::UnsupportedEncryption("an unknown key derivation".to_owned())),
        }
        let passphrase = passphrase.ok_or(KeyError::PassphraseMissing)?;
        let plain = info.decrypt(passphrase).map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { oid }) => {
                KeyError::UnsupportedEncryption(oid.to_string())
            }
            _ => KeyError::PassphraseWrong,
        })?;
        // Padding that happens to be right yields noise, which is not a key.
        Self::from_pkcs8(plain.as_bytes()).map_err(|error| match error {
            KeyError::Malformed(_) => KeyError::PassphraseWrong,
            other => other,
        })
    }

    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let document = match &self.secret {
            // Version 1, without the public key: OpenSSL 3.0 reads no other.
            Secret::Ed25519(key) => {
                let bytes = ed25519_dalek::pkcs8::KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                bytes.to_pkcs8_der()
            }
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::P521(key) => key.to_pkcs8_der(),
        };
        document
            .map(|document| Zeroizing::new(document.as_bytes().to_vec()))
            .map_err(|e| KeyError::Malformed(e.to_string()))
    }

    /// Writes PKCS#8 PEM, encrypted with scrypt and AES-256-CBC when a passphrase is given.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`] when no salt could be had.
    pub fn to_pem(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, KeyError> {
        let plain = self.to_pkcs8()?;
        let malformed = |error: String| KeyError::Malformed(error);
        let Some(passphrase) = passphrase else {
            let text = der::pem::encode_string("PRIVATE KEY", LineEnding::LF, &plain);
            return text.map(Zeroizing::new).map_err(|e| malformed(e.to_string()));
        };
        let (mut salt, mut iv) = ([0_u8; 16], [0_u8; 16]);
        getrandom::fill(&mut salt).map_err(|_| KeyError::NoRandomness)?;
        getrandom::fill(&mut iv).map_err(|_| KeyError::NoRandomness)?;
        let cost = scrypt::Params::new(LOG_N, R, P).map_err(|e| malformed(e.to_string()))?;
        let parameters =
            Parameters::generate_scrypt_aes256cbc(cost, &salt, iv).map_err(|e| malformed(e.to_string()))?;
        let sealed = parameters.encrypt(passphrase, &plain).map_err(|e| malformed(e.to_string()))?;
        let info = pkcs8::EncryptedPrivateKeyInfo {
            encryption_algorithm: EncryptionScheme::Pbes2(parameters),
            encrypted_data: der::asn1::OctetString::new(sealed).map_err(|e| malformed(e.to_string()))?,
        };
        let der = info.to_der().map_err(|e| malformed(e.to_string()))?;
        let text = der::pem::encode_string("ENCRYPTED PRIVATE KEY", LineEnding::LF, &der);
        text.map(Zeroizing::new).map_err(|e| malformed(e.to_string()))
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.public.kind()
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs: Ed25519 as 64 bytes, ECDSA as DER with the hash of the curve and a nonce by RFC 6979.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Secret::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Secret::P521(key) => {
                let signature: p521::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
        }
    }
}

impl PrivateKey {
    /// Signs a message by its SHA-256, as Sigstore signs files: ECDSA as DER. `None` for Ed25519, which signs messages
    /// only.
    #[must_use]
    pub fn sign_sha256(&self, digest: &[u8]) -> Option<Vec<u8>> {
        match &self.secret {
            Secret::Ed25519(_) => None,
            Secret::P256(key) => {
                let signature: Result<p256::ecdsa::DerSignature, _> = key.sign_prehash(digest);
                Some(signature.ok()?.as_bytes().to_vec())
            }
            Secret::P384(key) => {
                let signature: Result<p384::ecdsa::DerSignature, _> = key.sign_prehash(digest);
                Some(signature.ok()?.as_bytes().to_vec())
            }
            Secret::P521(key) => {
                let signature: Result<p521::ecdsa::DerSignature, _> = key.sign_prehash(digest);
                Some(signature.ok()?.as_bytes().to_vec())
            }
        }
    }
}

/// Refuses scrypt parameters that would take too much memory or time, before any is spent.
pub fn check_scrypt(bytes: u64, parallelization: u64) -> Result<(), KeyError> {
    if bytes > SCRYPT_BYTES || bytes.saturating_mul(parallelization) > SCRYPT_WORK {
        return Err(KeyError::TooCostly(format!("{bytes} bytes of scrypt memory, {parallelization} times")));
    }
    Ok(())
}
