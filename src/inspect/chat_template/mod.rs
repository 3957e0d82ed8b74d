//! Chat templates: Jinja code that comes with a model and is run on every conversation.
//!
//! Code is read token by token and judged by what it reaches for; then it is followed through its assignments, branches,
//! loops and macros, for names that it puts together. Nothing is rendered, and a tag that is not known is read like any
//! other. Loaders that do not confine Jinja (CVE-2024-34359) run what the first rule finds.
//! A template of a tokenizer that Jinja cannot read at all is reported, too.
//! Not looked at: what a template says in words to everybody.

mod blocks;
mod expression;
mod filters;
mod grammar;
mod letters;
mod lexeme;
mod lookup;
mod machine;
mod postfix;
mod spelling;
mod statement;
mod syntax;
mod tags;
mod tokens;
mod trigger;
mod value;

use super::json::Tree;
use super::settings::CONFIGURATION_MALFORMED;
use super::{Scope, archive};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;
use tokens::{Code, Token};

/// Reaches for what Python keeps inside.
pub static TEMPLATE_ESCAPE: Rule = Rule {
    id: "template-escape",
    summary: "a chat template reaches for Python's internals, from which it can run anything",
    severity: Severity::Critical,
    class: Class::Defect,
    page: include_str!("../../rules/template-escape.md"),
    frameworks: &["CWE-1336", "CWE-94", "AML.T0011.000"],
};

/// Loads other templates.
pub static TEMPLATE_INCLUDE: Rule = Rule {
    id: "template-include",
    summary: "a chat template loads another template",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/template-include.md"),
    frameworks: &["CWE-1336", "CWE-22"],
};

/// Characters that nobody sees.
pub static TEMPLATE_HIDDEN_TEXT: Rule = Rule {
    id: "template-hidden-text",
    summary: "a chat template holds characters that are invisible or change the direction of text",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/template-hidden-text.md"),
    frameworks: &["CWE-1427", "CWE-1007", "AML.T0081"],
};

/// Adds instructions when certain words are said, or sends them away.
pub static TEMPLATE_TRIGGER: Rule = Rule {
    id: "template-trigger",
    summary: "a chat template adds instructions when certain words are said, or sends what is said to a server",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/template-trigger.md"),
    frameworks: &["CWE-506", "CWE-1427", "AML.T0051"],
};

/// Attributes without underscores that lead to code: frames of generators and coroutines, and what one finds there.
static INTERNAL: &[&str] = &[
    "gi_frame",
    "gi_code",
    "cr_frame",
    "cr_code",
    "ag_frame",
    "ag_code",
    "f_globals",
    "f_locals",
    "f_back",
    "f_builtins",
    "f_code",
    "tb_frame",
    "tb_next",
    "func_globals",
    "func_code",
    "co_code",
    "im_func",
    "im_class",
    "mro",
    "popen",
    "check_output",
    "getoutput",
];

/// Filters by which a name is put together.
static BUILDERS: &[&str] = &["attr", "join", "reverse", "format", "replace", "lower", "upper", "string", "list", "map"];

/// Keys of templates that are no conversation's: prompts of LangChain and of other programs.
static PROMPTS: [&str; 5] = ["template", "prompt_template", "jinja_template", "default_chat_template", "system_prompt"];

/// Looks at the templates of a tokenizer's or processor's configuration: a text, or a list of `name` and `template`; and
/// at those that other configurations hold, wherever they stand.
pub fn of_configuration(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut open = vec![(tree, false)];
    while let Some((value, chat)) = open.pop() {
        if let Some(template) = value.text().filter(|_| chat) {
            inspect(template, view, scope);
            readable(template, view, scope);
        }
        if let Some(template) = lines_of(value).filter(|_| chat) {
            inspect(&template, view, scope);
            readable(&template, view, scope);
            continue;
        }
        open.extend(value.values().iter().map(|inner| (inner, chat)));
        for (key, inner) in value.members() {
            let prompt = inner.text().filter(|_| !chat && PROMPTS.contains(&key.as_str()));
            if let Some(template) = prompt.filter(|text| text.contains("{{") || text.contains("{%")) {
                of_prompt(template, view, scope);
            }
            open.push((inner, chat || key == "chat_template"));
        }
    }
}

