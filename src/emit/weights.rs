//! Which of a tree's files are the weights of one model.
//!
//! The same weights often lie there several times: in halves and in whole numbers, for several libraries, quantised in
//! ten ways. Their parameters are those of one model, counted once, in the files that a loader takes when it is told
//! nothing more: of transformers (`model.safetensors` before its shards, before `pytorch_model.bin`), diffusers
//! (`model_index.json` names the folders), sentence-transformers (`modules.json`), Optimum (encoder and decoder) and
//! llama.cpp (`Q4_K_M` where there are many). What a caller names instead is not known here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{Artifact, ArtifactPath, Report, TensorSummary};

/// Weights that were counted, and those that were not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights<'r> {
    /// Figures of those that were.
    pub sum: TensorSummary,
    /// The files that were counted, by path.
    pub counted: Vec<&'r ArtifactPath>,
    /// Files with tensors that were not: the same again, or another model.
    pub others: Vec<&'r ArtifactPath>,
}

/// True for files that say where the parts of a model lie.
pub(super) fn reads(name: &str) -> bool {
    ["model_index.json", "modules.json"].contains(&name)
}

/// Chooses; `None` where no file holds tensors.
#[must_use]
pub fn of(report: &Report) -> Option<Weights<'_>> {
    let mut files: Vec<(&Artifact, TensorSummary)> =
        report.artifacts.iter().filter_map(|artifact| Some((artifact, artifact.tensor_summary()?))).collect();
    files.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    if files.is_empty() {
        return None;
    }
    let folders: BTreeSet<&str> = files.iter().map(|(artifact, _)| artifact.path.parent()).collect();
    let mut weights = Weights::default();
    let folders = chosen_folders(report, &folders);
    let mut sets: BTreeMap<&str, BTreeMap<Set<'_>, Vec<&ArtifactPath>>> = BTreeMap::new();
    for (artifact, _) in &files {
        let folder = artifact.path.parent();
        if folders.contains(folder) {
            sets.entry(folder).or_default().entry(Set::of(artifact)).or_default().push(&artifact.path);
        }
    }
    let counted: BTreeSet<&ArtifactPath> = sets.into_values().flat_map(chosen_sets).collect();
    for (artifact, sum) in files {
        if counted.contains(&artifact.path) {
            weights.counted.push(&artifact.path);
            add(&mut weights.sum, sum);
        } else {
            weights.others.push(&artifact.path);
        }
    }
    Some(weights)
}

fn add(all: &mut TensorSummary, one: TensorSummary) {
    all.count = all.count.saturating_add(one.count);
    all.parameters = all.parameters.saturating_add(one.parameters);
    for (dtype, count) in one.dtypes {
        let of_type = all.dtypes.entry(dtype).or_default();
        *of_type = of_type.saturating_add(count);
    }
}

/// The folders that hold the parts of one model.
fn chosen_folders<'f>(report: &Report, folders: &BTreeSet<&'f str>) -> BTreeSet<&'f str> {
    let pipeline = listed(report, "model_index.json", |file| {
        let parts = file.as_object().into_iter().flatten().filter(|(_, part)| part.is_array());
        parts.map(|(name, _)| name.clone()).collect()
    });
    let found: BTreeSet<&str> = folders.iter().copied().filter(|folder| pipeline.contains(*folder)).collect();
    if !found.is_empty() {
        return found;
    }
    let modules = listed(report, "modules.json", |file| {
        let paths = file.as_array().into_iter().flatten().filter_map(|module| module["path"].as_str());
        paths.map(str::to_owned).collect()
    });
    let found: BTreeSet<&str> = folders.iter().copied().filter(|folder| modules.contains(*folder)).collect();
    if !found.is_empty() {
        return found;
    }
    // The one nearest to the root; of folders for each way to quantise, the usual one.
    let rank = |folder: &&str| {
        let depth = if folder.is_empty() { 0 } else { folder.matches('/').count().saturating_add(1) };
        (depth, !is_usual(folder))
    };
    folders.iter().copied().min_by_key(rank).into_iter().collect()
}

fn listed(report: &Report, name: &str, names: impl Fn(&Value) -> BTreeSet<String>) -> BTreeSet<String> {
    let file = report.artifacts.iter().find(|artifact| artifact.path.as_str() == name);
    let value = file.and_then(|file| serde_json::from_slice::<Value>(file.kept.as_deref()?).ok());
    value.map(|value| names(&value)).unwrap_or_default()
}

