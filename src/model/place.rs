//! Where in an artifact something was seen.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Purl;

/// A place inside an artifact. Byte ranges are half-open, lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Place {
    /// The artifact as a whole.
    Whole,
    /// Bytes of the file.
    Bytes {
        /// First byte.
        start: u64,
        /// One past the last byte.
        end: u64,
    },
    /// Bytes of a member of a container; nested containers join names with `!`.
    Entry {
        /// Name of the member as the container gives it.
        name: String,
        /// First byte, counted in the (decompressed) member.
        start: u64,
        /// One past the last byte.
        end: u64,
    },
    /// A tensor by name.
    Tensor {
        /// Its name in the file.
        name: String,
    },
    /// A package of a lockfile.
    Package {
        /// Its package URL.
        purl: Purl,
        /// Line of the lockfile where its entry begins, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
    },
    /// A line of a text.
    Line {
        /// Line, from 1.
        line: u64,
        /// Column in characters, from 1.
        column: u64,
    },
}

impl Place {
    /// Bytes `start..end`.
    #[must_use]
    pub const fn bytes(start: u64, end: u64) -> Self {
        Self::Bytes { start, end }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Bytes { start, end } => write!(f, "bytes {start}..{end}"),
            Self::Entry { name, start, end } => write!(f, "{name} bytes {start}..{end}"),
            Self::Tensor { name } => write!(f, "tensor {name}"),
            Self::Package { purl, line: Some(line) } => write!(f, "line {line}, {purl}"),
            Self::Package { purl, line: None } => write!(f, "{purl}"),
            Self::Line { line, column } => write!(f, "line {line}, column {column}"),
        }
    }
}
