//! What can be seen in a pickle.

use crate::model::{Class, Rule, Severity};

/// A dangerous callable is called.
pub static DANGEROUS_CALL: Rule = Rule {
    id: "pickle-dangerous-call",
    summary: "loading the pickle calls something that runs code, starts programs or opens files",
    severity: Severity::Critical,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-dangerous-call.md"),
    frameworks: &["CWE-502", "CWE-94", "AML.T0011.000", "AML.T0018.002", "LLM03"],
};

/// A dangerous callable is imported.
pub static DANGEROUS_IMPORT: Rule = Rule {
    id: "pickle-dangerous-import",
    summary: "loading the pickle imports something that can run code, start programs or open files",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-dangerous-import.md"),
    frameworks: &["CWE-502", "CWE-829", "AML.T0011.000", "LLM03"],
};

/// An unknown callable is called.
pub static UNKNOWN_CALL: Rule = Rule {
    id: "pickle-unknown-call",
    summary: "loading the pickle calls something that is not known to rebuild plain data",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-unknown-call.md"),
    frameworks: &["CWE-502", "AML.T0011.000", "LLM03"],
};

/// An unknown callable is imported.
pub static UNKNOWN_IMPORT: Rule = Rule {
    id: "pickle-unknown-import",
    summary: "loading the pickle imports a module or name that is not known to be plain data",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-unknown-import.md"),
    frameworks: &["CWE-829", "AML.T0011.000", "LLM03"],
};

/// An imported object is changed.
pub static PATCHED_IMPORT: Rule = Rule {
    id: "pickle-patched-import",
    summary: "loading the pickle changes an imported module, class or function, or plants a special method",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-patched-import.md"),
    frameworks: &["CWE-915", "CWE-502", "AML.T0011.000", "LLM03"],
};

/// A name imitates another.
pub static NAME_DISGUISED: Rule = Rule {
    id: "pickle-name-disguised",
    summary: "an imported name has characters that hide what it is",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-name-disguised.md"),
    frameworks: &["CWE-1007", "AML.T0074", "LLM03"],
};

/// An extension code stands for a callable.
pub static EXTENSION_CODE: Rule = Rule {
    id: "pickle-extension-code",
    summary: "the pickle names a callable by a registered number, so what it is cannot be known",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-extension-code.md"),
    frameworks: &["CWE-502", "AML.T0011.000", "LLM03"],
};

/// A persistent id that is not a tensor's storage.
pub static PERSISTENT_ID: Rule = Rule {
    id: "pickle-persistent-id",
    summary: "the pickle asks its loader for an outside object that is not a tensor storage",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-persistent-id.md"),
    frameworks: &["CWE-502", "LLM03"],
};

/// A pickle inside a constant of a pickle.
pub static NESTED: Rule = Rule {
    id: "pickle-nested",
    summary: "a constant in the pickle is itself a pickle",
    severity: Severity::Low,
    class: Class::Inventory,
    page: include_str!("../../rules/pickle-nested.md"),
    frameworks: &["CWE-502", "AML.T0011.000", "LLM03"],
};

/// The stream is broken or not what a pickler writes.
pub static MALFORMED: Rule = Rule {
    id: "pickle-malformed",
    summary: "the pickle is broken or written as no pickler writes it, so loaders and scanners may part ways",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-malformed.md"),
    frameworks: &["CWE-436", "CWE-20", "AML.T0076", "LLM03"],
};

/// Bytes after the last pickle.
pub static TRAILING_DATA: Rule = Rule {
    id: "pickle-trailing-data",
    summary: "bytes that belong to no pickle follow the pickle",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/pickle-trailing-data.md"),
    frameworks: &["CWE-436", "AML.T0076", "LLM03"],
};

/// Inventory.
pub static PRESENT: Rule = Rule {
    id: "pickle-present",
    summary: "the file holds a pickle, which can run code when it is loaded",
    severity: Severity::Info,
    class: Class::Inventory,
    page: include_str!("../../rules/pickle-present.md"),
    frameworks: &["CWE-502", "LLM03"],
};
