//! Python under a name that says it is data: `tokenizer.json`, `vocab.txt`.
//!
//! Somebody has it run by another file, or means it to be taken for what it is called. Judged is only what is whole
//! Python, imports something and does something grave as soon as it is run. Not looked at: prose, cards, notebooks and
//! logs, which show code to people, and files that are called what they are.

use super::super::Scope;
use super::entry::Role;
use super::rate::{self, When};
use super::{lines, moment, read};
use crate::model::Severity;
use crate::weigh::View;

/// Bytes of such a file that is read: programs are short, and vocabularies are not.
const BYTES: usize = 1 << 20;

/// Endings of names of data.
static ENDINGS: [&str; 22] = [
    "json",
    "jsonl",
    "txt",
    "csv",
    "tsv",
    "yaml",
    "yml",
    "model",
    "vocab",
    "bin",
    "dat",
    "data",
    "cfg",
    "conf",
    "ini",
    "safetensors",
    "gguf",
    "onnx",
    "pt",
    "npy",
    "h5",
    "pkl",
];

/// Beginnings of names of texts that people read.
static PROSE: [&str; 10] =
    ["readme", "license", "licence", "notice", "changelog", "cmakelists", "usage", "example", "howto", "instruction"];

/// True for a text that may be such a file. `name` is that of the file, in small letters.
pub fn may_be(name: &str, text: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if text.len() > BYTES || !ENDINGS.contains(&ending) || PROSE.iter().any(|prose| name.starts_with(prose)) {
        return false;
    }
    let begin = text.lines().map(str::trim_end).find(|line| !line.is_empty() && !line.starts_with('#'));
    let imports = |line: &str| {
        let module = |word: &str| word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        // More words than a name stand behind the first in prose alone.
        let names = |rest: &str| {
            rest.split([',', ';', '#']).next().is_some_and(|first| {
                let words: Vec<&str> = first.split_whitespace().collect();
                matches!(words.as_slice(), [name] | [name, "as", _] if module(name))
            })
        };
        let from =
            |rest: &str| rest.split_once(" import ").is_some_and(|(name, _)| module(name) && !name.contains(' '));
        line.strip_prefix("import ").is_some_and(names) || line.strip_prefix("from ").is_some_and(from)
    };
    begin.is_some_and(imports)
}

/// Looks at such a text.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let (source, faults) = read(text, std::slice::from_ref(&(0..text.len())));
    // What is no Python from end to end is a text of another kind.
    if !faults.is_empty() {
        return;
    }
    super::unread(&source, Vec::new(), text, view, scope);
    let index = lines::Index::new(text);
    let reached = rate::reach(&source, "", Role::Other);
    for done in &source.deeds {
        let now = reached.when.get(done.function).copied().unwrap_or(When::Called);
        let sure = reached.sure.get(done.function).copied().unwrap_or(false);
        let rated = rate::rate(&done.deed, now, Role::Other);
        if let Some(rated) = rated.filter(|(_, severity)| sure && *severity >= Severity::High) {
            let evidence = super::evidence(done, rated, &moment(now, done, &source), &index, view);
            scope.add_all(Some(evidence));
        }
    }
}
