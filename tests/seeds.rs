//! Files for the fuzzers to begin with: every file of the recipes, laid where the target of its kind looks.
//!
//! ```sh
//! cargo test --test seeds -- --ignored        # fills fuzz/corpus
//! ```

#![allow(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

mod recipe;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use recipe::Recipe;
use sha2::{Digest, Sha256};
use weighbridge::advisory::Database;
use weighbridge::inspect::Inspectors;
use weighbridge::model::{ArtifactPath, Limits};
use weighbridge::weigh::{Inspect, View};

/// Targets by the formats they keep.
const BY_FORMAT: &[(&str, &[&str])] = &[
    ("pickle", &["pickle", "pytorch-legacy"]),
    ("npy", &["npy"]),
    ("joblib", &["joblib", "zlib"]),
    ("safetensors", &["safetensors"]),
    ("zip", &["zip", "npz", "pytorch-zip", "torchscript", "keras"]),
    ("tar", &["tar", "nemo"]),
    ("gzip", &["gzip"]),
    ("gguf", &["gguf"]),
    ("onnx", &["onnx"]),
    ("hdf5", &["hdf5"]),
    ("keras", &["keras-config"]),
    ("tensorflow", &["savedmodel", "graphdef"]),
    ("table", &["arrow", "arrow-stream", "parquet"]),
    ("tflite", &["tflite"]),
    ("coreml", &["coreml", "sentencepiece"]),
    ("json", &["json"]),
    ("compressed", &["bzip2", "xz", "lzma", "zstd", "lz4"]),
    ("sevenz", &["7z"]),
    ("msgpack", &["msgpack"]),
    ("rdata", &["r-data"]),
    ("skops", &["skops"]),
    ("xml", &["xml", "openvino", "pmml"]),
    ("boosted", &["ubjson", "catboost", "xgboost", "lightgbm"]),
    ("torchscript", &["torchscript"]),
    ("program", &["elf", "pe", "mach-o"]),
    ("checkpoint", &["checkpoint-index", "keras-metadata", "metagraph", "tensorflow-snapshot", "tfhub-module"]),
];

/// Formats of vectors, records and data, which the target `data` keeps.
const DATA: &str = include_str!("../fuzz/fuzz_targets/data.txt");

/// Targets by the end of the file's name.
const BY_NAME: &[(&str, &[&str])] = &[
    ("chat_template", &[".jinja"]),
    ("hydra", &[".yaml", ".yml"]),
    ("python", &[".py"]),
    ("shell", &[".sh"]),
    ("notebook", &[".ipynb"]),
    ("model_card", &["README.md", ".md"]),
    ("cargo_lock", &["Cargo.lock"]),
    ("requirements", &["requirements.txt"]),
    ("poetry_lock", &["poetry.lock"]),
    ("uv_lock", &["uv.lock"]),
    ("pdm_lock", &["pdm.lock"]),
    ("pylock", &["pylock.toml"]),
    ("pipfile_lock", &["Pipfile.lock"]),
    ("conda_lock", &["conda-lock.yml"]),
    ("npm_lock", &["package-lock.json"]),
    ("pnpm_lock", &["pnpm-lock.yaml"]),
    ("yarn_lock", &["yarn.lock"]),
    ("bun_lock", &["bun.lock"]),
    ("go_mod", &["go.mod"]),
    ("go_sum", &["go.sum"]),
    ("composer_lock", &["composer.lock"]),
    ("gemfile_lock", &["Gemfile.lock"]),
    ("gradle_lock", &["gradle.lockfile"]),
    ("pom", &["pom.xml"]),
    ("cyclonedx", &[".cdx.json", "bom.json"]),
    ("spdx", &[".spdx.json"]),
    ("osv", &["/OSV", "GHSA", ".osv.json"]),
    ("pysec", &["PYSEC"]),
    ("installed", &["METADATA"]),
    ("rustsec", &["RUSTSEC"]),
    ("signature", &[".sig", ".sigstore", ".sigstore.json", ".dsse", "attestation.json"]),
    ("detached", &[".minisig", ".sig"]),
    ("key", &[".pub", ".pem", ".key", ".crt", ".der"]),
    ("checksums", &["SUMS", ".sha256", ".md5"]),
    ("policy", &["policy.toml"]),
    ("manifest", &[".yaml", ".yml"]),
    ("container_file", &["Dockerfile", "Containerfile"]),
    ("configuration", &["config.json", "modules.json", "model_index.json"]),
    ("weight_index", &[".index.json"]),
    ("graph_text", &[".pbtxt"]),
    ("secrets", &[".env", "_rsa", ".pem"]),
    ("embedded", &["auditable.json"]),
    ("spdx3", &["spdx3"]),
];