/// The lines of a template that a configuration keeps as a list of them.
fn lines_of(value: &Tree) -> Option<String> {
    let lines: Option<Vec<&str>> = value.values().iter().map(Tree::text).collect();
    let lines = lines.filter(|lines| lines.len() > 1)?;
    let ends = lines.iter().any(|line| line.ends_with('\n'));
    Some(lines.join(if ends { "" } else { "\n" }))
}

/// Looks at a template that is filled in by programs of any kind: only for what leads out of it.
pub fn of_prompt(template: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let codes = tokens::read(template);
    escapes(template, &codes, view, scope);
}

/// Looks at a configuration in YAML that holds templates.
pub fn of_text(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let told = ["chat_template", "template_format", "jinja"].iter().any(|word| text.contains(word));
    if told && (text.contains("{{") || text.contains("{%")) {
        of_prompt(text, view, scope);
    }
}

/// Endings of templates of any kind, which are made of each other.
static GENERAL: [&str; 5] = [".j2", ".jinja2", ".tpl", ".tmpl", ".template"];

/// Looks at a file or member that is loaded as a template, because its name says so: documents quote templates, and a
/// template need not look like text. Loaders stop at bytes that are not UTF-8, and here they are replaced.
pub fn of_file(view: &View<'_>, scope: &mut Scope<'_>) {
    let name = view.entry().unwrap_or_else(|| scope.path.name()).to_ascii_lowercase();
    if !name.ends_with(".jinja") && !GENERAL.iter().any(|ending| name.ends_with(ending)) {
        return;
    }
    match view.read_all("template-bytes", scope.limits.json_bytes) {
        Ok(bytes) => {
            let template = String::from_utf8_lossy(&bytes);
            inspect(&template, view, scope);
            if name.ends_with(".jinja") {
                readable(&template, view, scope);
            }
        }
        Err(trouble) => scope.unreadable(view, &trouble),
    }
}

/// Says what keeps Jinja from reading the template of a tokenizer.
fn readable(template: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let path = view.entry().unwrap_or_else(|| scope.path.name());
    // Other templates are filled in by programs that have filters and tags of their own.
    let talk = ["add_generation_prompt", "messages"].iter().any(|word| template.contains(word));
    let chat = talk || !path.ends_with(".jinja") || path.contains("chat_template");
    told(syntax::read(template, chat), template, view, scope);
}

/// Looks at a template that comes with weights: [`inspect`], and whether it can be read at all. Filters and tests are
/// those of the program that renders it.
pub fn of_weights(template: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    inspect(template, view, scope);
    told(syntax::read(template, false), template, view, scope);
}

fn told(outcome: syntax::Outcome, template: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    match outcome {
        syntax::Outcome::Read => {}
        syntax::Outcome::Deep => scope.limit("template-brackets", syntax::MOST, view),
        syntax::Outcome::Broken(at, what) => {
            say(&CONFIGURATION_MALFORMED, Severity::Medium, (template, at), &what, view, scope);
        }
    }
}

/// Looks at one template, wherever it was found.
pub fn inspect(template: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let codes = tokens::read(template);
    let path = view.entry().unwrap_or_else(|| scope.path.name());
    let general = GENERAL.iter().any(|ending| path.ends_with(ending)) && !path.contains("chat");
    escapes(template, &codes, view, scope);
    for code in &codes {
        if let Some(word) = include(code) {
            let what = format!("it has a tag {word:?}, which loads another template");
            say(&TEMPLATE_INCLUDE, included(code, general), (template, code.at), &what, view, scope);
        }
    }
    let trigger = trigger::find(template, &codes).or_else(|| trigger::picture(template, &codes));
    if let Some((at, what)) = trigger {
        say(&TEMPLATE_TRIGGER, Severity::High, (template, at), &what, view, scope);
    }
    if let Some((at, hidden)) = template.char_indices().find(|(_, character)| is_hidden(*character)) {
        let what = format!("it holds U+{:04X}", u32::from(hidden));
        say(&TEMPLATE_HIDDEN_TEXT, Severity::Medium, (template, at), &what, view, scope);
    }
}

