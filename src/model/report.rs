//! Everything that was seen, judged once.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Artifact, Digest, Finding, Package, Verdict};

/// One of the things `--checks` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// Digests against manifests, indexes and signatures that the folder carries.
    Integrity,
    /// Signatures against trusted keys.
    Signature,
    /// Structure and content of the files.
    Scan,
    /// Packages against advisories.
    Audit,
}

impl Check {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::Integrity, Self::Signature, Self::Scan, Self::Audit];

    /// The name used on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::Signature => "signature",
            Self::Scan => "scan",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The policy that judged: its name and the digest of its resolved text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyId {
    /// Name from the policy file.
    pub name: String,
    /// `sha256:` and the SHA-256 of the resolved policy.
    pub digest: String,
}

/// The program that wrote the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `weighbridge`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This build.
    #[must_use]
    pub fn this() -> Self {
        Self { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// Something other than the artifacts that the result depends on: an advisory database, a trusted key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// What it is, such as `advisory-database`.
    pub role: String,
    /// Its name, never a local path.
    pub name: String,
    /// Its digest, `sha256:…`, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// The whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Name of what was weighed: the last component of its path.
    pub subject: String,
    /// SHA-256 over all files in the order and form of OpenSSF model signing, when everything was hashed.
    pub root: Option<Digest>,
    /// What was asked for.
    pub checks: Vec<Check>,
    /// Files, by path.
    pub artifacts: Vec<Artifact>,
    /// Packages, by lockfile and purl.
    pub packages: Vec<Package>,
    /// Judged evidence, by file and place.
    pub findings: Vec<Finding>,
    /// The one word.
    pub verdict: Verdict,
    /// Who judged.
    pub policy: PolicyId,
    /// What the policy did not require, one clause each.
    pub not_required: Vec<String>,
    /// What was not assessed at all, one clause each.
    pub not_assessed: Vec<String>,
    /// What else the result rests on.
    pub inputs: Vec<Input>,
    /// Who wrote it.
    pub tool: Tool,
}
