//! Models of TensorFlow.js: `model.json`, which says what lies in the raw files of weights beside it.
//!
//! The weights of a group are its files one after the other. Source: `model_types.ts` and `types.ts` of tfjs-core. Not
//! looked at: the topology of the model, but for operators that reach out and layers that are code.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::escapes;
use super::claim::SHARD_MISSING;
use super::json::Tree;
use super::shards::{INDEX_MISMATCH, INDEX_PATH_ESCAPE};
use super::tensorflow::{TENSORFLOW_MALFORMED, TENSORFLOW_OPERATOR, reaches_out};
use super::{Scope, keras};
use crate::model::{Artifact, ArtifactPath, Evidence, Format, Tensor};
use crate::weigh::View;

/// How a name in the metadata of a model begins, before the number of a group of weights. The value is how many bytes
/// they take, or `?`, and the files they lie in, a line each.
const WEIGHTS: &str = "tfjs-weights ";
/// Groups and files of a model that are followed.
const FOLLOWED: usize = 10_000;

/// Looks at a JSON text, if it is a model.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let topology = tree.get("modelTopology");
    let manifest = match tree.get("weightsManifest") {
        Some(manifest) if topology.is_some() || tree.get("format").is_some() => manifest,
        // Older models keep the list in a file of its own, `weights_manifest.json`.
        None if is_manifest(tree) => tree,
        _ => return,
    };
    if view.depth() == 0 {
        scope.recognise(Format::named("tfjs"));
    }
    match topology {
        Some(Tree::Object(_)) => {}
        // A list of weights alone, which programs read by themselves.
        None if matches!(tree, Tree::Array(_)) => {}
        // Readers call what is missing by its name.
        None => broken("the model has weights and no \"modelTopology\"".to_owned(), view, scope),
        Some(_) => broken("\"modelTopology\" is no object".to_owned(), view, scope),
    }
    if let Some(topology) = topology {
        keras::inspect(topology.get("model_config").unwrap_or(topology), view, scope);
        operators(topology, view, scope);
    }
    let mut files = 0;
    for (n, group) in manifest.values().iter().take(FOLLOWED).enumerate() {
        let paths: Vec<&str> = group.get("paths").into_iter().flat_map(Tree::values).filter_map(Tree::text).collect();
        files += paths.len();
        let mut total = Some(0u64);
        for weight in group.get("weights").into_iter().flat_map(Tree::values) {
            let bytes = weigh(weight, view, scope);
            total = total.zip(bytes).and_then(|(total, bytes)| total.checked_add(bytes));
        }
        for path in paths.iter().filter(|path| !path.contains("://")) {
            if let Some(what) = escapes(path) {
                scope.raise(&INDEX_PATH_ESCAPE, view, 0..0, format!("the file of weights {path:?} {what}"));
            }
        }
        if view.depth() == 0 && files <= FOLLOWED {
            let total = total.map_or_else(|| "?".to_owned(), |total| total.to_string());
            let value = std::iter::once(total.as_str()).chain(paths).collect::<Vec<_>>().join("\n");
            scope.contents().metadata.insert(format!("{WEIGHTS}{n:05}"), value);
        }
    }
}

fn broken(message: String, view: &View<'_>, scope: &mut Scope<'_>) {
    scope.raise(&TENSORFLOW_MALFORMED, view, 0..0, message);
}

/// `[{"paths": ["a-shard1"], "weights": [{"name": …, "shape": …, "dtype": …}]}]`
fn is_manifest(tree: &Tree) -> bool {
    let groups = tree.values();
    let is_weight = |weight: &Tree| ["name", "shape", "dtype"].iter().all(|key| weight.get(key).is_some());
    let is_group = |group: &Tree| {
        let paths = group.get("paths").map(Tree::values).unwrap_or_default();
        let weights = group.get("weights").map(Tree::values).unwrap_or_default();
        !paths.is_empty() && paths.iter().all(|path| path.text().is_some()) && weights.first().is_some_and(is_weight)
    };
    !groups.is_empty() && groups.iter().all(is_group)
}

/// Operators of a model that was a graph of TensorFlow.
fn operators(topology: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let functions = topology.get("library").and_then(|library| library.get("function"));
    let inner = functions.into_iter().flat_map(Tree::values).filter_map(|function| function.get("nodeDef"));
    for node in topology.get("node").into_iter().chain(inner).flat_map(Tree::values) {
        let Some(operator) = node.get("op").and_then(Tree::text) else { continue };
        if let Some(what) = reaches_out(operator) {
            let evidence = Evidence::new(&TENSORFLOW_OPERATOR, format!("the operator {operator:?} {what}"));
            scope.add(evidence.with("operator", operator).at(view.place(0..0)));
        }
    }
}

