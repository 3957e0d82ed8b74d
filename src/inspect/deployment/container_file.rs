//! Dockerfiles and Containerfiles, instruction by instruction.

use std::collections::BTreeMap;
use std::ops::Range;

use super::rules::{DOWNLOAD, ROOT, SECRET, UNPINNED};
use super::variables::Variables;
use super::{Lint, install, is_plain_value, is_secret_name, joined, serving, unpinned};
use crate::inspect::{Scope, shell};
use crate::model::Severity;

/// What is known so far.
#[derive(Default)]
struct File {
    /// Values of `ARG` before the first `FROM`, which alone holds for those.
    arguments: Variables,
    /// Users of the stages that have a name.
    stages: BTreeMap<String, Option<String>>,
    /// Name of this stage.
    stage: Option<String>,
    /// The image it begins with; none before the first.
    base: Option<String>,
    /// Where that stands.
    at: Range<usize>,
    user: Option<String>,
}

/// Looks at every instruction.
pub fn inspect(lint: &Lint<'_, '_, '_>, scope: &mut Scope<'_>) {
    let mut file = File::default();
    for (line, range) in joined(lint.text) {
        let line = line.trim();
        let Some((word, rest)) = line.split_once(char::is_whitespace) else { continue };
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "FROM" => file.begin(lint, rest, &range, scope),
            "USER" => file.user = Some(rest.to_owned()),
            "ADD" => add(lint, rest, &range, scope),
            "RUN" => run(lint, rest, &range, scope),
            "CMD" | "ENTRYPOINT" => lint.serve(&file.started(rest), &range, true, scope),
            instruction @ ("ENV" | "ARG") => {
                variables(lint, word, rest, &range, scope);
                if instruction == "ARG" && file.base.is_none() {
                    rest.split_whitespace().for_each(|pair| file.arguments.set(pair));
                }
            }
            _ => {}
        }
    }
    let Some(base) = file.base.filter(|base| base != "scratch") else { return };
    let root = file.user.as_deref().is_some_and(|user| matches!(user.split(':').next(), Some("root" | "0")));
    // Who sets no user takes that of the base, which for nearly all images is root.
    if root || (file.user.is_none() && !base.contains("nonroot") && !base.contains("rootless")) {
        let message = "the container runs as root: its last stage has no other USER".to_owned();
        lint.raise(&ROOT, Severity::Low, ("", &file.at), message, scope);
    }
}

impl File {
    /// What a `CMD` starts: arguments alone go to the program of the image that it begins with.
    fn started(&self, rest: &str) -> String {
        let only_arguments = rest.trim_start_matches(['[', ' ', '"', '\'']).starts_with('-');
        let server = self.base.as_deref().filter(|base| only_arguments && serving::of_image(base).is_some());
        format!("{} {rest}", server.unwrap_or_default())
    }

    /// `FROM [--platform=…] IMAGE [AS NAME]`
    fn begin(&mut self, lint: &Lint<'_, '_, '_>, rest: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
        if let Some(name) = self.stage.take() {
            self.stages.insert(name, self.user.take());
        }
        let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
        let written = words.next().unwrap_or_default();
        let image = self.arguments.resolve(written);
        self.stage = words.next().filter(|word| word.eq_ignore_ascii_case("as")).and(words.next()).map(str::to_owned);
        self.user = self.stages.get(&image).cloned().flatten();
        if !self.stages.contains_key(&image)
            && let Some(why) = unpinned(&image)
        {
            lint.raise(&UNPINNED, Severity::Low, (written, range), format!("the image {image:?} {why}"), scope);
        }
        self.base = Some(image);
        self.at = range.clone();
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
        let severity = install::fetched(rest, why);
        let word =
            ["curl", "wget", "/dev/tcp", "nc ", "base64", "powershell"].into_iter().find(|word| rest.contains(word));
        let shown: String = rest.chars().take(120).collect();
        lint.raise(&DOWNLOAD, severity, (word.unwrap_or_default(), range), format!("RUN {shown:?}: {why}"), scope);
    }
    install::inspect(lint, rest, range, scope);
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