/// The way of quantising that llama.cpp takes from a repository of several.
fn is_usual(name: &str) -> bool {
    name.to_ascii_lowercase().contains("q4_k_m")
}

/// Files that are loaded together; the least is what a loader takes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Set<'r> {
    /// Kind of file, the preferred first.
    kind: usize,
    /// How usual the name is, the most usual first.
    rank: usize,
    /// One of several ways to write down the same numbers.
    variant: bool,
    /// In shards.
    sharded: bool,
    /// Name without number, variant and ending; empty where all files of a kind belong together.
    stem: &'r str,
    /// The variant itself.
    named: &'r str,
}

/// Formats by name and what their files are called, the preferred first.
const KINDS: [(&[&str], &[&str]); 7] = [
    (&["safetensors"], &["safetensors"]),
    (&["pickle"], &["bin", "pt", "pth", "ckpt"]),
    (&["hdf5", "keras"], &["h5", "keras"]),
    (&["msgpack"], &["msgpack"]),
    (&["onnx"], &["onnx"]),
    (&["gguf"], &["gguf"]),
    (&["numpy"], &["npy", "npz"]),
];
const ONNX: usize = 4;
const GGUF: usize = 5;
const NUMPY: usize = 6;

/// Names that loaders look for, in their order.
const STEMS: [&str; 6] =
    ["model", "pytorch_model", "diffusion_pytorch_model", "tf_model", "flax_model", "encoder_model"];

impl<'r> Set<'r> {
    fn of(artifact: &'r Artifact) -> Self {
        let name = artifact.path.name();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let is = |(formats, endings): &(&[&str], &[&str])| {
            endings.contains(&ending) || artifact.formats.iter().any(|format| formats.contains(&format.name()))
        };
        let kind = KINDS.iter().position(is).unwrap_or(KINDS.len());
        let (stem, sharded) = unsharded(stem);
        if kind == NUMPY {
            return Self { kind, rank: 0, variant: false, sharded: false, stem: "", named: "" };
        }
        if kind == GGUF {
            // A projector goes with a model and is none; a matrix of importance is no model either.
            let aside = ["mmproj", "imatrix"].iter().any(|word| name.contains(word));
            let rank = if aside { 2 } else { usize::from(!is_usual(stem)) };
            return Self { kind, rank, variant: false, sharded, stem, named: "" };
        }
        let (stem, named) = unvaried(stem, kind);
        let usual = STEMS.iter().position(|known| *known == stem);
        let last = STEMS.len().saturating_add(usize::from(stem.starts_with("adapter_model")));
        Self { kind, rank: usual.unwrap_or(last), variant: !named.is_empty(), sharded, stem, named }
    }
}

/// `model-00001-of-00003`
fn unsharded(stem: &str) -> (&str, bool) {
    let digits = |text: &str| text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let apart = |text: &str| -> Option<usize> {
        let (before, of) = text.rsplit_once("-of-")?;
        let (name, number) = before.rsplit_once('-')?;
        (digits(of) && digits(number)).then_some(name.len())
    };
    match apart(stem).and_then(|at| stem.get(..at)) {
        Some(name) => (name, true),
        None => (stem, false),
    }
}

/// `model.fp16`; for ONNX `model_quantized`.
fn unvaried(stem: &str, kind: usize) -> (&str, &str) {
    let ways = ["_fp16", "_quantized", "_int8", "_uint8", "_q4f16", "_q4", "_bnb4", "_q8", "_O1", "_O2", "_O3", "_O4"];
    let way =
        ways.iter().find(|way| kind == ONNX && stem.ends_with(**way)).map(|way| stem.len().saturating_sub(way.len()));
    match way.or_else(|| stem.find('.')).and_then(|at| stem.split_at_checked(at)) {
        Some((name, named)) if !name.is_empty() => (name, named),
        _ => (stem, ""),
    }
}

