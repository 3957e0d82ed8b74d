//! Which files are lockfiles. They have no magic, so the name decides; the content is then held to it.

use super::installed::environment_of;
use crate::model::ArtifactPath;

/// A kind of lockfile, or of file that stands for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A bill of material in JSON, CycloneDX or SPDX.
    Bill,
    /// `bun.lock`.
    Bun,
    /// `Cargo.lock`, versions 1 to 4.
    CargoLock,
    /// `composer.lock`.
    Composer,
    /// `conda-lock.yml`.
    CondaLock,
    /// `Gemfile.lock`.
    Gemfile,
    /// `go.mod`.
    GoMod,
    /// `go.sum`.
    GoSum,
    /// `gradle.lockfile`.
    Gradle,
    /// A file of an installed Python project; all of one environment are read together.
    Installed,
    /// `package-lock.json`, versions 1 to 3.
    Npm,
    /// `Pipfile.lock`.
    Pipfile,
    /// `pnpm-lock.yaml`.
    Pnpm,
    /// `pom.xml`.
    Pom,
    /// `poetry.lock`, `uv.lock`, `pdm.lock` or `pylock.toml`.
    PythonToml,
    /// pip's requirements or constraints.
    Requirements,
    /// `yarn.lock`.
    Yarn,
    /// A lockfile by that name which nothing here reads.
    NotRead(&'static str),
}

/// Lockfiles that are known by name and not read: each is a gap, not an absence.
const NOT_READ: &[&str] = &[
    "Package.resolved",
    "Podfile.lock",
    "bun.lockb",
    "cabal.project.freeze",
    "conan.lock",
    "deno.lock",
    "flake.lock",
    "mix.lock",
    "packages.lock.json",
    "paket.lock",
    "pixi.lock",
    "pubspec.lock",
    "rebar.lock",
    "renv.lock",
    "stack.yaml.lock",
];

/// The kind of lockfile a path is, by its last component; `None` for what is no lockfile.
#[must_use]
pub fn recognise(path: &ArtifactPath) -> Option<Kind> {
    let name = path.name();
    Some(match name {
        "Cargo.lock" => Kind::CargoLock,
        "Gemfile.lock" | "gems.locked" => Kind::Gemfile,
        "Pipfile.lock" => Kind::Pipfile,
        "bun.lock" => Kind::Bun,
        "composer.lock" => Kind::Composer,
        "conda-lock.yml" | "conda-lock.yaml" => Kind::CondaLock,
        "go.mod" => Kind::GoMod,
        "go.sum" => Kind::GoSum,
        "gradle.lockfile" | "buildscript-gradle.lockfile" => Kind::Gradle,
        "package-lock.json" | "npm-shrinkwrap.json" | ".package-lock.json" => Kind::Npm,
        "pnpm-lock.yaml" => Kind::Pnpm,
        "pom.xml" => Kind::Pom,
        "poetry.lock" | "uv.lock" | "pdm.lock" | "pylock.toml" => Kind::PythonToml,
        "yarn.lock" => Kind::Yarn,
        "bom.json" | "sbom.json" => Kind::Bill,
        // PEP 770: bills that a Python package brings about what it bundles.
        _ if name.ends_with(".json") && path.parent().ends_with(".dist-info/sboms") => Kind::Bill,
        _ if [".cdx.json", ".spdx.json", ".spdx3.json"].iter().any(|end| name.ends_with(end)) => Kind::Bill,
        "bom.xml" | "sbom.xml" => Kind::NotRead("a bill of materials in XML"),
        _ if name.ends_with(".cdx.xml") => Kind::NotRead("a bill of materials in XML"),
        _ if name.ends_with(".spdx") || name.ends_with(".spdx.yaml") || name.ends_with(".spdx.rdf") => {
            Kind::NotRead("a bill of materials in this form of SPDX")
        }
        _ if name.starts_with("pylock.") && name.ends_with(".toml") => Kind::PythonToml,
        _ if environment_of(path).is_some() => Kind::Installed,
        _ if requirements(path) => Kind::Requirements,
        _ => Kind::NotRead(NOT_READ.iter().find(|known| **known == name)?),
    })
}

/// `requirements.txt`, `requirements-dev.txt`, `dev_requirements.txt`, `constraints.txt`, `requirements/base.txt`.
fn requirements(path: &ArtifactPath) -> bool {
    let Some(stem) = path.name().strip_suffix(".txt") else { return false };
    let folder = path.parent().rsplit('/').next().unwrap_or_default();
    let word = |name: &str| stem.starts_with(name) || stem.ends_with(name);
    word("requirements") || word("constraints") || folder == "requirements"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_component_decides() {
        let kind = |path: &str| recognise(&ArtifactPath::new(path));
        assert_eq!(kind("a/b/Cargo.lock"), Some(Kind::CargoLock));
        assert_eq!(kind("flake.lock"), Some(Kind::NotRead("flake.lock")));
        assert_eq!(kind("Cargo.lock/notes.md"), None);
        for name in ["requirements.txt", "requirements-dev.txt", "requirements/base.txt", "a/dev-requirements.txt"] {
            assert_eq!(kind(name), Some(Kind::Requirements), "{name}");
        }
        assert_eq!(kind("vocab.txt"), None);
        assert_eq!(kind("model.cdx.json"), Some(Kind::Bill));
        assert_eq!(kind("site-packages/a-1.dist-info/sboms/a.json"), Some(Kind::Bill));
        assert_eq!(kind("sboms/a.json"), None);
        assert_eq!(kind("pylock.dev.toml"), Some(Kind::PythonToml));
    }
}
