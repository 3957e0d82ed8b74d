//! Scripts for a shell that come with a model: lines that run what they fetch, open a shell or read keys.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::{Scope, shell};
use super::rules::DOWNLOAD;
use super::variables::Variables;
use super::{Lint, engine, install, joined, serving};
use crate::model::Severity;

/// Endings of scripts for a shell, of Unix and of Windows.
static ENDINGS: [&str; 10] = [".sh", ".bash", ".zsh", ".ksh", ".ash", ".command", ".ps1", ".psm1", ".bat", ".cmd"];

/// True for a text that a shell reads, by its name or its first line.
pub fn is_script(name: &str, first: &str) -> bool {
    ENDINGS.iter().any(|ending| name.ends_with(ending))
        || matches!(name, "makefile" | "gnumakefile" | "justfile")
        || (first.starts_with("#!") && first.contains("sh"))
}

/// Looks at a script.
pub fn inspect(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    if speaks_of_servers(lint.text) {
        servers(lint, scope);
    }
    let mut seen = false;
    for (command, line) in shell::commands(lint.text) {
        // What stands before a command in a recipe of `make`, or in a batch file, says how loud it is.
        if let Some(why) = shell::hostile(command.trim_start_matches(['@', '-', '+'])) {
            seen = true;
            say(lint, &command, line, why, scope);
        }
    }
    if seen {
        return;
    }
    let Some(script) = set(lint.text) else { return scope.limit("script-variables", FILLED as u64, lint.view) };
    if let Some(fetched) = shell::fetched_then_run(&script) {
        let severity = install::fetched(&fetched.by, fetched.why);
        raise(lint, severity, &fetched.run, &fetched.run, fetched.why, scope);
    }
}

/// Bytes that variables may add to a script.
const FILLED: usize = 4 << 20;

/// The commands of a script with the values of variables that it sets itself; `None` if they make it too long.
fn set(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('$') {
        return Some(Cow::Borrowed(text));
    }
    let mut variables = Variables::default();
    let mut script = String::with_capacity(text.len());
    for line in text.lines() {
        variables.read(line);
        if line.contains('$') {
            script.push_str(&variables.resolve_known(line));
        } else {
            script.push_str(line);
        }
        script.push('\n');
        if script.len() > text.len().saturating_add(FILLED) {
            return None;
        }
    }
    Some(Cow::Owned(script))
}

/// Words without which no line of a script is looked at closer: names of servers, engines of containers, `pip`.
static MARKS: [&str; 5] = ["OLLAMA_", "docker", "podman", "nerdctl", "pip"];

/// True if such a word stands anywhere. Hardly any script holds one.
fn speaks_of_servers(text: &str) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::new(serving::SERVERS.iter().chain(&MARKS)).ok());
    WORDS.as_ref().is_none_or(|words| words.is_match(text))
}

/// What is started line by line, with the values of variables that the script sets itself.
fn servers(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    let mut variables = Variables::default();
    for (command, range) in joined(lint.text) {
        if command.trim_start().starts_with('#') {
            continue;
        }
        variables.read(&command);
        let command = if command.contains('$') { variables.resolve(&command) } else { command };
        engine::inspect(lint, &command, &range, scope);
        install::inspect(lint, &command, &range, scope);
        lint.serve(&command, &range, false, scope);
    }
}

fn say(lint: &Lint<'_, '_, '_>, command: &str, line: &str, why: &str, scope: &mut Scope<'_>) {
    raise(lint, install::fetched(command, why), command, line, why, scope);
}

fn raise(lint: &Lint<'_, '_, '_>, severity: Severity, command: &str, line: &str, why: &str, scope: &mut Scope<'_>) {
    let shown: String = command.chars().take(120).collect();
    let at = line.as_ptr() as usize;
    let begin = lint.text.as_ptr() as usize;
    // A line is a part of the text; a command that was put together is not.
    let range =
        if (begin..=begin + lint.text.len()).contains(&at) { at - begin..at - begin + line.len() } else { 0..0 };
    lint.raise(&DOWNLOAD, severity, (line, &range), format!("{shown:?}: {why}"), scope);
}
