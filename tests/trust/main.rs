//! The trust room as its callers see it: trees in memory or on disk, signatures, evidence.

mod model_signing;
mod official;
mod tree;
