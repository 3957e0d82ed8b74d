//! Small lockfiles of every kind, and what is read from them.

mod damage;
mod installed;
mod javascript;
mod others;
mod python;
mod sources;

use super::{read_all, read_embedded};
use crate::model::{ArtifactPath, Evidence, Limits, PackageSource};

/// What is said about where packages come from; [`sources`] looks at these.
pub fn about_sources(evidence: &Evidence) -> bool {
    ["checksum-missing", "git-unpinned", "package-lookalike", "registry-other", "transport-insecure"]
        .contains(&evidence.rule.id)
}

/// One line for each package (`LINE NAME VERSION SOURCE CHECKSUMS -> DEPENDENCIES`), then one for each evidence.
fn read(path: &str, text: &str) -> Vec<String> {
    let path = ArtifactPath::new(path);
    let read = read_all([(&path, Some(text.as_bytes()))], &Limits::default());
    let packages = read.packages.iter().map(|package| {
        let source = match &package.source {
            PackageSource::PublicRegistry => "public".to_owned(),
            PackageSource::Local => "local".to_owned(),
            PackageSource::Registry(url) => format!("registry:{url}"),
            PackageSource::Git(url) => format!("git:{url}"),
            PackageSource::Archive(url) => format!("archive:{url}"),
        };
        let line = package.line.map_or_else(|| "-".to_owned(), |line| line.to_string());
        let needs: Vec<&str> = package.dependencies.iter().map(|purl| purl.as_str()).collect();
        let needs = if needs.is_empty() { String::new() } else { format!(" -> {}", needs.join(" ")) };
        format!("{line} {} {} {source} {}{needs}", package.name, package.version, package.checksums.len())
    });
    let evidence = read
        .evidence
        .iter()
        .filter(|one| !about_sources(one))
        .map(|one| format!("{}: {}", one.rule.id, one.fact.message));
    packages.chain(evidence).collect()
}
