//! Software packages that a lockfile pins.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ArtifactPath, Digest};

/// A package registry's world, spelt as OSV does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Ecosystem {
    /// Rust.
    #[serde(rename = "crates.io")]
    CratesIo,
    /// Python.
    PyPI,
    /// JavaScript.
    #[serde(rename = "npm")]
    Npm,
    /// Go modules.
    Go,
    /// Java.
    Maven,
    /// Ruby.
    RubyGems,
    /// PHP.
    Packagist,
}

impl Ecosystem {
    /// OSV's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CratesIo => "crates.io",
            Self::PyPI => "PyPI",
            Self::Npm => "npm",
            Self::Go => "Go",
            Self::Maven => "Maven",
            Self::RubyGems => "RubyGems",
            Self::Packagist => "Packagist",
        }
    }
}

impl Ecosystem {
    /// The spelling under which a name is looked up: registries hold some spellings to be the same package. PyPI: the
    /// name normalisation of PEP 503. Packagist: lower case. The others distinguish every spelling.
    #[must_use]
    pub fn key(self, name: &str) -> String {
        match self {
            Self::PyPI => {
                let mut key = String::with_capacity(name.len());
                for c in name.trim().chars() {
                    match c {
                        '-' | '_' | '.' if key.ends_with('-') => {}
                        '-' | '_' | '.' => key.push('-'),
                        c => key.extend(c.to_lowercase()),
                    }
                }
                key
            }
            Self::Packagist => name.to_lowercase(),
            _ => name.to_owned(),
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A package URL in canonical form (`pkg:cargo/serde@1.0.0`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Purl(String);

impl Purl {
    /// Takes text that a purl writer made; it is not parsed again.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a package is said to come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageSource {
    /// The ecosystem's public registry, whatever its address in the lockfile.
    PublicRegistry,
    /// Another registry, by address.
    Registry(String),
    /// A git repository, by address with revision.
    Git(String),
    /// A folder of the tree itself, or a local path.
    Local,
    /// A file by address.
    Archive(String),
}

/// One entry of a lockfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Name as the lockfile spells it.
    pub name: String,
    /// Version as the lockfile spells it.
    pub version: String,
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its package URL.
    pub purl: Purl,
    /// Where it comes from.
    pub source: PackageSource,
    /// Checksums the lockfile pins it with.
    pub checksums: Vec<Digest>,
    /// The lockfile that lists it.
    pub lockfile: ArtifactPath,
    /// Line where its entry begins, from 1, if known.
    pub line: Option<u64>,
    /// Direct dependencies, by package URL, sorted.
    pub dependencies: Vec<Purl>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_package_meet() {
        for name in ["Ruamel.yaml", "ruamel_yaml", "RUAMEL--yaml", "ruamel.-_yaml"] {
            assert_eq!(Ecosystem::PyPI.key(name), "ruamel-yaml");
        }
        assert_eq!(Ecosystem::Packagist.key("Monolog/Monolog"), "monolog/monolog");
        assert_eq!(Ecosystem::Npm.key("JSONStream"), "JSONStream");
    }
}