/// What the template reaches for as it stands; if that is nothing, what it puts together.
fn escapes(template: &str, codes: &[Code], view: &View<'_>, scope: &mut Scope<'_>) {
    let plain = codes.iter().filter_map(escape).map(|(at, what)| (at, Severity::Critical, what));
    let mut found: Vec<machine::Found> = plain.collect();
    if found.is_empty() {
        let nodes = blocks::read(template, codes);
        let (followed, deep) = machine::follow(&nodes);
        found = followed;
        if deep {
            scope.limit("template-brackets", expression::DEPTH as u64, view);
        }
    }
    for (at, severity, what) in found {
        say(&TEMPLATE_ESCAPE, severity, (template, at), &what, view, scope);
    }
}

fn say(
    rule: &'static Rule,
    severity: Severity,
    (template, at): (&str, usize),
    what: &str,
    view: &View<'_>,
    scope: &mut Scope<'_>,
) {
    // The line is only counted for what will be listed.
    let at = if scope.lists(rule, severity) { at } else { 0 };
    let line = template.get(..at).unwrap_or_default().bytes().filter(|byte| *byte == b'\n').count() + 1;
    let evidence = Evidence::new(rule, format!("the chat template, line {line}: {what}")).rated(severity);
    scope.add(evidence.at(view.place(0..0)));
}

fn include(code: &Code) -> Option<&str> {
    let first = code.tokens.iter().find(|token| !matches!(token, Token::Sign(b'-' | b'+')));
    match first {
        Some(Token::Name(name, _)) if code.statement => {
            ["include", "import", "from", "extends"].into_iter().find(|word| word == name)
        }
        _ => None,
    }
}

/// How bad it is to load another template: those of a site are made of each other, those of a conversation are not.
fn included(code: &Code, general: bool) -> Severity {
    let name = code.tokens.iter().find_map(|token| if let Token::Text(text, _) = token { Some(text) } else { None });
    let beside = name.is_some_and(|name| archive::escapes(name).is_none());
    if general && beside { Severity::Low } else { TEMPLATE_INCLUDE.severity }
}

/// What the code reaches for, if it is not for a template to have.
fn escape(code: &Code) -> Option<(usize, String)> {
    let tokens = &code.tokens;
    let mut brackets: Vec<bool> = Vec::new();
    for (n, token) in tokens.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|n| tokens.get(n));
        let called = tokens.get(n + 1) == Some(&Token::Sign(b'('));
        match token {
            Token::Sign(b'[') => {
                // After a value a bracket asks for an item of it; elsewhere it begins a list.
                brackets.push(matches!(before, Some(Token::Name(..) | Token::Text(..) | Token::Sign(b')' | b']'))));
            }
            Token::Sign(b']') => {
                brackets.pop();
            }
            Token::Name(name, at) => {
                let dotted = before == Some(&Token::Sign(b'.'));
                if is_internal(name) && (dotted || is_dunder(name)) {
                    return Some((*at, format!("it reaches for {name:?}")));
                }
                let filter = before == Some(&Token::Sign(b'|'));
                if filter && (name == "attr" || (brackets.last() == Some(&true) && BUILDERS.contains(&name.as_str()))) {
                    return Some((*at, format!("it puts the name of an attribute together with the filter {name:?}")));
                }
                if !dotted && called && matches!(name.as_str(), "eval" | "exec" | "open" | "getattr" | "compile") {
                    return Some((*at, format!("it calls {name:?}")));
                }
            }
            Token::Text(text, at) if brackets.last() == Some(&true) && is_internal(text) => {
                return Some((*at, format!("it reaches for {text:?}")));
            }
            _ => {}
        }
    }
    spelling::joined(tokens)
}

fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

fn is_internal(name: &str) -> bool {
    is_dunder(name) || (name.starts_with('_') && name.len() > 1) || INTERNAL.contains(&name)
}

/// Zero-width and bidirectional controls, and the tag characters that spell ASCII unseen. A byte order mark at the
/// beginning and the joiners that emoji need are let through.
const fn is_hidden(character: char) -> bool {
    matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;
