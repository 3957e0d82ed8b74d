//! How a model is put to work: container files, compose files, Kubernetes manifests, values of Helm charts, shell scripts
//! and the containers they start, systemd units, configurations of vLLM, model files of Ollama.
//!
//! Sources: the Dockerfile and compose references, the Kubernetes API, and the documentation of vLLM, TGI, Ollama,
//! llama.cpp, TorchServe and Jupyter. Not looked at: variables that are set in another file, Helm templates before they are
//! rendered (a gap), and what an image holds.

mod container_file;
mod engine;
mod install;
mod manifest;
mod model_file;
pub mod rules;
mod script;
mod serving;
#[cfg(test)]
mod tests;
mod values;
mod variables;

use std::ops::Range;

use super::{Scope, lines};
use crate::model::{Evidence, Rule, Severity};
use crate::weigh::View;

/// Findings about one text.
struct Lint<'l, 't, 'v> {
    text: &'t str,
    view: &'l View<'v>,
}

impl Lint<'_, '_, '_> {
    fn raise(
        &self,
        rule: &'static Rule,
        severity: Severity,
        (needle, within): (&str, &Range<usize>),
        message: String,
        scope: &mut Scope<'_>,
    ) {
        let evidence = Evidence::new(rule, message).rated(severity);
        let range = if scope.lists(rule, severity) { self.find(needle, within) } else { 0..0 };
        lines::raise(evidence, self.text, range, self.view, scope);
    }

    /// Where a string stands, in the part of the text that is looked at.
    fn find(&self, needle: &str, within: &Range<usize>) -> Range<usize> {
        let found = self.text.get(within.clone()).and_then(|part| part.find(needle)).filter(|_| !needle.is_empty());
        found.map_or(within.start..within.start, |at| within.start + at..within.start + at + needle.len())
    }

    /// What a command line of a server says.
    fn serve(&self, command: &str, range: &Range<usize>, contained: bool, scope: &mut Scope<'_>) {
        for said in serving::judge(command) {
            let severity = if contained && said.by_address { Severity::Low } else { said.severity };
            self.raise(said.rule, severity, (&said.word, range), said.message, scope);
        }
    }
}

/// Looks at a text, if its name or form says that it is such a file.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let path = view.entry().unwrap_or_else(|| scope.path.as_str());
    let name = path.rsplit(['/', '!']).next().unwrap_or(path).to_ascii_lowercase();
    let lint = Lint { text, view };
    let first = text.lines().next().unwrap_or_default();
    if is_container_file(&name) {
        container_file::inspect(&lint, scope);
    } else if is_model_file(&name) {
        model_file::inspect(&lint, scope);
    } else if install::is_requirements(&name) {
        install::requirements(&lint, scope);
    } else if install::is_index(&name) {
        install::indices(&lint, scope);
    } else if name.ends_with(".json") {
        if manifest::is_json_manifest(text) {
            manifest::inspect(&lint, scope);
        }
    } else if name.ends_with(".yaml") || name.ends_with(".yml") {
        // A chart may well have values about its services.
        if values::is_values(&name) {
            values::of_chart(&lint, scope);
        } else if manifest::is_manifest(text) {
            manifest::inspect(&lint, scope);
        } else if values::is_serving(text) {
            values::of_serving(&lint, scope);
        }
    } else if name.ends_with(".service") || name == "config.properties" {
        assignments(&lint, scope);
    } else if script::is_script(&name, first) {
        script::inspect(&lint, scope);
    }
}

/// True for a name by which such a file is chosen; manifests in YAML are told by what they hold.
pub fn is_named(name: &str) -> bool {
    is_container_file(name)
        || is_model_file(name)
        || name == "config.properties"
        || name.ends_with(".service")
        || script::is_script(name, "")
}

