//! What cargo itself knows of a tree that the caller trusts: which packages are compiled, for what, with which features.
//!
//! `cargo metadata` reads `.cargo/config.toml` of the tree, which can name programs to run. It is called for
//! `--trusted-tree` alone, with `--locked` and `--offline`, and changes no verdict: a flaw in what is compiled for tests
//! only is a flaw still.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use serde_json::{Value, json};

use super::exit::Mistake;
use super::output;
use crate::model::{ArtifactPath, Ecosystem, Evidence};

/// What a package is compiled for, the most exposed use first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Normal,
    Build,
    Test,
}

/// Tells every finding about a crate what cargo knows of it.
pub fn tell(root: &Path, evidence: &mut [Evidence]) -> Result<(), Mistake> {
    let about_crates = |seen: &&mut Evidence| {
        seen.advisory.as_ref().is_some_and(|advisory| advisory.ecosystem == Ecosystem::CratesIo)
            && seen.artifact.as_ref().is_some_and(|path| path.name() == "Cargo.lock")
    };
    let mut known: BTreeMap<ArtifactPath, BTreeMap<(String, String), Value>> = BTreeMap::new();
    for seen in evidence.iter_mut().filter(about_crates) {
        let (Some(path), Some(advisory)) = (seen.artifact.clone(), &seen.advisory) else { continue };
        let crates = match known.get(&path) {
            Some(crates) => crates,
            None => known.entry(path.clone()).or_insert(ask(&folder(root, &path))?),
        };
        let own = (advisory.name.clone(), advisory.version.clone());
        let told = crates.get(&own).cloned().unwrap_or_else(|| json!({ "compiled": false }));
        seen.fact.details.insert("cargo".to_owned(), told);
    }
    Ok(())
}

fn folder(root: &Path, lockfile: &ArtifactPath) -> std::path::PathBuf {
    if root.is_dir() { root.join(lockfile.parent()) } else { root.parent().unwrap_or(root).to_owned() }
}

/// Asks cargo about one workspace, with its default features.
fn ask(folder: &Path) -> Result<BTreeMap<(String, String), Value>, Mistake> {
    let manifest = folder.join("Cargo.toml");
    let options = ["--locked", "--offline"].map(str::to_owned);
    let metadata = MetadataCommand::new().manifest_path(&manifest).other_options(options).exec().map_err(|error| {
        Mistake::new(format!("cargo cannot read {}: {error}", output::shown(&manifest)))
            .help("leave --trusted-tree out, or run `cargo fetch` in that folder first")
    })?;
    Ok(crates(&metadata))
}

fn crates(metadata: &Metadata) -> BTreeMap<(String, String), Value> {
    let uses = uses(metadata);
    let mut targets: BTreeMap<&PackageId, BTreeSet<Option<String>>> = BTreeMap::new();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    for edge in nodes.clone().flat_map(|node| &node.deps) {
        let platforms = edge.dep_kinds.iter().map(|kind| kind.target.as_ref().map(ToString::to_string));
        targets.entry(&edge.pkg).or_default().extend(platforms);
    }
    let names: BTreeMap<&PackageId, (String, String)> =
        metadata.packages.iter().map(|one| (&one.id, (one.name.to_string(), one.version.to_string()))).collect();
    let told = nodes.filter_map(|node| {
        let used = match uses.get(&node.id)? {
            Use::Normal => "normal",
            Use::Build => "build",
            Use::Test => "dev",
        };
        // Asked for without a condition by anybody: it is compiled for every target.
        let only: Option<Vec<String>> = targets.get(&node.id).and_then(|all| all.iter().cloned().collect());
        let features: Vec<String> = node.features.iter().map(ToString::to_string).collect();
        let mut value = json!({ "compiled": true, "use": used, "features": features });
        if let Some(only) = only.filter(|only| !only.is_empty()) {
            value["targets"] = only.into();
        }
        Some((names.get(&node.id)?.clone(), value))
    });
    told.collect()
}

/// The most exposed use of every package, from the members of the workspace.
fn uses(metadata: &Metadata) -> BTreeMap<&PackageId, Use> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let edges: BTreeMap<&PackageId, _> = nodes.map(|node| (&node.id, &node.deps)).collect();
    let mut uses: BTreeMap<&PackageId, Use> = BTreeMap::new();
    let mut open: Vec<(&PackageId, Use)> = metadata.workspace_members.iter().map(|id| (id, Use::Normal)).collect();
    // Each package is entered once for each use that is more exposed than the last: three times at most.
    while let Some((id, used)) = open.pop() {
        if uses.get(id).is_some_and(|known| *known <= used) {
            continue;
        }
        uses.insert(id, used);
        for edge in edges.get(id).into_iter().flat_map(|deps| deps.iter()) {
            let kinds = edge.dep_kinds.iter().map(|kind| match kind.kind {
                DependencyKind::Development => Use::Test,
                DependencyKind::Build => Use::Build,
                _ => Use::Normal,
            });
            open.extend(kinds.min().map(|kind| (&edge.pkg, kind.max(used))));
        }
    }
    uses
}
