//! Attestations of a verification: SLSA's Verification Summary (VSA) in a signed envelope, made and checked.
//! <https://slsa.dev/spec/v1.1/verification_summary>: the steps a verifier must take are the checks here.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::attested::values;
use super::bundle::{self, Material};
use super::certificate::Certificate;
use super::dsse::{Envelope, IN_TOTO, Refusal, is_statement};
use super::inputs::{self, RequiredInput};
use super::key::PrivateKey;
use super::sealed::{self, Opened};
use super::settings::TrustSettings;
use super::statement::Statement;
use super::strict;
use crate::model::{Algorithm, Artifact, Class, Digest, Evidence, Rule, Severity, tier};

/// The predicate of SLSA 1.0, 1.1 and 1.2 alike.
pub const VERIFICATION_SUMMARY: &str = "https://slsa.dev/verification_summary/v1";

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident, $id:literal, $summary:literal, $severity:ident, $class:ident, $frameworks:expr;)*) => {
        $($(#[$doc])* pub static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            severity: Severity::$severity,
            class: Class::$class,
            page: include_str!(concat!("../rules/", $id, ".md")),
            frameworks: $frameworks,
        };)*
    };
}

rules! {
    /// All steps held.
    ATTESTATION_VALID, "attestation-valid",
        "a signed verification summary by a trusted key says that these files passed", Info, Assurance, &[];
    /// Not an envelope around a summary.
    ATTESTATION_MALFORMED, "attestation-malformed",
        "an attestation is malformed, or is no verification summary", High, Defect, &["CWE-20"];
    /// Nobody trusted signed.
    ATTESTATION_SIGNATURE_INVALID, "attestation-signature-invalid",
        "an attestation is not signed by a trusted key", High, Defect, &["CWE-347"];
    /// Somebody trusted signed, but not enough of them.
    ATTESTATION_THRESHOLD_UNMET, "attestation-threshold-unmet",
        "fewer distinct trusted keys signed an attestation than are required", High, Defect, &["CWE-347"];
    /// It is about something else.
    ATTESTATION_SUBJECT_MISMATCH, "attestation-subject-mismatch",
        "an attestation is about other files than the ones that are here", High, Defect, &["CWE-345"];
    /// It says no.
    ATTESTATION_FAILED, "attestation-failed",
        "a verification summary says that the verification failed", High, Defect, &["CWE-693"];
    /// It is too old, or of the future.
    ATTESTATION_STALE, "attestation-stale",
        "an attestation is older than accepted, or says no time", High, Defect, &["CWE-672"];
    /// It promises less than asked.
    ATTESTATION_LEVEL_MISSING, "attestation-level-missing",
        "a verification summary does not name a level that is required", High, Defect, &["CWE-693"];
    /// It was judged by other rules.
    ATTESTATION_POLICY_MISMATCH, "attestation-policy-mismatch",
        "a verification summary was made under another policy than required", High, Defect, &["CWE-693"];
    /// It was judged for another place.
    ATTESTATION_RESOURCE_MISMATCH, "attestation-resource-mismatch",
        "a verification summary is for another resource than expected", High, Defect, &["CWE-345"];
    /// Somebody else judged.
    ATTESTATION_VERIFIER_MISMATCH, "attestation-verifier-mismatch",
        "a verification summary was made by another verifier than expected", High, Defect, &["CWE-345"];
}

/// What the caller asks of an attestation. An empty expectation asks for a signature, a subject and `PASSED`.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// Who may have signed, and how many of them must have.
    pub trust: TrustSettings,
    /// What the verification was for.
    pub resource_uri: Option<String>,
    /// Who verified.
    pub verifier: Option<String>,
    /// Levels that must be reached: as summaries spell them, or a tier's name.
    pub levels: BTreeSet<String>,
    /// The policy's URI.
    pub policy_uri: Option<String>,
    /// The policy's SHA-256, lower-case hexadecimal.
    pub policy_sha256: Option<String>,
    /// The oldest that is accepted.
    pub max_age: Option<SignedDuration>,
    /// Attestations that the summary must rest on.
    pub inputs: Vec<RequiredInput>,
    /// Name and bytes of attestations that are at hand.
    pub input_files: Vec<(String, Vec<u8>)>,
}

