//! A policy over the one it extends.

use super::require::Require;
use super::signature;
use super::wire::{Audit, Formats, PatchAge, Thresholds, Wire};

/// `top` where it speaks, `base` where it is silent.
pub(super) fn over(top: Wire, base: Wire) -> Wire {
    let (severity, audit) = (top.severity.clone(), top.audit.clone());
    let thresholds = |top: Option<Thresholds>, base: Option<Thresholds>| {
        let (top, base) = (top.unwrap_or_default(), base.unwrap_or_default());
        Some(Thresholds { fail: top.fail.or(base.fail), warn: top.warn.or(base.warn) })
    };
    let (top_audit, base_audit) = (audit.unwrap_or_default(), base.audit.unwrap_or_default());
    let (top_formats, base_formats) = (top.formats.unwrap_or_default(), base.formats.unwrap_or_default());
    let mut rules = base.rules.unwrap_or_default();
    rules.extend(top.rules.unwrap_or_default());
    let mut exceptions = base.exceptions.unwrap_or_default();
    exceptions.extend(top.exceptions.unwrap_or_default());
    let mut scopes = base.scopes.unwrap_or_default();
    scopes.extend(top.scopes.unwrap_or_default());
    let mut rego = base.rego.unwrap_or_default();
    rego.extend(top.rego.unwrap_or_default());
    Wire {
        schema: top.schema.or(base.schema),
        name: top.name.or(base.name),
        description: top.description.or(base.description),
        extends: None,
        checks: top.checks.or(base.checks),
        gaps: top.gaps.or(base.gaps),
        severity: thresholds(severity, base.severity),
        rules: Some(rules),
        require: Some(require_over(top.require.unwrap_or_default(), base.require.unwrap_or_default())),
        pickle: Some(top.pickle.unwrap_or_default().over(base.pickle.unwrap_or_default())).filter(|it| !it.is_empty()),
        formats: Some(Formats {
            allow: top_formats.allow.or(base_formats.allow),
            deny: top_formats.deny.or(base_formats.deny),
        }),
        signature: Some(signature::over(top.signature.unwrap_or_default(), base.signature.unwrap_or_default())),
        audit: Some(Audit {
            database: top_audit.database.or(base_audit.database),
            database_max_age: top_audit.database_max_age.or(base_audit.database_max_age),
            severity: thresholds(top_audit.severity, base_audit.severity),
            urgency: Some(top_audit.urgency.unwrap_or_default().over(base_audit.urgency.unwrap_or_default())),
            patch_age: patch_age_over(top_audit.patch_age, base_audit.patch_age),
        }),
        services: Some(top.services.unwrap_or_default().over(base.services.unwrap_or_default())),
        licences: Some(top.licences.unwrap_or_default().over(base.licences.unwrap_or_default()))
            .filter(|it| !it.is_silent()),
        limits: top.limits.or(base.limits),
        scopes: (!scopes.is_empty()).then_some(scopes),
        rego: (!rego.is_empty()).then_some(rego),
        exceptions: Some(exceptions),
    }
}

/// A list of rules goes over the other; required statements add up.
fn require_over(top: Require, base: Require) -> Require {
    let mut attestations = base.attestations.unwrap_or_default();
    attestations.extend(top.attestations.unwrap_or_default());
    Require { seen: top.seen.or(base.seen), attestations: (!attestations.is_empty()).then_some(attestations) }
}

fn patch_age_over(top: Option<PatchAge>, base: Option<PatchAge>) -> Option<PatchAge> {
    let (Some(top), Some(base)) = (&top, &base) else { return top.or(base) };
    let (top, base) = (top.clone(), base.clone());
    Some(PatchAge {
        critical: top.critical.or(base.critical),
        high: top.high.or(base.high),
        medium: top.medium.or(base.medium),
        low: top.low.or(base.low),
    })
}
