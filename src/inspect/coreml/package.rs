//! Packages of Core ML: `Manifest.json`, and the parts that it names below `Data`.
//!
//! Source: `modelpackage/src/ModelPackage.cpp` of coremltools.

use std::collections::BTreeSet;

use super::{COREML_EXTERNAL_PATH, COREML_MALFORMED, NAMED};
use crate::inspect::archive::escapes;
use crate::inspect::json::Tree;
use crate::inspect::{Scope, words};
use crate::model::{Artifact, Evidence, Format};
use crate::weigh::View;

/// Looks at a JSON text, if it is the manifest of a package.
pub fn inspect_manifest(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let path = view.entry().unwrap_or_else(|| scope.path.as_str()).to_ascii_lowercase();
    let package = path.contains(".mlpackage/") || tree.get("itemInfoEntries").is_some();
    if words::name(view, scope) != "manifest.json" || !package {
        return;
    }
    let mut found = Vec::new();
    if !tree.get("fileFormatVersion").and_then(Tree::text).is_some_and(|version| version.starts_with("1.")) {
        found.push("\"fileFormatVersion\" is not 1".to_owned());
    }
    let items = tree.get("itemInfoEntries").map(Tree::members).unwrap_or_default();
    if items.is_empty() {
        found.push("\"itemInfoEntries\" names no part".to_owned());
    }
    match tree.get("rootModelIdentifier").and_then(Tree::text) {
        None => found.push("\"rootModelIdentifier\" is missing".to_owned()),
        Some(root) if !items.iter().any(|(id, _)| id == root) => {
            found.push(format!("\"rootModelIdentifier\" is {root:?}, which is none of the parts"));
        }
        Some(_) => {}
    }
    for (id, item) in items {
        match item.get("path").and_then(Tree::text) {
            None => found.push(format!("the part {id:?} has no path")),
            Some(path) => match escapes(path) {
                Some(what) => {
                    scope.raise(&COREML_EXTERNAL_PATH, view, 0..0, format!("the path {path:?} of a part {what}"));
                }
                None if view.depth() == 0 => {
                    scope.contents().metadata.insert(format!("{NAMED}Data/{path}"), String::new());
                }
                None => {}
            },
        }
    }
    for what in found {
        scope.raise(&COREML_MALFORMED, view, 0..0, what);
    }
}

/// Holds what manifests and programs name against the files beside them, and looks for packages without a manifest.
#[must_use]
pub fn held(artifacts: &[Artifact]) -> Vec<Evidence> {
    let paths: BTreeSet<&str> = artifacts.iter().map(|artifact| artifact.path.as_str()).collect();
    // A part may be a folder.
    let there = |path: &str| {
        let folder = format!("{path}/");
        paths.contains(path) || paths.range(folder.as_str()..).next().is_some_and(|next| next.starts_with(&folder))
    };
    let coreml = [Format::named("coreml"), Format::named("json")];
    let mut evidence = Vec::new();
    for artifact in artifacts.iter().filter(|artifact| coreml.iter().any(|format| artifact.is(format))) {
        for name in artifact.contents.metadata.keys().filter_map(|key| key.strip_prefix(NAMED)) {
            // The folder of weights is left empty where there are none; the files in it are named for themselves.
            if !name.ends_with("/weights") && !there(artifact.path.sibling(name).as_str()) {
                let message = format!("{name:?} is named as a part of the model, and is not there");
                evidence.push(Evidence::new(&COREML_MALFORMED, message).of(&artifact.path));
            }
        }
    }
    let mut packages = BTreeSet::new();
    for artifact in artifacts {
        let path = artifact.path.as_str();
        // The folder itself may be what was given to look at: then nothing but its parts tells it.
        let named = path.find(".mlpackage/").map(|at| at + ".mlpackage/".len());
        let model = path.rfind("Data/com.apple.CoreML/").filter(|at| *at == 0 || path[..*at].ends_with('/'));
        let Some(end) = named.or_else(|| model.filter(|_| artifact.is(&coreml[0]))) else { continue };
        let Some(package) = path.get(..end).filter(|package| packages.insert(*package)) else { continue };
        if !paths.contains(format!("{package}Manifest.json").as_str()) {
            let message = match package.trim_end_matches('/') {
                "" => "the package has no \"Manifest.json\"".to_owned(),
                package => format!("the package {package:?} has no \"Manifest.json\""),
            };
            evidence.push(Evidence::new(&COREML_MALFORMED, message).of(&artifact.path));
        }
    }
    evidence
}
