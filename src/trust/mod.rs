//! Signatures, keys and manifests: bytes in, evidence out.

use crate::model::Rule;

/// The rules this room raises.
pub static RULES: &[&Rule] = &[];
