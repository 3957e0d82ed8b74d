//! Bundles around files and statements, made with a key or a certificate of the caller's own authority. Models have
//! their own statement in [`super::model_signing`].

use super::bundle::{self, Material};
use super::certificate::Certificate;
use super::dsse::{Envelope, IN_TOTO};
use super::key::PrivateKey;
use super::published;
use super::statement::Statement;
use crate::model::{Algorithm, Digest};

/// What is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signable {
    /// An in-toto statement, as it is.
    Statement(Vec<u8>),
    /// A file, by its SHA-256.
    File(Digest),
}

/// A signature over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedContent {
    /// Around a statement.
    Envelope(Envelope),
    /// Over a file.
    Message {
        /// SHA-256 of the file.
        digest: Digest,
        /// DER.
        signature: Vec<u8>,
    },
}

impl Signable {
    /// Signs it.
    ///
    /// # Errors
    /// A clause if it is not a statement that would be accepted again, or if the key signs no digests.
    pub fn sign(&self, key: &PrivateKey) -> Result<SignedContent, String> {
        match self {
            Self::Statement(payload) => {
                Statement::parse(payload).map_err(|clause| format!("this is no in-toto statement: {clause}"))?;
                Ok(SignedContent::Envelope(Envelope::sign(IN_TOTO, payload, &[key]).without_hints()))
            }
            Self::File(digest) if digest.algorithm() == Algorithm::Sha256 => {
                let signature = key.sign_sha256(digest.bytes()).ok_or_else(|| {
                    format!("a {} key does not sign the SHA-256 of a file; use a P-256 key", key.kind())
                })?;
                Ok(SignedContent::Message { digest: digest.clone(), signature })
            }
            Self::File(digest) => Err(format!("files are signed by SHA-256, not by {}", digest.algorithm())),
        }
    }

    /// The digest of one thing that the signature will speak of.
    pub(super) fn subject(&self) -> Result<Digest, String> {
        let payload = match self {
            Self::File(digest) => return Ok(digest.clone()),
            Self::Statement(payload) => payload,
        };
        let statement = published::statement(payload)?;
        let named = statement.subjects.iter().flat_map(|subject| &subject.digests);
        let mut digests = named.filter_map(|(algorithm, hex)| {
            let algorithm = Algorithm::parse(algorithm)?;
            [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512]
                .contains(&algorithm)
                .then(|| Digest::from_hex(algorithm, hex).ok())?
        });
        digests.next().ok_or_else(|| "the statement names no SHA-2 digest".to_owned())
    }
}

/// Signs with a key, or with the key of a certificate when a chain (leaf first) is given. Returns the bundle as JSON.
///
/// # Errors
/// A clause.
pub fn sign(signable: &Signable, key: &PrivateKey, chain: &[Certificate]) -> Result<String, String> {
    let material = match chain.first() {
        None => Material::PublicKey { hint: key.public().id().to_string(), inline: false },
        Some(leaf) if leaf.public_key().as_ref() == Ok(key.public()) => {
            Material::Certificates(chain.iter().map(|certificate| certificate.der().to_vec()).collect())
        }
        Some(leaf) => return Err(format!("the certificate {:?} does not belong to the private key", leaf.subject())),
    };
    Ok(bundle::of_content(bundle::material_to_json(&material), &signable.sign(key)?).to_string())
}
