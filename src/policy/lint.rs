//! Policies that can be used, but do not say what they seem to say.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::model::{Check, Class, Rule};

use super::judge::{FORMAT_NOT_ALLOWED, OBJECTIONS, REQUIREMENT_UNMET};
use super::resolve::{Policy, RuleBook};
use super::wire::{Action, ExceptionEntry};
use super::{exceptions, licences, patch_age, rego, relaxed};

/// A remark on a policy: one sentence that names the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lint(pub String);

/// Everything odd about a policy. `raised_by` says which checks can raise a rule; none for those that every look
/// raises. `today` is the day that exceptions are held against.
#[must_use]
pub fn lint(policy: &Policy, rules: &RuleBook, raised_by: &dyn Fn(&Rule) -> Vec<Check>, today: Date) -> Vec<Lint> {
    let mut said = Vec::new();
    let runs = |id: &str| {
        let checks = rules.get(id).map(|rule| raised_by(rule)).unwrap_or_default();
        checks.is_empty() || checks.iter().any(|check| policy.checks.contains(check))
    };
    let scoped = policy.scopes.iter().flat_map(|scope| &scope.rules).map(|(id, action)| ("scopes.rules", id, *action));
    let plain = policy.rules.iter().map(|(id, action)| ("rules", id, *action));
    for (key, id, action) in plain.chain(scoped) {
        if let Some(why) = cannot_fire(policy, id) {
            said.push(format!("`{key}.{id}` can never fire: {why}"));
        } else if !runs(id) {
            said.push(format!("`{key}.{id}` can never fire: none of the checks that raise it is in `checks`"));
        } else if action != Action::Fail && OBJECTIONS.iter().any(|rule| rule.id == id.as_str()) {
            said.push(format!("`{key}.{id}` does nothing: it always fails; change what raises it, or excuse it"));
        } else if key == "rules" && rules.get(id.as_str()).is_some_and(|rule| by_severity(policy, rule) == Some(action))
        {
            said.push(format!("`{key}.{id}` changes nothing: its severity already gives {}", action.name()));
        }
    }
    for id in policy.require.iter().filter(|id| !runs(id)) {
        said.push(format!(
            "`require` asks for `{id}`, but no check that raises it is in `checks`: it can never be met"
        ));
    }
    if !policy.keys.is_empty() && policy.threshold as usize > policy.keys.iter().collect::<BTreeSet<_>>().len() {
        let (asked, keys) = (policy.threshold, policy.keys.len());
        said.push(format!("`signature.threshold` is {asked}, but only {keys} key(s) are named: it can never be met"));
    }
    if let Some(allow) = &policy.formats_allow {
        for name in allow.intersection(&policy.formats_deny) {
            said.push(format!("`formats.allow` and `formats.deny` both name {name:?}: it is denied"));
        }
        if allow.is_empty() {
            said.push("`formats.allow` is empty: every file of a known format fails".to_owned());
        }
    }
    if !policy.patch_age.is_empty() && !policy.checks.contains(&Check::Audit) {
        said.push("`audit.patch-age` is set, but `audit` is not in `checks`".to_owned());
    }
    said.extend(of_licences(policy));
    said.extend(left_out(policy));
    said.extend(relaxed::by_rules(policy, rules));
    said.extend(relaxed::by_scopes(policy, rules));
    said.extend(of_exceptions(policy, rules, &runs, today));
    said.into_iter().map(Lint).collect()
}

