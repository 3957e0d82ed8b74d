//! What the name of a file claims about its format.
//!
//! Sources: what the writers of each format call their files, and which endings loaders go by.

/// What PyTorch and its callers write.
static TORCH: &[&str] =
    &["pytorch-zip", "torchscript", "torch-export", "torch-package", "pickle", "pytorch-legacy", "tar", "safetensors"];

/// The same, or the index of a checkpoint of TensorFlow.
static TORCH_OR_TENSORFLOW: &[&str] = &[
    "pytorch-zip",
    "torchscript",
    "torch-export",
    "torch-package",
    "pickle",
    "pytorch-legacy",
    "tar",
    "safetensors",
    "checkpoint-index",
];

/// Beginnings of names, with the ending `.bin`, that PyTorch's callers give to what `torch.save` wrote.
const SAVED: [&str; 9] = [
    "pytorch_model",
    "diffusion_pytorch_model",
    "pytorch_lora_weights",
    "adapter_model",
    "training_args",
    "optimizer",
    "scheduler",
    "random_states",
    "rng_state",
];

/// What the ending of a name claims, and what may be under it. Checkpoints are often called `.pth.tar`, as examples of
/// PyTorch do, and are no tar.
pub fn claim(name: &str) -> (&str, &'static [&'static str]) {
    if name == "openvino_model.xml" {
        return ("xml", &["openvino"]);
    }
    if is_checkpoint_index(name) {
        return ("index", &["checkpoint-index"]);
    }
    let ending = |at: &str| name.len() > at.len() && name.ends_with(at);
    for (double, of) in [(".pth.tar", "pth.tar"), (".pt.tar", "pt.tar"), (".ckpt.tar", "ckpt.tar")] {
        if ending(double) {
            return (of, TORCH);
        }
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if extension == "bin" && SAVED.iter().any(|begin| name.starts_with(begin)) {
        return (extension, TORCH);
    }
    (extension, expected(extension))
}

/// Formats that a file of that ending may have; none listed means that the name claims nothing.
fn expected(extension: &str) -> &'static [&'static str] {
    match extension {
        "safetensors" => &["safetensors"],
        "gguf" => &["gguf"],
        "onnx" => &["onnx"],
        "h5" | "hdf5" => &["hdf5"],
        "keras" => &["keras", "hdf5"],
        "skops" => &["skops", "zip"],
        "msgpack" => &["msgpack"],
        "ubj" => &["ubjson"],
        "cbm" => &["catboost"],
        "pmml" => &["pmml"],
        "parquet" => &["parquet"],
        "orc" => &["orc"],
        "dta" => &["stata"],
        "ftz" => &["fasttext"],
        "rds" | "rda" | "rdata" => &["r-data", "gzip", "bzip2", "xz", "lzma", "zstd"],
        _ => packed(extension),
    }
}

/// The same for archives and streams, what PyTorch, Python and TensorFlow write, and texts.
fn packed(extension: &str) -> &'static [&'static str] {
    match extension {
        "7z" => &["7z"],
        "bz2" => &["bzip2"],
        "xz" => &["xz"],
        "lzma" => &["lzma"],
        "zst" => &["zstd"],
        "lz4" => &["lz4"],
        "npy" => &["npy"],
        "npz" => &["npz", "zip"],
        "pt" | "pth" | "ptl" => TORCH,
        "ckpt" => TORCH_OR_TENSORFLOW,
        "pt2" => &["torch-export", "zip", "pytorch-zip", "torchscript"],
        "distcp" => &["torch-distributed", "pytorch-zip", "zip", "pickle", "safetensors"],
        "mar" => &["zip", "gzip", "tar"],
        "pkl" | "pickle" | "joblib" | "dill" => {
            &["pickle", "joblib", "gzip", "zlib", "bzip2", "xz", "lzma", "zstd", "lz4", "zip", "pytorch-zip", "zfile"]
        }
        "json" | "ipynb" => &["json", "text"],
        "tflite" => &["tflite"],
        "ort" => &["ort"],
        // What is written as protocol buffers.
        "pb" => &[
            "savedmodel",
            "graphdef",
            "metagraph",
            "savedmodel-fingerprint",
            "keras-metadata",
            "tensorflow-debug-info",
            "tfhub-module",
            "tensorflow-structure",
            "onnx",
            "onnx-tensor",
            "coreml",
            "sentencepiece",
            "raw-tensors",
        ],
        "tfrecord" => &["tfrecord"],
        "mlmodel" => &["coreml"],
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "bmp" => &["png", "jpeg", "gif", "webp", "bmp"],
        "zip" => &["zip"],
        // PyTorch's own tutorials save checkpoints under this name.
        "tar" => &["tar", "gzip", "bzip2", "xz", "zstd", "pytorch-zip", "pickle"],
        "nemo" => &["tar", "gzip", "bzip2", "xz", "zstd"],
        // joblib writes zlib streams under this name.
        "gz" => &["gzip", "zlib"],
        "tgz" => &["gzip"],
        "txt" | "md" | "py" | "yaml" | "yml" | "toml" | "jinja" | "csv" | "jsonl" => {
            &["text", "json", "html", "xml", "script", "git-lfs-pointer"]
        }
        _ => &[],
    }
}

/// Formats without marks whose loaders go by such a name.
pub fn unmarked(name: &str) -> &'static [&'static str] {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "pb" => &["savedmodel", "graphdef", "keras-metadata", "onnx", "onnx-tensor"],
        "onnx" => &["onnx"],
        "mlmodel" => &["coreml"],
        "msgpack" => &["msgpack"],
        "ubj" => &["ubjson"],
        "json" | "ipynb" => &["json"],
        "xml" | "pmml" => &["xml"],
        "model" => &["sentencepiece"],
        _ => &[],
    }
}

/// True for a name that indices of TensorFlow checkpoints have, and others that end so have not.
fn is_checkpoint_index(name: &str) -> bool {
    name.ends_with(".index") && (name == "variables.index" || name.contains("ckpt"))
}
