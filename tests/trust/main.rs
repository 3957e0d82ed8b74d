//! The trust room as its callers see it: trees in memory or on disk, signatures, evidence.

mod official;
mod tree;
