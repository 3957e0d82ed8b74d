//! An installed Python environment: what every `*.dist-info` says of itself.
//!
//! Sources: PyPA specifications "Core metadata", "Recording installed projects" and "Direct URL". One environment is
//! one folder (`site-packages`); it stands where a lockfile would. Not checked: `RECORD`, so files that were changed
//! after the installation are not noticed here.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{ArtifactPath, Ecosystem, PackageSource, core_metadata};

use super::collect::{LOCKFILE_MALFORMED, Sheet};
use super::draft::{Draft, by_address, link};

/// What the folders of one environment say, by folder (`numpy-2.1.0.dist-info`).
#[derive(Default)]
pub struct Environment<'a> {
    projects: BTreeMap<String, Project<'a>>,
}

#[derive(Default)]
struct Project<'a> {
    metadata: Option<&'a [u8]>,
    direct_url: Option<&'a [u8]>,
}

/// The environment that a file is part of, if it is a part that is read.
pub fn environment_of(path: &ArtifactPath) -> Option<ArtifactPath> {
    let project = path.parent();
    let (environment, folder) = project.rsplit_once('/').unwrap_or(("", project));
    let read = match path.name() {
        "METADATA" | "direct_url.json" => folder.ends_with(".dist-info"),
        "PKG-INFO" => folder.ends_with(".egg-info"),
        _ => false,
    };
    read.then(|| ArtifactPath::new(if environment.is_empty() { "." } else { environment }))
}

impl<'a> Environment<'a> {
    /// Adds one of its files.
    pub fn add(&mut self, path: &ArtifactPath, bytes: &'a [u8]) {
        let project = self.projects.entry(path.parent().to_owned()).or_default();
        match path.name() {
            "direct_url.json" => project.direct_url = Some(bytes),
            _ => project.metadata = Some(bytes),
        }
    }

    /// True if somebody installed projects here. One project alone in a folder of another name is a wheel that was
    /// unpacked: it says what it is, not what runs.
    pub fn is_installed(&self, folder: &ArtifactPath) -> bool {
        self.projects.len() > 1 || ["site-packages", "dist-packages"].contains(&folder.name())
    }

    /// Reads all of it into `sheet`.
    pub fn read(self, sheet: &mut Sheet<'_>) {
        let mut drafts = Vec::new();
        for (folder, project) in self.projects {
            let Some(metadata) = project.metadata else {
                sheet.note(&LOCKFILE_MALFORMED, None, format!("{folder} has no METADATA"));
                continue;
            };
            match draft(&String::from_utf8_lossy(metadata)) {
                Some(mut draft) => {
                    if let Some(source) = project.direct_url.and_then(source) {
                        draft.source = source;
                    }
                    drafts.push(draft);
                }
                None => sheet.note(&LOCKFILE_MALFORMED, None, format!("{folder} names no project and version")),
            }
        }
        link(sheet, Ecosystem::PyPI, drafts);
    }
}

/// Name, version and requirements of the header.
fn draft(metadata: &str) -> Option<Draft> {
    let fields = core_metadata::fields(metadata);
    let (name, version) = (core_metadata::first(&fields, "Name")?, core_metadata::first(&fields, "Version")?);
    if name.is_empty() || version.is_empty() {
        return None;
    }
    let mut draft = Draft::new(name, version, None);
    let requirements = fields.iter().filter(|(key, _)| key.eq_ignore_ascii_case("Requires-Dist"));
    // What an extra asks for is there only if it was asked for; if it is installed, the edge is as good as any.
    draft.needs = requirements
        .map(|(_, value)| {
            let name = value.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c)).next();
            (name.unwrap_or_default().to_owned(), None)
        })
        .filter(|(name, _)| !name.is_empty())
        .collect();
    Some(draft)
}

/// Where a project came from that did not come from an index (PEP 610).
fn source(direct_url: &[u8]) -> Option<PackageSource> {
    let file: Value = serde_json::from_slice(direct_url).ok()?;
    let url = file.get("url")?.as_str()?;
    if let Some(commit) = file.pointer("/vcs_info/commit_id").and_then(Value::as_str) {
        return Some(PackageSource::Git(format!("git+{url}@{commit}")));
    }
    Some(if file.get("dir_info").is_some() { PackageSource::Local } else { by_address(url) })
}
