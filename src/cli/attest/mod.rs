//! `weighbridge attest`: verify, then sign what came of it; and `attest verify`: is such a statement true of these
//! bytes?

mod make;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{Attest, AttestVerb};
use super::exit::Mistake;
use crate::weigh::read_small;

/// No attestation, and no document that one rests on, is longer.
const ATTESTATION_BYTES: u64 = 64 << 20;

/// Makes a statement, or checks one.
pub fn run(args: &Attest, quiet: bool) -> Result<ExitCode, Mistake> {
    match (&args.verify, &args.path) {
        (Some(AttestVerb::Verify(args)), _) => verify::run(args, quiet),
        (None, Some(path)) => make::run(args, path, quiet),
        (None, None) => Err(Mistake::new("attest needs a model").help("weighbridge attest PATH --key PEM")),
    }
}

/// Files with the names that statements and reports give them.
pub fn files(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, Mistake> {
    let one = |path: &PathBuf| Ok((name(path), read_small(path, ATTESTATION_BYTES)?));
    paths.iter().map(one).collect()
}

/// The last component, never a local path.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
