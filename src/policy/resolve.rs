//! A policy as it holds: every value decided.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::model::{Check, Limits, PolicyId, Rule, Severity};

use super::inherit::over;
use super::licences::Licences;
use super::pickle::Pickle;
use super::require::AttestationEntry;
use super::scope::ScopeEntry;
use super::services::Services;
use super::signature;
use super::sound::check;
use super::urgency::Urgency;
use super::wire::{Action, ExceptionEntry, Gaps, PatchAge, Signature, Wire, nearest, parse};

/// The policies that are part of the program, by name.
pub static BUILT_IN: [(&str, &str); 3] = [
    ("development", include_str!("../../policies/development.toml")),
    ("production", include_str!("../../policies/production.toml")),
    ("regulated", include_str!("../../policies/regulated.toml")),
];

/// The text of a built-in policy.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// The rules a policy may speak of, by id.
pub type RuleBook = BTreeMap<&'static str, &'static Rule>;

/// A policy with every value decided. Its digest is that of its meaning, not of its text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Policy {
    /// Name, shown in every verdict.
    pub name: String,
    /// What `verify` does.
    pub checks: Vec<Check>,
    /// What becomes of things that could not be looked at.
    pub gaps: Gaps,
    /// Lowest severity of a defect that fails.
    pub fail: Severity,
    /// Lowest severity of a defect that is said.
    pub warn: Severity,
    /// Lowest severity of an advisory that fails.
    pub advisory_fail: Severity,
    /// Lowest severity of an advisory that is said.
    pub advisory_warn: Severity,
    /// Rules judged otherwise.
    pub rules: BTreeMap<String, Action>,
    /// Assurances that must have been seen.
    pub require: BTreeSet<String>,
    /// Only these formats.
    pub formats_allow: Option<BTreeSet<String>>,
    /// Never these formats.
    pub formats_deny: BTreeSet<String>,
    /// Callables of pickles, beside the built-in lists.
    #[serde(skip_serializing_if = "Pickle::is_empty")]
    pub pickle: Pickle,
    /// Files with trusted keys, as written.
    pub keys: Vec<String>,
    /// Distinct trusted signers that must have signed.
    pub threshold: u32,
    /// Everything else about signatures, as written.
    pub signature: Signature,
    /// The advisory database, as written.
    pub database: Option<String>,
    /// Oldest acceptable database, in seconds.
    pub database_max_age: Option<i64>,
    /// How soon flaws must be gone.
    pub urgency: Urgency,
    /// Hosted services that may be spoken to.
    pub services: Services,
    /// Licences that packages and the model may be under.
    #[serde(skip_serializing_if = "Licences::is_silent")]
    pub licences: Licences,
    /// Bounds of inspection.
    pub limits: Limits,
    /// Leave for findings.
    pub exceptions: Vec<ExceptionEntry>,
    /// Signed statements that must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attestations: Vec<AttestationEntry>,
    /// Seconds that a fix may be public, by the name of the severity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub patch_age: BTreeMap<&'static str, i64>,
    /// Other rulings for some files or models.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<ScopeEntry>,
    /// Rego files, as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rego: Vec<String>,
    /// SHA-256 of files that the policy names, by name: bound to it once they were read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bound: BTreeMap<String, String>,
    /// The same as a policy file that extends none.
    #[serde(skip)]
    pub resolved: Wire,
    /// `sha256:` and the SHA-256 of all the above as JSON, in this order.
    #[serde(skip)]
    digest: String,
}

impl Policy {
    /// Name and digest for reports.
    #[must_use]
    pub fn id(&self) -> PolicyId {
        PolicyId { name: self.name.clone(), digest: self.digest.clone() }
    }

    /// Makes the content of a file that the policy names part of the policy, and so of its digest.
    pub fn bind(&mut self, name: &str, content: &[u8]) {
        self.bound.insert(name.to_owned(), hex::encode(Sha256::digest(content)));
        self.digest = digest(self);
    }

    /// Puts the identifier of a key in place of the file that holds it, wherever a statement by that key is required.
    ///
    /// # Errors
    /// Whatever `identify` says of a file.
    pub fn name_keys<E>(&mut self, mut identify: impl FnMut(&str) -> Result<String, E>) -> Result<(), E> {
        for key in self.attestations.iter_mut().flat_map(|entry| &mut entry.keys) {
            if !is_key_id(key) {
                *key = identify(key)?;
            }
        }
        self.digest = digest(self);
        Ok(())
    }
}

