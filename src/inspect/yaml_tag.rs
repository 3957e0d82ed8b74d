//! Tags of YAML that PyYAML's unsafe loaders turn into calls: `!!python/object/apply:module.name` and its kin.
//!
//! Source: `yaml/constructor.py`. Found by their spelling, wherever in the text they stand; names are held against the
//! lists of callables that pickles are held against.

use super::Scope;
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

/// Letters of the longest name that is read.
const NAME: usize = 1024;

/// Looks at a text.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    for (tag, calls) in TAGS {
        for (at, _) in text.match_indices(tag).filter(|(at, _)| text[..*at].ends_with(['!', ':'])) {
            let rest = &text[at + tag.len()..];
            let spelt: String =
                rest.chars().take(NAME).take_while(|c| !c.is_whitespace() && !">,[]{}'\"".contains(*c)).collect();
            let name = percent::decode(&spelt);
            let (module, attribute) = name.rsplit_once('.').unwrap_or(("builtins", &name));
            let lists = scope.lists;
            let (judgement, what) = lists.judge(module, attribute);
            let severity = match (judgement, calls) {
                (Judgement::Safe, _) => continue,
                (Judgement::Dangerous, true) => Severity::Critical,
                (Judgement::Dangerous, false) | (Judgement::Unknown, true) => Severity::High,
                (Judgement::Unknown, false) => Severity::Medium,
            };
            let verb = if calls { "calls" } else { "imports" };
            let why = if what.is_empty() { "which is not known to rebuild plain data" } else { what };
            let range = at as u64..(at + tag.len() + spelt.len()) as u64;
            let message = format!("an unsafe loader {verb} {name:?}: {why}");
            let evidence = Evidence::new(&YAML_PYTHON_OBJECT, message).rated(severity).at(view.place(range.clone()));
            scope.add(evidence.showing(view.excerpt(range)));
        }
    }
}
