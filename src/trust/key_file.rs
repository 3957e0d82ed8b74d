//! Keys as files hold them, whatever tool wrote them.

use super::cosign;
use super::key::{KeyError, PrivateKey, PublicKey};
use super::{minisign, ssh};

/// Reads a public key: PEM (OpenSSL, cosign, this program), an OpenSSH line, or a minisign key.
///
/// # Errors
/// [`KeyError`] says what the text is instead and what to do.
pub fn public_key(text: &[u8]) -> Result<PublicKey, KeyError> {
    let plain = std::str::from_utf8(text).map_err(|_| KeyError::NotPem)?.trim();
    if plain.starts_with("ssh-") || plain.starts_with("ecdsa-sha2-") {
        return ssh::public_key(plain).map_err(KeyError::Malformed);
    }
    if plain.starts_with("untrusted comment:") || (plain.starts_with("RW") && plain.len() == 56) {
        return minisign::public_key(plain).map_err(KeyError::Malformed);
    }
    PublicKey::from_pem(text)
}

/// Reads a private key: PKCS#8 or SEC1 PEM, or cosign's encrypted form.
///
/// # Errors
/// [`KeyError`] says what the text is instead and what to do.
pub fn private_key(text: &[u8], passphrase: Option<&[u8]>) -> Result<PrivateKey, KeyError> {
    match PrivateKey::from_pem(text, passphrase) {
        Err(KeyError::Foreign { label, content }) if cosign::LABELS.contains(&label.as_str()) => {
            cosign::open(&content, passphrase)
        }
        other => other,
    }
}
