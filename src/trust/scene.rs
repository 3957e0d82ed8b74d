//! One signature file before what it is checked against, and what comes of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::settings::{SignatureFile, Subject, TrustSettings};
use crate::model::{Algorithm, ArtifactPath, Class, Evidence, Rule, Severity};

/// Good news.
pub static SIGNATURE_VALID: Rule = Rule {
    id: "signature-valid",
    summary: "a signature by a trusted signer holds, and the files are the ones that were signed",
    severity: Severity::Info,
    class: Class::Assurance,
    page: include_str!("../rules/signature-valid.md"),
    frameworks: &[],
};

/// It is a signature, but not one that can be read in one way only.
pub static SIGNATURE_MALFORMED: Rule = Rule {
    id: "signature-malformed",
    summary: "a signature file is malformed, or can be read in two ways",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/signature-malformed.md"),
    frameworks: &["CWE-347", "CWE-20"],
};

/// It could not be looked at.
pub static SIGNATURE_UNCHECKED: Rule = Rule {
    id: "signature-unchecked",
    summary: "a signature could not be checked",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/signature-unchecked.md"),
    frameworks: &["CWE-353"],
};

/// It is a signature of something, but not of these files.
pub static SIGNATURE_OTHER_SUBJECT: Rule = Rule {
    id: "signature-other-subject",
    summary: "a signature is over other bytes than the ones that are here",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/signature-other-subject.md"),
    frameworks: &["CWE-345", "CWE-354"],
};

/// What must be computed in the pass so that a signature can be compared afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Digests of whole files, besides SHA-256.
    pub algorithms: BTreeSet<Algorithm>,
    /// Bytes of a shard, and the digest of each.
    pub shards: Option<(u64, Algorithm)>,
    /// A file whose bytes must be kept: Ed25519 signs bytes, not digests.
    pub keep: Option<ArtifactPath>,
}

/// A signature that holds, and by whom.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Distinct signers, by key identifier or by name and issuer.
    pub signers: BTreeSet<String>,
    /// What a person reads.
    pub by: String,
    /// The verified time of signing, if anything vouches for one.
    pub time: Option<Timestamp>,
    /// Worth saying besides.
    pub notes: Vec<Evidence>,
}

/// One signature file before what it is checked against.
pub struct Scene<'a> {
    /// The signature.
    pub file: &'a SignatureFile<'a>,
    /// All signatures of this check, that one among them.
    pub files: &'a [SignatureFile<'a>],
    /// The files.
    pub subject: Subject<'a>,
    /// What the caller trusts.
    pub settings: &'a TrustSettings,
    /// The time of the check.
    pub now: Timestamp,
}

impl Scene<'_> {
    /// The signature's name, for messages.
    pub fn name(&self) -> String {
        self.file.path.as_ref().map_or_else(|| self.file.name.clone(), ToString::to_string)
    }

    /// Evidence about the signature itself.
    pub fn raise(&self, rule: &'static Rule, message: impl Into<String>) -> Evidence {
        let evidence = Evidence::new(rule, message).with("signature", self.name());
        match &self.file.path {
            Some(path) => evidence.of(path),
            None => evidence,
        }
    }

    /// A refusal of one piece of evidence.
    pub fn refuse(&self, rule: &'static Rule, clause: impl std::fmt::Display) -> Verified {
        Verified::refused(vec![self.raise(rule, format!("{}: {clause}", self.name()))])
    }
}

/// What came of one signature file.
pub struct Verified {
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// Who stands behind the files, if everything held.
    pub signers: BTreeSet<String>,
}

impl Verified {
    /// Nobody does.
    pub const fn refused(evidence: Vec<Evidence>) -> Self {
        Self { evidence, signers: BTreeSet::new() }
    }

    /// The signature holds; so does all, unless the comparison found a defect or could not look.
    pub fn of(scene: &Scene<'_>, signed: Signed, compared: Vec<Evidence>, facts: Vec<(&'static str, Value)>) -> Self {
        let outside = |evidence: &&Evidence| ["ignored-file", "excluded-file"].contains(&evidence.rule.id);
        let uncovered = compared.iter().filter(outside).count();
        // What a signature leaves out speaks against using the file, not against the signature.
        let bad = |evidence: &Evidence| matches!(evidence.rule.class, Class::Defect | Class::Gap);
        let held = !compared.iter().any(|evidence| bad(evidence) && !outside(&evidence));
        let mut evidence = signed.notes;
        evidence.extend(compared);
        if !held {
            return Self::refused(evidence);
        }
        // Whoever reads only the good news must read this as well.
        let but = match uncovered {
            0 => String::new(),
            1 => ", but it does not cover 1 file, whose path is ignored".to_owned(),
            many => format!(", but it does not cover {many} files, whose paths are ignored"),
        };
        let message = format!("{} is a valid signature by {}{but}", scene.name(), signed.by);
        let mut valid = scene.raise(&SIGNATURE_VALID, message).with("uncovered", uncovered);
        for (name, value) in facts {
            valid = valid.with(name, value);
        }
        valid = valid.with("signers", signed.signers.iter().cloned().collect::<Vec<_>>());
        if let Some(time) = signed.time {
            valid = valid.with("signed_at", time.to_string());
        }
        evidence.push(valid);
        Self { evidence, signers: signed.signers }
    }
}
