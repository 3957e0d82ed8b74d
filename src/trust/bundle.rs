//! Sigstore bundles, as far as this room reads them itself:
//! <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto>.
//!
//! Log entries and timestamps are left to the verifier behind `sigstore.rs`; here only their presence counts.

use serde_json::{Value, json};

use super::dsse::Envelope;
use super::signing::SignedContent;
use super::{shape, strict};

/// The media type of bundles that are written.
pub const BUNDLE_V0_3: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Those that are read. Both spellings of version 0.3 were written.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    BUNDLE_V0_3,
];

/// Timestamps of one bundle; each costs a few checks of signatures.
const STAMPS: usize = 32;

/// Who is said to have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Material {
    /// A key that the verifier must have.
    PublicKey {
        /// What the signer says of it; empty when it says nothing.
        hint: String,
        /// True when the key itself stands in the bundle, as model signing did before release 1.0.1. It is not used.
        inline: bool,
    },
    /// Certificates in DER, leaf first.
    Certificates(Vec<Vec<u8>>),
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A DSSE envelope with one signature.
    Envelope(Envelope),
    /// A signature over the bytes of one file.
    Message {
        /// The digest that the bundle repeats, by the name of its algorithm, such as `SHA2_256`.
        digest: Option<(String, Vec<u8>)>,
        /// The signature.
        signature: Vec<u8>,
    },
}

/// A bundle, nothing of it checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Its version.
    pub media_type: String,
    /// Who.
    pub material: Material,
    /// What.
    pub content: Content,
    /// True when there is a log entry or a timestamp, so that the Sigstore rules decide.
    pub logged: bool,
    /// The log entries, as they stand there.
    pub entries: Vec<Value>,
}

impl Bundle {
    /// True if this JSON object is meant to be a bundle.
    #[must_use]
    pub fn is(value: &Value) -> bool {
        value.get("verificationMaterial").is_some()
            || value
                .get("mediaType")
                .and_then(Value::as_str)
                .is_some_and(|media| media.starts_with("application/vnd.dev.sigstore.bundle"))
    }

    /// Reads a bundle that was parsed strictly.
    ///
    /// # Errors
    /// A clause that says which part is missing or malformed.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        shape::check(value)?;
        let media_type = strict::text(value, "mediaType")?.to_owned();
        if !MEDIA_TYPES.contains(&media_type.as_str()) {
            return Err(format!("its media type is {media_type:?}, which is no version of a bundle that is known"));
        }
        let Some(material) = value.get("verificationMaterial").filter(|material| material.is_object()) else {
            return Err("\"verificationMaterial\" is missing".to_owned());
        };
        let list = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
        let entries = list(material.get("tlogEntries"));
        let stamps = list(material.get("timestampVerificationData").and_then(|data| data.get("rfc3161Timestamps")));
        if stamps.len() > STAMPS || (1..stamps.len()).any(|n| stamps[..n].contains(&stamps[n])) {
            return Err(format!("it carries {} timestamps, or one of them twice", stamps.len()));
        }
        let logged = !entries.is_empty() || !stamps.is_empty();
        let part = |name: &str| value.get(name).filter(|part| !part.is_null());
        let content = match (part("dsseEnvelope"), part("messageSignature")) {
            (Some(envelope), None) => {
                let envelope = Envelope::from_json(envelope)?;
                if envelope.signatures().len() != 1 {
                    return Err(format!("a bundle carries one signature, this one {}", envelope.signatures().len()));
                }
                Content::Envelope(envelope)
            }
            (None, Some(message)) => content_of_message(message)?,
            _ => return Err("it must carry either \"dsseEnvelope\" or \"messageSignature\"".to_owned()),
        };
        Ok(Self { media_type, material: material_of(material)?, content, logged, entries })
    }
}

fn content_of_message(message: &Value) -> Result<Content, String> {
    let digest = match message.get("messageDigest").filter(|digest| !digest.is_null()) {
        None => None,
        Some(digest) => {
            let algorithm = digest.get("algorithm").and_then(Value::as_str).unwrap_or("SHA2_256").to_owned();
            let bytes =
                strict::base64(strict::text(digest, "digest")?).map_err(|clause| format!("the digest: {clause}"))?;
            Some((algorithm, bytes))
        }
    };
    let signature =
        strict::base64(strict::text(message, "signature")?).map_err(|clause| format!("the signature: {clause}"))?;
    Ok(Content::Message { digest, signature })
}

fn material_of(material: &Value) -> Result<Material, String> {
    let der = |certificate: &Value| {
        strict::base64(strict::text(certificate, "rawBytes")?).map_err(|clause| format!("a certificate: {clause}"))
    };
    let part = |name: &str| material.get(name).filter(|part| !part.is_null());
    match (part("publicKey"), part("x509CertificateChain"), part("certificate")) {
        (Some(key), None, None) => Ok(Material::PublicKey {
            hint: key.get("hint").and_then(Value::as_str).unwrap_or_default().to_owned(),
            inline: key.get("rawBytes").is_some(),
        }),
        (None, Some(chain), None) => {
            let certificates = strict::list(chain, "certificates")?;
            if certificates.is_empty() || certificates.len() > 32 {
                return Err(format!("it carries {} certificates", certificates.len()));
            }
            Ok(Material::Certificates(certificates.iter().map(der).collect::<Result<_, _>>()?))
        }
        (None, None, Some(certificate)) => Ok(Material::Certificates(vec![der(certificate)?])),
        _ => Err("it must name one of a public key, a certificate chain or a certificate".to_owned()),
    }
}

/// Writes a bundle without log entries around an envelope.
#[must_use]
pub fn to_json(material: &Material, envelope: &Envelope) -> Value {
    of_content(material_to_json(material), &SignedContent::Envelope(envelope.clone()))
}

/// The material of a key or of a chain, without log entries.
pub fn material_to_json(material: &Material) -> Value {
    match material {
        Material::PublicKey { hint, .. } => json!({ "publicKey": { "hint": hint }, "tlogEntries": [] }),
        Material::Certificates(chain) => {
            let certificates: Vec<Value> =
                chain.iter().map(|der| json!({ "rawBytes": strict::to_base64(der) })).collect();
            json!({ "x509CertificateChain": { "certificates": certificates }, "tlogEntries": [] })
        }
    }
}

/// Writes a bundle.
pub fn of_content(material: Value, content: &SignedContent) -> Value {
    let (name, content) = match content {
        SignedContent::Envelope(envelope) => ("dsseEnvelope", envelope.to_json()),
        SignedContent::Message { digest, signature } => {
            let digest = json!({ "algorithm": "SHA2_256", "digest": strict::to_base64(digest.bytes()) });
            ("messageSignature", json!({ "messageDigest": digest, "signature": strict::to_base64(signature) }))
        }
    };
    let mut bundle = json!({ "mediaType": BUNDLE_V0_3, "verificationMaterial": material });
    bundle[name] = content;
    bundle
}
