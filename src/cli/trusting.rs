//! Signatures and digest lists: found, read before the pass, checked after it.

use super::assess::Request;
use super::exit::Mistake;
use crate::model::{Artifact, Digest, Evidence, Input};
use crate::weigh::Plan;

/// Signatures and lists, read before the pass.
pub struct Prepared;

/// Finds them.
pub fn prepare(_request: &Request<'_>, _plan: &mut Plan) -> Result<Prepared, Mistake> {
    Ok(Prepared)
}

/// Checks them.
pub fn check(
    _request: &Request<'_>,
    _prepared: &Prepared,
    _artifacts: &[Artifact],
    _evidence: &mut Vec<Evidence>,
    _inputs: &mut Vec<Input>,
) -> Option<Digest> {
    None
}
