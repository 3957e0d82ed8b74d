//! The only room that opens artifacts: one open, one map, one pass.
//!
//! ```text
//! walk ─▶ open ─▶ map ─▶ inspectors read structure through a View (bounded, recorded in the Ledger)
//!                   └──▶ parts: chunks ─▶ ledger check ─▶ observers ─▶ lanes and other digests
//! ```

mod digests;
mod engine;
mod flight;
mod lanes;
mod ledger;
mod map;
mod names;
mod observe;
mod opened;
mod part;
mod plan;
mod queue;
mod source;
#[cfg(test)]
mod tests;
mod tree;
mod view;
mod walk;

pub use engine::{Weighing, weigh, weigh_files};
pub use lanes::Kernel;
pub use names::names;
pub use observe::{Inspect, Inspection, Nothing, Observer, Progress, Silent};
pub use plan::{Mapping, Plan};
pub use view::{Reader, Unreadable, View};
pub use walk::{LINK_REFUSED, LINK_WITHIN, Named, read_small};

use crate::model::Rule;

/// The rules this room raises.
pub static RULES: &[&Rule] = &[
    &opened::CHANGED_UNDERFOOT,
    &opened::INSPECTOR_FAILED,
    &source::BLOB_MISSING,
    &source::MANIFEST_MALFORMED,
    &source::MANIFEST_MISMATCH,
    &source::SOURCE_DIGEST_MATCH,
    &source::SOURCE_DIGEST_MISMATCH,
    &tree::UNREADABLE_FILE,
    &view::LIMIT_REACHED,
    &walk::EMPTY_TREE,
    &walk::LINK_REFUSED,
    &walk::LINK_WITHIN,
    &walk::SPECIAL_FILE,
    &walk::UNDECODABLE_NAME,
];

/// The caller's mistakes; everything that is wrong with the bytes themselves is evidence instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The root cannot be reached at all.
    #[error("cannot read {path}: {source}")]
    Root {
        /// As the caller spelt it.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Neither a file nor a folder.
    #[error("{0} is neither a file nor a folder")]
    Special(String),
    /// A file that is read whole is larger than its limit.
    #[error("{path} has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// As the caller spelt it.
        path: String,
        /// Its length in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
}
