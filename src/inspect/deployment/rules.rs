//! What the files say by which a model is put to work.

use crate::model::{Class, Rule, Severity};

/// Remote code, for every model that is served.
pub static REMOTE_CODE: Rule = Rule {
    id: "deployment-remote-code",
    summary: "a server of models is started with remote code allowed",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/deployment-remote-code.md"),
    frameworks: &["CWE-829", "CWE-94", "AML.T0010.001"],
};

/// Everybody may call it.
pub static OPEN_SERVICE: Rule = Rule {
    id: "deployment-open-service",
    summary: "a server of models listens on every address, or for every web site, without a key",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/deployment-open-service.md"),
    frameworks: &["CWE-306", "CWE-1188", "AML.T0096"],
};

/// Root.
pub static ROOT: Rule = Rule {
    id: "deployment-root",
    summary: "a container runs as root",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../../rules/deployment-root.md"),
    frameworks: &["CWE-250", "AML.T0105"],
};

/// The walls are down.
pub static PRIVILEGED: Rule = Rule {
    id: "deployment-privileged",
    summary: "a container is given the machine it runs on",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/deployment-privileged.md"),
    frameworks: &["CWE-250", "CWE-732", "AML.T0105"],
};

/// Another one tomorrow.
pub static UNPINNED: Rule = Rule {
    id: "deployment-unpinned",
    summary: "an image or model is named without a digest or revision",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../../rules/deployment-unpinned.md"),
    frameworks: &["CWE-494", "CWE-829", "AML.T0010.004", "AML.T0109"],
};

/// Run unseen.
pub static DOWNLOAD: Rule = Rule {
    id: "deployment-download",
    summary: "a build or script runs or adds what it fetches, without a digest",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/deployment-download.md"),
    frameworks: &["CWE-494", "AML.T0010.001"],
};

/// A secret in it.
pub static SECRET: Rule = Rule {
    id: "deployment-secret",
    summary: "a deployment file holds the value of a secret",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/deployment-secret.md"),
    frameworks: &["CWE-798", "CWE-312", "AML.T0055", "LLM02:2025"],
};

/// Not understood.
pub static NOT_READ: Rule = Rule {
    id: "deployment-not-read",
    summary: "a deployment file could not be read, so it was not looked at",
    severity: Severity::Low,
    class: Class::Gap,
    page: include_str!("../../rules/deployment-not-read.md"),
    frameworks: &["CWE-693"],
};
