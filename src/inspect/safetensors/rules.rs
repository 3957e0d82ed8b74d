//! What can be wrong with a safetensors file.

use crate::model::{Class, Rule, Severity};

/// Not the JSON that the format asks for.
pub static HEADER_MALFORMED: Rule = Rule {
    id: "safetensors-header-malformed",
    summary: "the header is not the JSON object that the format asks for",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-header-malformed.md"),
    frameworks: &["CWE-20", "AML.T0076"],
};

/// One name, two entries.
pub static DUPLICATE_KEY: Rule = Rule {
    id: "safetensors-duplicate-key",
    summary: "a name occurs twice in the header, and loaders differ in which one they take",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-duplicate-key.md"),
    frameworks: &["CWE-436", "CWE-694", "AML.T0076"],
};

/// A field beside dtype, shape and data_offsets.
pub static UNKNOWN_FIELD: Rule = Rule {
    id: "safetensors-unknown-field",
    summary: "a tensor's entry holds a field that the format does not know",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-unknown-field.md"),
    frameworks: &["CWE-436"],
};

/// Bytes are missing at the end.
pub static TRUNCATED: Rule = Rule {
    id: "safetensors-truncated",
    summary: "the file ends before its header says it does",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-truncated.md"),
    frameworks: &["CWE-125", "CWE-354"],
};

/// Tensors that share bytes.
pub static OVERLAP: Rule = Rule {
    id: "safetensors-overlap",
    summary: "two tensors share bytes",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-overlap.md"),
    frameworks: &["CWE-436", "AML.T0076"],
};

/// Bytes between tensors that belong to none.
pub static HOLE: Rule = Rule {
    id: "safetensors-hole",
    summary: "bytes between tensors belong to none of them",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-hole.md"),
    frameworks: &["CWE-436", "AML.T0018.002"],
};

/// Bytes after the last tensor.
pub static TRAILING_DATA: Rule = Rule {
    id: "safetensors-trailing-data",
    summary: "bytes follow after the last tensor",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-trailing-data.md"),
    frameworks: &["CWE-436", "AML.T0018.002"],
};

/// Shape, type and offsets contradict each other.
pub static SIZE_MISMATCH: Rule = Rule {
    id: "safetensors-size-mismatch",
    summary: "a tensor takes another number of bytes than its shape and type need",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-size-mismatch.md"),
    frameworks: &["CWE-125", "CWE-190"],
};

/// An element type that does not exist.
pub static UNKNOWN_DTYPE: Rule = Rule {
    id: "safetensors-unknown-dtype",
    summary: "a tensor has an element type that no version of the format knows",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-unknown-dtype.md"),
    frameworks: &["CWE-20"],
};

/// The reference crate sees something else.
pub static LOADER_DISAGREES: Rule = Rule {
    id: "safetensors-loader-disagrees",
    summary: "the reference loader reads the header differently from what stands in it",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/safetensors-loader-disagrees.md"),
    frameworks: &["CWE-436", "AML.T0076"],
};

/// A name that is a path out of here, or that speaks to a terminal.
pub static TENSOR_NAME_UNSAFE: Rule = Rule {
    id: "tensor-name-unsafe",
    summary: "a tensor's name holds control characters or a path that leaves its folder",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/tensor-name-unsafe.md"),
    frameworks: &["CWE-22", "CWE-150"],
};
