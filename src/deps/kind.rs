//! Which files are lockfiles. They have no magic, so the name decides; the content is then held to it.

use crate::model::ArtifactPath;

/// A kind of lockfile, or of file that stands for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `Cargo.lock`, versions 1 to 4.
    CargoLock,
    /// A lockfile by that name which nothing here reads.
    NotRead(&'static str),
}

/// Lockfiles that are known by name and not read: each is a gap, not an absence.
const NOT_READ: &[&str] = &[
    "Package.resolved",
    "Podfile.lock",
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
        _ => Kind::NotRead(NOT_READ.iter().find(|known| **known == name)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_component_decides() {
        assert_eq!(recognise(&ArtifactPath::new("a/b/Cargo.lock")), Some(Kind::CargoLock));
        assert_eq!(recognise(&ArtifactPath::new("flake.lock")), Some(Kind::NotRead("flake.lock")));
        assert_eq!(recognise(&ArtifactPath::new("Cargo.lock/notes.md")), None);
    }
}
