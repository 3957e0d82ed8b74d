//! Signatures and digest lists: found and read before the pass, because they say what it must compute; checked after
//! it, against the bytes that were hashed.

use std::path::Path;

use super::assess::Request;
use super::exit::Mistake;
use super::signers;
use crate::model::{Artifact, ArtifactPath, Check, Digest, Evidence, Input};
use crate::trust::{
    self, Requirements, SignatureFile, Subject, TrustSettings, checksums,
    model_signing::{self, Ignored},
};
use crate::weigh::{Plan, names, read_small};

/// No signature or digest list is longer.
const SIGNATURE_BYTES: u64 = 64 << 20;

/// Names that signatures go by. Their content decides what they are.
const SIGNATURES: [&str; 7] =
    [".sig", ".sigstore", ".sigstore.json", ".minisig", ".intoto.jsonl", ".bundle", ".sshsig"];

/// Signatures and lists, read before the pass.
pub struct Prepared {
    signatures: Vec<Found>,
    lists: Vec<ArtifactPath>,
    settings: TrustSettings,
    inputs: Vec<Input>,
}

/// A signature file.
struct Found {
    /// Where in the tree, if it lies there: then the bytes that count are those that were hashed.
    path: Option<ArtifactPath>,
    name: String,
    bytes: Vec<u8>,
}

impl Found {
    fn file<'a>(&'a self, artifacts: &'a [Artifact]) -> SignatureFile<'a> {
        let hashed = self.path.as_ref().and_then(|path| find(artifacts, path)).and_then(|found| found.kept.as_deref());
        SignatureFile { path: self.path.clone(), name: self.name.clone(), bytes: hashed.unwrap_or(&self.bytes) }
    }
}

fn find<'a>(artifacts: &'a [Artifact], path: &ArtifactPath) -> Option<&'a Artifact> {
    artifacts.iter().find(|artifact| artifact.path == *path)
}

/// Finds signatures and lists, and asks the pass for the digests they need.
pub fn prepare(request: &Request<'_>, plan: &mut Plan) -> Result<Prepared, Mistake> {
    let mut prepared = Prepared {
        signatures: Vec::new(),
        lists: Vec::new(),
        settings: signers::settings(request)?,
        inputs: Vec::new(),
    };
    if request.checks.contains(&Check::Integrity) {
        prepared.lists = names(request.path, plan, &checksums::name_suggests);
        for path in &prepared.lists {
            plan.algorithms.extend(checksums::algorithms(path, &read(request.path, path)));
        }
    }
    if request.checks.contains(&Check::Signature) {
        prepared.signatures = signatures(request, plan)?;
        for found in &prepared.signatures {
            ask(plan, trust::requirements(&found.file(&[])));
        }
        plan.algorithms.extend(prepared.settings.revoked.iter().map(Digest::algorithm));
        prepared.inputs = super::terms::of_trust(&prepared.settings);
    }
    let mut kept: Vec<ArtifactPath> = prepared.lists.clone();
    kept.extend(prepared.signatures.iter().filter_map(|found| found.path.clone()));
    keep(plan, move |path| kept.contains(path));
    Ok(prepared)
}

fn ask(plan: &mut Plan, needs: Requirements) {
    plan.algorithms.extend(needs.algorithms);
    plan.shards = needs.shards.or(plan.shards);
    if let Some(wanted) = needs.keep {
        keep(plan, move |path| *path == wanted);
    }
}

fn keep(plan: &mut Plan, also: impl Fn(&ArtifactPath) -> bool + Send + Sync + 'static) {
    let before = std::mem::replace(&mut plan.keep, Box::new(|_| false));
    plan.keep = Box::new(move |path| before(path) || also(path));
}

/// A file that cannot be read here is said by the pass.
fn read(root: &Path, path: &ArtifactPath) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    read_small(&root.join(std::ffi::OsStr::from_bytes(path.as_bytes())), SIGNATURE_BYTES).unwrap_or_default()
}

fn signatures(request: &Request<'_>, plan: &Plan) -> Result<Vec<Found>, Mistake> {
    let root = request.path;
    let mut found = Vec::new();
    if request.trusting.signature.is_empty() {
        let named = |path: &ArtifactPath| SIGNATURES.iter().any(|suffix| path.name().ends_with(suffix));
        for path in names(root, plan, &named) {
            found.push(Found { bytes: read(root, &path), name: path.to_string(), path: Some(path) });
        }
        return Ok(found);
    }
    for file in &request.trusting.signature {
        let bytes = read_small(file, SIGNATURE_BYTES)?;
        let below = super::assess::below(root, file);
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        found.push(Found { path: below, name, bytes });
    }
    Ok(found)
}

/// Checks lists and signatures against what was hashed.
pub fn check(
    request: &Request<'_>,
    prepared: &Prepared,
    artifacts: &[Artifact],
    evidence: &mut Vec<Evidence>,
    inputs: &mut Vec<Input>,
) {
    for path in &prepared.lists {
        if let Some(bytes) = find(artifacts, path).and_then(|list| list.kept.as_deref()) {
            evidence.extend(checksums::check(path, bytes, artifacts, &request.loaded.policy.limits));
        }
    }
    if request.checks.contains(&Check::Signature) {
        let files: Vec<_> = prepared.signatures.iter().map(|found| found.file(artifacts)).collect();
        let name = super::assess::subject(request.path);
        let signed = as_signed(request.path, artifacts.to_vec());
        let subject = Subject { name: &name, artifacts: &signed };
        for mut seen in trust::check(&files, subject, &prepared.settings, request.now.at) {
            if let (Some(path), [only]) = (&seen.artifact, artifacts)
                && path.as_str() == SINGLE
            {
                seen.artifact = Some(only.path.clone());
            }
            evidence.push(seen);
        }
        inputs.extend(prepared.inputs.iter().cloned());
    }
}

/// What a signature calls the file when the model is one file.
pub const SINGLE: &str = ".";

/// The files as signatures name them.
pub fn as_signed(root: &Path, mut artifacts: Vec<Artifact>) -> Vec<Artifact> {
    if let (true, [only]) = (root.is_file(), artifacts.as_mut_slice()) {
        only.path = ArtifactPath::new(SINGLE);
    }
    artifacts
}

/// SHA-256 over all files that were weighed, put together as model signatures do it. Nothing is left out, not even
/// signatures: whoever compares it later sees every file that was added, changed or removed.
pub fn root(root: &Path, artifacts: &[Artifact]) -> Option<Digest> {
    if artifacts.len() == 1 {
        return model_signing::root_digest(&as_signed(root, artifacts.to_vec()), &Ignored::default());
    }
    model_signing::root_digest(artifacts, &Ignored::default())
}
