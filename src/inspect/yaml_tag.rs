//! Tags of YAML that PyYAML's unsafe loaders turn into calls: `!!python/object/apply:module.name` and its kin.
//!
//! Sources: `yaml/constructor.py`, YAML 1.2 chapter 6.8.2 (`%TAG`), and HyperPyYAML, whose tags SpeechBrain calls by.
//! Found by their spelling, wherever in the text they stand; names are held against the lists of callables that pickles
//! are held against.

mod foreign;

use std::ops::Range;

use super::callable::{self, Standing};
use super::hydra::HYDRA_TARGET;
use super::{Scope, words};
use crate::model::{Class, Evidence, Judgement, Rule, Severity, percent};
use crate::weigh::View;

/// A call in a text.
pub static YAML_PYTHON_OBJECT: Rule = Rule {
    id: "yaml-python-object",
    summary: "the YAML text asks its loader to import or call something that is not known to rebuild plain data",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/yaml-python-object.md"),
    frameworks: &["CWE-502", "CWE-94", "AML.T0011.000"],
};

/// Tags, and true for those that call.
static TAGS: [(&str, bool); 5] = [
    ("python/object/apply:", true),
    ("python/object/new:", true),
    ("python/object:", true),
    ("python/name:", false),
    ("python/module:", false),
];

/// Tags of HyperPyYAML, by which SpeechBrain calls and imports what stands behind them.
static BUILDERS: [(&str, bool); 5] =
    [("!apply:", true), ("!applyref:", true), ("!new:", true), ("!name:", false), ("!module:", false)];

/// Modules whose functions the manuals of MkDocs' themes and extensions have `mkdocs.yml` name.
static EXTENSIONS: [&str; 8] = [
    "material.extensions.emoji",
    "materialx.emoji",
    "pymdownx.emoji",
    "pymdownx.slugs",
    "pymdownx.superfences",
    "pymdownx.arithmatex",
    "mermaid2",
    "mermaid2.fence",
];

/// Letters of the longest tag that is read.
const NAME: usize = 1024;

/// Shorthands of one text that are told apart.
const HANDLES: usize = 64;

/// What the shorthand of the standard tags stands for.
const STANDARD: &str = "tag:yaml.org,2002:";

/// Looks at a text.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut handles = handles(text);
    if handles.len() > HANDLES {
        scope.limit("yaml-handles", HANDLES as u64, view);
        handles.truncate(HANDLES);
    }
    // Every tag begins with the sign; the shorthand of one may hold a second.
    let mut after = 0;
    for at in memchr::memchr_iter(b'!', text.as_bytes()) {
        if at < after {
            continue;
        }
        let spelt = spelt(&text[at..]);
        after = at + spelt.len();
        let tag = percent::decode(&full(spelt, &handles));
        let range = at as u64..(at + spelt.len()) as u64;
        if let Some((name, calls)) = TAGS.iter().find_map(|(mark, calls)| Some((after_mark(&tag, mark)?, *calls))) {
            python(name, calls, range, view, scope);
        } else if let Some((name, calls)) =
            BUILDERS.iter().find_map(|(mark, calls)| Some((tag.strip_prefix(mark)?, *calls)))
        {
            builder(name, calls, range, view, scope);
        } else if let Some(asked) = foreign::asked(&tag, STANDARD) {
            let shown: String = asked.name.chars().take(120).collect();
            let message = format!("{} makes an object of {shown:?} for it", asked.loader);
            let evidence = Evidence::new(&YAML_PYTHON_OBJECT, message).rated(asked.severity);
            scope.add(evidence.at(view.place(range.clone())).showing(view.excerpt(range)));
        }
    }
}

/// The tag that a text begins with, as it is spelt.
fn spelt(text: &str) -> &str {
    let verbatim = text.starts_with("!<");
    let ends = |c: char| {
        if verbatim { c == '>' || c.is_control() } else { c.is_whitespace() || ">,[]{}'\"".contains(c) }
    };
    let end = text
        .char_indices()
        .take(NAME)
        .find(|(_, c)| ends(*c))
        .map_or_else(|| text.char_indices().nth(NAME).map_or(text.len(), |(at, _)| at), |(at, _)| at);
    &text[..end]
}

/// The shorthands that `%TAG` lines declare.
fn handles(text: &str) -> Vec<(&str, &str)> {
    let lines = memchr::memmem::find_iter(text.as_bytes(), "%TAG");
    // What merely speaks of such a line, as a comment does, is none. PyYAML's line breaks are these five.
    let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{feff}'];
    let lines = lines.filter(|at| *at == 0 || text[..*at].ends_with(breaks));
    lines
        .filter_map(|at| {
            let line = text[at + 4..].lines().next()?;
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .take(HANDLES + 1)
        .collect()
}

/// The tag without its shorthand.
fn full(spelt: &str, handles: &[(&str, &str)]) -> String {
    if let Some(verbatim) = spelt.strip_prefix("!<") {
        return verbatim.to_owned();
    }
    // The longest fits: `!` is the beginning of every other.
    let handle = handles.iter().filter(|(handle, _)| spelt.starts_with(handle)).max_by_key(|(handle, _)| handle.len());
    match (handle, spelt.strip_prefix("!!")) {
        (Some((handle, prefix)), _) => format!("{prefix}{}", &spelt[handle.len()..]),
        (None, Some(standard)) => format!("{STANDARD}{standard}"),
        (None, None) => spelt.to_owned(),
    }
}

/// What stands behind a mark of PyYAML's, whichever tag it is part of.
fn after_mark<'t>(tag: &'t str, mark: &str) -> Option<&'t str> {
    let (before, name) = tag.split_once(mark)?;
    before.ends_with(['!', ':']).then_some(name)
}

fn python(name: &str, calls: bool, range: Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let (module, attribute) = name.rsplit_once('.').unwrap_or(("builtins", name));
    let lists = scope.lists;
    let (judgement, what) = lists.judge(module, attribute);
    let documented = !calls && EXTENSIONS.contains(&module) && words::name(view, scope).starts_with("mkdocs.");
    let severity = match (judgement, calls) {
        (Judgement::Safe, _) => return,
        (Judgement::Unknown, false) if documented => Severity::Low,
        (Judgement::Dangerous, true) => Severity::Critical,
        (Judgement::Dangerous, false) | (Judgement::Unknown, true) => Severity::High,
        (Judgement::Unknown, false) => Severity::Medium,
    };
    let verb = if calls { "calls" } else { "imports" };
    let why = if what.is_empty() { "which is not known to rebuild plain data" } else { what };
    let message = format!("an unsafe loader {verb} {name:?}: {why}");
    let evidence = Evidence::new(&YAML_PYTHON_OBJECT, message).rated(severity).at(view.place(range.clone()));
    scope.add(evidence.showing(view.excerpt(range)));
}

/// A class or function that SpeechBrain builds a model from.
fn builder(name: &str, calls: bool, range: Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let severity = match callable::judge(name, scope.lists) {
        Standing::Known => return,
        // Recipes have modules of their own, which are looked at as code.
        Standing::Foreign => Severity::Low,
        Standing::Dangerous => Severity::Critical,
    };
    let verb = if calls { "calls" } else { "imports" };
    let message = format!("the configuration {verb} {name:?}");
    let evidence = Evidence::new(&HYDRA_TARGET, message).rated(severity).at(view.place(range.clone()));
    scope.add(evidence.showing(view.excerpt(range)));
}
