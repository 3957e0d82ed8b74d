//! Dockerfiles and Containerfiles, instruction by instruction.

use std::ops::Range;

use super::rules::{DOWNLOAD, ROOT, SECRET, UNPINNED};
use super::{Lint, is_plain_value, is_secret_name, joined, unpinned};
use crate::inspect::{Scope, shell};
use crate::model::Severity;

/// Looks at every instruction.
pub fn inspect(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    let mut stages: Vec<String> = Vec::new();
    let mut user: Option<String> = None;
    let mut last = 0..0;
    let mut runs = false;
    for (line, range) in joined(lint.text) {
        let line = line.trim();
        let Some((word, rest)) = line.split_once(char::is_whitespace) else { continue };
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "FROM" => {
                from(lint, rest, &range, &mut stages, scope);
                user = None;
                last = range.clone();
            }
            "USER" => user = Some(rest.to_owned()),
            "ADD" => add(lint, rest, &range, scope),
            "RUN" => run(lint, rest, &range, scope),
            "ENV" | "ARG" => variables(lint, word, rest, &range, scope),
            "CMD" | "ENTRYPOINT" => {
                runs = true;
                lint.serve(rest, &range, true, scope);
            }
            _ => {}
        }
    }
    let root = user.as_deref().is_some_and(|user| matches!(user.split(':').next(), Some("root" | "0")));
    let base = lint.text.get(last.clone()).unwrap_or_default();
    // Who sets no user takes that of the base, which for nearly all images is root.
    if runs && (root || (user.is_none() && !base.contains("nonroot") && !base.contains("rootless"))) {
        let message = "the container runs as root: its last stage has no other USER".to_owned();
        lint.raise(&ROOT, Severity::Low, ("", &last), message, scope);
    }
}

fn from(lint: &Lint<'_, '_, '_>, rest: &str, range: &Range<usize>, stages: &mut Vec<String>, scope: &mut Scope<'_>) {
    let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
    let image = words.next().unwrap_or_default();
    if !stages.iter().any(|stage| stage == image)
        && let Some(why) = unpinned(image)
    {
        lint.raise(&UNPINNED, Severity::Low, (image, range), format!("the image {image:?} {why}"), scope);
    }
    if words.next().is_some_and(|word| word.eq_ignore_ascii_case("as")) {
        stages.extend(words.next().map(str::to_owned));
    }
}

fn add(lint: &Lint<'_, '_, '_>, rest: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
    let address = rest.split_whitespace().find(|word| word.contains("://") && !word.starts_with("--"));
    if let Some(address) = address.filter(|_| !rest.contains("--checksum=")) {
        let message = format!("ADD takes {address:?} from the network without --checksum");
        lint.raise(&DOWNLOAD, Severity::Medium, (address, range), message, scope);
    }
}

fn run(lint: &Lint<'_, '_, '_>, rest: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
    if let Some(why) = shell::hostile(rest) {
        let severity = if why.contains("fetches") { Severity::Medium } else { Severity::High };
        let word =
            ["curl", "wget", "/dev/tcp", "nc ", "base64", "powershell"].into_iter().find(|word| rest.contains(word));
        let shown: String = rest.chars().take(120).collect();
        lint.raise(&DOWNLOAD, severity, (word.unwrap_or_default(), range), format!("RUN {shown:?}: {why}"), scope);
    }
    lint.serve(rest, range, true, scope);
}

/// `ENV name=value …`, `ENV name value`, `ARG name=value`
fn variables(lint: &Lint<'_, '_, '_>, word: &str, rest: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
    let pairs: Vec<(&str, &str)> = if rest.split_whitespace().next().is_some_and(|first| first.contains('=')) {
        rest.split_whitespace().filter_map(|pair| pair.split_once('=')).collect()
    } else {
        rest.split_once(char::is_whitespace).into_iter().collect()
    };
    for (name, value) in pairs {
        if is_secret_name(name) && is_plain_value(value) {
            let value = value.trim_matches(['"', '\'']);
            scope.hide(super::super::secrets::Hidden { secret: value.to_owned(), shown: 0 });
            let message = format!("{word} {name} has a value that stays in the image for whoever pulls it");
            lint.raise(&SECRET, Severity::High, (name, range), message, scope);
        } else if name == "OLLAMA_HOST" || name == "OLLAMA_ORIGINS" {
            lint.serve(&format!("{name}={value}"), range, true, scope);
        }
    }
}
