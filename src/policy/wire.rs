//! A policy as written. Every key is optional here: what is left out comes from the policy it extends.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::licences::Licences;
use super::services::Services;
use super::urgency::Urgency;
use crate::model::{Check, Limits, NotAffected, Severity};

use super::require::Require;
use super::scope::ScopeEntry;

/// What a rule's evidence leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing.
    Ok,
    /// It is said.
    Warn,
    /// The verdict is fail.
    Fail,
}

impl Action {
    /// The name used in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// From which severity on defects warn and fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Thresholds {
    /// Lowest severity that fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<Severity>,
    /// Lowest severity that is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn: Option<Severity>,
}

/// Which signatures count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Signature {
    /// Files with trusted public keys in PEM, relative to the policy file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
    /// How many distinct trusted signers must have signed. 0 asks for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// Files with trusted root certificates, and intermediate ones that help to reach them, in PEM, relative to the
    /// policy file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_chains: Option<Vec<String>>,
    /// Trusted signers whom Sigstore vouches for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identities: Option<Vec<SignerIdentity>>,
    /// A Sigstore `trusted_root.json`, relative to the policy file, or an instance: `public-good` (the default),
    /// `staging`, `github`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_root: Option<String>,
    /// The name that a signature must give to what it signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The oldest accepted time of signing, as a TOML date or time, or as text.
    #[schemars(with = "Option<String>")]
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "moment")]
    pub not_before: Option<jiff::Timestamp>,
    /// Digests of files or of whole models that are no longer accepted, such as `sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Vec<String>>,
}

/// A signer whom an identity provider knows by name. Either `identity` or `regexp` is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignerIdentity {
    /// The whole name: an e-mail address, or the URI of a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// A regular expression that the whole name matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
    /// The URL of the identity provider that vouched for the name.
    pub issuer: String,
}

/// What dependencies are held against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Audit {
    /// The advisory database, relative to the policy file; a flag on the command line goes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Oldest acceptable database, such as `72h` or `30d`. Older is `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_max_age: Option<String>,
    /// How soon flaws must be gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Urgency>,
    /// Severities of advisories, where they differ from those of other defects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Thresholds>,
    /// How long a fix may be public before its absence fails, by severity of the advisory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_age: Option<PatchAge>,
}

/// How long a fix may be public, such as `7d`, before a package without it fails; left out: for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PatchAge {
    /// For advisories of severity critical.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical: Option<String>,
    /// For advisories of severity high.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<String>,
    /// For advisories of severity medium.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// For advisories of severity low.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<String>,
}

/// Which formats may be there, by the names `weighbridge inspect` prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Formats {
    /// Only these; everything else fails. Left out: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// Never these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<Vec<String>>,
}

/// Somebody's leave for findings that would warn or fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExceptionEntry {
    /// The rule.
    pub rule: String,
    /// Which files, as a glob on the path; left out: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// Only while the file, or the digest over all files of the model, is this SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Which package, by name or by purl.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Which advisory, by its identifier or an alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisory: Option<String>,
    /// Why it is fine here.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day it holds, `YYYY-MM-DD`, as a TOML date or as text.
    #[schemars(with = "String")]
    #[serde(deserialize_with = "day")]
    pub until: jiff::civil::Date,
    /// What an OpenVEX statement says; a policy file cannot.
    #[serde(skip)]
    pub not_affected: Option<NotAffected>,
}

fn moment<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<jiff::Timestamp>, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text,
        other => return Err(serde::de::Error::custom(format!("{other} is not a time; write 2026-12-31T00:00:00Z"))),
    };
    let midnight = format!("{text}T00:00:00Z");
    let read = text.parse().or_else(|_| midnight.parse());
    read.map(Some).map_err(|_| serde::de::Error::custom(format!("{text:?} is not a time; write 2026-12-31T00:00:00Z")))
}

fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<jiff::civil::Date, D::Error> {
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::Datetime(date) => date.to_string(),
        toml::Value::String(text) => text,
        other => return Err(serde::de::Error::custom(format!("{other} is not a day; write 2026-12-31"))),
    };
    text.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is not a day; write 2026-12-31")))
}

/// A policy file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wire {
    /// Version of this format: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<u32>,
    /// Name, shown in every verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One sentence on what it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The built-in policy whose values hold where this one is silent: `development`, `production` or `regulated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// What `verify` does unless `--checks` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<Check>>,
    /// What becomes of things that could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaps: Option<Gaps>,
    /// Severities of defects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Thresholds>,
    /// Rules that are judged otherwise than by their severity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<BTreeMap<String, Action>>,
    /// What must have been seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require: Option<Require>,
    /// Which formats may be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formats: Option<Formats>,
    /// Callables of pickles, beside the built-in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pickle: Option<super::pickle::Pickle>,
    /// Which signatures count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// What dependencies are held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<Audit>,
    /// Which hosted AI services may be spoken to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<Services>,
    /// Which licences packages and the model may be under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licences: Option<Licences>,
    /// What inspection may cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Other rulings for some files or some models. The last that fits decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<ScopeEntry>>,
    /// Rego files, relative to the policy file, that may deny more (`data.weighbridge.deny`), never less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rego: Option<Vec<String>>,
    /// Leave for findings. Those of an extended policy hold as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<Vec<ExceptionEntry>>,
}

/// What becomes of things that could not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Gaps {
    /// The verdict is at least unknown.
    Unknown,
    /// The verdict is fail.
    Fail,
}

/// Reads a policy file.
///
/// # Errors
/// A sentence that says where and what, with a suggestion for a mistyped key.
pub fn parse(text: &str) -> Result<Wire, String> {
    written(text)
}

/// Reads TOML into a type that knows all its keys.
pub(super) fn written<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let mut said = error.to_string().trim_end().to_owned();
        if let Some(near) = suggestion(error.message()) {
            said.push_str(&format!("\ndid you mean `{near}`?"));
        }
        said
    })
}

/// The expected name nearest to the unknown one, out of serde's own message.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown ").then(|| quoted.next()).flatten()?;
    nearest(unknown, quoted)
}

/// The candidate nearest to a mistyped name, if any is near.
pub(super) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2.max(candidate.len() / 3))
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        let said = parse("requires = ['signature-valid']").unwrap_err();
        assert!(said.contains("line 1") && said.contains("did you mean `require`?"), "{said}");
        let said = parse("[severity]\nfial = 'high'").unwrap_err();
        assert!(said.contains("did you mean `fail`?"), "{said}");
        let said = parse("[severity]\nfail = 'hihg'").unwrap_err();
        assert!(said.contains("did you mean `high`?"), "{said}");
    }

    #[test]
    fn an_exception_needs_reason_owner_and_end() {
        let said = parse("[[exceptions]]\nrule = 'x'\nowner = 'me'\nuntil = '2099-01-01'").unwrap_err();
        assert!(said.contains("reason"), "{said}");
    }
}