/// Lists a weight; bytes that it takes, `None` if that cannot be told.
fn weigh(weight: &Tree, view: &View<'_>, scope: &mut Scope<'_>) -> Option<u64> {
    let number = |tree: &Tree| match tree {
        Tree::Number(number) => number.parse::<u64>().ok(),
        _ => None,
    };
    let name = weight.get("name").and_then(Tree::text).unwrap_or_default();
    let dtype = weight.get("dtype").and_then(Tree::text);
    let shape: Option<Vec<u64>> = weight.get("shape").map(Tree::values)?.iter().map(number).collect();
    let elements = shape.as_ref().and_then(|shape| shape.iter().try_fold(1u64, |product, n| product.checked_mul(*n)));
    let quantization = weight.get("quantization").filter(|quantization| **quantization != Tree::Null);
    let stored = quantization.and_then(|quantization| quantization.get("dtype")).and_then(Tree::text);
    if quantization.is_some() && stored.is_none() {
        broken(format!("the weight {name:?} is quantized and does not say to which type"), view, scope);
    }
    let (Some(dtype), Some(shape), Some(elements)) = (dtype, shape, elements) else {
        let message = format!("the weight {name:?} has no type, or an impossible shape");
        scope.raise(&TENSORFLOW_MALFORMED, view, 0..0, message);
        return None;
    };
    let bytes = match stored.unwrap_or(dtype) {
        "float32" | "int32" => Some(4),
        "float16" | "uint16" => Some(2),
        "uint8" | "bool" => Some(1),
        "complex64" | "int64" => Some(8),
        "string" => None,
        other => {
            let message = format!("the weight {name:?} is of the type {other:?}, which is unknown");
            scope.raise(&TENSORFLOW_MALFORMED, view, 0..0, message);
            None
        }
    };
    if (scope.contents().tensors.len() as u64) < scope.limits.tensors {
        let (name, dtype) = (name.to_owned(), dtype.to_owned());
        scope.contents().tensors.push(Tensor { name, dtype, shape, bytes: None });
    }
    elements.checked_mul(bytes?)
}

/// Files of weights that a model names, each with the model and the group it is of.
fn groups(artifacts: &[Artifact]) -> impl Iterator<Item = (&Artifact, Option<u64>, Vec<&str>)> {
    let models = artifacts.iter().filter(|artifact| artifact.is(&Format::named("tfjs")));
    models.flat_map(|model| {
        let groups = model.contents.metadata.iter().filter(|(key, _)| key.starts_with(WEIGHTS));
        groups.map(move |(_, value)| {
            let mut lines = value.split('\n');
            let total = lines.next().and_then(|total| total.parse().ok());
            (model, total, lines.collect())
        })
    })
}

/// Paths of all files of weights.
pub fn named(artifacts: &[Artifact]) -> BTreeSet<ArtifactPath> {
    groups(artifacts).flat_map(|(model, _, paths)| paths.into_iter().map(|path| model.path.sibling(path))).collect()
}

/// Holds what models say of their weights against the files beside them.
pub fn beside(artifacts: &[Artifact], by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    for (model, total, paths) in groups(artifacts) {
        let mut size = Some(0u64);
        for path in paths.iter().filter(|path| escapes(path).is_none()) {
            // What is fetched from elsewhere cannot be held against anything.
            if path.contains("://") {
                size = None;
                continue;
            }
            match by_path.get(&model.path.sibling(path)) {
                Some(file) => size = size.and_then(|size| size.checked_add(file.size)),
                None => {
                    size = None;
                    let message = format!("{path:?} is not there; the model reads weights from it");
                    evidence.push(Evidence::new(&SHARD_MISSING, message).of(&model.path).with("shard", *path));
                }
            }
        }
        if let (Some(total), Some(size)) = (total, size)
            && total != size
        {
            let first = paths.first().copied().unwrap_or_default();
            let message =
                format!("the weights in {first:?} and what follows on it take {total} bytes, the files have {size}");
            evidence.push(Evidence::new(&INDEX_MISMATCH, message).of(&model.path));
        }
    }
    evidence
}
