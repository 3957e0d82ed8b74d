//! Tables of data that come with models: Parquet and Arrow.
//!
//! Read are the footers and the schemas: that lengths and offsets stay inside the file, and which types the columns ask
//! for. Not looked at: the values, which readers take as numbers, texts and bytes.

mod arrow;
mod chunks;
mod extension;
mod messages;
mod pages;
mod parquet;
mod snappy;
mod thrift;

use crate::model::{Class, Rule, Severity};
use crate::weigh::View;

use super::Scope;

pub use arrow::{ArrowFile, ArrowStream};
pub use parquet::Parquet;

/// A table that contradicts itself.
pub static TABLE_MALFORMED: Rule = Rule {
    id: "table-malformed",
    summary: "a table of data is cut off, or lengths in it lead out of the file",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/table-malformed.md"),
    frameworks: &["CWE-20", "CWE-125", "AML.T0076"],
};

/// A type that is a pickle.
pub static TABLE_PICKLED_TYPE: Rule = Rule {
    id: "table-pickled-type",
    summary: "a column of a table has a type that readers unpickle from the file",
    severity: Severity::Critical,
    class: Class::Defect,
    page: include_str!("../../rules/table-pickled-type.md"),
    frameworks: &["CWE-502", "AML.T0011.000"],
};

/// Bytes of a schema or footer that are read; those of tables with thousands of columns have a few megabytes.
const SCHEMA_BYTES: u64 = 64 << 20;

fn malformed(view: &View<'_>, at: u64, message: impl Into<String>, scope: &mut Scope<'_>) {
    let at = at.min(view.len());
    scope.raise(&TABLE_MALFORMED, view, at..view.len().min(at.saturating_add(8)), message);
}

/// Reads a part of the view that holds a schema; what is too long is said.
fn part(view: &View<'_>, range: std::ops::Range<u64>, scope: &mut Scope<'_>) -> Option<Vec<u8>> {
    if range.end.saturating_sub(range.start) > SCHEMA_BYTES {
        scope.limit("schema-bytes", SCHEMA_BYTES, view);
        return None;
    }
    view.read(range).map_err(|trouble| scope.unreadable(view, &trouble)).ok()
}
