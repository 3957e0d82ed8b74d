//! Signatures, keys and manifests: bytes in, evidence out.

pub mod dsse;
pub mod key;
mod statement;
mod strict;

use crate::model::Rule;

pub use statement::{Statement, StatementSubject};

/// The rules this room raises.
pub static RULES: &[&Rule] = &[];
