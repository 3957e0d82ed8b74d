//! cosign's encrypted private keys: PKCS#8 in a NaCl secret box under a key from scrypt, wrapped in JSON and PEM.
//! <https://github.com/sigstore/cosign/blob/main/KEYLESS.md> does not describe it; the fields are those of
//! `secure-systems-lab/go-securesystemslib/encrypted`.

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::key::{KeyError, PrivateKey, check_scrypt};
use super::strict;

/// PEM labels, of cosign before and after 2.0.
pub const LABELS: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];

/// Opens the JSON inside the PEM.
///
/// # Errors
/// [`KeyError`]: malformed, too costly, no passphrase or a wrong one.
pub fn open(json: &[u8], passphrase: Option<&[u8]>) -> Result<PrivateKey, KeyError> {
    let value = strict::parse(json).map_err(KeyError::Malformed)?;
    let part = |name: &str| value.get(name).ok_or_else(|| KeyError::Malformed(format!("{name:?} is missing")));
    let (kdf, cipher) = (part("kdf")?, part("cipher")?);
    let text = |value: &serde_json::Value, name: &str| {
        strict::text(value, name).map(str::to_owned).map_err(KeyError::Malformed)
    };
    let bytes = |text: String| strict::base64(&text).map_err(KeyError::Malformed);
    if text(kdf, "name")? != "scrypt" || text(cipher, "name")? != "nacl/secretbox" {
        return Err(KeyError::UnsupportedEncryption("not scrypt with nacl/secretbox".to_owned()));
    }
    let cost = |name: &str| {
        let number = kdf.get("params").and_then(|params| params.get(name)).and_then(serde_json::Value::as_u64);
        number
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| KeyError::Malformed(format!("{name:?} is missing")))
    };
    let (n, r, p) = (cost("N")?, cost("r")?, cost("p")?);
    check_scrypt(u64::from(n).saturating_mul(u64::from(r)).saturating_mul(128), u64::from(p))?;
    let salt = bytes(text(kdf, "salt")?)?;
    let nonce = bytes(text(cipher, "nonce")?)?;
    let nonce =
        <[u8; 24]>::try_from(nonce).map_err(|_| KeyError::Malformed("the nonce does not have 24 bytes".to_owned()))?;
    let sealed = bytes(text(&value, "ciphertext")?)?;
    let passphrase = passphrase.ok_or(KeyError::PassphraseMissing)?;
    if !n.is_power_of_two() || n < 2 {
        return Err(KeyError::Malformed("N is not a power of two".to_owned()));
    }
    let log_n = u8::try_from(n.ilog2()).unwrap_or(u8::MAX);
    let params = scrypt::Params::new(log_n, r, p).map_err(|error| KeyError::Malformed(error.to_string()))?;
    let mut key = Zeroizing::new([0_u8; 32]);
    scrypt::scrypt(passphrase, &salt, &params, key.as_mut()).map_err(|error| KeyError::Malformed(error.to_string()))?;
    let plain = open_box(&key, &nonce, &sealed).ok_or(KeyError::PassphraseWrong)?;
    PrivateKey::from_pkcs8(&plain)
}

/// How such a key is encrypted, with the cost that it names.
///
/// # Errors
/// [`KeyError::Malformed`] if the JSON is not of that form.
pub fn encryption(json: &[u8]) -> Result<String, KeyError> {
    let value = strict::parse(json).map_err(KeyError::Malformed)?;
    let kdf = value.get("kdf").ok_or_else(|| KeyError::Malformed("\"kdf\" is missing".to_owned()))?;
    let cost = |name: &str| kdf.get("params").and_then(|params| params.get(name)).and_then(serde_json::Value::as_u64);
    let shown = |name: &str| cost(name).map_or_else(|| "?".to_owned(), |number| number.to_string());
    Ok(format!("scrypt (N {}, r {}, p {}) with NaCl secretbox", shown("N"), shown("r"), shown("p")))
}

/// NaCl `crypto_secretbox_open`: XSalsa20 and Poly1305, whose key is the first 32 bytes of the stream.
fn open_box(key: &[u8; 32], nonce: &[u8; 24], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (tag, body) = sealed.split_at_checked(16)?;
    let mut stream = XSalsa20::new(key.into(), nonce.into());
    let mut tag_key = Zeroizing::new([0_u8; 32]);
    stream.apply_keystream(tag_key.as_mut());
    let expected = Poly1305::new((&*tag_key).into()).compute_unpadded(body);
    if !bool::from(expected.as_slice().ct_eq(tag)) {
        return None;
    }
    let mut plain = Zeroizing::new(body.to_vec());
    stream.apply_keystream(&mut plain);
    Some(plain)
}