/// Why a rule of this room has nothing to fire on.
fn cannot_fire(policy: &Policy, id: &str) -> Option<&'static str> {
    let formats = policy.formats_allow.is_some()
        || !policy.formats_deny.is_empty()
        || policy.scopes.iter().any(|scope| scope.formats.is_some());
    if id == FORMAT_NOT_ALLOWED.id && !formats {
        return Some("the policy has nothing against any format");
    }
    if id == REQUIREMENT_UNMET.id && policy.require.is_empty() && policy.attestations.is_empty() {
        return Some("the policy requires nothing");
    }
    let of_exceptions = [exceptions::EXCEPTION_EXPIRED.id, exceptions::EXCEPTION_UNUSED.id].contains(&id);
    if of_exceptions && policy.exceptions.is_empty() {
        return Some("the policy has no exceptions");
    }
    let of_patches = [patch_age::PATCH_OVERDUE.id, patch_age::PATCH_AGE_UNKNOWN.id].contains(&id);
    if of_patches && policy.patch_age.is_empty() {
        return Some("the policy bounds no age of patches");
    }
    let of_licences = [licences::LICENCE_NOT_ALLOWED.id, licences::LICENCE_UNKNOWN.id].contains(&id);
    if of_licences && !policy.licences.restricts() {
        return Some("the policy has nothing against any licence");
    }
    let of_rego = [rego::POLICY_DENIED.id, rego::POLICY_NOT_EVALUATED.id].contains(&id);
    (of_rego && policy.rego.is_empty()).then_some("the policy has no Rego")
}

/// What the policy does not look at, and what this program cannot ask.
fn left_out(policy: &Policy) -> Vec<String> {
    let lacking = Check::ALL.into_iter().filter(|check| !policy.checks.contains(check));
    let mut said: Vec<String> =
        lacking.map(|check| format!("`checks` leaves {} out: {}", check.name(), unseen(check))).collect();
    if !policy.rego.is_empty() && !rego::BUILT_IN {
        said.push(
            "`rego` is set, and this program was built without Rego: every verdict is at least unknown".to_owned(),
        );
    }
    said
}

/// What goes unnoticed without a check.
const fn unseen(check: Check) -> &'static str {
    match check {
        Check::Integrity => "digests that lists and indexes give are not compared",
        Check::Signature => "no signature is looked at",
        Check::Scan => "no file is looked into",
        Check::Audit => "no package is held against advisories",
    }
}

fn of_licences(policy: &Policy) -> Vec<String> {
    let licences = &policy.licences;
    let mut said: Vec<String> = licences
        .names()
        .map(|name| format!("`licences` names {name:?}, which is no SPDX licence: only the same letters are meant"))
        .collect();
    for name in licences.allow.iter().flatten().filter(|name| licences.deny.iter().flatten().any(|deny| deny == *name))
    {
        said.push(format!("`licences.allow` and `licences.deny` both name {name:?}: it is denied"));
    }
    if licences.restricts() && !policy.checks.contains(&Check::Audit) {
        said.push("`licences` restricts licences, but `audit` is not in `checks`".to_owned());
    }
    if licences.unknown.is_some() && !licences.restricts() {
        said.push("`licences.unknown` does nothing: neither `licences.allow` nor `licences.deny` is set".to_owned());
    }
    said
}

/// What a rule leads to without being named; `None` where evidence may carry a severity of its own.
pub(super) fn by_severity(policy: &Policy, rule: &Rule) -> Option<Action> {
    match rule.class {
        Class::Assurance | Class::Inventory => Some(Action::Ok),
        Class::Gap => None,
        Class::Defect if rule.id.contains("package") => None,
        Class::Defect if rule.severity >= policy.fail => Some(Action::Fail),
        Class::Defect if rule.severity >= policy.warn => Some(Action::Warn),
        Class::Defect => Some(Action::Ok),
    }
}