fn is_container_file(name: &str) -> bool {
    let named = |stem: &str| {
        let (before, behind) = (name.strip_suffix(stem), name.strip_prefix(stem));
        before.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            || behind.is_some_and(|rest| rest.starts_with('.'))
    };
    (named("dockerfile") || named("containerfile")) && !name.ends_with(".md") && !name.ends_with(".dockerignore")
}

fn is_model_file(name: &str) -> bool {
    name == "modelfile" || name.starts_with("modelfile.") || name.ends_with(".modelfile")
}

/// Why a path of the machine gives it to the container that it is handed to; `None` if it does not.
fn gives_away(path: &str) -> Option<&'static str> {
    if ["docker.sock", "containerd.sock", "crio.sock"].iter().any(|socket| path.ends_with(socket)) {
        return Some("who reaches it starts any container on the machine");
    }
    matches!(path, "/" | "/etc" | "/root" | "/var" | "/proc" | "/sys" | "/home" | "/var/lib/kubelet")
        .then_some("it is the machine's own")
}

/// Units of systemd and the properties of TorchServe: a command or an address behind each `=`.
fn assignments(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    for (line, range) in joined(lint.text) {
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim();
        if key.starts_with("Exec") || key == "Environment" {
            lint.serve(value, &range, false, scope);
        } else if matches!(key, "inference_address" | "management_address") && value.contains("//0.0.0.0") {
            let message = format!("{key} is {}: TorchServe listens on every address", value.trim());
            lint.raise(&rules::OPEN_SERVICE, Severity::Medium, ("0.0.0.0", &range), message, scope);
        }
    }
}

/// Lines, where a backslash at the end joins the next one, with the range that each stands in.
fn joined(text: &str) -> Vec<(String, Range<usize>)> {
    let mut lines = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim_end();
        let (mut whole, begin) = open.take().unwrap_or_else(|| (String::new(), start));
        // A comment between joined lines is no part of the command.
        let comment = !whole.is_empty() && trimmed.trim_start().starts_with('#');
        if let Some(part) = trimmed.strip_suffix('\\').filter(|_| !comment) {
            whole.push_str(part);
            whole.push(' ');
            open = Some((whole, begin));
        } else if comment {
            open = Some((whole, begin));
        } else {
            whole.push_str(trimmed);
            lines.push((whole, begin..start + trimmed.len()));
        }
    }
    lines.extend(open.map(|(whole, begin)| (whole, begin..text.len())));
    lines
}

/// True for a name by which people call a value that only its owner may know.
fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words =
        ["password", "passwd", "secret", "token", "api_key", "apikey", "access_key", "private_key", "credential"];
    let public =
        ["_path", "_file", "_url", "_dir", "tokenizer", "tokenizers", "max_tokens", "_tokens", "token_limit", "public"];
    words.iter().any(|word| lower.contains(word)) && !public.iter().any(|word| lower.contains(word))
}

/// True for a value that stands there itself, and is neither a reference nor a placeholder.
fn is_plain_value(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let lower = value.to_ascii_lowercase();
    let dummy =
        ["example", "placeholder", "your", "xxx", "dummy", "change", "replace", "redacted", "insert", "todo", "..."];
    value.len() >= 6
        && !value.starts_with(['$', '<', '{', '/', '%'])
        && !matches!(lower.as_str(), "true" | "false" | "none" | "null" | "disabled" | "enabled")
        && !dummy.iter().any(|word| lower.contains(word))
}

/// Why an image is not pinned, if it is not.
fn unpinned(image: &str) -> Option<&'static str> {
    let name = image.rsplit('/').next().unwrap_or(image);
    // What is put together elsewhere, or stands in a template, is no name yet.
    let open = image.contains(['$', '{', '<', '%']);
    if image.contains("@sha256:") || open || image == "scratch" || image.is_empty() {
        None
    } else if name.ends_with(":latest") || !name.contains(':') {
        Some("has no version, so each pull may give another one")
    } else {
        Some("has a tag and no digest, so it may be replaced")
    }
}
