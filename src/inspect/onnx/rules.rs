//! What can be wrong with an ONNX model.

use crate::model::{Class, Rule, Severity};

/// Broken messages, impossible tensors, names that lead nowhere, functions that call themselves.
pub static MALFORMED: Rule = Rule {
    id: "onnx-malformed",
    summary: "the model breaks the ONNX format or contradicts itself, or a tensor is not what its shape says",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/onnx-malformed.md"),
    frameworks: &["CWE-20", "CWE-125", "AML.T0076"],
};

/// Data elsewhere.
pub static EXTERNAL_PATH: Rule = Rule {
    id: "onnx-external-path",
    summary: "a tensor's data lies in a file outside of the model's folder",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/onnx-external-path.md"),
    frameworks: &["CWE-22", "AML.T0011.000"],
};

/// Operators from elsewhere.
pub static CUSTOM_OPERATOR: Rule = Rule {
    id: "onnx-custom-operator",
    summary: "the model needs operators that come from a library of their own, or run Python",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/onnx-custom-operator.md"),
    frameworks: &["CWE-829", "AML.T0010.001"],
};

/// A function in the place of a standard operator.
pub static FUNCTION_SHADOWS: Rule = Rule {
    id: "onnx-function-shadows",
    summary: "the model brings a function under the name of a standard operator",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/onnx-function-shadows.md"),
    frameworks: &["CWE-436", "AML.T0018.001"],
};
