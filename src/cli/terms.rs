//! What a look rests on besides the bytes, as inputs of a report. Only what is not as it always is gets listed, so that
//! a report can be judged again under another policy and say what that policy would have looked at otherwise.

use sha2::{Digest as _, Sha256};

use crate::model::{Input, Limits};
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
    if settings.trusted_root.is_some() {
        inputs.push(input("signature-terms", "a Sigstore trusted root of the caller's"));
    }
    inputs.extend(settings.revoked.iter().map(|digest| input("revoked-digest", digest)));
    inputs
}

/// True for the roles of [`of_trust`].
pub fn is_trust(role: &str) -> bool {
    role.starts_with("trusted-") || role.starts_with("signature-") || role == "revoked-digest"
}

/// Bounds of inspection, where they are not the usual ones.
pub fn of_limits(limits: &Limits) -> Vec<Input> {
    if *limits == Limits::default() {
        return Vec::new();
    }
    let text = serde_json::to_vec(limits).unwrap_or_default();
    let digest = Some(format!("sha256:{}", hex::encode(Sha256::digest(text))));
    vec![Input { role: "limits".to_owned(), name: "of the policy".to_owned(), digest }]
}
