//! Which source files of a repository are loaded with a model, by what its configurations and its code name.
//!
//! Followed: the modules of `auto_map`, `modules.json`, `model_index.json`, custom pipelines and entry points, the
//! files that servers load by their names or by what they hold, and from there every import of a file beside or below
//! it. Not followed: imports that are put together, and modules that are found elsewhere through `sys.path`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Artifact, ArtifactPath, Evidence};

/// What is to be said of files that only their neighbours show to be loaded, or to load something.
pub fn loaded(artifacts: &[Artifact], by_path: &BTreeMap<&ArtifactPath, &Artifact>) -> Vec<Evidence> {
    let mut queue: Vec<&Artifact> = Vec::new();
    let mut evidence = Vec::new();
    let mut seen: BTreeSet<&ArtifactPath> = BTreeSet::new();
    for artifact in artifacts {
        let Some(code) = &artifact.contents.code else { continue };
        evidence.extend(beside(artifact, by_path));
        if !is_source(artifact) {
            let named = code.imports.iter().filter_map(|module| find(artifact, module, by_path));
            queue.extend(named);
            evidence.extend(code.used.iter().flat_map(|name| called(artifact, name, by_path)).cloned());
        } else if code.entry {
            queue.push(artifact);
        }
    }
    while let Some(source) = queue.pop() {
        if !seen.insert(&source.path) {
            continue;
        }
        let Some(code) = &source.contents.code else { continue };
        evidence.extend(code.loaded.iter().cloned());
        evidence.extend(code.used.iter().flat_map(|name| called(source, name, by_path)).cloned());
        queue.extend(code.imports.iter().filter_map(|module| find(source, module, by_path)));
    }
    evidence
}

/// What is to be said of files that load machine code which is there, too.
fn beside<'a>(
    from: &'a Artifact,
    by_path: &'a BTreeMap<&ArtifactPath, &Artifact>,
) -> impl Iterator<Item = Evidence> + 'a {
    let all = from.contents.code.iter().flat_map(|code| &code.beside);
    all.filter(|(library, _)| {
        let joined = format!("{}/{library}", from.path.parent());
        [joined.as_str(), library].into_iter().any(|path| by_path.contains_key(&ArtifactPath::new(plain(path))))
    })
    .map(|(_, evidence)| evidence.clone())
}

/// A path without steps to the same folder or to the one above.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What is to be said of a function of another file that is used there under its full name.
fn called<'a>(
    from: &Artifact,
    name: &'a str,
    by_path: &BTreeMap<&ArtifactPath, &'a Artifact>,
) -> impl Iterator<Item = &'a Evidence> {
    let (module, function) = name.rsplit_once('.').unwrap_or_default();
    let file = if module.is_empty() { None } else { find(from, module, by_path) };
    let code = file.and_then(|file| file.contents.code.as_ref());
    let all = code.into_iter().flat_map(|code| &code.called);
    all.filter(move |(names, _)| names.contains(function)).map(|(_, evidence)| evidence)
}

fn is_source(artifact: &Artifact) -> bool {
    artifact.path.name().ends_with(".py")
}

/// The file of a module that is named beside a file: `.a.b` one folder up for every dot but the first.
fn find<'a>(from: &Artifact, module: &str, by_path: &BTreeMap<&ArtifactPath, &'a Artifact>) -> Option<&'a Artifact> {
    let name = module.trim_start_matches('.');
    let ups = (module.len() - name.len()).saturating_sub(1);
    let mut folder = from.path.parent();
    for _ in 0..ups {
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
    let name = name.replace('.', "/");
    ["{}.py", "{}/__init__.py"].into_iter().find_map(|form| {
        let file = form.replace("{}", &name);
        let path = if folder.is_empty() { file } else { format!("{folder}/{file}") };
        by_path.get(&ArtifactPath::new(path)).copied()
    })
}
