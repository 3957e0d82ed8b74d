//! Making a model signature that the reference accepts, with the same root digest for the same tree.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::bundle::{self, Material};
use super::super::certificate::Certificate;
use super::super::dsse::{Envelope, IN_TOTO};
use super::super::key::PrivateKey;
use super::super::statement::STATEMENT_V1;
use super::manifest::PREDICATE;
use super::paths::{Ignored, by_components, refuse};
use crate::model::{Algorithm, Artifact, Digest};

/// How to sign.
#[derive(Clone, Debug)]
pub struct SignOptions {
    /// Name of the model: the last component of its path.
    pub name: String,
    /// SHA-256, BLAKE2b-512 or BLAKE3.
    pub algorithm: Algorithm,
    /// Sign ranges of this many bytes in place of whole files.
    pub shard_size: Option<u64>,
    /// Paths to leave out, the signature's own among them; they are recorded in the signature.
    pub ignored: Ignored,
    /// Recorded in the signature: whether links were followed.
    pub allow_symlinks: bool,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// No file is left to sign.
    #[error("there is no file to sign; everything is ignored, or the folder is empty")]
    Nothing,
    /// A name that no verifier would accept.
    #[error("the file {0:?} cannot be signed: its name {1}")]
    Name(String, &'static str),
    /// Not one of the three.
    #[error("model signatures use sha256, blake2b-512 or blake3, not {0}")]
    Algorithm(Algorithm),
    /// The pass did not compute what is needed.
    #[error("the {algorithm} digest of {path:?} was not computed")]
    NotComputed {
        /// Of which file.
        path: String,
        /// Which digest.
        algorithm: Algorithm,
    },
    /// Shards cannot speak of empty files.
    #[error("the empty file {0:?} would not be covered by a signature by shards. Sign whole files, or ignore it")]
    EmptyFile(String),
    /// A shard of no bytes.
    #[error("a shard must have at least one byte")]
    ShardSize,
    /// The certificate is another key's.
    #[error("the certificate {0:?} does not belong to the private key")]
    OtherKey(String),
}

/// SHA-256 over the SHA-256 of every file that is not ignored, in the reference's order. `None` if a file was not
/// hashed or none is left.
#[must_use]
pub fn root_digest(artifacts: &[Artifact], ignored: &Ignored) -> Option<Digest> {
    let mut hasher = Sha256::new();
    let files = in_order(artifacts, ignored);
    for artifact in &files {
        hasher.update(artifact.digests.get(Algorithm::Sha256)?.bytes());
    }
    (!files.is_empty()).then(|| Digest::new(Algorithm::Sha256, &hasher.finalize()).ok()).flatten()
}

fn in_order<'a>(artifacts: &'a [Artifact], ignored: &Ignored) -> Vec<&'a Artifact> {
    let kept = |artifact: &&Artifact| artifact.path.as_str() == "." || !ignored.covers(artifact.path.as_str());
    let mut files: Vec<&Artifact> = artifacts.iter().filter(kept).collect();
    files.sort_by(|one, other| by_components(&one.path, &other.path));
    files
}

/// The statement about a model, as JSON bytes to be signed.
///
/// # Errors
/// [`SignError`] says which file cannot be signed and why.
pub fn statement(artifacts: &[Artifact], options: &SignOptions) -> Result<Vec<u8>, SignError> {
    let hash = match options.algorithm {
        Algorithm::Sha256 => "sha256",
        Algorithm::Blake2b512 => "blake2b",
        Algorithm::Blake3 => "blake3",
        other => return Err(SignError::Algorithm(other)),
    };
    if options.shard_size == Some(0) {
        return Err(SignError::ShardSize);
    }
    let files = in_order(artifacts, &options.ignored);
    if files.is_empty() {
        return Err(SignError::Nothing);
    }
    let mut root = Sha256::new();
    let mut resources = Vec::new();
    for artifact in files {
        let path = artifact.path.as_str();
        if let Some(why) = refuse(path) {
            return Err(SignError::Name(path.to_owned(), why));
        }
        for (name, digest) in digests(artifact, options)? {
            root.update(digest.bytes());
            let algorithm = options.shard_size.map_or_else(|| hash.to_owned(), |size| format!("{hash}-sharded-{size}"));
            resources.push(json!({ "name": name, "algorithm": algorithm, "digest": digest.hex() }));
        }
    }
    let mut serialization = json!({
        "method": if options.shard_size.is_some() { "shards" } else { "files" },
        "hash_type": hash,
        "allow_symlinks": options.allow_symlinks,
    });
    if let Some(size) = options.shard_size {
        serialization["shard_size"] = size.into();
    }
    let ignored = options.ignored.paths();
    if !ignored.is_empty() {
        serialization["ignore_paths"] = ignored.into();
    }
    let statement = json!({
        "_type": STATEMENT_V1,
        "subject": [{ "name": options.name, "digest": { "sha256": hex::encode(root.finalize()) } }],
        "predicateType": PREDICATE,
        "predicate": { "serialization": serialization, "resources": resources },
    });
    Ok(statement.to_string().into_bytes())
}

fn digests<'a>(artifact: &'a Artifact, options: &SignOptions) -> Result<Vec<(String, &'a Digest)>, SignError> {
    let path = artifact.path.as_str();
    let missing = || SignError::NotComputed { path: path.to_owned(), algorithm: options.algorithm };
    let Some(size) = options.shard_size else {
        return Ok(vec![(path.to_owned(), artifact.digests.get(options.algorithm).ok_or_else(missing)?)]);
    };
    if artifact.size == 0 {
        return Err(SignError::EmptyFile(path.to_owned()));
    }
    let mut named = Vec::new();
    let mut start = 0_u64;
    for shard in &artifact.shards {
        let end = start.saturating_add(size).min(artifact.size);
        if shard.range != (start..end) || shard.digest.algorithm() != options.algorithm {
            return Err(missing());
        }
        named.push((format!("{path}:{start}:{end}"), &shard.digest));
        start = end;
    }
    if start == artifact.size { Ok(named) } else { Err(missing()) }
}

/// Signs a model with a key, or with the key of a certificate when a chain (leaf first) is given. Returns the bundle
/// as JSON text.
///
/// # Errors
/// [`SignError`]: nothing is signed unless everything can be.
pub fn sign(
    artifacts: &[Artifact],
    options: &SignOptions,
    key: &PrivateKey,
    chain: &[Certificate],
) -> Result<String, SignError> {
    let payload = statement(artifacts, options)?;
    let material = match chain.first() {
        None => Material::PublicKey { hint: key.public().id().to_string(), inline: false },
        Some(leaf) if leaf.public_key().as_ref() == Ok(key.public()) => {
            Material::Certificates(chain.iter().map(|certificate| certificate.der().to_vec()).collect())
        }
        Some(leaf) => return Err(SignError::OtherKey(leaf.subject())),
    };
    let envelope = Envelope::sign(IN_TOTO, &payload, &[key]).without_hints();
    Ok(bundle::to_json(&material, &envelope).to_string())
}
