//! An old or another model under a good signature.
//!
//! A signature says what was signed, not that it is what the caller wants today. These checks compare it with what the
//! caller expects: a name, an oldest time, digests that are no longer accepted.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::scene::{SIGNATURE_UNCHECKED, Scene};
use super::settings::Subject;
use crate::model::{Artifact, Class, Digest, Evidence, Rule, Severity};

/// The signature is for a model of another name.
pub static SUBJECT_NAME_MISMATCH: Rule = Rule {
    id: "subject-name-mismatch",
    summary: "a signature is for something of another name than expected",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/subject-name-mismatch.md"),
    frameworks: &["CWE-345"],
};

/// The signature is older than accepted.
pub static SIGNATURE_TOO_OLD: Rule = Rule {
    id: "signature-too-old",
    summary: "a signature was made before the oldest accepted time",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/signature-too-old.md"),
    frameworks: &["CWE-294", "CWE-757"],
};

/// The very thing that was signed has been withdrawn.
pub static DIGEST_REVOKED: Rule = Rule {
    id: "digest-revoked",
    summary: "a file or model has a digest that is no longer accepted",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/digest-revoked.md"),
    frameworks: &["CWE-672"],
};

/// Compares what a valid signature says with what the caller expects.
pub fn check(scene: &Scene<'_>, name: &str, root: Option<&Digest>, time: Option<Timestamp>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if let Some(expected) = scene.settings.expected_name.as_deref().filter(|expected| *expected != name) {
        let message = format!("{} is for {name:?}, not for {expected:?}", scene.name());
        evidence.push(scene.raise(&SUBJECT_NAME_MISMATCH, message).with("expected", expected).with("found", name));
    }
    if let Some(oldest) = scene.settings.not_before {
        match time {
            Some(time) if time >= oldest => {}
            Some(time) => {
                let message = format!("{} was made at {time}, before {oldest}", scene.name());
                evidence.push(scene.raise(&SIGNATURE_TOO_OLD, message));
            }
            None => {
                let message = format!(
                    "{} must not be older than {oldest}, but nothing vouches for the time it was made at",
                    scene.name()
                );
                evidence.push(scene.raise(&SIGNATURE_UNCHECKED, message));
            }
        }
    }
    evidence.extend(root.filter(|root| scene.settings.revoked.contains(root)).map(|root| {
        scene.raise(&DIGEST_REVOKED, format!("the model as a whole has the digest {root}, which is revoked"))
    }));
    evidence.extend(revoked(scene.subject, &scene.settings.revoked));
    evidence
}

/// The files that nobody may use any more, signed or not.
pub fn revoked(subject: Subject<'_>, revoked: &BTreeSet<Digest>) -> Vec<Evidence> {
    let revoked = |artifact: &Artifact| {
        let digest = artifact.digests.iter().find(|digest| revoked.contains(digest))?;
        let message = format!("the file has the digest {digest}, which is revoked");
        Some(Evidence::new(&DIGEST_REVOKED, message).of(&artifact.path))
    };
    subject.artifacts.iter().filter_map(revoked).collect()
}

#[cfg(test)]
mod tests {
    use super::super::settings::{SignatureFile, TrustSettings};
    use super::*;

    #[test]
    fn time_is_only_believed_when_something_vouches_for_it() {
        let time = |text: &str| -> Timestamp { text.parse().unwrap() };
        let file = SignatureFile { path: None, name: "model.sig".to_owned(), bytes: b"" };
        let settings = TrustSettings { not_before: Some(time("2025-06-01T00:00:00Z")), ..TrustSettings::default() };
        let subject = Subject { name: "model", artifacts: &[] };
        let now = time("2026-01-01T00:00:00Z");
        let scene = Scene { file: &file, files: std::slice::from_ref(&file), subject, settings: &settings, now };
        let ids = |signed| -> Vec<_> { check(&scene, "model", None, signed).iter().map(|seen| seen.rule.id).collect() };
        assert_eq!(ids(Some(time("2025-05-31T23:59:59Z"))), ["signature-too-old"]);
        assert!(ids(Some(time("2025-06-01T00:00:00Z"))).is_empty());
        assert_eq!(ids(None), ["signature-unchecked"]);
    }
}
