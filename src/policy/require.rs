//! Positive evidence: what must have been seen, and which signed statements must be there.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::model::{Evidence, outcome, tier};

use super::judge::REQUIREMENT_UNMET;
use super::resolve::{Policy, seconds};
use super::wire::SignerIdentity;

/// Id of the rule whose evidence is a statement that a known key signed about these files.
const STATEMENT: &str = "statement-signed";
/// Id of the rule whose evidence names who signed the model itself.
const MODEL_SIGNED: &str = "signature-valid";

/// What must have been seen: a table, or for rules alone their list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Require {
    /// Rules of class `assurance`, such as `signature-valid`.
    pub seen: Option<Vec<String>>,
    /// Signed statements. Those of an extended policy are required as well.
    pub attestations: Option<Vec<AttestationEntry>>,
}

/// The table form of [`Require`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    /// Rules of class `assurance`, such as `signature-valid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<Vec<String>>,
    /// Signed statements about the same files. Those of an extended policy are required as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    attestations: Option<Vec<AttestationEntry>>,
}

impl Serialize for Require {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.seen, &self.attestations) {
            (Some(seen), None) => seen.serialize(serializer),
            _ => Table { seen: self.seen.clone(), attestations: self.attestations.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Require {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = Require;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of rules, or a table with `seen` and `attestations`")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Require, A::Error> {
                let mut seen = Vec::new();
                while let Some(rule) = list.next_element()? {
                    seen.push(rule);
                }
                Ok(Require { seen: Some(seen), attestations: None })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Require, A::Error> {
                let Table { seen, attestations } = Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Require { seen, attestations })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Require {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Require".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (list, table) = (generator.subschema_for::<Vec<String>>(), generator.subschema_for::<Table>());
        json_schema!({
            "description": "What must have been seen: a table, or for rules alone their list.",
            "anyOf": [list, table],
        })
    }
}

/// Kinds of statements that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StatementKind {
    /// A verification summary that passed.
    Summary,
    /// A summary, a test result or a simple verification result that passed, whoever made it.
    Audit,
    /// A test result that passed.
    TestResult,
    /// A simple verification result.
    Svr,
    /// What a scanner of vulnerabilities found.
    Vulnerabilities,
    /// A bill of materials, or a reference to one.
    Sbom,
    /// An OpenVEX document.
    Openvex,
}

impl StatementKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Audit => "audit",
            Self::TestResult => "test-result",
            Self::Svr => "svr",
            Self::Vulnerabilities => "vulnerabilities",
            Self::Sbom => "sbom",
            Self::Openvex => "openvex",
        }
    }

    fn is(self, kind: &str) -> bool {
        match self {
            Self::Audit => ["summary", "test-result", "svr"].contains(&kind),
            _ => kind == self.name(),
        }
    }
}

/// A signed statement about the same files that must be given with `--attestation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AttestationEntry {
    /// What it must be.
    pub kind: StatementKind,
    /// Who may have signed: files with public keys in PEM, relative to the policy file, or their identifiers (SHA-256
    /// of the PEM text, as reports show them).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// Who else may have signed: names that Sigstore vouches for, under the `trusted-root` of `[signature]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<SignerIdentity>,
    /// How many of these must have signed, in one statement or in several. 1 unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// The level that a summary must reach: a tier's name or a level as summaries spell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// The oldest that counts, such as `1d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<String>,
    /// The youngest that counts, such as `7d`: how long the model must have stood at that level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_age: Option<String>,
    /// Only keys that did not sign the model itself count; somebody known must have signed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub independent: bool,
    /// A bill of materials must list every file by its SHA-256.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
}

impl AttestationEntry {
    /// What is wrong with it, if anything.
    pub fn mistake(&self) -> Option<String> {
        let name = self.kind.name();
        let needed = self.threshold.unwrap_or(1) as usize;
        let distinct: BTreeSet<&String> = self.keys.iter().collect();
        let leveled = matches!(self.kind, StatementKind::Summary | StatementKind::Audit | StatementKind::Svr);
        if self.keys.is_empty() && self.identities.is_empty() {
            return Some(format!(
                "a required attestation of kind `{name}` names no signer: anybody could have made it"
            ));
        }
        if let Some(mistake) = self.identities.iter().find_map(|one| one.mistake("require.attestations.identities")) {
            return Some(mistake);
        }
        // A pattern may be of any number of people.
        let most = distinct.len().saturating_add(self.identities.len());
        let many = self.identities.iter().any(|identity| identity.regexp.is_some());
        if needed == 0 || (needed > most && !many) {
            return Some(format!("a required attestation asks for {needed} of {most} distinct key(s) and name(s)"));
        }
        if self.level.is_some() && !leveled {
            return Some(format!("`level` has no meaning for an attestation of kind `{name}`"));
        }
        if self.complete && self.kind != StatementKind::Sbom {
            return Some(format!("`complete` has no meaning for an attestation of kind `{name}`"));
        }
        for (key, age) in [("max-age", &self.max_age), ("min-age", &self.min_age)] {
            if let Some(Err(error)) = age.as_deref().map(seconds) {
                return Some(format!("`{key}`: {error}"));
            }
        }
        None
    }
}

