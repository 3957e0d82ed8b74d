//! Lockfiles in YAML.

use serde::de::DeserializeOwned;

use crate::model::Limits;

/// Nodes of one document; a lockfile of 100,000 packages has about a million.
const NODES: usize = 8_000_000;

/// Reads a document.
///
/// # Errors
/// The line, from 1, and what is wrong there.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (u64, String)> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: NODES,
            max_events: NODES,
            enforce_alias_anchor_ratio: false,
            max_total_scalar_bytes: Limits::yaml_scalar_bytes(text.len()),
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: Limits::yaml_replays(text.len()) },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        // The parser ends a line at a lone carriage return too; editors and everything that counts lines here do not.
        let lines = text.bytes().filter(|byte| *byte == b'\n').count() as u64;
        let line = error.location().map_or(1, |location| location.line());
        (line.clamp(1, lines.saturating_add(1)), error.to_string().lines().next().unwrap_or_default().to_owned())
    })
}
