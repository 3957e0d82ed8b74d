//! Expressions in the configurations of MONAI's bundles: a text that begins with `$` is evaluated as Python.
//!
//! Source: MONAI, "Config syntax". Only what starts programs or runs text is said: `$import os` and `$os.path.join(…)`
//! stand in many bundles. In YAML only the line on which an expression begins is looked at.

use std::ops::Range;

use super::HYDRA_TARGET;
use crate::inspect::Scope;
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Bytes of an expression that are looked at.
const EXPRESSION: usize = 4096;

/// What no bundle needs, wherever in an expression it stands.
static HOSTILE: [&str; 16] = [
    "__import__",
    "__subclasses__",
    "__globals__",
    "__builtins__",
    "import_module(",
    "import subprocess",
    "import socket",
    "import pty",
    "subprocess.",
    "os.system",
    "os.popen",
    "os.exec",
    "os.spawn",
    "pty.spawn",
    "pickle.load",
    "socket.socket",
];

/// Functions that run text, not methods of that name: `$@network.eval()` is what every bundle does.
static RUNS: [&str; 3] = ["eval(", "exec(", "compile("];

/// What of an expression gives it away.
fn hostile(text: &str) -> Option<&'static str> {
    let expression = text.strip_prefix('$')?;
    // `${name}` and `$(command)` are of other languages.
    if expression.starts_with(['{', '$']) {
        return None;
    }
    let expression = &expression[..expression.floor_char_boundary(EXPRESSION)];
    let alone = |word: &&&str| {
        expression
            .match_indices(**word)
            .any(|(at, _)| !expression[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.')))
    };
    HOSTILE.iter().find(|word| expression.contains(**word)).or_else(|| RUNS.iter().find(alone)).copied()
}

/// Looks at one text of a configuration.
pub fn judge(text: &str, range: Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some(word) = hostile(text) {
        let shown: String = text.chars().take(120).collect();
        let message = format!("the configuration has {shown:?} evaluated as Python, with {word:?}");
        let evidence = Evidence::new(&HYDRA_TARGET, message).rated(Severity::Critical);
        scope.add(evidence.at(view.place(range.clone())).showing(view.excerpt(range)));
    }
}

/// Looks at a text in YAML.
pub fn of_text(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    for at in memchr::memchr_iter(b'$', text.as_bytes()) {
        let before = text[..at].trim_end_matches(['"', '\'']);
        let begins = before.ends_with([' ', '\t', '\n', '[', '{', ',']) || before.is_empty();
        let rest = &text[at..text.floor_char_boundary(at.saturating_add(EXPRESSION))];
        let line = rest.lines().next().unwrap_or_default();
        if begins && line.len() > 2 {
            judge(line, at as u64..(at + line.len()) as u64, view, scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::hostile;

    #[test]
    fn expressions_are_told_apart() {
        for text in ["$__import__('os').system('id')", "$os.system('id')", "$eval('1')", "$import subprocess"] {
            assert!(hostile(text).is_some(), "{text}");
        }
        for text in [
            "$@network.eval()",
            "$import os",
            "$os.path.join(@root, 'x')",
            "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
            "$torch.compile(@network)",
            "${oc.env:X}",
            "$model_eval(1)",
            "os.system is not called",
        ] {
            assert!(hostile(text).is_none(), "{text}");
        }
    }
}
