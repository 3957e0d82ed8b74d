//! Signed statements of any kind about these files: who signed, what they say, and of when.
//!
//! A statement is no verdict: what it is good for, a policy decides (`require.attestations`) or the caller of
//! `attest verify`. What is not checked here: whether what the signers say is true.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::bundle::{Bundle, Content};
use super::dsse::{Envelope, is_statement};
use super::sealed::{self, Opened};
use super::settings::TrustSettings;
use super::statement::Statement;
use super::summary::{ATTESTATION_MALFORMED, ATTESTATION_SUBJECT_MISMATCH, VERIFICATION_SUMMARY, subject};
use super::{inputs, strict, wrapped};
use crate::model::{Algorithm, Artifact, Assurance, Class, Digest, Evidence, Rule, Severity};

/// Good news: somebody known says something about these very files.
pub static STATEMENT_SIGNED: Rule = Rule {
    id: "statement-signed",
    summary: "a statement about these files is signed by somebody whom the policy names",
    severity: Severity::Info,
    class: Class::Assurance,
    page: include_str!("../rules/statement-signed.md"),
    frameworks: &[],
};

/// What a statement is, by the type of its predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SLSA verification summary.
    Summary,
    /// in-toto test result.
    TestResult,
    /// in-toto simple verification result.
    Svr,
    /// in-toto vulnerabilities.
    Vulnerabilities,
    /// A CycloneDX or SPDX document, or a reference to one.
    Sbom,
    /// An OpenVEX document.
    OpenVex,
    /// Anything else.
    Other,
}

impl Kind {
    /// Of a statement.
    #[must_use]
    pub fn of(statement: &Statement) -> Self {
        let kind = statement.predicate_type.as_str();
        let begins = |prefix: &str| kind.starts_with(prefix);
        let refers = || begins("https://in-toto.io/attestation/reference/") && refers_to_sbom(&statement.predicate);
        if kind == VERIFICATION_SUMMARY {
            Self::Summary
        } else if begins("https://in-toto.io/attestation/test-result/") {
            Self::TestResult
        } else if begins("https://in-toto.io/attestation/svr/") {
            Self::Svr
        } else if begins("https://in-toto.io/attestation/vulns") {
            Self::Vulnerabilities
        } else if begins("https://cyclonedx.org/bom") || begins("https://spdx.dev/Document") || refers() {
            Self::Sbom
        } else if begins("https://openvex.dev/ns") {
            Self::OpenVex
        } else {
            Self::Other
        }
    }

    /// Its name in policies and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::TestResult => "test-result",
            Self::Svr => "svr",
            Self::Vulnerabilities => "vulnerabilities",
            Self::Sbom => "sbom",
            Self::OpenVex => "openvex",
            Self::Other => "other",
        }
    }

    /// True if it is what `wanted` names; `audit` is any of the three kinds that end in a result.
    #[must_use]
    pub fn is(self, wanted: &str) -> bool {
        match wanted {
            "audit" => matches!(self, Self::Summary | Self::TestResult | Self::Svr),
            _ => self.name() == wanted,
        }
    }
}

fn refers_to_sbom(predicate: &Value) -> bool {
    let references = predicate.get("references").and_then(Value::as_array);
    references.into_iter().flatten().any(|reference| {
        let media = reference.get("mediaType").and_then(Value::as_str).unwrap_or_default();
        media.contains("cyclonedx") || media.contains("spdx")
    })
}

/// When it was made, as it says itself.
#[must_use]
pub fn time(kind: Kind, predicate: &Value) -> Option<&str> {
    let pointers: &[&str] = match kind {
        Kind::Summary => &["/timeVerified"],
        Kind::Svr => &["/timeCreated"],
        Kind::Vulnerabilities => &["/metadata/scanFinishedOn"],
        Kind::Sbom => &["/metadata/timestamp", "/creationInfo/created"],
        Kind::OpenVex => &["/timestamp"],
        Kind::TestResult | Kind::Other => &[],
    };
    pointers.iter().find_map(|pointer| predicate.pointer(pointer).and_then(Value::as_str))
}

/// How it ends: `PASSED`, `WARNED` or `FAILED`, for those that end in a result. A simple verification result has no
/// word for it: it passed if it names what was verified.
#[must_use]
pub fn result(kind: Kind, predicate: &Value) -> Option<&str> {
    match kind {
        Kind::Summary => predicate.get("verificationResult").and_then(Value::as_str),
        Kind::TestResult => predicate.get("result").and_then(Value::as_str),
        Kind::Svr => (!levels(kind, predicate).is_empty()).then_some("PASSED"),
        _ => None,
    }
}

