//! The names of all formats that a report can speak of, for whoever writes a policy.

use std::collections::BTreeSet;

use super::content::{INSPECTORS, PLAIN};
use super::magic;

/// What files are called by what is in them: by the members of an archive, the root of a document, the first line.
static WITHIN: &[&str] = &[
    "annoy",
    "empty",
    "git-lfs-pointer",
    "html",
    "keras",
    "keras-config",
    "lightgbm",
    "nemo",
    "nested",
    "notebook",
    "npz",
    "openvino",
    "pmml",
    "pytorch-zip",
    "raw-tensors",
    "script",
    "skops",
    "tfjs",
    "torch-distributed",
    "torch-export",
    "torch-package",
    "torchscript",
    "weight-index",
    "xgboost",
];

/// Every name, sorted.
#[must_use]
pub fn formats() -> BTreeSet<String> {
    let inspectors = INSPECTORS.iter().chain(PLAIN).map(|inspector| inspector.format().name().to_owned());
    inspectors.chain(magic::names().chain(WITHIN.iter().copied()).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every name that the source of this room gives a format is in the list.
    #[test]
    fn no_name_is_missing() {
        let names = formats();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inspect")];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                for name in text.split("Format::named(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                    assert!(names.contains(name) || name.contains(' '), "{name} of {}", path.display());
                }
            }
        }
    }
}
