//! What to think of evidence: a policy file, and a pure judgement of evidence under it.
//!
//! A policy is read twice: as written ([`Wire`], strict, with a place for every mistake) and as it holds
//! ([`Policy`], every value decided). [`judge`] then turns evidence into findings and one verdict; it reads no byte,
//! no clock and no environment.
//!
//! What a policy cannot do: turn something that was not looked at (class `gap`) into a pass. It can make it fail.

mod exceptions;
mod judge;
mod resolve;
mod schema;
mod services;
mod signature;
mod urgency;
pub mod vex;
mod wire;

pub use judge::{Judgement, judge};
pub use resolve::{BUILT_IN, Error, Policy, RuleBook, built_in, resolve, seconds};
pub use schema::schema;
pub use wire::{Action, Audit, ExceptionEntry, Signature, SignerIdentity, Wire, parse};

use crate::model::Rule;

/// The rules this room raises.
pub static RULES: &[&Rule] = &[
    &exceptions::EXCEPTION_EXPIRED,
    &exceptions::EXCEPTION_UNUSED,
    &judge::FORMAT_NOT_ALLOWED,
    &judge::REQUIREMENT_UNMET,
    &services::SERVICE_NOT_ALLOWED,
    &urgency::PATCH_OVERDUE,
];
