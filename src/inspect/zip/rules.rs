//! What can be wrong with a zip archive.

use crate::model::{Class, Rule, Severity};

/// Records that are missing, cut off or wrong.
pub static MALFORMED: Rule = Rule {
    id: "zip-malformed",
    summary: "the archive breaks the zip format: records are missing, cut off or contradict each other",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/zip-malformed.md"),
    frameworks: &["CWE-20", "AML.T0076"],
};

/// Two descriptions of one member.
pub static HEADERS_DISAGREE: Rule = Rule {
    id: "zip-headers-disagree",
    summary: "the central directory and the local headers describe different members",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/zip-headers-disagree.md"),
    frameworks: &["CWE-436", "AML.T0076"],
};

/// One name, two members.
pub static DUPLICATE_MEMBER: Rule = Rule {
    id: "zip-duplicate-member",
    summary: "two members have the same name, and loaders differ in which one they take",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/zip-duplicate-member.md"),
    frameworks: &["CWE-436", "CWE-694", "AML.T0076"],
};

/// Content and checksum differ.
pub static CRC_MISMATCH: Rule = Rule {
    id: "zip-crc-mismatch",
    summary: "a member is not what its checksum says",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/zip-crc-mismatch.md"),
    frameworks: &["CWE-354", "AML.T0076"],
};

/// Encryption bits are set.
pub static ENCRYPTED: Rule = Rule {
    id: "zip-encrypted",
    summary: "a member is marked as encrypted",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/zip-encrypted.md"),
    frameworks: &["CWE-436", "AML.T0076"],
};

/// Bytes that no member owns.
pub static HIDDEN_DATA: Rule = Rule {
    id: "zip-hidden-data",
    summary: "bytes before, after or inside the archive belong to no member",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/zip-hidden-data.md"),
    frameworks: &["CWE-436", "AML.T0018.002", "AML.T0076"],
};

/// More than one end, so more than one archive.
pub static AMBIGUOUS_END: Rule = Rule {
    id: "zip-ambiguous-end",
    summary: "loaders can find more than one central directory",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/zip-ambiguous-end.md"),
    frameworks: &["CWE-436", "AML.T0076"],
};
