//! `Cargo.toml`, with what members of a workspace take from its root.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::model::{Artifact, ArtifactPath, Ecosystem};

use super::Entry;

/// All manifests by the folder that they stand in.
pub(super) struct Workspace(BTreeMap<String, Table>);

impl Workspace {
    pub(super) fn of(files: &[(&Artifact, &[u8])]) -> Self {
        let read = |(artifact, bytes): &(&Artifact, &[u8])| {
            let table = toml::from_str::<Table>(std::str::from_utf8(bytes).ok()?).ok()?;
            Some((artifact.path.parent().to_owned(), table))
        };
        Self(files.iter().filter(|(artifact, _)| artifact.path.name() == "Cargo.toml").filter_map(read).collect())
    }

    /// The package of a manifest; for a workspace without one at its root, what its members share.
    pub(super) fn entry(&self, path: &ArtifactPath) -> Option<Entry> {
        let table = self.0.get(path.parent())?;
        let package = table.get("package").or_else(|| table.get("workspace")?.get("package"))?;
        let field = |key: &str| match package.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Table(shared) if shared.get("workspace").and_then(Value::as_bool) == Some(true) => {
                self.shared(path.parent(), key)
            }
            _ => None,
        };
        Some(Entry {
            ecosystem: table.contains_key("package").then_some(Ecosystem::CratesIo),
            name: field("name").unwrap_or_default(),
            version: field("version").unwrap_or_default(),
            // Before 2021 a slash meant a choice.
            license: field("license").map(|license| license.replace('/', " OR ").replace("  ", " ")),
            description: field("description").map(|text| text.trim().to_owned()),
        })
    }

    /// A field of `[workspace.package]` in the nearest folder above.
    fn shared(&self, folder: &str, key: &str) -> Option<String> {
        let mut folder = folder;
        loop {
            let package = self.0.get(folder).and_then(|table| table.get("workspace")?.get("package"));
            if let Some(package) = package {
                return package.get(key)?.as_str().map(str::to_owned);
            }
            if folder.is_empty() {
                return None;
            }
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }
}
