//! Where packages come from, and whether anything holds them in place.
//!
//! What is not checked: whether a registry serves what the checksum says, and whether a commit is signed.

use std::collections::BTreeSet;

use crate::model::address::without_credentials;
use crate::model::{Class, Evidence, Package, PackageSource, Place, Rule, Severity};

use super::Kind;
use super::collect::Sheet;

/// Packages of a registry without a checksum.
pub static CHECKSUM_MISSING: Rule = Rule {
    id: "checksum-missing",
    summary: "packages are locked without a checksum",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/checksum-missing.md"),
    frameworks: &["CWE-353", "OWASP-LLM03"],
};

/// A git source that can move.
pub static GIT_UNPINNED: Rule = Rule {
    id: "git-unpinned",
    summary: "a package comes from git without naming a commit",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/git-unpinned.md"),
    frameworks: &["CWE-494", "OWASP-LLM03"],
};

/// Registries other than the public one.
pub static REGISTRY_OTHER: Rule = Rule {
    id: "registry-other",
    summary: "packages come from a registry other than the public one",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../rules/registry-other.md"),
    frameworks: &["CWE-427", "OWASP-LLM03"],
};

/// An address that anybody on the way can answer.
pub static TRANSPORT_INSECURE: Rule = Rule {
    id: "transport-insecure",
    summary: "a package is fetched without protection on the way",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/transport-insecure.md"),
    frameworks: &["CWE-319", "OWASP-LLM03"],
};

/// Says what is remarkable about where the packages of one lockfile come from.
pub fn look(sheet: &mut Sheet<'_>, kind: Kind) {
    let packages = sheet.take();
    let mut registries = BTreeSet::new();
    let mut bare = Vec::new();
    for package in &packages {
        match &package.source {
            PackageSource::Registry(url) => {
                registries.insert(without_credentials(url));
                insecure(sheet, package, url);
            }
            PackageSource::Archive(url) => insecure(sheet, package, url),
            PackageSource::Git(url) => {
                insecure(sheet, package, url);
                if !names_commit(url) {
                    let shown = without_credentials(url);
                    let message = format!("{} comes from {shown}, which names no commit", package.name);
                    sheet.say(at(package, &GIT_UNPINNED, message));
                }
            }
            PackageSource::PublicRegistry | PackageSource::Local => {}
        }
        let fetched = matches!(package.source, PackageSource::PublicRegistry | PackageSource::Registry(_));
        if fetched && package.checksums.is_empty() && !package.version.is_empty() {
            bare.push(package);
        }
    }
    if !registries.is_empty() {
        let list = registries.into_iter().collect::<Vec<_>>().join(", ");
        sheet.note(&REGISTRY_OTHER, None, format!("packages come from {list}"));
    }
    if let Some(first) = bare.first().filter(|_| holds_checksums(kind)) {
        let message = format!("{} packages have no checksum, such as {} {}", bare.len(), first.name, first.version);
        let evidence = at(first, &CHECKSUM_MISSING, message).with("count", bare.len());
        sheet.say(evidence);
    }
    sheet.put(packages);
}

/// Kinds of lockfile in which every package of a registry has a checksum when the package manager wrote it.
const fn holds_checksums(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bun | Kind::CargoLock | Kind::Npm | Kind::Pipfile | Kind::Pnpm | Kind::PythonToml | Kind::Requirements
    )
}

fn at(package: &Package, rule: &'static Rule, message: String) -> Evidence {
    Evidence::new(rule, message).at(Place::Package { purl: package.purl.clone(), line: package.line })
}

fn insecure(sheet: &mut Sheet<'_>, package: &Package, url: &str) {
    let bare = ["git+", "registry+", "sparse+", "hg+", "svn+"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let bare = bare.unwrap_or(url);
    if bare.starts_with("http://") || bare.starts_with("git://") {
        let shown = without_credentials(url);
        sheet.say(at(package, &TRANSPORT_INSECURE, format!("{} comes from {shown}", package.name)));
    }
}

/// A commit in full: 40 or 64 hexadecimal digits behind `#`, `@` or in the path. A short one can be forged, a tag or a
/// branch can be moved.
fn names_commit(url: &str) -> bool {
    let words = url.split(['#', '@', '=', '/', ':', '&', '?']);
    words.into_iter().any(|word| matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::names_commit;

    #[test]
    fn only_a_whole_commit_holds_a_source_in_place() {
        let commit = "0123456789012345678901234567890123456789";
        assert!(names_commit(&format!("git+https://example.org/a?branch=x#{commit}")));
        assert!(names_commit(&format!("git+https://example.org/a.git@{commit}")));
        for other in ["git+https://example.org/a", "git+https://example.org/a@v1", "github:x/a#0123456"] {
            assert!(!names_commit(other), "{other}");
        }
    }
}
