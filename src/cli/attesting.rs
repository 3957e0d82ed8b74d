//! Statements by others that a policy may require: read, and held against the files and the keys that count.

use super::args::Trusting;
use super::assess::Request;
use super::exit::Mistake;
use super::judging::Loaded;
use super::{attest, key};
use crate::model::{Artifact, Digest, Evidence, Input};
use crate::trust::attested;
use crate::trust::key::PublicKey;

/// The keys whose statements count: those of the policy, and those that flags name.
fn keys(loaded: &Loaded, trusting: &Trusting) -> Result<Vec<PublicKey>, Mistake> {
    let mut keys = loaded.attestation_keys.clone();
    for file in &trusting.attestation_key {
        keys.push(key::public(file)?);
    }
    Ok(keys)
}

/// The same as inputs of a report.
pub fn inputs(loaded: &Loaded, trusting: &Trusting) -> Result<Vec<Input>, Mistake> {
    let mut names: Vec<String> = keys(loaded, trusting)?.iter().map(|key| key.id().to_string()).collect();
    names.sort();
    names.dedup();
    let input = |name| Input { role: "attestation-key".to_owned(), name, digest: None };
    Ok(names.into_iter().map(input).collect())
}

/// Evidence about every statement that flags name.
pub fn check(request: &Request<'_>, artifacts: &[Artifact], root: Option<&Digest>) -> Result<Vec<Evidence>, Mistake> {
    let keys = keys(request.loaded, request.trusting)?;
    let files = attest::files(&request.trusting.attestation)?;
    let each = files.iter().flat_map(|(name, bytes)| attested::check(name, bytes, artifacts, root, &keys));
    Ok(each.collect())
}