fn of_exceptions(policy: &Policy, rules: &RuleBook, runs: &dyn Fn(&str) -> bool, today: Date) -> Vec<String> {
    let mut said = Vec::new();
    for (index, entry) in policy.exceptions.iter().enumerate() {
        let name = format!("the exception for `{}` by {}", entry.rule, entry.owner);
        if entry.until < today {
            said.push(format!("{name} ended on {}", entry.until));
        }
        if !runs(&entry.rule) {
            said.push(format!("{name} can excuse nothing: no check that raises the rule is in `checks`"));
        } else if policy.rules.get(&entry.rule) == Some(&Action::Ok) {
            said.push(format!("{name} can excuse nothing: `rules` already lets it pass"));
        }
        if let Some(id) = entry.advisory.as_deref().filter(|id| !is_advisory_id(id)) {
            said.push(format!(
                "{name} names {id:?}, which has the form of no advisory database (CVE-…, GHSA-…, RUSTSEC-…)"
            ));
        }
        if let Some(purl) = entry.package.as_deref().filter(|name| name.starts_with("pkg:") && !is_purl(name)) {
            said.push(format!("{name} names {purl:?}, which is not a package URL with a version"));
        }
        let raises = rules.get(entry.rule.as_str()).map(|rule| rule.class);
        if matches!(raises, Some(Class::Assurance | Class::Inventory)) {
            said.push(format!("{name} can excuse nothing: the rule is no defect"));
        }
        let open = entry.artifact.is_none() && entry.sha256.is_none();
        if open && entry.package.is_none() && entry.advisory.is_none() {
            said.push(format!("{name} holds for every file: name `artifact`, `sha256`, `package` or `advisory`"));
        }
        let of_file = entry.artifact.is_some() && entry.package.is_none() && entry.advisory.is_none();
        if of_file && entry.sha256.is_none() {
            said.push(format!("{name} holds for whatever lies at its path tomorrow: add `sha256`"));
        }
        let earlier = policy.exceptions.iter().take(index).find(|earlier| shadows(earlier, entry));
        if let Some(earlier) = earlier {
            said.push(format!("{name} is never reached: the one by {} above it covers the same", earlier.owner));
        }
    }
    said
}

/// True if whatever the later one covers, the earlier one covers, for at least as long.
fn shadows(earlier: &ExceptionEntry, later: &ExceptionEntry) -> bool {
    let wider = |earlier: &Option<String>, later: &Option<String>| earlier.is_none() || earlier == later;
    earlier.rule == later.rule
        && earlier.until >= later.until
        && wider(&earlier.artifact, &later.artifact)
        && wider(&earlier.sha256, &later.sha256)
        && wider(&earlier.package, &later.package)
        && wider(&earlier.advisory, &later.advisory)
}

/// True for the forms that advisory databases give their identifiers: a prefix in capitals, a dash, and more.
fn is_advisory_id(id: &str) -> bool {
    let Some((prefix, rest)) = id.split_once('-') else { return false };
    let digits = |text: &str, least: usize| text.len() >= least && text.bytes().all(|byte| byte.is_ascii_digit());
    match prefix {
        "CVE" | "RUSTSEC" | "PYSEC" | "GO" | "MAL" | "OSV" => {
            rest.split_once('-').is_some_and(|(year, number)| year.len() == 4 && digits(year, 4) && digits(number, 1))
        }
        "GHSA" => {
            let parts: Vec<&str> = rest.split('-').collect();
            let sound = |part: &&str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
            parts.len() == 3 && parts.iter().all(sound)
        }
        _ => !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_uppercase()) && !rest.is_empty(),
    }
}

fn is_purl(text: &str) -> bool {
    let rest = text.strip_prefix("pkg:").and_then(|rest| rest.split_once('/'));
    rest.is_some_and(|(kind, name)| {
        !kind.is_empty() && name.split_once('@').is_some_and(|(n, v)| !n.is_empty() && !v.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_identifiers() {
        for id in ["CVE-2025-32434", "GHSA-q4xr-rc97-m4xx", "RUSTSEC-2021-0073", "PYSEC-2021-439", "DSA-5000-1"] {
            assert!(is_advisory_id(id), "{id}");
        }
        for id in ["CVE-25-1", "cve-2025-1", "GHSA-1-2-3", "RUSTSEC-2021", "2021", ""] {
            assert!(!is_advisory_id(id), "{id}");
        }
        assert!(is_purl("pkg:pypi/celery@5.2.1") && !is_purl("pkg:pypi/celery") && !is_purl("pkg:celery@1"));
    }
}
