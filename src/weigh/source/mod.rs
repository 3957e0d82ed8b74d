//! What the place that files came from says about their digests, checked without asking it again.
//!
//! Each kind of source turns names, links or small files of its own into [`Claim`]s. Lists of digests that a person
//! wrote (`SHA256SUMS` and kin) are not sources: they are for the `trust` room.

mod dvc;
mod hub;
mod manifests;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Algorithm, Artifact, ArtifactPath, Assurance, Class, Evidence, Rule, Severity};

use super::walk::Found;

pub use hub::{blob_of_snapshot, repository_of_snapshot};
pub use manifests::{BLOB_MISSING, MANIFEST_MALFORMED, MANIFEST_MISMATCH};

/// Digests agree with what the source said.
pub static SOURCE_DIGEST_MATCH: Rule = Rule {
    id: "source-digest-match",
    summary: "files have the digests that their download source recorded",
    severity: Severity::Info,
    class: Class::Assurance,
    page: include_str!("../../rules/source-digest-match.md"),
    frameworks: &[],
};

/// A digest does not.
pub static SOURCE_DIGEST_MISMATCH: Rule = Rule {
    id: "source-digest-mismatch",
    summary: "a file does not have the digest that its download source recorded",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/source-digest-mismatch.md"),
    frameworks: &["CWE-345", "CWE-353"],
};

/// A source's files that make claims are at most this long.
pub const LONGEST: u64 = 64 << 10;

/// What a source says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The file.
    pub path: ArtifactPath,
    /// The digest's function.
    pub algorithm: Algorithm,
    /// The digest, or how it begins, in lower-case hexadecimal.
    pub hex: String,
    /// Who says so.
    pub source: &'static str,
    /// False where it may only look like a digest.
    pub certain: bool,
}

/// Marks the files whose bytes make claims, and what has to be computed to check them.
pub fn prepare(files: &mut [Found]) {
    let wanted: BTreeMap<ArtifactPath, Algorithm> = files
        .iter()
        .filter_map(|file| {
            let target = hub::described(&file.path).map(|path| (path, Algorithm::GitBlob));
            target.or_else(|| dvc::described(&file.path).map(|path| (path, Algorithm::Md5)))
        })
        .collect();
    for file in files.iter_mut() {
        file.claims.extend(names::claim(&file.path));
        file.testifies =
            file.len <= LONGEST && (hub::described(&file.path).is_some() || dvc::described(&file.path).is_some());
        file.algorithms = file.claims.iter().map(|claim| claim.algorithm).collect::<BTreeSet<_>>();
        file.algorithms.extend(wanted.get(&file.path));
    }
    manifests::prepare(files);
}

/// Compares what was computed with all that is claimed: one good word per source, one bad one per file.
pub fn judge(files: &[Found], artifacts: &[Artifact]) -> Vec<Evidence> {
    let mut claims: Vec<Claim> = files.iter().flat_map(|file| file.claims.clone()).collect();
    for (file, artifact) in artifacts.iter().filter_map(|artifact| Some((find(files, &artifact.path)?, artifact))) {
        if let Some(text) =
            artifact.kept.as_deref().filter(|_| file.testifies).and_then(|kept| str::from_utf8(kept).ok())
        {
            claims.extend(hub::claim(&artifact.path, text));
            claims.extend(dvc::claim(&artifact.path, text));
        }
    }
    let mut evidence = manifests::judge(files, artifacts);
    let mut good: BTreeMap<(&'static str, Algorithm), u64> = BTreeMap::new();
    for claim in claims {
        let at = artifacts.binary_search_by(|artifact| artifact.path.cmp(&claim.path));
        let digest = at.ok().and_then(|at| artifacts[at].digests.get(claim.algorithm));
        let Some(hex) = digest.map(crate::model::Digest::hex) else { continue };
        if hex.starts_with(&claim.hex) {
            *good.entry((claim.source, claim.algorithm)).or_default() += 1;
        } else {
            evidence.push(claim.mismatch(&hex));
        }
    }
    evidence.extend(good.into_iter().map(|((source, algorithm), count)| {
        let message = format!("the {algorithm} of {count} files is the one that {source} recorded");
        let assurance = if algorithm.is_broken() { Assurance::Declared } else { Assurance::Verified };
        let evidence = Evidence::new(&SOURCE_DIGEST_MATCH, message).known_by(assurance);
        evidence.with("source", source).with("algorithm", algorithm.name()).with("files", count)
    }));
    evidence
}

fn find<'f>(files: &'f [Found], path: &ArtifactPath) -> Option<&'f Found> {
    files.binary_search_by(|file| file.path.cmp(path)).ok().map(|at| &files[at])
}

impl Claim {
    fn mismatch(&self, found: &str) -> Evidence {
        let Self { path, algorithm, hex, source, certain } = self;
        let message = format!("its {algorithm} is {found}, {source} recorded {hex}");
        let evidence = Evidence::new(&SOURCE_DIGEST_MISMATCH, message)
            .of(path)
            .with("source", *source)
            .with("algorithm", algorithm.name())
            .with("expected", hex.as_str())
            .with("found", found);
        if *certain { evidence } else { evidence.rated(Severity::Low) }
    }
}

/// True for lower-case hexadecimal of that length.
fn is_hex(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
