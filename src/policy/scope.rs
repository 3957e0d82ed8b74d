//! Other rulings for some files or some models.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Algorithm, Artifact, Digest, Evidence, Severity};

use super::judge::Weighed;
use super::resolve::glob;
use super::wire::{Action, Formats, Thresholds};

/// Some files or models, and how they are judged otherwise. It must name at least one of `artifact`, `model` and
/// `sha256`; where it names several, all must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ScopeEntry {
    /// Which files, as a glob on the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// Which models, as a glob on the name of the folder or file that is weighed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// SHA-256 of the file, or over all files of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Severities of defects, in place of the policy's. Advisories keep theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Thresholds>,
    /// Rules that are judged otherwise.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, Action>,
    /// `allow` in place of the policy's, `deny` beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formats: Option<Formats>,
}

/// What the scopes say of one piece of evidence; `None` where they are silent.
#[derive(Debug, Default)]
pub struct Terms {
    /// Lowest severity that fails.
    pub fail: Option<Severity>,
    /// Lowest severity that is said.
    pub warn: Option<Severity>,
    /// By the rule's name.
    pub action: Option<Action>,
}

/// What the scopes say of one file's formats.
#[derive(Debug, Default)]
pub struct Admission {
    /// In place of the policy's.
    pub allow: Option<Vec<String>>,
    /// Beside the policy's.
    pub deny: Vec<String>,
}

/// The scopes that can fit this model.
pub struct Scopes<'p> {
    entries: Vec<(&'p ScopeEntry, Option<GlobMatcher>)>,
    root: Option<String>,
}

impl<'p> Scopes<'p> {
    /// Leaves out those for other models. The globs were checked when the policy was read.
    pub fn new(entries: &'p [ScopeEntry], weighed: &Weighed<'_>) -> Self {
        let here = |entry: &&ScopeEntry| {
            let pattern = entry.model.as_deref();
            pattern.is_none_or(|pattern| glob(pattern).is_ok_and(|glob| glob.is_match(weighed.subject)))
        };
        let compiled = |entry: &'p ScopeEntry| (entry, entry.artifact.as_deref().and_then(|text| glob(text).ok()));
        let entries = entries.iter().filter(here).map(compiled).collect();
        Self { entries, root: weighed.root.map(Digest::hex) }
    }

    fn fitting(&self, path: Option<&str>, artifact: Option<&Artifact>) -> impl Iterator<Item = &'p ScopeEntry> {
        let digest = artifact.and_then(|artifact| artifact.digests.get(Algorithm::Sha256)).map(Digest::hex);
        self.entries.iter().filter_map(move |(entry, pattern)| {
            let is = |found: &Option<String>, wanted: &str| {
                found.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(wanted))
            };
            let fits = pattern.as_ref().is_none_or(|pattern| path.is_some_and(|path| pattern.is_match(path)))
                && entry.sha256.as_deref().is_none_or(|wanted| is(&digest, wanted) || is(&self.root, wanted));
            fits.then_some(*entry)
        })
    }

    /// How this evidence is judged.
    pub fn terms(&self, evidence: &Evidence, artifact: Option<&Artifact>) -> Terms {
        let mut terms = Terms::default();
        if self.entries.is_empty() {
            return terms;
        }
        let path = evidence.artifact.as_ref().map(crate::model::ArtifactPath::as_str);
        for entry in self.fitting(path, artifact) {
            if let Some(severity) = &entry.severity {
                terms.fail = severity.fail.or(terms.fail);
                terms.warn = severity.warn.or(terms.warn);
            }
            terms.action = entry.rules.get(evidence.rule.id).copied().or(terms.action);
        }
        terms
    }

    /// Which formats this file may have.
    pub fn formats(&self, artifact: &Artifact) -> Admission {
        let mut admission = Admission::default();
        if self.entries.is_empty() {
            return admission;
        }
        let scopes = self.fitting(Some(artifact.path.as_str()), Some(artifact));
        for formats in scopes.filter_map(|entry| entry.formats.as_ref()) {
            admission.allow = formats.allow.clone().or(admission.allow);
            admission.deny.extend(formats.deny.iter().flatten().cloned());
        }
        admission
    }
}
