//! Packages against advisories.
//!
//! A database of advisories is no artifact but an input of the audit, chosen by the caller: this room is handed its
//! path and reads it (`files.rs` and `store.rs`; nothing else here opens a file). What could not be audited is counted and said,
//! with the reason: packages of other registries, of git, of ecosystems the database says nothing about. Clean means
//! that every package was looked up.

mod audit;
mod database;
mod files;
mod index;
mod intake;
mod layout;
mod loaders;
mod matching;
mod merge;
mod osv;
mod paths;
mod record;
mod remedy;
mod rustsec;
mod scores;
mod store;
mod telling;
mod version;

pub use audit::{Terms, audit, stale, without_database};
pub use database::{About, Database, restate};
pub use index::{Index, withdrawn};
pub use intake::{Intake, Origin};
pub use loaders::loaders;
pub use matching::{Affects, affects};
pub use record::{Advisory, Event, Kind};

use crate::model::{Class, Rule, Severity};

/// A file of the database that is no advisory.
pub static ADVISORY_MALFORMED: Rule = Rule {
    id: "advisory-malformed",
    summary: "a file of the advisory database cannot be read",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../rules/advisory-malformed.md"),
    frameworks: &["CWE-20", "OWASP-LLM03"],
};

/// The rules this room raises.
pub static RULES: &[&Rule] = &[
    &ADVISORY_MALFORMED,
    &audit::ADVISORY_DATABASE_BROKEN,
    &audit::ADVISORY_DATABASE_MISSING,
    &audit::ADVISORY_DATABASE_STALE,
    &audit::ADVISORY_NOTICE,
    &audit::ADVISORY_UNCLEAR,
    &audit::AUDIT_CLEAN,
    &audit::AUDIT_COVERAGE,
    &audit::MALICIOUS_PACKAGE,
    &audit::PACKAGE_LOCAL,
    &audit::PACKAGE_NOT_AUDITED,
    &audit::UNMAINTAINED_PACKAGE,
    &audit::UNSOUND_PACKAGE,
    &audit::VULNERABLE_PACKAGE,
    &index::DELETED_PACKAGE,
    &index::YANKED_PACKAGE,
    &loaders::LOADER_VULNERABLE,
];

/// The caller's mistakes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database, or a part of it, cannot be read.
    #[error("cannot read the advisory database {path}: {source}")]
    Unreadable {
        /// As the caller spelt it.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no advisory in it: a wrong folder, or an empty one. It is never taken for a clean result.
    #[error(
        "{0} holds no advisory; expected a database made by `db import`, or a folder or archive in the layout of RustSec, PyPA or OSV"
    )]
    NoAdvisories(String),
    /// A compiled database that is torn or was changed.
    #[error("the advisory database {path} is broken: {why}")]
    Broken {
        /// As the caller spelt it.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A compiled database cannot be written.
    #[error("cannot write the advisory database {path}: {source}")]
    Unwritable {
        /// As the caller spelt it.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}