/// Signs a statement, given as JSON, with every key; returns the envelope as JSON text.
///
/// # Errors
/// A clause if the bytes are not a statement that would be accepted again, or if there is no key.
pub fn seal(statement: &[u8], keys: &[&PrivateKey]) -> Result<String, String> {
    Statement::parse(statement)?;
    if keys.is_empty() {
        return Err("there is no key to sign with".to_owned());
    }
    Ok(Envelope::sign(IN_TOTO, statement, keys).to_json().to_string())
}

/// Signs a statement with one key and puts it into a Sigstore bundle, with the certificates of the key (leaf first) if
/// there are any. Returns the bundle as JSON text.
///
/// # Errors
/// A clause if the bytes are no statement, or if the certificate belongs to another key.
pub fn seal_bundle(statement: &[u8], key: &PrivateKey, chain: &[Certificate]) -> Result<String, String> {
    Statement::parse(statement)?;
    let material = match chain.first() {
        None => Material::PublicKey { hint: key.public().id().to_string(), inline: false },
        Some(leaf) if leaf.public_key().as_ref() == Ok(key.public()) => {
            Material::Certificates(chain.iter().map(|certificate| certificate.der().to_vec()).collect())
        }
        Some(leaf) => return Err(format!("the certificate {:?} does not belong to the private key", leaf.subject())),
    };
    let envelope = Envelope::sign(IN_TOTO, statement, &[key]).without_hints();
    Ok(bundle::to_json(&material, &envelope).to_string())
}

/// Checks a verification summary against these files: an envelope, a bundle around one, or several of them, each on a
/// line of its own (`.intoto.jsonl`), whose signers count together where they signed the same words. `root` is the
/// digest over all files.
#[must_use]
pub fn verify(
    bytes: &[u8],
    artifacts: &[Artifact],
    root: Option<&Digest>,
    expected: &Expectation,
    now: Timestamp,
) -> Vec<Evidence> {
    let all = match values(bytes) {
        Ok(all) => all,
        Err(clause) => return malformed(clause),
    };
    let summaries = match opened(&all, &expected.trust, now) {
        Ok(summaries) => summaries,
        Err(refusals) => return refusals,
    };
    // Of several summaries one that says yes of these files is enough: others may be about other files.
    let mut judged = summaries.into_iter().map(|summary| held(summary, artifacts, root, expected, now));
    let first = judged.next().unwrap_or_default();
    let is_valid = |seen: &Vec<Evidence>| seen.iter().any(|seen| seen.rule == &ATTESTATION_VALID);
    if is_valid(&first) { first } else { judged.find(is_valid).unwrap_or(first) }
}

fn malformed(clause: String) -> Vec<Evidence> {
    vec![Evidence::new(&ATTESTATION_MALFORMED, clause)]
}

/// The summaries among them whose signers are enough. Lines that are something else are passed over, as the format of
/// such lists has it.
fn opened(all: &[Value], trust: &TrustSettings, now: Timestamp) -> Result<Vec<Opened>, Vec<Evidence>> {
    if let [one] = all {
        return sealed::open(one, "the attestation", trust, now).map(|opened| vec![opened]);
    }
    let needed = trust.threshold.max(1);
    let each = TrustSettings { threshold: 1, ..trust.clone() };
    let (mut summaries, mut refusals): (Vec<Opened>, Vec<Evidence>) = (Vec::new(), Vec::new());
    for value in all {
        match sealed::open(value, "the attestation", &each, now) {
            Ok(opened) if statement(&opened).is_err() => {}
            Ok(opened) => match summaries.iter_mut().find(|known| known.payload == opened.payload) {
                Some(known) => known.signers.extend(opened.signers),
                None => summaries.push(opened),
            },
            Err(refused) => refusals.extend(refused),
        }
    }
    let most = summaries.iter().map(|summary| summary.signers.len()).max();
    summaries.retain(|summary| summary.signers.len() >= needed);
    match most {
        _ if !summaries.is_empty() => Ok(summaries),
        Some(found) => {
            let refusal = Refusal::Threshold { found, needed };
            Err(vec![Evidence::new(&ATTESTATION_THRESHOLD_UNMET, refusal.to_string())])
        }
        None if refusals.is_empty() => Err(malformed("none of its lines is a verification summary".to_owned())),
        None => Err(refusals),
    }
}

