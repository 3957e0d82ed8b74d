//! What Python code that comes with a model may do, rule by rule.

use crate::model::{Class, Rule, Severity};

/// Code that is made of data.
pub static HIDDEN_CODE: Rule = Rule {
    id: "python-hidden-code",
    summary: "Python code runs text that was decoded or fetched first, so that nobody reads it",
    severity: Severity::Critical,
    class: Class::Defect,
    page: include_str!("../../rules/python-hidden-code.md"),
    frameworks: &["CWE-506", "CWE-95", "AML.T0011.000", "AML.T0107"],
};

/// Another program.
pub static STARTS_PROGRAM: Rule = Rule {
    id: "python-starts-program",
    summary: "Python code that comes with the model starts another program",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/python-starts-program.md"),
    frameworks: &["CWE-78", "CWE-829", "AML.T0011.000"],
};

/// `eval` and its kin.
pub static EVALUATES_TEXT: Rule = Rule {
    id: "python-evaluates-text",
    summary: "Python code that comes with the model runs text as code",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/python-evaluates-text.md"),
    frameworks: &["CWE-95", "CWE-94", "AML.T0011.000"],
};

/// Another machine.
pub static REACHES_NETWORK: Rule = Rule {
    id: "python-reaches-network",
    summary: "Python code that comes with the model talks to another machine",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/python-reaches-network.md"),
    frameworks: &["CWE-829", "CWE-494", "AML.T0010.001"],
};

/// Secrets.
pub static READS_SECRETS: Rule = Rule {
    id: "python-reads-secrets",
    summary: "Python code reads credentials or sends the environment away",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/python-reads-secrets.md"),
    frameworks: &["CWE-506", "CWE-522", "AML.T0055"],
};

/// Files that are none of its business.
pub static CHANGES_FILES: Rule = Rule {
    id: "python-changes-files",
    summary: "Python code that comes with the model changes files outside of it",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/python-changes-files.md"),
    frameworks: &["CWE-506", "CWE-732", "AML.T0011.000"],
};

/// Machine code.
pub static LOADS_NATIVE: Rule = Rule {
    id: "python-loads-native",
    summary: "Python code that comes with the model loads or compiles machine code",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/python-loads-native.md"),
    frameworks: &["CWE-829", "CWE-427", "AML.T0010.001"],
};

/// Pickles.
pub static UNPICKLES: Rule = Rule {
    id: "python-unpickles",
    summary: "Python code that comes with the model unpickles data, which may run code",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../../rules/python-unpickles.md"),
    frameworks: &["CWE-502", "AML.T0011.000"],
};

/// Not understood.
pub static NOT_READ: Rule = Rule {
    id: "python-not-read",
    summary: "part of a Python source could not be read, so what it does is not known",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../../rules/python-not-read.md"),
    frameworks: &["CWE-693"],
};