/// Evidence about every required statement that is missing, or that says too little.
pub fn unmet(policy: &Policy, evidence: &[Evidence], now: Timestamp) -> Vec<Evidence> {
    policy.attestations.iter().filter_map(|entry| missing(entry, evidence, now)).collect()
}

fn missing(entry: &AttestationEntry, evidence: &[Evidence], now: Timestamp) -> Option<Evidence> {
    let producers: BTreeSet<&str> =
        evidence.iter().filter(|seen| seen.rule.id == MODEL_SIGNED).flat_map(|seen| texts(seen, "signers")).collect();
    let (mut signers, mut refused) = (BTreeSet::new(), Vec::new());
    for seen in evidence.iter().filter(|seen| seen.rule.id == STATEMENT) {
        if !entry.kind.is(text(seen, "kind")) {
            continue;
        }
        let here = texts(seen, "signers").filter(|id| {
            entry.keys.iter().any(|key| key == id) || entry.identities.iter().any(|identity| identity.signed_as(id))
        });
        let mut counted: BTreeSet<&str> = here.collect();
        if counted.is_empty() {
            refused.push(format!("{} is signed by none of those who are named", text(seen, "file")));
            continue;
        }
        if entry.independent && producers.is_empty() {
            let file = text(seen, "file");
            refused
                .push(format!("{file} must be by another than who signed the model, and no such signer is known here"));
            continue;
        }
        counted.retain(|id| !entry.independent || !producers.contains(id));
        if counted.is_empty() {
            refused.push(format!("{} is signed by who signed the model itself", text(seen, "file")));
            continue;
        }
        match refusal(entry, seen, now) {
            Some(why) => refused.push(format!("{} {why}", text(seen, "file"))),
            None => signers.extend(counted),
        }
    }
    let needed = entry.threshold.unwrap_or(1).max(1) as usize;
    if signers.len() >= needed {
        return None;
    }
    let name = entry.kind.name();
    let mut why = format!("the policy requires an attestation of kind `{name}` signed by {needed} of those it names; ");
    match (signers.len(), refused.first()) {
        (0, None) => why.push_str("none was given (--attestation FILE)"),
        (0, Some(first)) => why.push_str(first),
        (found, None) => why.push_str(&format!("{found} did")),
        (found, Some(first)) => why.push_str(&format!("{found} did, and {first}")),
    }
    Some(
        Evidence::new(&REQUIREMENT_UNMET, why).with("requires", format!("attestation:{name}")).with("refused", refused),
    )
}

/// Why a statement of the right kind by the right keys does not count.
fn refusal(entry: &AttestationEntry, seen: &Evidence, now: Timestamp) -> Option<String> {
    if let Some(why) = outcome::not_passed(text(seen, "kind"), Some(text(seen, "result"))) {
        return Some(why);
    }
    if let Some(wanted) = &entry.level
        && !texts(seen, "levels").any(|stated| tier::reaches(stated, wanted))
    {
        return Some(format!("does not reach the level {wanted:?}"));
    }
    if entry.complete && seen.fact.details.get("covers-all-files") != Some(&Value::Bool(true)) {
        let absent = texts(seen, "not-at-hand").next();
        let refers = |hex| format!("refers to a bill with SHA-256 {hex}, which is not at hand (--attestation FILE)");
        return Some(absent.map_or_else(|| "does not list every file by its SHA-256".to_owned(), refers));
    }
    // Both were held to be durations when the policy was read.
    let bound = |age: &Option<String>| age.as_deref().and_then(|age| seconds(age).ok()).map(SignedDuration::from_secs);
    let (most, least) = (bound(&entry.max_age), bound(&entry.min_age));
    if most.is_none() && least.is_none() {
        return None;
    }
    let Ok(time) = text(seen, "time").parse::<Timestamp>() else {
        return Some("does not say when it was made".to_owned());
    };
    let age = now.duration_since(time);
    match (most, least) {
        _ if age < SignedDuration::from_mins(-5) => Some(format!("was made at {time}, which is in the future")),
        (Some(most), _) if age > most => Some(format!("was made at {time}, more than {most:#} ago")),
        (_, Some(least)) if age < least => Some(format!("was made at {time}, less than {least:#} ago")),
        _ => None,
    }
}

fn text<'e>(seen: &'e Evidence, name: &str) -> &'e str {
    seen.fact.details.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn texts<'e>(seen: &'e Evidence, name: &str) -> impl Iterator<Item = &'e str> {
    seen.fact.details.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
