//! Who stands behind the envelope of an attestation: keys, a certificate of the caller's own authority, or a name that
//! Sigstore vouches for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::attested::envelope;
use super::bundle::{Bundle, Content, Material};
use super::dsse::{Envelope, Refusal};
use super::scene::Scene;
use super::settings::{SignatureFile, Subject, TrustSettings};
use super::signing::Signable;
use super::summary::{ATTESTATION_MALFORMED, ATTESTATION_SIGNATURE_INVALID, ATTESTATION_THRESHOLD_UNMET};
use crate::model::Evidence;

/// A payload whose signatures were checked.
pub struct Opened {
    /// What the payload says it is; signed too.
    pub payload_type: String,
    /// The very bytes that were signed.
    pub payload: Vec<u8>,
    /// Distinct signers, each an identifier of a key, or an issuer and a name.
    pub signers: BTreeSet<String>,
    /// What is to be said beside, such as that a certificate has expired since.
    pub notes: Vec<Evidence>,
}

/// Checks an envelope, alone or in a bundle, of a file of that name. Where authorities or names are trusted, a bundle
/// with certificates is held against those, by the rules for any other signature; where keys are, its signature is held
/// against the keys as well.
pub fn open(value: &Value, name: &str, settings: &TrustSettings, now: Timestamp) -> Result<Opened, Vec<Evidence>> {
    let malformed = |clause: String| vec![Evidence::new(&ATTESTATION_MALFORMED, clause)];
    if !Bundle::is(value) {
        return keyed(&envelope(value).map_err(malformed)?, settings);
    }
    let bundle = Bundle::from_json(value).map_err(malformed)?;
    let Content::Envelope(envelope) = &bundle.content else {
        return Err(malformed("the bundle signs a message, not a statement".to_owned()));
    };
    let by_name = !settings.certificates.is_empty() || !settings.identities.is_empty();
    if !by_name || !matches!(bundle.material, Material::Certificates(_)) {
        return keyed(envelope, settings);
    }
    let certified = certified((name, value), &bundle, envelope, settings, now);
    if certified.is_ok() || settings.keys.is_empty() {
        return certified;
    }
    keyed(envelope, settings).map_err(|refusals| certified.err().into_iter().flatten().chain(refusals).collect())
}

/// By keys alone.
fn keyed(envelope: &Envelope, settings: &TrustSettings) -> Result<Opened, Vec<Evidence>> {
    match envelope.verify(&settings.keys, settings.threshold.max(1)) {
        Ok(payload) => Ok(Opened {
            payload_type: payload.payload_type().to_owned(),
            payload: payload.bytes().to_vec(),
            signers: payload.signers().iter().map(ToString::to_string).collect(),
            notes: Vec::new(),
        }),
        Err(refusal @ Refusal::Threshold { .. }) => {
            Err(vec![Evidence::new(&ATTESTATION_THRESHOLD_UNMET, refusal.to_string())])
        }
        Err(refusal) => Err(vec![Evidence::new(&ATTESTATION_SIGNATURE_INVALID, refusal.to_string())]),
    }
}

fn certified(
    (name, value): (&str, &Value),
    bundle: &Bundle,
    envelope: &Envelope,
    settings: &TrustSettings,
    now: Timestamp,
) -> Result<Opened, Vec<Evidence>> {
    let malformed = |clause: String| vec![Evidence::new(&ATTESTATION_MALFORMED, clause)];
    let text = value.to_string();
    let subject = Signable::Statement(envelope.unverified_payload().to_vec()).subject().map_err(malformed)?;
    let file = SignatureFile { path: None, name: name.to_owned(), bytes: text.as_bytes() };
    let subjects = Subject { name: "", artifacts: &[] };
    let scene = Scene { file: &file, files: std::slice::from_ref(&file), subject: subjects, settings, now };
    let signed = scene.authenticate(bundle, &text, &subject, None).map_err(|refusals| {
        let refused = |seen: Evidence| {
            Evidence::new(&ATTESTATION_SIGNATURE_INVALID, seen.fact.message).with("cause", seen.rule.id)
        };
        refusals.into_iter().map(refused).collect::<Vec<_>>()
    })?;
    let needed = settings.threshold.max(1);
    if signed.signers.len() < needed {
        let refusal = Refusal::Threshold { found: signed.signers.len(), needed };
        return Err(vec![Evidence::new(&ATTESTATION_THRESHOLD_UNMET, refusal.to_string())]);
    }
    Ok(Opened {
        payload_type: envelope.payload_type().to_owned(),
        payload: envelope.unverified_payload().to_vec(),
        signers: signed.signers,
        notes: signed.notes,
    })
}