/// The summary in a signed payload.
fn statement(opened: &Opened) -> Result<Statement, String> {
    if !is_statement(&opened.payload_type) {
        return Err(format!("its payload is {:?}, not an in-toto statement", opened.payload_type));
    }
    let statement = Statement::parse(&opened.payload)?;
    if statement.predicate_type == VERIFICATION_SUMMARY {
        Ok(statement)
    } else {
        Err(format!("its predicate is {:?}", statement.predicate_type))
    }
}

/// Holds one summary against the files and what is expected of it.
fn held(
    opened: Opened,
    artifacts: &[Artifact],
    root: Option<&Digest>,
    expected: &Expectation,
    now: Timestamp,
) -> Vec<Evidence> {
    let statement = match statement(&opened) {
        Ok(statement) => statement,
        Err(clause) => return malformed(clause),
    };
    let mut evidence = Vec::new();
    evidence.extend(subject(&statement, artifacts, root));
    match judge(&statement.predicate, expected, now) {
        Ok(found) => evidence.extend(found),
        Err(clause) => return malformed(clause),
    }
    let here = (artifacts, root);
    let (required, files) = (&expected.inputs, &expected.input_files);
    evidence.extend(inputs::missing(&statement.predicate, required, files, &opened.signers, here));
    if evidence.is_empty() {
        let signers: Vec<&str> = opened.signers.iter().map(String::as_str).collect();
        let message = format!("{} trusted signer(s) say that these files passed", signers.len());
        let mut valid = Evidence::new(&ATTESTATION_VALID, message).with("signers", signers.clone());
        for name in ["verifier", "timeVerified", "resourceUri", "policy", "verifiedLevels"] {
            if let Some(value) = statement.predicate.get(name) {
                valid = valid.with(name, value.clone());
            }
        }
        evidence.push(valid);
    }
    evidence.extend(opened.notes);
    evidence
}

/// One subject must be the whole; or every file must be a subject, and every subject a file, so that none is missing.
pub(super) fn subject(statement: &Statement, artifacts: &[Artifact], root: Option<&Digest>) -> Option<Evidence> {
    let named: BTreeSet<&str> =
        statement.subjects.iter().filter_map(|subject| subject.digests.get("sha256")).map(String::as_str).collect();
    let is_named = |digest: &Digest| named.contains(digest.hex().as_str());
    // A statement that names files is about these files at these paths; the whole is one more subject.
    let by_path: BTreeSet<(&str, &str)> = statement
        .subjects
        .iter()
        .filter(|subject| !subject.name.is_empty())
        .filter_map(|subject| Some((subject.name.as_str(), subject.digests.get("sha256")?.as_str())))
        .collect();
    let listed = artifacts
        .iter()
        .filter_map(|file| Some((file.path.as_str(), file.digests.get(Algorithm::Sha256)?.hex())))
        .filter(|(path, hex)| by_path.contains(&(*path, hex.as_str())))
        .count();
    if by_path.len() > 1 && (listed != artifacts.len() || by_path.len() > listed + 1) {
        let message = format!("{listed} of the {} files here are the ones that it names by path", artifacts.len());
        return Some(Evidence::new(&ATTESTATION_SUBJECT_MISMATCH, message));
    }
    let files: Vec<&Digest> = artifacts.iter().filter_map(|file| file.digests.get(Algorithm::Sha256)).collect();
    let here: BTreeSet<String> = files.iter().map(|digest| digest.hex()).collect();
    let all_named = !files.is_empty() && files.len() == artifacts.len() && files.iter().all(|file| is_named(file));
    if root.is_some_and(is_named) || (all_named && named.iter().all(|digest| here.contains(*digest))) {
        return None;
    }
    let found = root.map_or_else(|| "files that it does not name".to_owned(), ToString::to_string);
    let shown: Vec<&str> = named.into_iter().take(3).collect();
    let message = format!("it is about {}, but here is {found}", shown.join(", "));
    Some(Evidence::new(&ATTESTATION_SUBJECT_MISMATCH, message))
}

