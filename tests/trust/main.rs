//! The trust room as its callers see it: trees in memory or on disk, signatures, evidence.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test that fails says so by panicking")]

mod bent;
mod checksums;
mod conformance;
mod files;
mod flips;
mod model_signing;
mod official;
mod published;
mod summary;
mod tree;
