//! Reports as documents.

use crate::model::Rule;

/// The rules this room raises.
pub static RULES: &[&Rule] = &[];
