//! What a verification summary rests on: the attestations it names as its inputs, held against the ones that the caller
//! requires and has at hand.

use std::collections::BTreeSet;

use serde_json::Value;

use super::attested::{Kind, envelope as envelope_of, envelopes, lists_all, result, sha256};
use super::dsse::is_statement;
use super::key::PublicKey;
use super::statement::Statement;
use super::strict;
use super::summary::subject;
use crate::model::{Artifact, Class, Digest, Evidence, Rule, Severity, outcome};

/// It was made without something.
pub static ATTESTATION_INPUT_MISSING: Rule = Rule {
    id: "attestation-input-missing",
    summary: "a verification summary does not rest on an attestation that is required",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/attestation-input-missing.md"),
    frameworks: &["CWE-345", "CWE-353"],
};

/// An attestation that a summary must rest on.
#[derive(Clone, Debug)]
pub struct RequiredInput {
    /// `sbom`, `audit`, `summary`, `test-result`, `svr`, `vulnerabilities` or `openvex`.
    pub kind: String,
    /// Whose signature it must bear, apart from those that made the summary. `None`: the summary's signers vouch for it
    /// by its digest, and it may be a document without a signature.
    pub key: Option<PublicKey>,
}

/// SHA-256 of the attestations that a summary says it rests on, lower-case hexadecimal. Of a payload that nobody has
/// vouched for yet: good for knowing which files are no part of the subject, for no more.
#[must_use]
pub fn named(envelope: &[u8]) -> BTreeSet<String> {
    let envelope = strict::parse(envelope).and_then(|value| envelope_of(&value));
    let payload = envelope.and_then(|envelope| strict::parse(envelope.unverified_payload()));
    let predicate = payload.ok().and_then(|statement| statement.get("predicate").cloned()).unwrap_or_default();
    digests(&predicate).into_iter().map(str::to_owned).collect()
}

fn digests(predicate: &Value) -> BTreeSet<&str> {
    let list = predicate.get("inputAttestations").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|input| input.pointer("/digest/sha256").and_then(Value::as_str)).collect()
}

/// Evidence about every required input that the summary does not name, that is not at hand, or that is not what it must
/// be. `files` are names and bytes of what is at hand.
pub fn missing(
    predicate: &Value,
    wanted: &[RequiredInput],
    files: &[(String, Vec<u8>)],
    signers: &BTreeSet<String>,
    here: (&[Artifact], Option<&Digest>),
) -> Vec<Evidence> {
    let digests = digests(predicate);
    wanted
        .iter()
        .filter_map(|required| {
            let mut reasons = Vec::new();
            for (name, bytes) in files {
                match refusal(required, bytes, &digests, signers, here) {
                    None => return None,
                    Some(why) => reasons.push(format!("{name} {why}")),
                }
            }
            let reason = match reasons.first() {
                Some(first) => first.clone(),
                None => "none is at hand (--input FILE)".to_owned(),
            };
            let message = format!("the summary must rest on an attestation of kind {:?}; {reason}", required.kind);
            let evidence = Evidence::new(&ATTESTATION_INPUT_MISSING, message);
            Some(evidence.with("kind", required.kind.as_str()).with("refused", reasons))
        })
        .collect()
}

fn refusal(
    required: &RequiredInput,
    bytes: &[u8],
    digests: &BTreeSet<&str>,
    signers: &BTreeSet<String>,
    here: (&[Artifact], Option<&Digest>),
) -> Option<String> {
    if !digests.contains(sha256(bytes).as_str()) {
        return Some("is not among the inputs that the summary names".to_owned());
    }
    match &required.key {
        Some(key) if signers.contains(key.id().as_str()) => {
            Some("would have to be signed by another key than the summary is".to_owned())
        }
        Some(key) => signed(required, key, bytes, here),
        None => match strict::parse(bytes) {
            Ok(document) if required.kind == "sbom" && is_bill(&document) => {
                (!lists_all(&document, here.0)).then(|| "does not list every file by its SHA-256".to_owned())
            }
            _ => unsigned(required, bytes, here),
        },
    }
}

pub(super) fn is_bill(document: &Value) -> bool {
    let says = |key: &str| document.get(key).is_some();
    says("bomFormat") || says("spdxVersion") || (says("@context") && says("@graph"))
}

fn signed(
    required: &RequiredInput,
    key: &PublicKey,
    bytes: &[u8],
    here: (&[Artifact], Option<&Digest>),
) -> Option<String> {
    let envelopes = match envelopes(bytes) {
        Ok(envelopes) => envelopes,
        Err(clause) => return Some(format!("is no attestation: {clause}")),
    };
    let mut why = "holds no attestation".to_owned();
    for envelope in &envelopes {
        match envelope.verify(std::slice::from_ref(key), 1) {
            Ok(payload) if is_statement(payload.payload_type()) => match of_kind(required, payload.bytes(), here) {
                None => return None,
                Some(clause) => why = clause,
            },
            Ok(payload) => why = format!("holds {:?}", payload.payload_type()),
            Err(refusal) => why = format!("is not signed by the required key: {refusal}"),
        }
    }
    Some(why)
}

/// The summary's signers vouch for the bytes; what they say must be of the right kind all the same.
fn unsigned(required: &RequiredInput, bytes: &[u8], here: (&[Artifact], Option<&Digest>)) -> Option<String> {
    match envelopes(bytes) {
        Ok(envelopes) => {
            let mut why = "holds no attestation".to_owned();
            for envelope in &envelopes {
                match of_kind(required, envelope.unverified_payload(), here) {
                    None => return None,
                    Some(clause) => why = clause,
                }
            }
            Some(why)
        }
        Err(clause) => Some(format!("is no attestation: {clause}")),
    }
}

fn of_kind(required: &RequiredInput, payload: &[u8], here: (&[Artifact], Option<&Digest>)) -> Option<String> {
    let statement = match Statement::parse(payload) {
        Ok(statement) => statement,
        Err(clause) => return Some(format!("is no statement: {clause}")),
    };
    let kind = Kind::of(&statement);
    if !kind.is(&required.kind) {
        return Some(format!("is of kind {:?}", kind.name()));
    }
    if let Some(why) = outcome::not_passed(kind.name(), result(kind, &statement.predicate)) {
        return Some(why);
    }
    subject(&statement, here.0, here.1).map(|other| other.fact.message)
}