/// A key as reports name it: 64 lower-case hexadecimal digits.
fn is_key_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// `sha256:` and the SHA-256 of the policy as JSON. It has no key that JSON could not write.
fn digest(policy: &Policy) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(serde_json::to_vec(policy).unwrap_or_default())))
}

/// Reads a policy file and decides every value, through the built-in policy it extends.
///
/// # Errors
/// [`Error`] with what is wrong and where, for unknown keys, rules, formats of values, and for leave that no policy
/// may give.
pub fn resolve(text: &str, rules: &RuleBook) -> Result<Policy, Error> {
    let mut wires = vec![parse(text).map_err(Error)?];
    while let Some(base) = wires.last().and_then(|wire| wire.extends.clone()) {
        let text = built_in(&base).ok_or_else(|| {
            let near = nearest(&base, BUILT_IN.iter().map(|(name, _)| *name)).unwrap_or_else(|| "development".into());
            Error(format!("`extends` names no built-in policy: {base:?}; did you mean `{near}`?"))
        })?;
        wires.push(parse(text).map_err(Error)?);
        if wires.len() > BUILT_IN.len() + 1 {
            return Err(Error("policies extend each other in a circle".to_owned()));
        }
    }
    let mut merged = Wire::default();
    for wire in wires.into_iter().rev() {
        merged = over(wire, merged);
    }
    decide(merged, rules).map_err(|error| located(error, text))
}

/// Adds the line and column of the longest quoted word of the message that the policy's text holds.
fn located(error: Error, text: &str) -> Error {
    let quoted = error.0.split(['"', '`']).skip(1).step_by(2).filter(|word| word.len() > 2);
    // The longest says most about the place: a rule's id rather than the key it stands under.
    let found = quoted.filter_map(|word| Some((word.len(), text.find(word)?))).max();
    let Some((_, at)) = found else { return error };
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Error(format!("line {line}, column {column}: {}", error.0))
}

/// Seconds by severity.
fn patience(ages: Option<PatchAge>) -> Result<BTreeMap<&'static str, i64>, Error> {
    let ages = ages.unwrap_or_default();
    let all = [
        (Severity::Critical, ages.critical),
        (Severity::High, ages.high),
        (Severity::Medium, ages.medium),
        (Severity::Low, ages.low),
    ];
    let set = all.into_iter().filter_map(|(severity, age)| Some((severity.name(), seconds(&age?))));
    set.map(|(name, seconds)| Ok((name, seconds?))).collect()
}

fn decide(wire: Wire, rules: &RuleBook) -> Result<Policy, Error> {
    let missing = |what: &str| Error(format!("`{what}` is missing; set it, or `extends = \"development\"`"));
    match wire.schema {
        Some(1) => {}
        None => return Err(Error("`schema = 1` is missing, the version of the policy format".to_owned())),
        Some(other) => {
            let newer = if other > 1 { "; a newer program may" } else { "" };
            return Err(Error(format!("`schema` is {other}: this program reads policies of format 1 alone{newer}")));
        }
    }
    let resolved = wire.clone();
    let severity = wire.severity.unwrap_or_default();
    let audit = wire.audit.unwrap_or_default();
    let advisories = audit.severity.unwrap_or_default();
    let mut signature = wire.signature.unwrap_or_default();
    signature::check(&signature)?;
    let formats = wire.formats.unwrap_or_default();
    let required = wire.require.unwrap_or_default();
    let mut require: BTreeSet<String> = required.seen.unwrap_or_default().into_iter().collect();
    if signature.threshold.unwrap_or(0) > 0 {
        require.insert("signature-valid".to_owned());
    }
    if wire.checks.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error("`checks` is empty: a policy that looks at nothing would pass everything".to_owned()));
    }
    let fail = severity.fail.ok_or_else(|| missing("severity.fail"))?;
    let warn = severity.warn.ok_or_else(|| missing("severity.warn"))?;
    let mut policy = Policy {
        name: wire.name.ok_or_else(|| missing("name"))?,
        checks: wire.checks.ok_or_else(|| missing("checks"))?,
        gaps: wire.gaps.unwrap_or(Gaps::Unknown),
        fail,
        warn,
        advisory_fail: advisories.fail.unwrap_or(fail),
        advisory_warn: advisories.warn.unwrap_or(warn),
        rules: wire.rules.unwrap_or_default(),
        require,
        formats_allow: formats.allow.map(|allow| allow.into_iter().collect()),
        formats_deny: formats.deny.unwrap_or_default().into_iter().collect(),
        pickle: wire.pickle.unwrap_or_default(),
        keys: signature.keys.take().unwrap_or_default(),
        threshold: signature.threshold.take().unwrap_or(0),
        signature,
        database: audit.database,
        database_max_age: audit.database_max_age.as_deref().map(seconds).transpose()?,
        urgency: audit.urgency.unwrap_or_default(),
        services: wire.services.unwrap_or_default(),
        licences: wire.licences.unwrap_or_default(),
        limits: wire.limits.unwrap_or_default(),
        exceptions: wire.exceptions.unwrap_or_default(),
        attestations: required.attestations.unwrap_or_default(),
        patch_age: patience(audit.patch_age)?,
        scopes: wire.scopes.unwrap_or_default(),
        rego: wire.rego.unwrap_or_default(),
        bound: BTreeMap::new(),
        resolved,
        digest: String::new(),
    };
    check(&policy, rules)?;
    policy.digest = digest(&policy);
    Ok(policy)
}

