//! One entrance for every kind of signature, recognised by content.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::authenticate::{SIGNATURE_UNTRUSTED_IDENTITY, SIGNATURE_UNTRUSTED_KEY};
use super::bundle::{Bundle, Content};
use super::dsse::Envelope;
use super::scene::{Requirements, SIGNATURE_MALFORMED, Scene, Verified};
use super::settings::{SignatureFile, Subject, TrustSettings};
use super::statement::Statement;
use super::wrapped::{self, Wrapped};
use super::{detached, foreign, model_signing, published, rollback, strict};
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
    // Withdrawn files are withdrawn whatever signs them.
    let revoked = rollback::revoked(subject, &settings.revoked);
    let mut evidence = Vec::new();
    let mut signers = BTreeSet::new();
    for file in files {
        let verified = one(&Scene { file, files, subject, settings, now });
        evidence.extend(verified.evidence);
        signers.extend(verified.signers);
    }
    evidence.retain(|seen: &Evidence| !revoked.contains(seen));
    evidence.extend(revoked);
    // One untrusted signature where one is needed has said so itself.
    let unsaid = settings.threshold > 1 || files.is_empty() || settings.trusts_nobody();
    if unsaid {
        evidence.extend(too_few(&signers, settings.threshold));
    }
    evidence
}

/// What is to be said of fewer distinct signers than are needed.
#[must_use]
pub fn too_few(signers: &BTreeSet<String>, needed: usize) -> Option<Evidence> {
    if signers.len() >= needed {
        return None;
    }
    let message = format!("{} distinct trusted signer(s) signed; {needed} are needed", signers.len());
    let found: Vec<&str> = signers.iter().map(String::as_str).collect();
    Some(Evidence::new(&SIGNATURE_THRESHOLD_UNMET, message).with("needed", needed).with("signers", found))
}

/// What the pass must compute for this signature file. Read from bytes that nobody has vouched for; a shard size in
/// it may be absurd, and is then refused when the pass cannot follow it.
#[must_use]
pub fn requirements(file: &SignatureFile<'_>) -> Requirements {
    let Ok(kinds) = read(file.bytes, u64::MAX) else { return Requirements::default() };
    let mut all = Requirements::default();
    for kind in &kinds {
        let one = requirements_of(file, kind);
        all.algorithms.extend(one.algorithms);
        all.shards = all.shards.or(one.shards);
        all.keep = all.keep.or(one.keep);
    }
    all
}

fn requirements_of(file: &SignatureFile<'_>, kind: &Kind) -> Requirements {
    let envelope = match kind {
        Kind::Foreign => return foreign::requirements(file),
        Kind::Envelope(envelope) => envelope,
        Kind::Bundle(bundle, ..) => match &bundle.content {
            Content::Envelope(envelope) => envelope,
            Content::Message { digest, .. } => return detached::requirements_of_message(file, digest.as_ref()),
        },
    };
    match Statement::parse_any(envelope.unverified_payload()) {
        Ok(statement) if model_signing::is(&statement) => model_signing::requirements(&statement),
        Ok(statement) => detached::requirements_of_statement(&statement),
        Err(_) => Requirements::default(),
    }
}

enum Kind {
    /// A bundle, its text, and whether PyPI published it.
    Bundle(Box<Bundle>, String, bool),
    Envelope(Envelope),
    /// Not JSON.
    Foreign,
}

fn read(bytes: &[u8], limit: u64) -> Result<Vec<Kind>, String> {
    let json = bytes.trim_ascii_start().starts_with(b"{") || bytes.starts_with(b"\xef\xbb\xbf");
    if !json {
        return Ok(vec![Kind::Foreign]);
    }
    if bytes.len() as u64 > limit {
        return Err(format!("it has {} bytes; at most {limit} are read", bytes.len()));
    }
    let Wrapped { values, pypi } = match wrapped::lines(bytes) {
        Some(lines) => Wrapped { values: lines?, pypi: false },
        None => {
            let value = strict::parse(bytes)?;
            match wrapped::unwrap(&value) {
                Some(bundles) => bundles?,
                None => return Ok(vec![kind(&value, bytes, false)?]),
            }
        }
    };
    values.iter().map(|value| kind(value, value.to_string().as_bytes(), pypi)).collect()
}

fn kind(value: &Value, bytes: &[u8], pypi: bool) -> Result<Kind, String> {
    if Bundle::is(value) {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        return Ok(Kind::Bundle(Box::new(Bundle::from_json(value)?), text.to_owned(), pypi));
    }
    if value.get("payloadType").is_some() {
        return Ok(Kind::Envelope(Envelope::from_json(value)?));
    }
    Err("it is JSON, but neither a Sigstore bundle nor a DSSE envelope".to_owned())
}

/// A file may wrap several bundles, by several signers. One that holds is enough; then the others' signers are not held
/// against it, but what is broken still is.
fn one(scene: &Scene<'_>) -> Verified {
    let kinds = match read(scene.file.bytes, scene.settings.limits.json_bytes) {
        Ok(kinds) => kinds,
        Err(clause) => return scene.refuse(&SIGNATURE_MALFORMED, clause),
    };
    let mut all = Verified::refused(Vec::new());
    for kind in &kinds {
        let verified = of_kind(scene, kind);
        all.evidence.extend(verified.evidence);
        all.signers.extend(verified.signers);
    }
    if !all.signers.is_empty() {
        let others: [&Rule; 2] = [&SIGNATURE_UNTRUSTED_KEY, &SIGNATURE_UNTRUSTED_IDENTITY];
        all.evidence.retain(|evidence| !others.contains(&evidence.rule));
    }
    all
}

fn of_kind(scene: &Scene<'_>, kind: &Kind) -> Verified {
    match kind {
        Kind::Foreign => foreign::check(scene),
        Kind::Envelope(envelope) => detached::envelope(scene, envelope),
        Kind::Bundle(bundle, text, pypi) => match &bundle.content {
            Content::Message { .. } => detached::message(scene, bundle, text),
            Content::Envelope(envelope) => match published::statement(envelope.unverified_payload()) {
                Err(clause) => scene.refuse(&SIGNATURE_MALFORMED, clause),
                Ok(statement) if *pypi => published::on_pypi(scene, bundle, text, &statement),
                Ok(statement) if model_signing::is(&statement) => model_signing::check(scene, bundle, text, &statement),
                Ok(statement) => detached::attested(scene, bundle, text, &statement),
            },
        },
    }
}
