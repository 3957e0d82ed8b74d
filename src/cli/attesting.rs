//! Statements by others that a policy may require: read, and held against the files and the signers that count.

use super::args::Trusting;
use super::assess::Request;
use super::exit::Mistake;
use super::judging::Loaded;
use super::{attest, key, signers};
use crate::model::{Artifact, Digest, Evidence, Input};
use crate::trust::{TrustSettings, attested};

/// Whose statements count: the keys and names of the policy, and the keys that flags name.
fn trust(loaded: &Loaded, trusting: &Trusting) -> Result<TrustSettings, Mistake> {
    let mut trust = TrustSettings {
        keys: loaded.attestation_keys.clone(),
        trusted_root: loaded.signers.root().cloned(),
        threshold: 1,
        ..TrustSettings::default()
    };
    for signer in loaded.policy.attestations.iter().flat_map(|entry| &entry.identities) {
        trust.identities.push(signers::identity_of(signer)?);
    }
    for file in &trusting.attestation_key {
        trust.keys.push(key::public(file)?);
    }
    Ok(trust)
}

/// The same as inputs of a report.
pub fn inputs(loaded: &Loaded, trusting: &Trusting) -> Result<Vec<Input>, Mistake> {
    let trust = trust(loaded, trusting)?;
    let keys = trust.keys.iter().map(|key| ("attestation-key", key.id().to_string()));
    let under = trust.trusted_root.as_ref().map(|root| format!(" under {}", root.name())).unwrap_or_default();
    let names = trust.identities.iter().map(|identity| ("attestation-identity", format!("{identity}{under}")));
    let mut all: Vec<(&str, String)> = keys.chain(names).collect();
    all.sort();
    all.dedup();
    let input = |(role, name): (&str, String)| Input { role: role.to_owned(), name, digest: None };
    Ok(all.into_iter().map(input).collect())
}

/// Evidence about every statement that flags name.
pub fn check(request: &Request<'_>, artifacts: &[Artifact], root: Option<&Digest>) -> Result<Vec<Evidence>, Mistake> {
    let trust = trust(request.loaded, request.trusting)?;
    let files = attest::files(&request.trusting.attestation)?;
    // A statement may refer to a bill by its digest; the bill itself bears no signature.
    let (bills, statements): (Vec<_>, Vec<_>) = files.iter().partition(|(_, bytes)| attested::is_bill(bytes));
    let bills: Vec<&[u8]> = bills.into_iter().map(|(_, bytes)| bytes.as_slice()).collect();
    let here = (artifacts, root);
    let one = |(name, bytes): &(String, Vec<u8>)| attested::check((name, bytes), &bills, here, &trust, request.now.at);
    Ok(statements.into_iter().flat_map(one).collect())
}
