//! One entrance for every kind of signature, recognised by content.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::bundle::{Bundle, Content};
use super::dsse::Envelope;
use super::scene::{Requirements, SIGNATURE_MALFORMED, Scene, Verified};
use super::settings::{SignatureFile, Subject, TrustSettings};
use super::statement::Statement;
use super::{detached, model_signing, strict};
use crate::model::{Class, Evidence, Rule, Severity};

/// Too few signers.
pub static SIGNATURE_THRESHOLD_UNMET: Rule = Rule {
    id: "signature-threshold-unmet",
    summary: "fewer distinct trusted signers signed than are needed",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/signature-threshold-unmet.md"),
    frameworks: &["CWE-345"],
};

/// Checks signature files against the files of a subject. What a person must know about each is in the evidence,
/// good news too.
#[must_use]
pub fn check(
    files: &[SignatureFile<'_>],
    subject: Subject<'_>,
    settings: &TrustSettings,
    now: Timestamp,
) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let mut signers = BTreeSet::new();
    for file in files {
        let verified = one(&Scene { file, subject, settings, now });
        evidence.extend(verified.evidence);
        signers.extend(verified.signers);
    }
    if signers.len() < settings.threshold && !settings.trusts_nobody() && !files.is_empty() {
        let message = format!("{} distinct trusted signer(s) signed; {} are needed", signers.len(), settings.threshold);
        let found: Vec<String> = signers.into_iter().collect();
        let unmet = Evidence::new(&SIGNATURE_THRESHOLD_UNMET, message);
        evidence.push(unmet.with("needed", settings.threshold).with("signers", found));
    }
    evidence
}

/// What the pass must compute for these signature files.
#[must_use]
pub fn requirements(file: &SignatureFile<'_>) -> Requirements {
    match read(file.bytes, u64::MAX) {
        Ok(Kind::Bundle(bundle, _)) => match &bundle.content {
            Content::Envelope(envelope) => match Statement::parse(envelope.unverified_payload()) {
                Ok(statement) if model_signing::is(&statement) => model_signing::requirements(&statement),
                Ok(statement) => detached::requirements_of_statement(&statement),
                Err(_) => Requirements::default(),
            },
            Content::Message { digest, .. } => detached::requirements_of_message(file, digest.as_ref()),
        },
        Ok(Kind::Envelope(envelope)) => Statement::parse(envelope.unverified_payload())
            .map(|statement| detached::requirements_of_statement(&statement))
            .unwrap_or_default(),
        Ok(Kind::Foreign) | Err(_) => Requirements::default(),
    }
}

enum Kind {
    Bundle(Box<Bundle>, String),
    Envelope(Envelope),
    /// Not JSON.
    Foreign,
}

fn read(bytes: &[u8], limit: u64) -> Result<Kind, String> {
    let begin = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
    if !begin.is_some_and(|at| bytes[at] == b'{') && !bytes.starts_with(b"\xef\xbb\xbf") {
        return Ok(Kind::Foreign);
    }
    if bytes.len() as u64 > limit {
        return Err(format!("it has {} bytes; at most {limit} are read", bytes.len()));
    }
    let value = strict::parse(bytes)?;
    if Bundle::is(&value) {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        return Ok(Kind::Bundle(Box::new(Bundle::from_json(&value)?), text.to_owned()));
    }
    if value.get("payloadType").is_some() {
        return Ok(Kind::Envelope(Envelope::from_json(&value)?));
    }
    Err("it is JSON, but neither a Sigstore bundle nor a DSSE envelope".to_owned())
}

fn one(scene: &Scene<'_>) -> Verified {
    let kind = match read(scene.file.bytes, scene.settings.limits.json_bytes) {
        Ok(kind) => kind,
        Err(clause) => return scene.refuse(&SIGNATURE_MALFORMED, clause),
    };
    match kind {
        Kind::Foreign => detached::foreign(scene),
        Kind::Envelope(envelope) => detached::envelope(scene, &envelope),
        Kind::Bundle(bundle, text) => match &bundle.content {
            Content::Message { .. } => detached::message(scene, &bundle, &text),
            Content::Envelope(envelope) => match Statement::parse(envelope.unverified_payload()) {
                Err(clause) => scene.refuse(&SIGNATURE_MALFORMED, clause),
                Ok(statement) if model_signing::is(&statement) => {
                    model_signing::check(scene, &bundle, &text, &statement)
                }
                Ok(statement) => detached::attested(scene, &bundle, &text, &statement),
            },
        },
    }
}
