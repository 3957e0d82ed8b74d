//! Sigstore's own rules: certificates of Fulcio, log entries of Rekor v1 and v2, timestamps of RFC 3161.
//!
//! The only module that knows the `sigstore-*` crates, which break at almost every release. They read the clock to
//! refuse log entries of the future; nothing else of the answer depends on it.

use std::borrow::Cow;

use jiff::Timestamp;
use sigstore_trust_root::SigstoreInstance;
use sigstore_types::{Artifact, ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm};
use sigstore_verify::bundle::Error as Structure;
use sigstore_verify::{Error, PublicKeyVerificationPolicy, VerificationPolicy, VerificationResult, Verifier};

use super::key::PublicKey;
use crate::model::{Algorithm, Class, Digest, Rule, Severity};

/// The transparency log does not vouch for the signature.
pub static LOG_PROOF_INVALID: Rule = Rule {
    id: "log-proof-invalid",
    summary: "the transparency log's proof for a signature is missing or does not hold",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/log-proof-invalid.md"),
    frameworks: &["CWE-345"],
};

/// A timestamp does not hold.
pub static TIMESTAMP_INVALID: Rule = Rule {
    id: "timestamp-invalid",
    summary: "the signed timestamp of a signature is missing or does not hold",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/timestamp-invalid.md"),
    frameworks: &["CWE-345"],
};

/// The keys of one Sigstore instance.
#[derive(Clone, Debug)]
pub struct TrustedRoot {
    keys: sigstore_trust_root::TrustedRoot,
    name: String,
}

impl TrustedRoot {
    /// The names of the instances whose keys are part of this program.
    pub const EMBEDDED: [&str; 3] = ["public-good", "staging", "github"];

    /// The keys of an instance that are part of this program, by name.
    ///
    /// # Errors
    /// A clause if there is no such instance.
    pub fn embedded(name: &str) -> Result<Self, String> {
        let instance = match name {
            "public-good" => SigstoreInstance::PublicGood,
            "staging" => SigstoreInstance::Staging,
            "github" => SigstoreInstance::GitHub,
            _ => return Err(format!("no instance is called {name:?}; {} are", Self::EMBEDDED.join(", "))),
        };
        let keys = sigstore_trust_root::TrustedRoot::from_embedded(instance).map_err(|error| error.to_string())?;
        Ok(Self { keys, name: name.to_owned() })
    }

    /// Reads a `trusted_root.json`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let keys = sigstore_trust_root::TrustedRoot::from_json(text).map_err(|error| error.to_string())?;
        Verifier::new(&keys).map_err(|error| error.to_string())?;
        Ok(Self { keys, name: format!("sha256:{}", super::attested::sha256(text.as_bytes())) })
    }

    /// The name of the instance, or the SHA-256 of the text that it was read from.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What a verified bundle says of its signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The certificate's subject alternative name; empty for a managed key.
    pub name: String,
    /// Who vouched for the name.
    pub issuer: String,
    /// The earliest verified time of signing.
    pub time: Option<Timestamp>,
}

/// The part of a bundle that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The signature itself.
    Signature,
    /// It is over something else.
    Subject,
    /// The signing certificate.
    Certificate,
    /// The entry in the transparency log.
    Log,
    /// The timestamp.
    Timestamp,
    /// The bundle's form.
    Form,
    /// A kind that cannot be checked here.
    Unsupported,
}

/// Why a bundle was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Which part does not hold.
    pub broken: Broken,
    /// A clause.
    pub clause: String,
}

