//! The names of a tree's files before the pass: to find the signatures and digest lists that say what it must compute.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::model::ArtifactPath;

use super::Plan;

/// Paths of regular files for which `wanted` says so, sorted. Links are not followed, and what cannot be listed is
/// passed over: the pass itself says so.
#[must_use]
pub fn names(root: &Path, plan: &Plan, wanted: &dyn Fn(&ArtifactPath) -> bool) -> Vec<ArtifactPath> {
    let mut found = Vec::new();
    let mut folders = vec![(Vec::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(root.join(OsStr::from_bytes(&folder))) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let mut relative: Vec<u8> = folder.clone();
            if !relative.is_empty() {
                relative.push(b'/');
            }
            relative.extend_from_slice(entry.file_name().as_bytes());
            let path = ArtifactPath::from_bytes(&relative);
            if (plan.ignore)(&path) {
                continue;
            }
            if kind.is_dir() && depth < plan.limits.directory_depth {
                folders.push((relative, depth + 1));
            } else if kind.is_file() && wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