fn judge(predicate: &Value, expected: &Expectation, now: Timestamp) -> Result<Vec<Evidence>, String> {
    let mut found = Vec::new();
    let mut raise = |rule: &'static Rule, message: String| found.push(Evidence::new(rule, message));
    match strict::text(predicate, "verificationResult")? {
        "PASSED" => {}
        other => raise(&ATTESTATION_FAILED, format!("its result is {other:?}")),
    }
    let verifier = strict::text(predicate.get("verifier").unwrap_or(&Value::Null), "id")?;
    if let Some(wanted) = expected.verifier.as_deref().filter(|wanted| *wanted != verifier) {
        raise(&ATTESTATION_VERIFIER_MISMATCH, format!("{verifier:?} verified, not {wanted:?}"));
    }
    let resource = strict::text(predicate, "resourceUri")?;
    if let Some(wanted) = expected.resource_uri.as_deref().filter(|wanted| *wanted != resource) {
        raise(&ATTESTATION_RESOURCE_MISMATCH, format!("it is for {resource:?}, not for {wanted:?}"));
    }
    let levels: BTreeSet<&str> = strict::list(predicate, "verifiedLevels")?.iter().filter_map(Value::as_str).collect();
    if levels.contains("FAILED") {
        raise(&ATTESTATION_FAILED, "its levels are FAILED, whatever its result says".to_owned());
    }
    let reached = |wanted: &String| levels.iter().any(|stated| *stated == wanted || tier::reaches(stated, wanted));
    for wanted in expected.levels.iter().filter(|wanted| !reached(wanted)) {
        let named: Vec<&str> = levels.iter().copied().collect();
        raise(&ATTESTATION_LEVEL_MISSING, format!("it names {}, not {wanted:?}", named.join(", ")));
    }
    let policy = predicate.get("policy").unwrap_or(&Value::Null);
    let uri = policy.get("uri").and_then(Value::as_str).unwrap_or_default();
    if let Some(wanted) = expected.policy_uri.as_deref().filter(|wanted| *wanted != uri) {
        raise(&ATTESTATION_POLICY_MISMATCH, format!("its policy is {uri:?}, not {wanted:?}"));
    }
    let digest =
        policy.get("digest").and_then(|digest| digest.get("sha256")).and_then(Value::as_str).unwrap_or_default();
    if let Some(wanted) = expected.policy_sha256.as_deref().filter(|wanted| *wanted != digest) {
        raise(&ATTESTATION_POLICY_MISMATCH, format!("its policy has the digest {digest:?}, not {wanted:?}"));
    }
    if let Some(message) = stale(predicate, expected.max_age, now)? {
        raise(&ATTESTATION_STALE, message);
    }
    Ok(found)
}

/// Five minutes of difference between clocks are nothing.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

fn stale(predicate: &Value, max_age: Option<SignedDuration>, now: Timestamp) -> Result<Option<String>, String> {
    let Some(text) = predicate.get("timeVerified") else {
        return Ok(max_age.map(|_| "it does not say when it was verified".to_owned()));
    };
    let text = text.as_str().ok_or("\"timeVerified\" is not a string")?;
    let time: Timestamp = text.parse().map_err(|_| format!("\"timeVerified\" is {text:?}, which is no time"))?;
    let age = now.duration_since(time);
    if age < -SKEW {
        return Ok(Some(format!("it was verified at {time}, which is in the future")));
    }
    Ok(max_age.filter(|most| age > *most).map(|most| format!("it was verified at {time}, more than {most:#} ago")))
}
