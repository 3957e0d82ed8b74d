//! Texts in a model's data that read like program code. No format has a use for them there; who loads the data with a
//! reader of their own may evaluate them.

use crate::model::{Class, Rule, Severity};

/// Code where there should be names and parameters.
pub static CODE_IN_DATA: Rule = Rule {
    id: "code-in-data",
    summary: "a text in the model's data reads like program code",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/code-in-data.md"),
    frameworks: &["CWE-94", "CWE-502", "AML.T0018.002"],
};

/// What only program code says. Each is more than a word, so that prose about programs is spared.
static MARKS: &[&str] = &[
    "__import__(",
    "__builtins__",
    "__globals__",
    "__subclasses__",
    "__reduce__",
    "__reduce_ex__",
    "__setstate__",
    "os.system(",
    "os.popen(",
    "os.exec",
    "posix.system",
    "subprocess.",
    "eval(",
    "exec(",
    "pickle.loads(",
    "marshal.loads(",
    "importlib.import_module(",
    "java.lang.Runtime",
    "ProcessBuilder(",
    "getRuntime()",
    "System.exec",
    "<script",
    "javascript:",
    "powershell -",
    "/bin/sh",
    "/bin/bash",
    "curl http",
    "wget http",
];

/// The first mark in a text that is not the end of a longer word.
pub fn code(text: &str) -> Option<&'static str> {
    let begins = |at: usize, mark: &str| {
        let word = |character: char| character.is_alphanumeric() || character == '_';
        !(mark.starts_with(word) && text[..at].ends_with(word))
    };
    MARKS.iter().copied().find(|mark| text.match_indices(mark).any(|(at, _)| begins(at, mark)))
}
