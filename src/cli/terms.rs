//! What a look rests on besides the bytes, as inputs of a report. Only what is not as it always is gets listed, so that
//! a report can be judged again under another policy and say what that policy would have looked at otherwise.

use sha2::{Digest as _, Sha256};

use super::args::{Reading, Trusting};
use crate::model::{Check, Input, Limits};
use crate::policy::Policy;
use crate::trust::TrustSettings;

fn input(role: &str, name: impl ToString) -> Input {
    Input { role: role.to_owned(), name: name.to_string(), digest: None }
}

/// Whom a look trusts, and how many of them.
pub fn of_trust(settings: &TrustSettings) -> Vec<Input> {
    let mut inputs: Vec<Input> = settings.keys.iter().map(|key| input("trusted-key", key.id())).collect();
    inputs.extend(settings.certificates.iter().map(|root| Input {
        role: "trusted-certificate".to_owned(),
        name: root.subject(),
        digest: Some(format!("sha256:{}", hex::encode(Sha256::digest(root.der())))),
    }));
    inputs.extend(settings.identities.iter().map(|identity| input("trusted-identity", identity)));
    if !settings.trusts_nobody() && settings.threshold > 1 {
        inputs.push(input("signature-threshold", settings.threshold));
    }
    if let Some(name) = &settings.expected_name {
        inputs.push(input("signature-terms", format!("name {name}")));
    }
    if let Some(time) = &settings.not_before {
        inputs.push(input("signature-terms", format!("not before {time}")));
    }
    if let Some(root) = &settings.trusted_root {
        inputs.push(input("signature-terms", format!("Sigstore trusted root {}", root.name())));
    }
    inputs.extend(settings.revoked.iter().map(|digest| input("revoked-digest", digest)));
    inputs
}

/// What flags leave out of the look or take into it: a stored report that was made with them saw something else than a
/// look without them would have.
pub fn of_look(reading: &Reading, trusting: &Trusting, checks: &[Check]) -> Vec<Input> {
    let mut inputs = of_reading(reading);
    if trusting.ignore_unsigned && checks.contains(&Check::Signature) {
        inputs.push(input(READING, IGNORE_UNSIGNED));
    }
    inputs
}

/// The same of the flags about bytes alone.
pub fn of_reading(reading: &Reading) -> Vec<Input> {
    let mut inputs: Vec<Input> = reading.left_out().map(|path| input(READING, format!("ignore {path}"))).collect();
    if reading.allow_symlinks {
        inputs.push(input(READING, "allow-symlinks"));
    }
    if reading.structure_only {
        inputs.push(input(READING, "structure-only"));
    }
    inputs
}

/// Role of flags that decide what is read.
const READING: &str = "reading";
const IGNORE_UNSIGNED: &str = "ignore-unsigned";

/// True for what decides nothing but how signatures are checked.
pub fn is_of_signatures(input: &Input) -> bool {
    let role = input.role.as_str();
    role.starts_with("trusted-")
        || role.starts_with("signature-")
        || role == "revoked-digest"
        || (role == READING && input.name == IGNORE_UNSIGNED)
}

/// Bounds of inspection and callables that are vouched for or warned of, where they are not the usual ones, and whether
/// licences are listed.
pub fn of_policy(policy: &Policy, checks: &[Check]) -> Vec<Input> {
    let digest = |text: serde_json::Result<Vec<u8>>| {
        Some(format!("sha256:{}", hex::encode(Sha256::digest(text.unwrap_or_default()))))
    };
    let mut inputs = Vec::new();
    if policy.limits != Limits::default() {
        let digest = digest(serde_json::to_vec(&policy.limits));
        inputs.push(Input { role: "limits".to_owned(), name: "of the policy".to_owned(), digest });
    }
    if policy.licences.restricts() && checks.contains(&Check::Audit) {
        inputs.push(input("licences", "listed"));
    }
    if !policy.pickle.is_empty() {
        let digest = digest(serde_json::to_vec(&policy.pickle));
        inputs.push(Input { role: "pickle-terms".to_owned(), name: "of the policy".to_owned(), digest });
    }
    inputs
}