fn levels(kind: Kind, predicate: &Value) -> Vec<&str> {
    let list = match kind {
        Kind::Summary => predicate.get("verifiedLevels"),
        Kind::Svr => predicate.get("properties"),
        _ => None,
    };
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The envelopes of a file: one, one in a Sigstore bundle, or several on lines of their own.
pub(super) fn envelopes(bytes: &[u8]) -> Result<Vec<Envelope>, String> {
    values(bytes)?.iter().map(envelope).collect()
}

/// The same, each as it stands there.
pub(super) fn values(bytes: &[u8]) -> Result<Vec<Value>, String> {
    if let Some(lines) = wrapped::lines(bytes) {
        return lines;
    }
    let value = strict::parse(bytes)?;
    match wrapped::unwrap(&value) {
        Some(inner) => inner.map(|inner| inner.values),
        None => Ok(vec![value]),
    }
}

/// The envelope of a JSON value that is one, or a bundle around one.
pub(super) fn envelope(value: &Value) -> Result<Envelope, String> {
    if !Bundle::is(value) {
        return Envelope::from_json(value);
    }
    match Bundle::from_json(value)?.content {
        Content::Envelope(envelope) => Ok(envelope),
        Content::Message { .. } => Err("the bundle signs a message, not a statement".to_owned()),
    }
}

/// Holds the statements of a file against the files that are here and the signers that `trust` names, any one of whom is
/// enough: how many are needed, the policy decides. `file` is what reports call the file, and its bytes; `bills` are
/// bills of materials that a statement may refer to by digest.
#[must_use]
pub fn check(
    file: (&str, &[u8]),
    bills: &[&[u8]],
    (artifacts, root): (&[Artifact], Option<&Digest>),
    trust: &TrustSettings,
    now: Timestamp,
) -> Vec<Evidence> {
    let (name, bytes) = file;
    let each = |value: &Value| {
        let opened = sealed::open(value, name, trust, now);
        opened.map(|opened| one(file, &opened, bills, artifacts, root)).unwrap_or_else(|refusals| {
            let named =
                |seen: &Evidence| Evidence::new(seen.rule, format!("{name}: {}", seen.fact.message)).with("file", name);
            refusals.iter().map(named).collect()
        })
    };
    match values(bytes) {
        Ok(values) => values.iter().flat_map(each).collect(),
        Err(clause) => vec![Evidence::new(&ATTESTATION_MALFORMED, format!("{name}: {clause}")).with("file", name)],
    }
}

fn one(
    file: (&str, &[u8]),
    opened: &Opened,
    bills: &[&[u8]],
    artifacts: &[Artifact],
    root: Option<&Digest>,
) -> Vec<Evidence> {
    let (name, bytes) = file;
    let refuse =
        |rule: &'static Rule, clause: String| vec![Evidence::new(rule, format!("{name}: {clause}")).with("file", name)];
    if !is_statement(&opened.payload_type) {
        return refuse(&ATTESTATION_MALFORMED, format!("its payload is {:?}", opened.payload_type));
    }
    let statement = match Statement::parse(&opened.payload) {
        Ok(statement) => statement,
        Err(clause) => return refuse(&ATTESTATION_MALFORMED, clause),
    };
    if let Some(other) = subject(&statement, artifacts, root) {
        return refuse(&ATTESTATION_SUBJECT_MISMATCH, other.fact.message);
    }
    let (kind, predicate) = (Kind::of(&statement), &statement.predicate);
    let signers: Vec<&str> = opened.signers.iter().map(String::as_str).collect();
    let said = format!("{name}: {} about these files, signed by {} named signer(s)", kind.name(), signers.len());
    let mut signed = Evidence::new(&STATEMENT_SIGNED, said)
        .known_by(Assurance::Attested)
        .with("file", name)
        .with("sha256", sha256(bytes))
        .with("kind", kind.name())
        .with("predicate-type", statement.predicate_type.as_str())
        .with("signers", signers.clone());
    for (key, value) in [("time", time(kind, predicate)), ("result", result(kind, predicate))] {
        if let Some(value) = value {
            signed = signed.with(key, value);
        }
    }
    let levels = levels(kind, predicate);
    if !levels.is_empty() {
        signed = signed.with("levels", levels);
    }
    if kind == Kind::Sbom {
        let missing: Vec<String> = references(predicate)
            .filter(|hex| !bills.iter().any(|bill| sha256(bill) == *hex))
            .map(str::to_owned)
            .collect();
        signed = signed.with("covers-all-files", covers(predicate, bills, artifacts)).with("not-at-hand", missing);
    }
    let mut evidence = opened.notes.clone();
    evidence.push(signed);
    evidence
}

/// SHA-256 of the bills that a reference speaks of.
fn references(predicate: &Value) -> impl Iterator<Item = &str> {
    let list = predicate.get("references").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|reference| reference.pointer("/digest/sha256").and_then(Value::as_str))
}

/// True if the bill in the statement, or one at hand that it refers to by digest, names every file.
fn covers(predicate: &Value, bills: &[&[u8]], artifacts: &[Artifact]) -> bool {
    let meant = |bill: &&&[u8]| {
        let digest = sha256(bill);
        references(predicate).any(|hex| hex == digest)
    };
    let mut parsed = bills.iter().filter(meant).filter_map(|bill| strict::parse(bill).ok());
    lists_all(predicate, artifacts) || parsed.any(|bill| lists_all(&bill, artifacts))
}

/// True for a bill of materials by itself, which nobody signed.
#[must_use]
pub fn is_bill(bytes: &[u8]) -> bool {
    strict::parse(bytes).is_ok_and(|document| inputs::is_bill(&document))
}

/// Lower-case hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

/// True if a bill of materials names the SHA-256 of every file as a hash.
pub(super) fn lists_all(document: &Value, artifacts: &[Artifact]) -> bool {
    let mut listed = BTreeSet::new();
    // CycloneDX: hashes[].content; SPDX 2: checksums[].checksumValue; SPDX 3: verifiedUsing[].hashValue.
    collect(document, &mut listed);
    let digest = |file: &Artifact| file.digests.get(Algorithm::Sha256).map(Digest::hex);
    !artifacts.is_empty() && artifacts.iter().all(|file| digest(file).is_some_and(|hex| listed.contains(&hex)))
}

/// Values of the keys that hold hashes. The parser bounds how deep a document goes.
fn collect(value: &Value, listed: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, listed)),
        Value::Object(entries) => {
            for (key, inner) in entries {
                match inner {
                    Value::String(text) if text.len() == 64 && HASH_KEYS.contains(&key.as_str()) => {
                        listed.insert(text.to_ascii_lowercase());
                    }
                    inner => collect(inner, listed),
                }
            }
        }
        _ => {}
    }
}

const HASH_KEYS: [&str; 3] = ["content", "checksumValue", "hashValue"];
