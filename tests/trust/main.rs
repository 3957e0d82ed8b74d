//! The trust room as its callers see it: trees in memory or on disk, signatures, evidence.

mod checksums;
mod conformance;
mod files;
mod model_signing;
mod official;
mod summary;
mod tree;
