//! Dockerfiles and Containerfiles, instruction by instruction.

use std::collections::BTreeMap;
use std::ops::Range;

use super::rules::{DOWNLOAD, ROOT, SECRET, UNPINNED};
use super::{Lint, is_plain_value, is_secret_name, joined, unpinned};
use crate::inspect::{Scope, shell};
use crate::model::Severity;

/// What is known so far.
#[derive(Default)]
struct File {
    /// Values of `ARG` before the first `FROM`, which alone holds for those.
    arguments: BTreeMap<String, String>,
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
            "CMD" | "ENTRYPOINT" => lint.serve(rest, &range, true, scope),
            instruction @ ("ENV" | "ARG") => {
                variables(lint, word, rest, &range, scope);
                if instruction == "ARG" && file.base.is_none() {
                    let pairs = rest.split_whitespace().filter_map(|pair| pair.split_once('='));
                    let plain = |value: &str| value.trim_matches(['"', '\'']).to_owned();
                    file.arguments.extend(pairs.map(|(name, value)| (name.to_owned(), plain(value))));
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
    /// `FROM [--platform=…] IMAGE [AS NAME]`
    fn begin(&mut self, lint: &Lint<'_, '_, '_>, rest: &str, range: &Range<usize>, scope: &mut Scope<'_>) {
        if let Some(name) = self.stage.take() {
            self.stages.insert(name, self.user.take());
        }
        let mut words = rest.split_whitespace().filter(|word| !word.starts_with("--"));
        let written = words.next().unwrap_or_default();
        let image = self.resolved(written);
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

    /// The name of an image with the values of arguments: `$NAME`, `${NAME}`, `${NAME:-VALUE}`. One that is set nowhere
    /// stays as it is.
    fn resolved(&self, image: &str) -> String {
        let mut resolved = String::new();
        let mut rest = image;
        while let Some((before, after)) = rest.split_once('$') {
            resolved.push_str(before);
            let end = after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len());
            let (inner, behind) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some(parts) => parts,
                None => after.split_at(end),
            };
            let (name, default) = inner.split_once(":-").map_or((inner, None), |(name, value)| (name, Some(value)));
            let value = self.arguments.get(name).map(String::as_str).filter(|value| !value.is_empty()).or(default);
            resolved.push_str(value.unwrap_or("$"));
            rest = behind;
        }
        resolved + rest
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
