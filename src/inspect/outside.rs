//! Raw numbers in files beside the model that names them: external data of ONNX, shards of TensorFlow checkpoints,
//! weights of TensorFlow.js and of OpenVINO. They have no marks; what says that they are numbers is the model that reads
//! them as such.
//!
//! Sources: `onnx.proto3` (`external_data`), the documentation of TensorFlow's checkpoints and of OpenVINO's IR. Not
//! looked at: whether the parts of such a file fit together without holes.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::{MEMBER_NOT_INSPECTED, escapes};
use super::claim::{FORMAT_MISMATCH, FORMAT_UNRECOGNISED, RAW_TENSORS, SHARD_MISSING};
use super::xml::openvino;
use super::{magic, onnx, tensorflow, tfjs, zarr};
use crate::model::{Artifact, ArtifactPath, Evidence, Format};
use crate::weigh::{LINK_REFUSED, LINK_WITHIN};

/// Bytes to which writers fill up the end of such a file, or align its parts.
const ALIGNED: u64 = 64 << 10;

/// Holds raw files against the models that name them. Where no model does, nobody knows what they are.
pub fn held(artifacts: &[Artifact], by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> Vec<Evidence> {
    let mut evidence = tensorflow::beside(artifacts, by_path);
    evidence.extend(tfjs::beside(artifacts, by_path));
    evidence.extend(zarr::held(artifacts, by_path));
    let named = onnx_data(artifacts);
    for (path, data) in &named {
        let name = path.name();
        let Some(file) = by_path.get(path) else {
            let message = format!("{name:?} is not there; data of tensors would be read from it");
            evidence.push(Evidence::new(&SHARD_MISSING, message).of(data.model).with("shard", name));
            continue;
        };
        let message = match data.end {
            Some(end) if end > file.size => format!("tensors go to byte {end} of {name:?}, which has {}", file.size),
            Some(end) if file.size - end >= ALIGNED && is_raw(file) => {
                format!("{} bytes of {name:?} lie behind all tensors", file.size - end)
            }
            _ => continue,
        };
        evidence.push(Evidence::new(&onnx::MALFORMED, message).of(data.model));
    }
    let models = openvino::models(artifacts);
    let known: BTreeSet<&ArtifactPath> = named.keys().collect();
    let weights = tfjs::named(artifacts);
    let borne_out = |raw: &Artifact| {
        known.contains(&raw.path)
            || weights.contains(&raw.path)
            || openvino::is_weights_of(raw, &models)
            || is_shard(raw, by_path)
            || is_part(raw, by_path)
    };
    let unknown = artifacts.iter().filter(|artifact| artifact.is(&RAW_TENSORS) && !borne_out(artifact));
    evidence.extend(unknown.map(|artifact| {
        let message = "the bytes are of no format that is known, and nothing beside it names them as raw numbers";
        Evidence::new(&FORMAT_UNRECOGNISED, message).of(&artifact.path)
    }));
    evidence
}

/// Takes back what was said of files without a format, whatever their names, that a model of ONNX or TensorFlow.js names as data of its
/// tensors: such a file may be called by any name, that of its tensor above all.
///
/// So does what was said of packed chunks of an array of Zarr, whose description says that they are numbers.
pub fn take_back(artifacts: &[Artifact], evidence: &mut Vec<Evidence>) {
    chunks(artifacts, evidence);
    linked(evidence);
    zarr::take_back(artifacts, evidence);
    tensorflow::compare_sums(artifacts, evidence);
    let mut named: BTreeSet<ArtifactPath> = onnx_data(artifacts).into_keys().collect();
    named.append(&mut tfjs::named(artifacts));
    let scalar = |file: &&Artifact| file.path.name() == SCALAR && is_raw(file);
    if artifacts.iter().any(|file| scalar(&file)) {
        let by_path: BTreeMap<&ArtifactPath, &Artifact> =
            artifacts.iter().map(|artifact| (&artifact.path, artifact)).collect();
        let scalars = artifacts.iter().filter(|file| scalar(file) && is_part(file, &by_path));
        named.extend(scalars.map(|file| file.path.clone()));
    }
    if named.is_empty() {
        return;
    }
    let raw: BTreeSet<&ArtifactPath> = artifacts
        .iter()
        .filter(|artifact| is_raw(artifact) && named.contains(&artifact.path))
        .map(|artifact| &artifact.path)
        .collect();
    evidence.retain(|seen| {
        let unknown = [FORMAT_UNRECOGNISED.id, FORMAT_MISMATCH.id].contains(&seen.rule.id);
        !(unknown && seen.artifact.as_ref().is_some_and(|path| raw.contains(path)))
    });
}

/// A file that is a link is there, although nobody followed it: the link says what there is to say.
fn linked(evidence: &mut Vec<Evidence>) {
    let links: BTreeSet<ArtifactPath> = evidence
        .iter()
        .filter(|seen| [LINK_REFUSED.id, LINK_WITHIN.id].contains(&seen.rule.id))
        .filter_map(|seen| seen.artifact.clone())
        .collect();
    evidence.retain(|seen| {
        let shard = seen.fact.details.get("shard").and_then(|shard| shard.as_str()).filter(|_| !links.is_empty());
        let path = seen.artifact.as_ref().zip(shard).map(|(model, shard)| model.sibling(shard));
        !(seen.rule.id == SHARD_MISSING.id && path.is_some_and(|path| links.contains(&path)))
    });
}

fn chunks(artifacts: &[Artifact], evidence: &mut Vec<Evidence>) {
    let packs = |format: &Format| matches!(format.name(), "gzip" | "zstd" | "lz4" | "bzip2" | "xz" | "lzma");
    let chunk = |file: &&Artifact| is_chunk(file.path.name()) && file.formats.iter().all(packs);
    if !artifacts.iter().any(|file| chunk(&file)) {
        return;
    }
    let by_path: BTreeMap<&ArtifactPath, &Artifact> =
        artifacts.iter().map(|artifact| (&artifact.path, artifact)).collect();
    evidence.retain(|seen| {
        let file = seen.artifact.as_ref().and_then(|path| by_path.get(path)).copied();
        let part = |file: &&Artifact| chunk(file) && is_part(file, &by_path);
        seen.rule.id != MEMBER_NOT_INSPECTED.id || file.filter(part).is_none()
    });
}

/// The key of the only chunk of an array without dimensions, from Zarr 3 on.
const SCALAR: &str = "c";

fn is_chunk(name: &str) -> bool {
    name == SCALAR || magic::is_chunk(name)
}

/// True for a file that no inspector knew.
fn is_raw(artifact: &Artifact) -> bool {
    artifact.formats.is_empty() || artifact.is(&RAW_TENSORS)
}

/// True for `NAME.data-00000-of-00001` beside the index `NAME.index` of a checkpoint.
fn is_shard(raw: &Artifact, by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> bool {
    let stem = raw.path.as_str().rsplit_once(".data-").map(|(stem, _)| stem);
    let index = stem.and_then(|stem| by_path.get(&ArtifactPath::new(format!("{stem}.index"))));
    index.is_some_and(|index| index.is(&tensorflow::CHECKPOINT_INDEX))
}

/// True for `d/NAME` below the directory of a database of TensorStore, and for a chunk beside the description of its
/// array, which may stand some folders above.
fn is_part(raw: &Artifact, by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> bool {
    let path = raw.path.as_str();
    let there = |folder: &str, name: &str, format: &'static str| {
        let path = ArtifactPath::new(if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") });
        by_path.get(&path).is_some_and(|file| file.is(&Format::named(format)))
    };
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    if let Some(above) = folder.strip_suffix("/d").or_else(|| (folder == "d").then_some(""))
        && there(above, "manifest.ocdbt", "ocdbt")
    {
        return true;
    }
    let chunk = is_chunk(name);
    let above = std::iter::successors(Some(folder), |folder| {
        folder.rsplit_once('/').map(|(above, _)| above).or_else(|| (!folder.is_empty()).then_some(""))
    })
    .take(8);
    chunk
        && above.into_iter().any(|folder| {
            let key = path.get(folder.len()..).unwrap_or_default().trim_start_matches('/');
            let places = key.strip_prefix("c/").unwrap_or(key);
            (key == SCALAR || places.split('/').all(magic::is_chunk))
                && (there(folder, ".zarray", "json") || there(folder, "zarr.json", "json"))
        })
}

/// What models of ONNX say of one file.
struct Data<'a> {
    model: &'a ArtifactPath,
    /// Where the last tensor in it ends; `None` if one takes all the rest.
    end: Option<u64>,
}

/// Files that models of ONNX name, by their path; what lies outside of the folder was said already.
fn onnx_data(artifacts: &[Artifact]) -> BTreeMap<ArtifactPath, Data<'_>> {
    let mut named: BTreeMap<ArtifactPath, Data<'_>> = BTreeMap::new();
    for model in artifacts.iter().filter(|artifact| artifact.is(&Format::named("onnx"))) {
        for (key, value) in &model.contents.metadata {
            let Some(location) = key.strip_prefix(onnx::EXTERNAL_DATA) else { continue };
            if escapes(location).is_some() || location.starts_with(['*', '~']) || location.contains("://") {
                continue;
            }
            let end = value.parse::<u64>().ok();
            let path = model.path.sibling(location.trim_start_matches("./"));
            let data = named.entry(path).or_insert(Data { model: &model.path, end: Some(0) });
            data.end = data.end.zip(end).map(|(one, other)| one.max(other));
        }
    }
    named
}
