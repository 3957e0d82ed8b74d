//! Lockfiles: bytes in, packages out.
//!
//! Nothing here opens a file, asks a registry or runs a package manager. A lockfile that is damaged gives the entries
//! that can still be read and evidence about the rest; the other lockfiles are read all the same. What no parser here
//! reads is said (`lockfile-not-read`), so that "no advisory" is never said about packages that nobody listed.

mod cargo_lock;
mod collect;
mod kind;
mod lines;
mod purls;

pub use collect::{Dependencies, read_all};
pub use kind::{Kind, recognise};

use crate::model::Rule;

/// The rules this room raises.
pub static RULES: &[&Rule] =
    &[&collect::LOCKFILE_EMPTY, &collect::LOCKFILE_MALFORMED, &collect::LOCKFILE_NOT_READ, &collect::PACKAGE_DUPLICATE];