/// Targets that look at a text under one of several names, which the first byte chooses: the ends of those names, in
/// the order in which the target has them.
const BY_CHOICE: &[(&str, &[&[&str]])] = &[
    (
        "foreign_code",
        &[&[".js", ".ts"], &[".php"], &[".rb", ".pl", ".r"], &[".go", ".rs", ".c"], &["tox.ini", ".toml"]],
    ),
    (
        "autorun",
        &[
            &["tasks.json", "settings.json"],
            &["devcontainer.json"],
            &["package.json"],
            &[".yml", ".yaml"],
            &["post-checkout"],
            &[".desktop"],
            &["Makefile"],
        ],
    ),
    (
        "tokenizer",
        &[
            &["tokenizer.json"],
            &[".model"],
            &["vocab.txt"],
            &["merges.txt"],
            &["special_tokens_map.json"],
            &["tokenizer_config.json"],
        ],
    ),
    ("zarr", &[&[".zarray"], &["zarr.json"], &[".zmetadata"], &["/0.0", "/c/0/0"]]),
];

#[test]
#[ignore = "fills fuzz/corpus; run by hand before fuzzing"]
fn lay_the_seeds() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut counts = BTreeMap::new();
    let mut lay = |target: &str, bytes: &[u8]| {
        let folder = top.join("fuzz/corpus").join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&hex::encode(Sha256::digest(bytes))[..16]), bytes).unwrap();
        *counts.entry(target.to_owned()).or_insert(0) += 1;
    };
    for (path, bytes) in files(top) {
        let seen = View::with_bytes(&bytes, u64::MAX, |view| {
            Inspectors.inspect(&ArtifactPath::new("seed"), view, &Limits::default())
        });
        for (target, formats) in BY_FORMAT {
            if seen.formats.iter().any(|format| formats.contains(&format.name())) {
                lay(target, &bytes);
                lay("any", &bytes);
                lay("describe", &bytes);
            }
        }
        if seen.formats.iter().any(|format| DATA.lines().any(|name| name == format.name())) {
            lay("data", &bytes);
        }
        for (target, choices) in BY_CHOICE {
            for (choice, ends) in (0_u8..).zip(*choices) {
                if ends.iter().any(|end| path.ends_with(end)) {
                    lay(target, &[&[choice], &bytes[..]].concat());
                }
            }
        }
        for (target, ends) in BY_NAME {
            if ends.iter().any(|end| path.ends_with(end) || (end.len() > 3 && path.contains(end))) {
                lay(target, &bytes);
            }
        }
    }
    let store = top.join("fuzz/corpus/advisory_store");
    fs::create_dir_all(&store).unwrap();
    Database::read(&[&top.join("testdata/advisory-db")]).unwrap().compile(&store.join("compiled")).unwrap();
    for (target, count) in counts {
        println!("{target}: {count}");
    }
}

/// Every file that the recipes make and every file that lies beside them, up to the size that a fuzzer likes.
fn files(top: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (_, path) in recipe::all() {
        for file in Recipe::read(&path).files {
            if !["link", "pipe", "remove"].iter().any(|key| file.content.contains_key(*key)) {
                files.push((file.path, recipe::content(&file.content, path.parent().unwrap()).unwrap()));
            }
        }
    }
    for kind in recipe::corpus::Kind::ALL {
        files.extend(recipe::corpus::cases(kind).into_values().flatten());
    }
    let mut folders = vec![top.join("testdata"), top.join("tests"), top.join("policies"), top.join("fuzz/seeds")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
                let name = if below.starts_with("policies/") { format!("{below}/policy.toml") } else { below };
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files.retain(|(_, bytes)| bytes.len() <= 64 << 10);
    files
}