/// What the signature must be over. For an envelope the caller matches subjects itself and passes one of them.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Known by its digest, SHA-256, SHA-384 or SHA-512.
    Digest(&'a Digest),
    /// The bytes, which Ed25519 signatures need.
    Bytes(&'a [u8]),
}

/// Verifies a bundle offline: of `key` if one is given, else of whoever its certificate names. Whether that signer is
/// trusted is the caller's question.
///
/// # Errors
/// [`Refused`] with the part that does not hold.
pub fn verify(
    bundle: &str,
    target: Target<'_>,
    key: Option<&PublicKey>,
    root: Option<&TrustedRoot>,
) -> Result<Vouched, Refused> {
    let malformed = |clause: String| Refused { broken: Broken::Form, clause };
    let bundle = Bundle::from_json(bundle).map_err(|error| malformed(error.to_string()))?;
    let root = match root {
        Some(root) => Cow::Borrowed(&root.keys),
        None => Cow::Owned(
            sigstore_trust_root::TrustedRoot::from_embedded(SigstoreInstance::PublicGood)
                .map_err(|error| refused(&error.into()))?,
        ),
    };
    // The crate finds the log of a Rekor 2 entry by its signed head and passes over the identifier beside it.
    let known = |id: &[u8]| root.tlogs.iter().any(|log| log.log_id.key_id.as_bytes() == id);
    if !bundle.verification_material.tlog_entries.iter().all(|entry| known(entry.log_id.key_id.as_bytes())) {
        return Err(Refused { broken: Broken::Log, clause: "the trusted root does not know its log".to_owned() });
    }
    let verifier = Verifier::new(&root).map_err(|error| refused(&error))?;
    let artifact = match target {
        Target::Bytes(bytes) => Artifact::from_blob(bytes),
        Target::Digest(digest) => {
            let algorithm = match digest.algorithm() {
                Algorithm::Sha256 => HashAlgorithm::Sha2256,
                Algorithm::Sha384 => HashAlgorithm::Sha2384,
                Algorithm::Sha512 => HashAlgorithm::Sha2512,
                other => return Err(malformed(format!("it is over a {other} digest"))),
            };
            let digest = ArtifactDigest::new(algorithm, digest.bytes().to_vec());
            Artifact::from_digest(digest.map_err(|error| malformed(error.to_string()))?)
        }
    };
    let result = match key {
        Some(key) => {
            let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.to_der().to_vec()));
            verifier.verify(artifact, &bundle, &policy)
        }
        None => verifier.verify(artifact, &bundle, &VerificationPolicy::any_identity()),
    };
    let result = result.map_err(|error| refused(&error))?;
    // The crate promises these for the policies above; a later release that does not must not pass unseen.
    if !result.tlog_verified() || (key.is_none() && !(result.certificate_verified() && result.sct_verified())) {
        return Err(Refused { broken: Broken::Log, clause: "not every part of the proof was verified".to_owned() });
    }
    Ok(vouched(&result))
}

fn vouched(result: &VerificationResult) -> Vouched {
    Vouched {
        name: result.identity().map(|identity| identity.as_str().to_owned()).unwrap_or_default(),
        issuer: result.issuer().unwrap_or_default().to_owned(),
        time: result.verified_timestamps().iter().min().copied(),
    }
}

fn refused(error: &Error) -> Refused {
    let broken = match error {
        Error::SignatureInvalid(_) | Error::Crypto(_) => Broken::Signature,
        Error::ArtifactMismatch(_) => Broken::Subject,
        Error::Certificate(_) | Error::IdentityMismatch { .. } | Error::IssuerMismatch { .. } => Broken::Certificate,
        Error::TransparencyLog(_) => Broken::Log,
        Error::Bundle(
            Structure::UnsupportedMediaType(_)
            | Structure::UnsupportedVerificationMaterial
            | Structure::CertificateChainNotAllowed(_),
        ) => Broken::Form,
        Error::Bundle(Structure::MissingTimestamp) => Broken::Timestamp,
        // Everything else that the crate says of a bundle's structure is about its log entries.
        Error::Bundle(_) => Broken::Log,
        Error::Timestamp(_) => Broken::Timestamp,
        Error::UnsupportedArtifact(_)
        | Error::UnsupportedBundle(_)
        | Error::InvalidTrustRoot(_)
        | Error::TrustRoot(_)
        | Error::TrustedCertificate(_) => Broken::Unsupported,
        _ => Broken::Form,
    };
    Refused { broken, clause: error.to_string() }
}
