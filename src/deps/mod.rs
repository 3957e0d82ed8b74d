//! Lockfiles: bytes in, packages out.
//!
//! Nothing here opens a file, asks a registry or runs a package manager. A lockfile that is damaged gives the entries
//! that can still be read and evidence about the rest; the other lockfiles are read all the same. What no parser here
//! reads is said (`lockfile-not-read`), so that "no advisory" is never said about packages that nobody listed.

mod auditable;
mod bill;
mod bun;
mod cargo_lock;
mod collect;
mod composer;
mod conda;
mod draft;
mod folders;
mod gemfile;
mod go;
mod gradle;
mod installed;
mod json;
mod kind;
mod licences;
mod lines;
mod lookalike;
mod npm;
mod parts;
mod pipfile;
mod pnpm;
mod pom;
mod purls;
mod python_toml;
mod requirements;
mod sources;
mod yaml;
mod yarn;

pub use collect::{Dependencies, read_all, read_embedded};
pub use kind::{Kind, recognise};
pub use licences::{licences, licences_of_whole};

use crate::model::Rule;

/// The rules this room raises.
pub static RULES: &[&Rule] = &[
    &bill::PACKAGE_UNSUPPORTED,
    &collect::LOCKFILE_EMPTY,
    &collect::LOCKFILE_MALFORMED,
    &collect::LOCKFILE_NOT_READ,
    &collect::PACKAGE_DUPLICATE,
    &licences::LICENCE_LISTED,
    &lookalike::PACKAGE_LOOKALIKE,
    &npm::INSTALL_SCRIPT,
    &requirements::INCLUDE_NOT_READ,
    &requirements::REQUIREMENT_UNPINNED,
    &sources::CHECKSUM_MISSING,
    &sources::GIT_UNPINNED,
    &sources::REGISTRY_OTHER,
    &sources::TRANSPORT_INSECURE,
];

#[cfg(test)]
mod tests;
