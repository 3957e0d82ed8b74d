//! Keys as files hold them, whatever tool wrote them.

use super::cosign;
use super::key::{self, KeyError, PrivateKey, PublicKey};
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

/// What a key file is, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDescription {
    /// The form of the file, such as `PKCS#8`.
    pub form: &'static str,
    /// True for the half that signs.
    pub private: bool,
    /// How it is encrypted, with parameters; `None` when it is not.
    pub encryption: Option<String>,
    /// The public half; `None` when it is encrypted and no passphrase was given.
    pub public: Option<PublicKey>,
}

/// Says what a key file is. Without a passphrase an encrypted key is described from the outside.
///
/// # Errors
/// [`KeyError`] if it is no key, or the passphrase does not open it.
pub fn describe_key(text: &[u8], passphrase: Option<&[u8]>) -> Result<KeyDescription, KeyError> {
    if let Ok(public) = public_key(text) {
        let form = match text.trim_ascii() {
            plain if plain.starts_with(b"ssh-") || plain.starts_with(b"ecdsa-") => "OpenSSH public key",
            plain if plain.starts_with(b"untrusted comment:") || plain.starts_with(b"RW") => "minisign public key",
            _ => "SubjectPublicKeyInfo PEM",
        };
        return Ok(KeyDescription { form, private: false, encryption: None, public: Some(public) });
    }
    let (form, encryption) = key::outside(text).or_else(|error| match error {
        KeyError::Foreign { label, content } if cosign::LABELS.contains(&label.as_str()) => {
            cosign::encryption(&content).map(|encryption| ("cosign private key", Some(encryption)))
        }
        other => Err(other),
    })?;
    let public = match private_key(text, passphrase) {
        Ok(private) => Some(private.public().clone()),
        Err(KeyError::PassphraseMissing) => None,
        Err(error) => return Err(error),
    };
    Ok(KeyDescription { form, private: true, encryption, public })
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
