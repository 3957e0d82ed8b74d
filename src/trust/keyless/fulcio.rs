//! Fulcio, the certificate authority of Sigstore: <https://github.com/sigstore/fulcio/blob/main/fulcio.proto>, version
//! 2, `CreateSigningCertificate`, with a certificate signing request (RFC 2986) as proof of possession.

use pkcs8::LineEnding;
use serde_json::{Value, json};

use super::super::certificate::Certificate;
use super::super::key::PrivateKey;
use super::super::strict;
use super::IdentityToken;
use super::asn1::{element, sequence};

/// Below the service's URL.
pub const PATH: &str = "/api/v2/signingCert";

/// `ecdsa-with-SHA256`, the algorithm of P-256 keys.
const ECDSA_SHA256: [u8; 12] = [0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// The document to post. The name comes from the token, so that the signing request itself names nobody.
///
/// # Errors
/// A clause if the request cannot be written.
pub fn request(token: &IdentityToken, key: &PrivateKey) -> Result<Value, String> {
    let info = sequence(&[&[2, 1, 0], &sequence(&[]), key.public().to_der(), &element(0xa0, &[])]);
    let signature = element(3, &[&[0], &key.sign(&info)]);
    let der = sequence(&[&info, &ECDSA_SHA256, &signature]);
    let pem = der::pem::encode_string("CERTIFICATE REQUEST", LineEnding::LF, &der).map_err(|e| e.to_string())?;
    Ok(json!({
        "credentials": { "oidcIdentityToken": token.raw() },
        "certificateSigningRequest": strict::to_base64(pem.as_bytes()),
    }))
}

/// Reads the answer: the certificate of the key that asked, with the log's promise inside.
///
/// # Errors
/// A clause if it is no such answer, or a certificate of another key.
pub fn answer(body: &[u8], key: &PrivateKey) -> Result<Certificate, String> {
    let value = strict::parse(body)?;
    let Some(embedded) = value.get("signedCertificateEmbeddedSct") else {
        return Err("it does not hold a certificate with an embedded promise".to_owned());
    };
    let chain = embedded.get("chain").ok_or("\"chain\" is missing")?;
    let first = strict::list(chain, "certificates")?.first().and_then(Value::as_str).ok_or("the chain is empty")?;
    let leaf = Certificate::from_pem(first.as_bytes()).map_err(|error| error.to_string())?;
    let leaf = leaf.into_iter().next().ok_or("the chain is empty")?;
    if leaf.public_key().as_ref() != Ok(key.public()) {
        return Err("the certificate is of another key".to_owned());
    }
    Ok(leaf)
}
