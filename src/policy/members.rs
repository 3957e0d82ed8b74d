//! Formats inside of containers, which a policy lets in or keeps out as it does files.

use crate::model::{Artifact, Evidence};

use super::judge::FORMAT_NOT_ALLOWED;
use super::resolve::Policy;
use super::scope::Scopes;

/// What a container consists of by its own definition: whoever allows it allows these in it. Deny reaches them all the
/// same.
static PARTS: &[(&str, &[&str])] = &[
    ("keras", &["hdf5", "json", "keras-config", "text"]),
    ("npz", &["npy"]),
    ("nemo", &["text"]),
    ("pytorch-zip", &["pickle", "text"]),
    ("skops", &["json", "npy", "text"]),
    ("torch-distributed", &["pickle", "text"]),
    ("torch-export", &["json", "pickle", "text", "zip"]),
    ("torch-package", &["pickle", "text"]),
    ("torchscript", &["pickle", "text"]),
];

/// The first member of a format that the policy does not let in.
pub(super) fn unwelcome(policy: &Policy, scopes: &Scopes<'_>, artifact: &Artifact) -> Option<Evidence> {
    let part = |name: &str| {
        PARTS.iter().any(|(whole, parts)| {
            artifact.formats.iter().any(|format| format.name() == *whole) && parts.contains(&name)
        })
    };
    let scoped = scopes.formats(artifact);
    let (format, member) = artifact.contents.members.iter().find(|(name, _)| {
        let name = name.as_str();
        let listed = match &scoped.allow {
            Some(allow) => allow.iter().any(|allowed| allowed == name),
            None => policy.formats_allow.as_ref().is_none_or(|allow| allow.contains(name)),
        };
        let denied = policy.formats_deny.contains(name) || scoped.deny.iter().any(|denied| denied == name);
        denied || !(listed || name == "empty" || part(name))
    })?;
    let message = format!("the member {member:?} is {format}, which this policy does not allow");
    let evidence = Evidence::new(&FORMAT_NOT_ALLOWED, message).of(&artifact.path);
    Some(evidence.with("format", format.as_str()).with("member", member.as_str()))
}