/// The sets of a folder that are loaded: the first, and the decoder that an encoder is loaded with.
fn chosen_sets<'r>(sets: BTreeMap<Set<'r>, Vec<&'r ArtifactPath>>) -> Vec<&'r ArtifactPath> {
    let mut sets = sets.into_iter();
    let Some((first, mut paths)) = sets.next() else { return Vec::new() };
    if first.kind == ONNX && first.stem == "encoder_model" {
        let plain = sets.filter(|(set, _)| set.kind == ONNX && set.variant == first.variant);
        let mut decoders: Vec<_> = plain.filter(|(set, _)| set.stem.starts_with("decoder_model")).collect();
        decoders.sort_by_key(|(set, _)| set.stem != "decoder_model_merged");
        paths.extend(decoders.into_iter().next().into_iter().flat_map(|(_, more)| more));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::{Contents, Digests, Format};

    fn counted(files: &[(&str, u64)], lists: &[(&str, &str)]) -> (u64, Vec<String>) {
        let mut report = sample::bare();
        let file = |path: &str, parameters: u64, kept: Option<&str>| Artifact {
            path: ArtifactPath::new(path),
            size: parameters,
            digests: Digests::default(),
            shards: Vec::new(),
            formats: Vec::<Format>::new(),
            contents: Contents {
                summary: (parameters > 0).then(|| TensorSummary { count: 1, parameters, ..TensorSummary::default() }),
                ..Contents::default()
            },
            kept: kept.map(|text| text.as_bytes().to_vec()),
        };
        report.artifacts = files.iter().map(|(path, parameters)| file(path, *parameters, None)).collect();
        report.artifacts.extend(lists.iter().map(|(path, text)| file(path, 0, Some(text))));
        let weights = of(&report).unwrap();
        assert_eq!(weights.counted.len() + weights.others.len(), files.len());
        (weights.sum.parameters, weights.counted.into_iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_same_weights_count_once() {
        let sum = |files: &[(&str, u64)]| counted(files, &[]).0;
        assert_eq!(sum(&[("model.fp16.safetensors", 7), ("model.safetensors", 8)]), 8);
        assert_eq!(sum(&[("pytorch_model.bin", 7), ("model.safetensors", 8), ("onnx/model.onnx", 9)]), 8);
        assert_eq!(sum(&[("model-00001-of-00002.safetensors", 3), ("model-00002-of-00002.safetensors", 4)]), 7);
        assert_eq!(sum(&[("consolidated.safetensors", 7), ("model-00001-of-00001.safetensors", 8)]), 8);
        assert_eq!(sum(&[("x.Q2_K.gguf", 6), ("x.Q4_K_M.gguf", 7), ("x.Q8_0.gguf", 8), ("mmproj-x.gguf", 1)]), 7);
        assert_eq!(sum(&[("a/model.safetensors", 5), ("b/model.safetensors", 6)]), 5);
        assert_eq!(sum(&[("model.safetensors", 5), ("checkpoint-9/model.safetensors", 5)]), 5);
        assert_eq!(sum(&[("adapter_model.safetensors", 1), ("model.safetensors", 5)]), 5);
        assert_eq!(sum(&[("a.npy", 1), ("b.npy", 2)]), 3);
    }

    #[test]
    fn the_parts_of_a_model_count_together() {
        let index = ("model_index.json", r#"{"_class_name": "X", "unet": ["d", "U"], "vae": ["d", "V"]}"#);
        let files = [
            ("unet/diffusion_pytorch_model.fp16.safetensors", 2),
            ("unet/diffusion_pytorch_model.safetensors", 2),
            ("vae/diffusion_pytorch_model.safetensors", 3),
            ("x-pruned.safetensors", 9),
        ];
        assert_eq!(counted(&files, &[index]).0, 5);
        let modules = ("modules.json", r#"[{"idx": 0, "path": ""}, {"idx": 1, "path": "2_Dense"}]"#);
        assert_eq!(counted(&[("2_Dense/model.safetensors", 1), ("model.safetensors", 5)], &[modules]).0, 6);
        let whisper = [
            ("decoder_model.onnx", 3),
            ("decoder_model_merged.onnx", 3),
            ("decoder_with_past_model.onnx", 3),
            ("encoder_model.onnx", 2),
            ("encoder_model_quantized.onnx", 2),
        ];
        assert_eq!(
            counted(&whisper, &[]),
            (5, vec!["decoder_model_merged.onnx".to_owned(), "encoder_model.onnx".to_owned()])
        );
    }
}
