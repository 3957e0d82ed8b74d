//! Containers started on a command line: `docker run`, and programs that take the same words.
//!
//! Source: the reference of `docker run`. Not looked at: files of variables, and what the image holds.

use std::ops::Range;

use super::rules::{OPEN_SERVICE, PRIVILEGED, ROOT, SECRET, UNPINNED};
use super::{Lint, gives_away, is_plain_value, is_secret_name, serving, unpinned};
use crate::inspect::Scope;
use crate::inspect::secrets::Hidden;
use crate::model::{Rule, Severity};

/// Programs that take these words.
static ENGINES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// Options that stand alone; every other one takes the next word for its value.
static ALONE: [&str; 12] = [
    "--detach",
    "--init",
    "--interactive",
    "--no-healthcheck",
    "--oom-kill-disable",
    "--privileged",
    "--publish-all",
    "--quiet",
    "--read-only",
    "--rm",
    "--sig-proxy",
    "--tty",
];

/// Capabilities that are as good as the whole machine.
pub static CAPABILITIES: [&str; 4] = ["ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE"];

/// What the options say of the container as a whole.
#[derive(Default)]
struct Container<'w> {
    published: Option<&'w str>,
    keyed: bool,
}

/// Looks at a command line, if it starts a container.
pub fn inspect(lint: &Lint<'_, '_, '_>, command: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let starts = |at: usize| {
        let engine = words.get(at).is_some_and(|word| ENGINES.contains(word));
        let mut verbs = words.iter().skip(at + 1).skip_while(|word| **word == "container");
        engine && verbs.next().is_some_and(|verb| matches!(*verb, "run" | "create"))
    };
    let Some(engine) = (0..words.len()).find(|at| starts(*at)) else { return };
    let mut rest = words.iter().copied().skip(engine + 1).skip_while(|word| !matches!(*word, "run" | "create")).skip(1);
    let mut container = Container::default();
    while let Some(word) = rest.next() {
        if !word.starts_with('-') {
            container.image(lint, word, range, scope);
            return;
        }
        let (option, value) = match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((option, value)) => (option, value),
            None if is_alone(word) => (word, ""),
            None => (word, rest.next().unwrap_or_default()),
        };
        container.option(lint, (option, value), range, scope);
    }
}

/// True for an option without a value, and for letters of which none takes one, as in `-it`.
fn is_alone(word: &str) -> bool {
    ALONE.contains(&word)
        || word.strip_prefix('-').is_some_and(|letters| letters.bytes().all(|c| b"ditqP".contains(&c)))
}

impl<'w> Container<'w> {
    fn option(
        &mut self,
        lint: &Lint<'_, '_, '_>,
        (option, value): (&str, &'w str),
        range: &Range<usize>,
        scope: &mut Scope<'_>,
    ) {
        let mut say = |rule: &'static Rule, severity: Severity, word: &str, message: String| {
            lint.raise(rule, severity, (word, range), message, scope);
        };
        let value = value.trim_matches(['"', '\'']);
        match option {
            "--privileged" if value != "false" => {
                say(&PRIVILEGED, Severity::High, option, "the container is privileged".to_owned());
            }
            "--pid" | "--ipc" | "--network" | "--net" if value == "host" => {
                let severity = if option == "--pid" { Severity::Medium } else { Severity::Low };
                let shared = option.trim_start_matches('-');
                say(&PRIVILEGED, severity, option, format!("the container shares the {shared} of the machine"));
            }
            "--cap-add" if CAPABILITIES.contains(&value.trim_start_matches("CAP_")) => {
                say(&PRIVILEGED, Severity::High, value, format!("the container has the capability {value}"));
            }
            "-u" | "--user" if matches!(value.split(':').next(), Some("root" | "0")) => {
                say(&ROOT, Severity::Low, option, "the container runs as root".to_owned());
            }
            "-v" | "--volume" | "--mount" => {
                let source = value.split(',').find_map(|part| {
                    part.strip_prefix("source=").or_else(|| part.strip_prefix("src=")).filter(|_| option == "--mount")
                });
                let source = source.unwrap_or_else(|| value.split(':').next().unwrap_or_default());
                if let Some(why) = gives_away(source) {
                    say(&PRIVILEGED, Severity::High, value, format!("the container is given {source:?}: {why}"));
                }
            }
            "-p" | "--publish" if !value.starts_with("127.0.0.1:") && !value.starts_with("[::1]:") => {
                self.published = Some(value);
            }
            "--network" | "--net" => {}
            "--env-file" => self.keyed = true,
            "-e" | "--env" => {
                let (name, plain) = value.split_once('=').unwrap_or((value, ""));
                self.keyed |= name.ends_with("API_KEY");
                if is_secret_name(name) && is_plain_value(plain) {
                    let message = format!("the value of {name} stands in the command");
                    say(&SECRET, Severity::High, name, message);
                    scope.hide(Hidden { secret: plain.to_owned(), shown: 0 });
                }
            }
            _ => {}
        }
    }

    /// The image, behind which stands what runs in it.
    fn image(&self, lint: &Lint<'_, '_, '_>, image: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
        if let Some(why) = unpinned(image) {
            lint.raise(&UNPINNED, Severity::Low, (image, range), format!("the image {image:?} {why}"), scope);
        }
        let keyed = self.keyed || lint.text.get(range.clone()).is_some_and(|line| line.contains("--api-key"));
        if let (Some(port), Some(server)) = (self.published.filter(|_| !keyed), serving::of_image(image)) {
            let message =
                format!("port {port} of {server} is open on every address of the machine, and it asks for no key");
            lint.raise(&OPEN_SERVICE, Severity::Medium, (port, range), message, scope);
        }
    }
}
