//! Packages that `pip` takes from an address instead of an index.
//!
//! Source: pip's documentation of VCS support and of hashes in addresses. Not looked at: files of requirements, which the
//! audit of dependencies reads.

use std::ops::Range;

use super::Lint;
use super::rules::DOWNLOAD;
use crate::inspect::Scope;
use crate::model::Severity;

/// Looks at one command line, which may hold several commands.
pub fn inspect(lint: &Lint<'_, '_, '_>, command: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
    for part in command.split([';', '|', '&']).filter(|part| part.contains("pip") && part.contains("://")) {
        let words: Vec<&str> = part.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
        let pip = |word: &&str| matches!(word.rsplit('/').next(), Some("pip" | "pip3"));
        let mut behind = words.iter().skip_while(|word| !pip(word)).skip(1);
        if behind.next() != Some(&"install") {
            continue;
        }
        let mut before = "install";
        for word in behind {
            let of_index =
                matches!(before, "-i" | "-f" | "--index-url" | "--extra-index-url" | "--find-links" | "--proxy");
            if !word.starts_with('-') && !of_index && word.contains("://") && !is_pinned(word) {
                let severity = if word.contains("http://") { Severity::Medium } else { Severity::Low };
                let message = format!("pip installs {word:?}, which has neither a digest nor a commit");
                lint.raise(&DOWNLOAD, severity, (word, range), message, scope);
            }
            before = word;
        }
    }
}

/// True if the address says which bytes are meant: `#sha256=…`, or a commit in full behind `@`.
fn is_pinned(address: &str) -> bool {
    let commit = |part: &str| part.len() >= 40 && part.bytes().take(40).all(|byte| byte.is_ascii_hexdigit());
    let variable = address.contains(['$', '{']);
    variable || address.contains("#sha256=") || address.contains("&sha256=") || address.split('@').skip(1).any(commit)
}
