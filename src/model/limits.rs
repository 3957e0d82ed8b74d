//! Every limit in one place. Reaching one is an answer, never a shorter input.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bounds on what inspection may cost. A policy may override each; `Default` is what the built-in policies use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Files in one tree.
    pub files: u64,
    /// Folders below folders.
    pub directory_depth: u32,
    /// Bytes that structural inspection may read from one file, nested members included.
    pub structure_bytes: u64,
    /// Bytes of one file kept in memory for another room (lockfiles, signatures, manifests).
    pub kept_bytes: u64,
    /// Bytes of one JSON document that is parsed as a whole.
    pub json_bytes: u64,
    /// Containers inside containers.
    pub nesting: u32,
    /// Members of one container, and of all containers inside each other in one file.
    pub entries: u64,
    /// Decompressed bytes per compressed byte.
    pub ratio: u64,
    /// Tensors in one file.
    pub tensors: u64,
    /// Opcodes in one pickle stream.
    pub opcodes: u64,
    /// Values alive in one pickle interpretation (stack and memo together).
    pub pickle_values: u64,
    /// Findings of one rule in one file that are listed one by one; the rest are counted.
    pub repeats: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 2_000_000,
            directory_depth: 128,
            structure_bytes: 512 << 20,
            kept_bytes: 256 << 20,
            json_bytes: 128 << 20,
            nesting: 6,
            entries: 200_000,
            // Deflate cannot do better than 1,032.
            ratio: 1_040,
            tensors: 1_000_000,
            opcodes: 200_000_000,
            pickle_values: 4_000_000,
            repeats: 20,
        }
    }
}

impl Limits {
    /// Values that all aliases of a YAML text may stand for. What a text costs stays a multiple of its bytes, however
    /// often its aliases name each other.
    #[must_use]
    pub const fn yaml_replays(bytes: usize) -> usize {
        bytes.saturating_mul(8).saturating_add(1_000)
    }

    /// Bytes that all values of a YAML text may have, those that aliases stand for among them.
    #[must_use]
    pub const fn yaml_scalar_bytes(bytes: usize) -> usize {
        bytes.saturating_mul(16).saturating_add(64 << 10)
    }
}
