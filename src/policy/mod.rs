//! What to think of evidence: a policy file, and a pure judgement of evidence under it.
//!
//! A policy is read twice: as written ([`Wire`], strict, with a place for every mistake) and as it holds
//! ([`Policy`], every value decided). [`judge`] then turns evidence into findings and one verdict; it reads no byte,
//! no clock and no environment.
//!
//! What a policy cannot do: turn something that was not looked at (class `gap`) into a pass. It can make it fail.

mod case;
mod difference;
mod exceptions;
mod inherit;
mod judge;
mod licences;
mod lint;
mod members;
mod patch_age;
mod pickle;
pub mod rego;
mod relaxed;
mod require;
mod resolve;
mod schema;
mod scope;
mod services;
mod signature;
mod sound;
mod stored;
mod urgency;
pub mod vex;
mod wire;

pub use case::{Case, Cases, Expected, parse as parse_cases};
pub use difference::{Change, Setting, changes, settings};
pub use judge::{Judgement, Weighed, joined, judge};
pub use licences::{Licences, Unstated};
pub use lint::{Lint, lint};
pub use pickle::Pickle;
pub use require::{AttestationEntry, Require, StatementKind};
pub use resolve::{BUILT_IN, Error, Policy, RuleBook, built_in, resolve, seconds};
pub use schema::schema;
pub use scope::ScopeEntry;
pub use stored::gaps;
pub use wire::{Action, Audit, ExceptionEntry, PatchAge, Signature, SignerIdentity, Wire, parse};

use crate::model::Rule;

/// The rules this room raises. They are its opinions: what is judged again loses them first.
pub static RULES: &[&Rule] = &[
    &exceptions::EXCEPTION_EXPIRED,
    &exceptions::EXCEPTION_UNUSED,
    &judge::FORMAT_NOT_ALLOWED,
    &judge::REQUIREMENT_UNMET,
    &licences::LICENCE_NOT_ALLOWED,
    &licences::LICENCE_UNKNOWN,
    &patch_age::PATCH_AGE_UNKNOWN,
    &patch_age::PATCH_OVERDUE,
    &rego::POLICY_DENIED,
    &rego::POLICY_NOT_EVALUATED,
    &stored::REPORT_CHECK_MISSING,
    &stored::REPORT_TERMS_DIFFER,
    &services::SERVICE_NOT_ALLOWED,
];
