//! What one pass is asked for.

use std::collections::BTreeSet;

use crate::model::{Algorithm, ArtifactPath, Limits};

use super::lanes::Kernel;

/// Which files are mapped into memory. Reading is the safer way: nobody can change a private copy between two looks at
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// None.
    Never,
    /// Those of whose bytes one digest is computed and nothing is kept, so that there is no second look. For passes
    /// without an inspector.
    Once,
    /// All that are not small.
    Always,
}

/// What to compute and how, for one tree.
pub struct Plan {
    /// Digests of whole files; none when empty, so that shards alone can be hashed side by side.
    pub algorithms: BTreeSet<Algorithm>,
    /// Digest ranges of this many bytes as well, with this algorithm.
    pub shards: Option<(u64, Algorithm)>,
    /// Worker threads; `None` for one per processor.
    pub threads: Option<usize>,
    /// The SHA-256 kernel; `None` for the best at each moment, which is also used where the machine lacks this one.
    pub kernel: Option<Kernel>,
    /// Which files are mapped instead of read. `benches/README.md` has what it costs.
    pub mapping: Mapping,
    /// Read structure alone: nothing is hashed and no observer sees the payload. What inspectors read is read once more
    /// and must be the same.
    pub structure_only: bool,
    /// Follow links that stay inside the root.
    pub follow_links: bool,
    /// Leave out what this says: the path and everything below it.
    pub ignore: Box<dyn Fn(&ArtifactPath) -> bool + Send + Sync>,
    /// Keep the bytes of files for which this says so, up to [`Limits::kept_bytes`].
    pub keep: Box<dyn Fn(&ArtifactPath) -> bool + Send + Sync>,
    /// Bounds.
    pub limits: Limits,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            algorithms: BTreeSet::from([Algorithm::Sha256]),
            shards: None,
            threads: None,
            kernel: None,
            mapping: Mapping::Never,
            structure_only: false,
            follow_links: false,
            ignore: Box::new(|_| false),
            keep: Box::new(|_| false),
            limits: Limits::default(),
        }
    }
}
