//! Reports as documents: a report and values in, text out.
//!
//! Nothing here prints, reads a clock or the environment; times are parameters. Text from a file reaches a terminal
//! only through [`sanitize`], and JSON through [`encode`], which writes hidden characters as escapes.

pub mod assurances;
pub mod bill;
pub mod bundled;
pub mod card;
pub mod completeness;
pub mod cyclonedx;
pub mod describe;
pub mod encode;
mod excerpt;
pub mod foreign;
pub mod frameworks;
pub mod hashes;
mod hexdump;
mod hosted;
mod identity;
mod ink;
pub mod json;
pub mod layout;
pub mod license;
pub mod manifests;
pub mod merge;
pub mod properties;
pub mod reference;
pub mod result;
pub mod risks;
pub mod sanitize;
pub mod sarif;
pub mod spdx;
pub mod statement;
pub mod summary;
pub mod terminal;
pub mod vulnerabilities;
pub mod weights;

#[cfg(test)]
mod sample;

use crate::model::Rule;

/// The rules this room raises: none, it has no opinion.
pub static RULES: &[&Rule] = &[];

/// True for files whose bytes a bill of materials is made from, beside their names and digests.
#[must_use]
pub fn reads(path: &crate::model::ArtifactPath) -> bool {
    card::reads(path.as_str()) || weights::reads(path.as_str()) || manifests::reads(path)
}
