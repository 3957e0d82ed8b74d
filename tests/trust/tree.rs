//! Artifacts without the pass: every digest that a signature may ask for.

use std::path::{Path, PathBuf};

use sha2::Digest as _;
use weighbridge::model::{Algorithm, Artifact, ArtifactPath, Class, Contents, Digest, Evidence, Shard};
use weighbridge::trust::{SignatureFile, Subject, TrustSettings, check, requirements};

/// The official vectors and the like, which are no part of the repository.
pub fn shared(below: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("WEIGHBRIDGE_SHARED") else {
        eprintln!("SKIPPED: WEIGHBRIDGE_SHARED is unset, so {below} was not checked");
        return None;
    };
    Some(Path::new(&folder).join(below))
}

pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let raw = match algorithm {
        Algorithm::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        Algorithm::Sha384 => sha2::Sha384::digest(bytes).to_vec(),
        Algorithm::Sha512 => sha2::Sha512::digest(bytes).to_vec(),
        Algorithm::Blake2b512 => blake2::Blake2b512::digest(bytes).to_vec(),
        Algorithm::Blake3 => blake3::hash(bytes).as_bytes().to_vec(),
        Algorithm::Md5 => md5::Md5::digest(bytes).to_vec(),
        other => panic!("{other} is not needed here"),
    };
    Digest::new(algorithm, &raw).unwrap()
}

pub fn artifact(path: &str, bytes: &[u8], shards: Option<(u64, Algorithm)>) -> Artifact {
    let all = [
        Algorithm::Sha256,
        Algorithm::Sha384,
        Algorithm::Sha512,
        Algorithm::Blake2b512,
        Algorithm::Blake3,
        Algorithm::Md5,
    ];
    let size = bytes.len() as u64;
    let shards = shards.map_or_else(Vec::new, |(step, algorithm)| {
        let starts = (0..size).step_by(step as usize);
        let range = |start: u64| start..(start + step).min(size);
        starts
            .map(|start| Shard {
                range: range(start),
                digest: digest(algorithm, &bytes[start as usize..range(start).end as usize]),
            })
            .collect()
    });
    Artifact {
        path: ArtifactPath::new(path),
        size,
        digests: all.into_iter().map(|algorithm| digest(algorithm, bytes)).collect(),
        shards,
        formats: Vec::new(),
        contents: Contents::default(),
        kept: Some(bytes.to_vec()),
    }
}

/// Every file below a folder, or the one file.
pub fn read(root: &Path, shards: Option<(u64, Algorithm)>) -> Vec<Artifact> {
    if root.is_file() {
        return vec![artifact(".", &std::fs::read(root).unwrap(), shards)];
    }
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(artifact(&name, &std::fs::read(&path).unwrap(), shards));
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The time of every check here: 2026-01-01.
pub fn now() -> jiff::Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// Checks one signature that lies in the tree as `model.sig`, or outside of it.
pub fn verify(artifacts: &[Artifact], name: &str, signature: &[u8], settings: &TrustSettings) -> Vec<Evidence> {
    let path = artifacts.iter().any(|artifact| artifact.path.as_str() == "model.sig");
    let file = SignatureFile {
        path: path.then(|| ArtifactPath::new("model.sig")),
        name: "model.sig".to_owned(),
        bytes: signature,
    };
    check(&[file], Subject { name, artifacts }, settings, now())
}

/// Reads a model and its signature from disk, as much as the signature asks for, and checks them.
pub fn verify_on_disk(model: &Path, signature: &Path, settings: &TrustSettings) -> Vec<Evidence> {
    let bytes = std::fs::read(signature).unwrap();
    let inside = signature.strip_prefix(model).ok().and_then(Path::to_str).filter(|path| !path.is_empty());
    let name = signature.file_name().unwrap().to_str().unwrap().to_owned();
    let file = SignatureFile { path: inside.map(ArtifactPath::new), name, bytes: &bytes };
    let artifacts = read(model, requirements(&file).shards);
    let name = model.file_name().unwrap().to_str().unwrap();
    check(&[file], Subject { name, artifacts: &artifacts }, settings, now())
}

pub fn ids(evidence: &[Evidence]) -> Vec<&'static str> {
    let mut ids: Vec<_> = evidence.iter().map(|evidence| evidence.rule.id).collect();
    ids.sort_unstable();
    ids
}

/// True if a signature held and nothing stands against it.
pub fn accepted(evidence: &[Evidence]) -> bool {
    evidence.iter().any(|evidence| evidence.rule.id == "signature-valid")
        && !evidence.iter().any(|evidence| matches!(evidence.rule.class, Class::Defect | Class::Gap))
}
