//! What a private key file says of itself before it is opened.

use der::Decode;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{EncryptionScheme as Cipher, Kdf, Pbkdf2Prf};

use super::kind::KeyError;
use super::pem;

/// The form of a private key file, and how it is encrypted.
///
/// # Errors
/// [`KeyError`] if it is not a private key in PEM, [`KeyError::Foreign`] for another tool's armour.
pub fn outside(text: &[u8]) -> Result<(&'static str, Option<String>), KeyError> {
    let block = pem::first(text)?;
    match block.label.as_str() {
        "PRIVATE KEY" => Ok(("PKCS#8", None)),
        "EC PRIVATE KEY" => Ok(("SEC1", None)),
        "ENCRYPTED PRIVATE KEY" => {
            let info = EncryptedPrivateKeyInfoRef::from_der(&block.der);
            let info = info.map_err(|error| KeyError::Malformed(error.to_string()))?;
            Ok(("PKCS#8, encrypted", Some(scheme(&info.encryption_algorithm))))
        }
        "CERTIFICATE" | "TRUSTED CERTIFICATE" => Err(KeyError::CertificateInsteadOfKey),
        label => Err(KeyError::Foreign { label: label.to_owned(), content: block.der.to_vec() }),
    }
}

fn scheme(scheme: &EncryptionScheme) -> String {
    let EncryptionScheme::Pbes2(parameters) = scheme else {
        return "PBES1, which is obsolete".to_owned();
    };
    let kdf = match &parameters.kdf {
        Kdf::Scrypt(cost) => {
            format!("scrypt (N {}, r {}, p {})", cost.cost_parameter, cost.block_size, cost.parallelization)
        }
        Kdf::Pbkdf2(cost) => {
            let hash = match cost.prf {
                Pbkdf2Prf::HmacWithSha1 => "SHA-1",
                Pbkdf2Prf::HmacWithSha224 => "SHA-224",
                Pbkdf2Prf::HmacWithSha256 => "SHA-256",
                Pbkdf2Prf::HmacWithSha384 => "SHA-384",
                Pbkdf2Prf::HmacWithSha512 => "SHA-512",
                _ => "another hash",
            };
            format!("PBKDF2 ({} iterations of {hash})", cost.iteration_count)
        }
        _ => "another key derivation".to_owned(),
    };
    let cipher = match &parameters.encryption {
        Cipher::Aes128Cbc { .. } => "AES-128-CBC",
        Cipher::Aes192Cbc { .. } => "AES-192-CBC",
        Cipher::Aes256Cbc { .. } => "AES-256-CBC",
        _ => "another cipher",
    };
    format!("{kdf} with {cipher}")
}
