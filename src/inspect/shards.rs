//! What can be said of an index and the files of weights that it names.

use crate::model::{Class, Rule, Severity};

/// The index and the shards tell the same story.
pub static INDEX_MATCH: Rule = Rule {
    id: "index-match",
    summary: "the index of sharded weights and the shards name the same tensors",
    severity: Severity::Info,
    class: Class::Assurance,
    page: include_str!("../rules/index-match.md"),
    frameworks: &["CWE-354", "AML.M0014"],
};

/// They do not.
pub static INDEX_MISMATCH: Rule = Rule {
    id: "index-mismatch",
    summary: "the index of sharded weights and the shards contradict each other",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/index-mismatch.md"),
    frameworks: &["CWE-354", "CWE-436"],
};

/// A shard is elsewhere.
pub static INDEX_PATH_ESCAPE: Rule = Rule {
    id: "index-path-escape",
    summary: "the index of sharded weights names a file outside of its folder",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/index-path-escape.md"),
    frameworks: &["CWE-22"],
};
