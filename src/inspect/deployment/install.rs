//! Packages that `pip` takes from an address instead of an index.
//!
//! Source: pip's documentation of VCS support and of hashes in addresses. Of files of requirements only what comes in
//! the clear is said; the rest is for the audit of dependencies.

use std::ops::Range;

use super::Lint;
use super::rules::DOWNLOAD;
use crate::inspect::Scope;
use crate::inspect::shell::installer::{self, Origin};
use crate::inspect::shell::packages;
use crate::model::Severity;

/// Looks at one command line, which may hold several commands.
pub fn inspect(lint: &Lint<'_, '_, '_>, command: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
    if let Some(address) = packages::in_the_clear(command) {
        return in_the_clear(lint, &address, range, scope);
    }
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

/// Looks at a file of requirements, or the environment of conda that holds one.
pub fn requirements(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    let mut at = 0;
    for line in lint.text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        if let Some(address) = packages::of_requirement(line) {
            in_the_clear(lint, &address, &range, scope);
        } else if let Some(address) = packages::passed_on(line) {
            let message = format!("pip installs {address:?}, where anybody may put something for a while");
            lint.raise(&DOWNLOAD, Severity::High, (address, &range), message, scope);
        }
    }
}

/// True for the name, in small letters, of such a file.
pub fn is_requirements(name: &str) -> bool {
    let ends = name.ends_with(".txt") || name.ends_with(".in");
    let listed = (name.contains("requirements") || name.starts_with("constraints")) && ends;
    listed || matches!(name, "conda.yaml" | "conda.yml" | "environment.yml" | "environment.yaml")
}

/// True for the name, in small letters, of a configuration that says where packages come from.
pub fn is_index(name: &str) -> bool {
    matches!(
        name,
        "pyproject.toml"
            | "uv.toml"
            | "pip.conf"
            | "pip.ini"
            | "pipfile"
            | "pixi.toml"
            | "poetry.toml"
            | ".npmrc"
            | ".yarnrc"
            | ".yarnrc.yml"
            | "bunfig.toml"
            | ".condarc"
            | "pdm.toml"
    )
}

/// Looks at such a configuration: indices, registries and packages that come in the clear.
pub fn indices(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    let mut at = 0;
    for line in lint.text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        if let Some(address) = packages::of_index(line) {
            let message = format!("packages are taken from {address:?}, which anybody on the way may replace");
            lint.raise(&DOWNLOAD, Severity::High, (address, &range), message, scope);
        }
    }
}

fn in_the_clear(lint: &Lint<'_, '_, '_>, address: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
    let message = format!("pip installs from {address:?}, which anybody on the way may replace");
    lint.raise(&DOWNLOAD, Severity::High, (address, range), message, scope);
}

/// How bad it is that a command does that: what makers of installers tell people to run is not, and what only becomes a
/// program may be meant. A file that is fetched over TLS and run may be the installer of a library.
pub fn fetched(command: &str, why: &str) -> Severity {
    if !why.contains("fetches") {
        return Severity::High;
    }
    match installer::origin(command) {
        Origin::Known => Severity::Low,
        _ if installer::only_installs(command) => Severity::Low,
        Origin::Unnamed => Severity::Medium,
        Origin::Elsewhere if why.contains("a program") && !command.contains("http://") => Severity::Medium,
        Origin::Elsewhere => Severity::High,
    }
}

/// True if the address says which bytes are meant: `#sha256=…`, or a commit in full behind `@`.
fn is_pinned(address: &str) -> bool {
    let commit = |part: &str| part.len() >= 40 && part.bytes().take(40).all(|byte| byte.is_ascii_hexdigit());
    let variable = address.contains(['$', '{']);
    variable || address.contains("#sha256=") || address.contains("&sha256=") || address.split('@').skip(1).any(commit)
}
