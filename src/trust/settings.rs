//! What the caller trusts, and what is checked.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::certificate::Certificate;
use super::key::PublicKey;
use super::sigstore::TrustedRoot;
use crate::model::{Artifact, ArtifactPath, Digest, Limits};

/// A signer known by a name that an identity provider vouched for.
#[derive(Clone, Debug)]
pub struct Identity {
    name: Name,
    issuer: Option<String>,
}

#[derive(Clone, Debug)]
enum Name {
    Exact(String),
    Pattern(String, Box<regex_lite::Regex>),
}

impl Identity {
    /// Exactly this subject alternative name: an e-mail address or a URI. `issuer` is the URL of the identity
    /// provider; without it any provider that the trusted root's authority accepts may have vouched for the name.
    #[must_use]
    pub fn exact(name: impl Into<String>, issuer: Option<String>) -> Self {
        Self { name: Name::Exact(name.into()), issuer }
    }

    /// Any name that the regular expression matches as a whole, not only in part.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn matching(pattern: &str, issuer: Option<String>) -> Result<Self, String> {
        // Compiled alone first, so that `a)|(b` cannot escape the group.
        regex_lite::Regex::new(pattern).map_err(|error| error.to_string())?;
        let whole = regex_lite::Regex::new(&format!("^(?:{pattern})$")).map_err(|error| error.to_string())?;
        Ok(Self { name: Name::Pattern(pattern.to_owned(), Box::new(whole)), issuer })
    }

    /// True if a certificate with that name and issuer is of this signer.
    #[must_use]
    pub fn is(&self, name: &str, issuer: &str) -> bool {
        let named = match &self.name {
            Name::Exact(expected) => expected == name,
            Name::Pattern(_, pattern) => pattern.is_match(name),
        };
        named && self.issuer.as_deref().is_none_or(|expected| expected == issuer)
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Name::Exact(name) => write!(f, "{name}")?,
            Name::Pattern(pattern, _) => write!(f, "/{pattern}/")?,
        }
        write!(f, " of {}", self.issuer.as_deref().unwrap_or("any issuer"))
    }
}

/// Everything the caller decides about trust. The default trusts nobody.
#[derive(Clone, Debug, Default)]
pub struct TrustSettings {
    /// Keys, each good for one of the threshold.
    pub keys: Vec<PublicKey>,
    /// Distinct signers that are needed; 0 is taken as 1.
    pub threshold: usize,
    /// Certificates that signing certificates must chain to. Self-issued ones are roots; others help to build paths.
    pub certificates: Vec<Certificate>,
    /// Sigstore signers.
    pub identities: Vec<Identity>,
    /// Sigstore's own keys; the embedded public-good root when absent.
    pub trusted_root: Option<TrustedRoot>,
    /// Paths of the model that need not be signed, with all below them.
    pub ignore: Vec<String>,
    /// Files that the signature does not list are named, not refused.
    pub ignore_unsigned: bool,
    /// The name that the signature must give to the model.
    pub expected_name: Option<String>,
    /// The oldest accepted signing time.
    pub not_before: Option<Timestamp>,
    /// Digests of files or of whole models that are no longer accepted.
    pub revoked: BTreeSet<Digest>,
    /// Bounds.
    pub limits: Limits,
}

impl TrustSettings {
    /// True when no signer is trusted, so that nothing can be said about who signed.
    #[must_use]
    pub const fn trusts_nobody(&self) -> bool {
        self.keys.is_empty() && self.certificates.is_empty() && self.identities.is_empty()
    }
}

/// What signatures are checked against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Name of the folder or file that was weighed.
    pub name: &'a str,
    /// Its files; a single file has the path `.`.
    pub artifacts: &'a [Artifact],
}

impl Subject<'_> {
    /// The only file, when the subject is one.
    #[must_use]
    pub fn single(&self) -> Option<&Artifact> {
        match self.artifacts {
            [artifact] if artifact.path.as_str() == "." => Some(artifact),
            _ => None,
        }
    }

    /// The file of that path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.path.as_str() == path)
    }
}

/// A file that may carry a signature.
#[derive(Clone, Debug)]
pub struct SignatureFile<'a> {
    /// Its path in the subject, when it lies there; such a file need not be signed itself.
    pub path: Option<ArtifactPath>,
    /// Its name, for reports and to find the file that a detached signature belongs to.
    pub name: String,
    /// Its bytes.
    pub bytes: &'a [u8],
}
