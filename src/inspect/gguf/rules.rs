//! What can be wrong with a GGUF file.

use crate::model::{Class, Rule, Severity};

/// Lengths, counts, types or alignment that cannot be.
pub static MALFORMED: Rule = Rule {
    id: "gguf-malformed",
    summary: "the header breaks the GGUF format",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/gguf-malformed.md"),
    frameworks: &["CWE-20", "CWE-125", "AML.T0076"],
};

/// Bytes are missing at the end.
pub static TRUNCATED: Rule = Rule {
    id: "gguf-truncated",
    summary: "the file ends before its header says it does",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/gguf-truncated.md"),
    frameworks: &["CWE-125", "CWE-354"],
};

/// One name, two values.
pub static DUPLICATE: Rule = Rule {
    id: "gguf-duplicate",
    summary: "a key or a tensor name occurs twice",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/gguf-duplicate.md"),
    frameworks: &["CWE-436", "CWE-694"],
};

/// An element type that does not exist.
pub static UNKNOWN_TYPE: Rule = Rule {
    id: "gguf-unknown-type",
    summary: "a tensor has an element type that is not known",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/gguf-unknown-type.md"),
    frameworks: &["CWE-20"],
};

/// A size that overflows or does not divide.
pub static SIZE_IMPOSSIBLE: Rule = Rule {
    id: "gguf-size-impossible",
    summary: "the size of a tensor overflows, or is no whole number of blocks",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/gguf-size-impossible.md"),
    frameworks: &["CWE-190", "CWE-125"],
};

/// Tensors that share bytes.
pub static OVERLAP: Rule = Rule {
    id: "gguf-overlap",
    summary: "two tensors share bytes",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/gguf-overlap.md"),
    frameworks: &["CWE-436"],
};

/// Bytes that no tensor owns.
pub static HIDDEN_DATA: Rule = Rule {
    id: "gguf-hidden-data",
    summary: "bytes between or after the tensors belong to none of them",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/gguf-hidden-data.md"),
    frameworks: &["CWE-436", "AML.T0018.002"],
};