/// A glob on artifact paths: `*` stays inside a folder, `**` does not.
pub(super) fn glob(pattern: &str) -> Result<GlobMatcher, Error> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| Error(format!("{pattern:?} is not a glob: {error}")))
}

/// `90s`, `72h`, `30d`, `1h30m` or, as ISO 8601 writes it, `P1D`, in whole seconds. A day has 24 hours.
///
/// # Errors
/// [`Error`] for anything else, also months and years, which have no fixed length.
pub fn seconds(text: &str) -> Result<i64, Error> {
    let wrong = || Error(format!("{text:?} is not a duration; write `90s`, `90m`, `72h`, `30d`, `2w` or `1h30m`"));
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    if length.is_negative() || length.subsec_nanos() != 0 { Err(wrong()) } else { Ok(length.as_secs()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Class;

    static GAP: Rule =
        Rule { id: "gap", summary: "", severity: Severity::Low, class: Class::Gap, page: "", frameworks: &[] };
    static NEWS: Rule =
        Rule { id: "news", summary: "", severity: Severity::Low, class: Class::Assurance, page: "", frameworks: &[] };

    fn book() -> RuleBook {
        [&GAP, &NEWS].into_iter().map(|rule| (rule.id, rule)).collect()
    }

    const BARE: &str = "schema = 1\nname = 'bare'\nchecks = ['scan']\nseverity = { fail = 'high', warn = 'low' }\n";

    fn said(rest: &str) -> String {
        resolve(&format!("{BARE}{rest}"), &book()).unwrap_err().0
    }

    #[test]
    fn what_was_not_looked_at_cannot_be_waved_through() {
        assert!(said("rules = { gap = 'ok' }").contains("never pass"));
        assert!(said("rules = { gap = 'warn' }").contains("never pass"));
        assert!(resolve(&format!("{BARE}rules = {{ gap = 'fail' }}"), &book()).is_ok());
        let excuse = "[[exceptions]]\nrule = 'gap'\nreason = 'r'\nowner = 'o'\nuntil = '2099-01-01'";
        assert!(said(excuse).contains("not looked at"));
    }

    #[test]
    fn rules_must_exist_and_requirements_be_good_news() {
        assert!(said("rules = { nesw = 'ok' }").contains("did you mean `news`?"));
        assert!(said("require = ['gap']").contains("good news"));
    }

    #[test]
    fn durations() {
        let good = [("72h", 259_200), ("90s", 90), ("1h30m", 5_400), ("P1D", 86_400), ("2w", 1_209_600), ("0s", 0)];
        good.into_iter().for_each(|(text, length)| assert_eq!(seconds(text), Ok(length), "{text}"));
        assert!(["1mo", "1y", "-1d", "0.5s", "1d ago"].into_iter().all(|text| seconds(text).is_err()));
        assert!(seconds("72").is_err() && seconds("h").is_err() && seconds("-1h").is_err() && seconds("").is_err());
    }

    #[test]
    fn the_digest_is_of_the_meaning_not_of_the_text() {
        let plain = resolve(BARE, &book()).unwrap();
        let commented = resolve(&format!("# a comment\n{BARE}gaps = 'unknown'"), &book()).unwrap();
        assert_eq!(plain.id(), commented.id());
        let stricter = resolve(&format!("{BARE}gaps = 'fail'"), &book()).unwrap();
        assert_ne!(plain.id(), stricter.id());
        // Past 2^53, where some writers of JSON give up.
        let wide = |n: u64| resolve(&format!("{BARE}limits = {{ files = {n} }}"), &book()).unwrap().id();
        assert_ne!(wide(1 << 60), wide((1 << 60) + 1));
    }
}
