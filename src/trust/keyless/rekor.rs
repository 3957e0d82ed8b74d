//! Rekor, the transparency log of Sigstore, version 1 (<https://github.com/sigstore/rekor>, kinds `dsse` and
//! `hashedrekord`) and version 2 (<https://github.com/sigstore/rekor-tiles/blob/main/CLIENTS.md>).

use pkcs8::LineEnding;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::certificate::Certificate;
use super::super::dsse::pae;
use super::super::signing::SignedContent;
use super::super::strict;
use super::LogVersion;

/// Below the service's URL.
#[must_use]
pub const fn path(version: LogVersion) -> &'static str {
    match version {
        LogVersion::V1 => "/api/v1/log/entries",
        LogVersion::V2 => "/api/v2/log/entries",
    }
}

/// The document to post.
///
/// # Errors
/// A clause if the certificate cannot be written.
pub fn request(version: LogVersion, content: &SignedContent, certificate: &Certificate) -> Result<Value, String> {
    let pem = || der::pem::encode_string("CERTIFICATE", LineEnding::LF, certificate.der()).map_err(|e| e.to_string());
    Ok(match (version, content) {
        (LogVersion::V1, SignedContent::Envelope(envelope)) => json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": { "proposedContent": {
                "envelope": envelope.to_json().to_string(),
                "verifiers": [strict::to_base64(pem()?.as_bytes())],
            } },
        }),
        (LogVersion::V1, SignedContent::Message { digest, signature }) => json!({
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": { "hash": { "algorithm": "sha256", "value": digest.hex() } },
                "signature": {
                    "content": strict::to_base64(signature),
                    "publicKey": { "content": strict::to_base64(pem()?.as_bytes()) },
                },
            },
        }),
        (LogVersion::V2, SignedContent::Envelope(envelope)) => {
            let message = pae(envelope.payload_type(), envelope.unverified_payload());
            let signature = envelope.signatures().first().map(|signature| signature.bytes.as_slice());
            hashed(&Sha256::digest(message), signature.unwrap_or_default(), certificate)
        }
        (LogVersion::V2, SignedContent::Message { digest, signature }) => {
            hashed(digest.bytes(), signature, certificate)
        }
    })
}

/// Version 2 knows one kind: the digest of what was signed, which for an envelope is that of its encoding.
fn hashed(digest: &[u8], signature: &[u8], certificate: &Certificate) -> Value {
    json!({ "hashedRekordRequestV002": {
        "digest": strict::to_base64(digest),
        "signature": {
            "content": strict::to_base64(signature),
            "verifier": {
                "x509Certificate": { "rawBytes": strict::to_base64(certificate.der()) },
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            },
        },
    } })
}

/// Reads the answer into the entry of a bundle.
///
/// # Errors
/// A clause that says what is missing.
pub fn answer(version: LogVersion, body: &[u8]) -> Result<Value, String> {
    let value = strict::parse(body)?;
    match version {
        LogVersion::V1 => {
            let entry = value.as_object().and_then(|entries| entries.values().next()).ok_or("it holds no entry")?;
            of_version_1(entry)
        }
        LogVersion::V2 if value.get("inclusionProof").is_some() => Ok(value),
        LogVersion::V2 => Err("it holds no inclusion proof".to_owned()),
    }
}

/// Version 1 answers in another form than bundles hold: numbers are numbers, digests hexadecimal.
fn of_version_1(entry: &Value) -> Result<Value, String> {
    let number = |of: &Value, name: &str| {
        of.get(name).and_then(Value::as_u64).map(|number| number.to_string()).ok_or_else(|| format!("no {name:?}"))
    };
    let digest = |hex: &str| strict::hex(hex).map(|bytes| strict::to_base64(&bytes));
    let body = strict::text(entry, "body")?;
    let logged = strict::parse(&strict::base64(body)?)?;
    let verification = entry.get("verification").ok_or("\"verification\" is missing")?;
    let proof = verification.get("inclusionProof").ok_or("\"inclusionProof\" is missing")?;
    let hashes = strict::list(proof, "hashes")?.iter().map(|hash| digest(hash.as_str().unwrap_or_default()));
    Ok(json!({
        "logIndex": number(entry, "logIndex")?,
        "logId": { "keyId": digest(strict::text(entry, "logID")?)? },
        "kindVersion": {
            "kind": strict::text(&logged, "kind")?,
            "version": strict::text(&logged, "apiVersion")?,
        },
        "integratedTime": number(entry, "integratedTime")?,
        "inclusionPromise": { "signedEntryTimestamp": strict::text(verification, "signedEntryTimestamp")? },
        "inclusionProof": {
            "logIndex": number(proof, "logIndex")?,
            "rootHash": digest(strict::text(proof, "rootHash")?)?,
            "treeSize": number(proof, "treeSize")?,
            "hashes": hashes.collect::<Result<Vec<_>, _>>()?,
            "checkpoint": { "envelope": strict::text(proof, "checkpoint")? },
        },
        "canonicalizedBody": body,
    }))
}
