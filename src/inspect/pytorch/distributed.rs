//! Distributed checkpoints of PyTorch: `.metadata`, a pickle that names the files beside it, and those files (`.distcp`).
//!
//! Source: `torch/distributed/checkpoint/filesystem.py`. Not looked at: whether the parts of a file are as long as the
//! metadata says, and files without metadata beside them, which may be looked at alone.

use std::collections::BTreeMap;

use crate::inspect::Scope;
use crate::inspect::archive::escapes;
use crate::inspect::claim::SHARD_MISSING;
use crate::inspect::shards::INDEX_PATH_ESCAPE;
use crate::model::{Artifact, ArtifactPath, Evidence};
use crate::weigh::View;

/// The name of the metadata.
const METADATA: &str = ".metadata";

/// What the names of files are kept under, and how many of them.
const NAMED: &str = "distcp:";
const KEPT: usize = 100_000;

/// The metadata names a file.
pub fn names(file: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if view.depth() > 0 || scope.path.name() != METADATA {
        return;
    }
    if let Some(what) = escapes(file) {
        return scope.raise(&INDEX_PATH_ESCAPE, view, 0..0, format!("the file of tensors {file:?} {what}"));
    }
    let metadata = &mut scope.contents().metadata;
    if metadata.len() < KEPT {
        metadata.insert(format!("{NAMED}{file}"), String::new());
    } else {
        scope.limit("distributed-files", KEPT as u64, view);
    }
}

/// Holds the files that metadata names against those beside it.
#[must_use]
pub fn held(artifacts: &[Artifact], by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for artifact in artifacts {
        let name = artifact.path.name();
        if name == METADATA {
            let files = artifact.contents.metadata.keys().filter_map(|key| key.strip_prefix(NAMED));
            for file in files.filter(|file| !by_path.contains_key(&artifact.path.sibling(file))) {
                let message = format!("{file:?} is not there; the metadata of the checkpoint places tensors in it");
                evidence.push(Evidence::new(&SHARD_MISSING, message).of(&artifact.path).with("shard", file));
            }
        }
    }
    evidence
}
