//! What was seen in these bytes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AdvisoryMatch, ArtifactPath, Place, Rule, Severity};

/// How a statement is known, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Assurance {
    /// Computed here from the bytes, or a signature checked here.
    Verified,
    /// Read from the artifact's own header.
    Derived,
    /// Said by a signed statement whose signature was checked.
    Attested,
    /// Said by a model card or a file name.
    Declared,
    /// Not known.
    Unknown,
}

impl Assurance {
    /// The name used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Derived => "derived",
            Self::Attested => "attested",
            Self::Declared => "declared",
            Self::Unknown => "unknown",
        }
    }
}

/// What was seen, as a sentence and as values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fact {
    /// One sentence without a full stop that names the values. May hold text from the file, unsanitised.
    pub message: String,
    /// The same as values, by name, for machines and for policies.
    pub details: BTreeMap<String, Value>,
}

/// A few bytes of a file or member, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Offset of the first byte in the file or member.
    pub start: u64,
    /// The bytes, a few lines of 16.
    pub bytes: Vec<u8>,
    /// The ones that matter, by offset in the file or member.
    pub marked: std::ops::Range<u64>,
}

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What kind of thing.
    pub rule: &'static Rule,
    /// In which file; `None` for what concerns the whole tree.
    pub artifact: Option<ArtifactPath>,
    /// Where in it.
    pub place: Place,
    /// What exactly.
    pub fact: Fact,
    /// How it is known.
    pub assurance: Assurance,
    /// A severity given by the source of the fact (an advisory's score), instead of the rule's.
    pub rated: Option<Severity>,
    /// The advisory, when the fact is that a package is affected by one.
    pub advisory: Option<Box<AdvisoryMatch>>,
    /// The bytes it was seen in, where a person would want to see them.
    pub excerpt: Option<Excerpt>,
}

impl Evidence {
    /// Evidence about the whole tree, verified here; refine it with the methods below.
    pub fn new(rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            rule,
            artifact: None,
            place: Place::Whole,
            fact: Fact { message: message.into(), details: BTreeMap::new() },
            assurance: Assurance::Verified,
            rated: None,
            advisory: None,
            excerpt: None,
        }
    }

    /// Names the file it was seen in.
    #[must_use]
    pub fn of(mut self, artifact: &ArtifactPath) -> Self {
        self.artifact = Some(artifact.clone());
        self
    }

    /// Names the place in the file.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Adds one value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fact.details.insert(name.to_owned(), value.into());
        self
    }

    /// Says how it is known, when not verified here.
    #[must_use]
    pub const fn known_by(mut self, assurance: Assurance) -> Self {
        self.assurance = assurance;
        self
    }

    /// Carries the source's own severity.
    #[must_use]
    pub const fn rated(mut self, severity: Severity) -> Self {
        self.rated = Some(severity);
        self
    }

    /// Carries the bytes it was seen in.
    #[must_use]
    pub fn showing(mut self, excerpt: Option<Excerpt>) -> Self {
        self.excerpt = excerpt;
        self
    }

    /// The severity before any policy.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.rated.unwrap_or(self.rule.severity)
    }

    /// The order of reports: by file, place, rule, then message.
    #[must_use]
    pub fn sort_key(&self) -> (&Option<ArtifactPath>, &Place, &'static str, &str) {
        (&self.artifact, &self.place, self.rule.id, &self.fact.message)
    }
}
