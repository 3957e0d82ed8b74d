//! OpenVEX documents that the caller names.

use sha2::{Digest as _, Sha256};

use super::assess::Request;
use super::exit::Mistake;
use super::output;
use crate::model::{ArtifactPath, Evidence, Input};
use crate::policy::{ExceptionEntry, vex};
use crate::weigh::read_small;

/// No document that a person wrote is longer.
const LARGEST: u64 = 64 << 20;

/// The leave that they give for this evidence; the documents become inputs of the report, and what of them is of no use
/// becomes evidence.
pub fn leave(
    request: &Request<'_>,
    evidence: &mut Vec<Evidence>,
    inputs: &mut Vec<Input>,
) -> Result<Vec<ExceptionEntry>, Mistake> {
    let mut statements = Vec::new();
    for path in &request.advising.vex {
        let wrong = |why: String| {
            Mistake::new(format!("cannot use {}: {why}", output::shown(path))).help("give an OpenVEX document in JSON")
        };
        let bytes = read_small(path, LARGEST).map_err(|error| wrong(error.to_string()))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        statements.extend(vex::read(text).map_err(wrong)?);
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        inputs.push(Input {
            role: "vex".to_owned(),
            name: ArtifactPath::from_bytes(name).to_string(),
            digest: Some(format!("sha256:{}", hex::encode(Sha256::digest(&bytes)))),
        });
    }
    let (leave, idle) = vex::leave(&statements, evidence, request.now.at);
    evidence.extend(idle);
    Ok(leave)
}
