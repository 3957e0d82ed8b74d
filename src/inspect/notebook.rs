//! Jupyter notebooks: the code of their cells, the commands in it, and output that runs in the browser.
//!
//! Source: the notebook formats 1 to 4. Not looked at: what a widget's state says, and whether an output came from its cell.

mod cells;
mod page;

use std::collections::BTreeSet;

use super::claim::FORMAT_NOT_INSPECTED;
use super::json::Tree;
use super::shell::installer::{self, Origin};
use super::shell::packages;
use super::{Scope, lines, python, shell};
use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;
use cells::Cells;

pub use page::page;

/// Names in commands that are looked up in the code of one notebook.
const LOOKUPS: usize = 500;

/// Bytes of a command into which texts are put.
const PUT_IN: usize = 16 << 10;

/// A shell command that nobody honest runs.
pub static COMMAND: Rule = Rule {
    id: "notebook-command",
    summary: "a cell of a notebook has a shell command that runs what it fetches, opens a shell or reads keys",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/notebook-command.md"),
    frameworks: &["CWE-78", "CWE-494", "AML.T0011.000"],
};

/// A script in an output.
pub static ACTIVE_OUTPUT: Rule = Rule {
    id: "notebook-active-output",
    summary: "an output of a notebook holds a script that runs in the browser",
    severity: Severity::Low,
    class: Class::Defect,
    page: include_str!("../rules/notebook-active-output.md"),
    frameworks: &["CWE-506", "AML.T0011.000"],
};

/// Looks at a JSON text that has the form of a notebook, or the name of one.
pub fn inspect(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = view.entry().unwrap_or_else(|| scope.path.name()).to_ascii_lowercase();
    let formed = ["cells", "worksheets"].iter().any(|key| tree.get(key).is_some()) && tree.get("nbformat").is_some();
    if !formed && !name.ends_with(".ipynb") {
        return;
    }
    if view.depth() == 0 {
        scope.recognise(Format::named("notebook"));
    }
    let mut all = Cells::default();
    let mut ranges = Vec::new();
    let mut odd = 0;
    let mut shown = Vec::new();
    let cells = cells(tree);
    if cells.is_none() {
        scope.add(gap("its cells are not where the notebook formats 1 to 4 keep them", view));
    }
    for cell in cells.into_iter().flatten() {
        match (cell.get("cell_type").and_then(Tree::text), source(cell)) {
            (Some("code"), Some(source)) => {
                let begin = all.code.len();
                all.read(&source);
                ranges.push(begin..all.code.len());
            }
            (Some("markdown" | "raw" | "heading" | "html" | "rst" | "text" | "plaintext"), source) => {
                shown.extend(source);
            }
            _ => odd += 1,
        }
        for output in cell.get("outputs").map(Tree::values).unwrap_or_default() {
            active(output, text, view, scope);
        }
    }
    if odd > 0 {
        scope.add(gap(
            &format!("{odd} of its cells are not of the form that the notebook formats 1 to 4 give them"),
            view,
        ));
    }
    languages(tree, &all, view, scope);
    commands(&all, text, view, scope);
    for prose in shown {
        if let Some(why) = hostile_script(&prose.to_ascii_lowercase()) {
            let line = prose.lines().find(|line| line.contains('<')).unwrap_or_default();
            raise(Evidence::new(&COMMAND, format!("a text cell holds a script, and {why}")), line, text, view, scope);
        }
    }
    let say = |evidence: Evidence, at: usize, scope: &mut Scope<'_>| {
        let before = all.code.get(..at).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
        let line = all.code.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        raise(evidence, line, text, view, scope);
    };
    python::inspect_cells(&all.code, &ranges, say, view, scope);
}

fn gap(message: &str, view: &View<'_>) -> Evidence {
    Evidence::new(&FORMAT_NOT_INSPECTED, message).at(view.place(0..0))
}

/// The cells, in worksheets before format 4; `None` if they are not there or no list.
fn cells(tree: &Tree) -> Option<Vec<&Tree>> {
    let list = |value: &'_ Tree| matches!(value, Tree::Array(_));
    let mut all = Vec::new();
    let mut lists = 0;
    let sheets = tree.all("worksheets").inspect(|sheets| lists += usize::from(!list(sheets)));
    let sheets: Vec<&Tree> = sheets.flat_map(Tree::values).collect();
    if lists > 0 {
        return None;
    }
    for cells in tree.all("cells").chain(sheets.into_iter().flat_map(|sheet| sheet.all("cells"))) {
        if !list(cells) {
            return None;
        }
        lists += 1;
        all.extend(cells.values());
    }
    (lists > 0 || tree.get("worksheets").is_some()).then_some(all)
}

/// What a cell holds: `source` in format 4, `input` in 2 and 3, `code` in 1.
fn source(cell: &Tree) -> Option<String> {
    let value = ["source", "input", "code"].iter().find_map(|key| cell.get(key))?;
    match value {
        Tree::String(text) => Some(text.clone()),
        Tree::Array(lines) if lines.iter().all(|line| line.text().is_some()) => Some(joined(value)),
        _ => None,
    }
}

/// Languages that are not read: that of the whole notebook, and those of single cells.
fn languages(tree: &Tree, all: &Cells, view: &View<'_>, scope: &mut Scope<'_>) {
    let metadata = tree.get("metadata");
    let kernel = metadata.and_then(|metadata| metadata.get("kernelspec")).and_then(|kernel| kernel.get("language"));
    let stated = metadata.and_then(|metadata| metadata.get("language_info")).and_then(|info| info.get("name"));
    for language in [kernel, stated].into_iter().flatten().filter_map(Tree::text).take(1) {
        if !language.to_ascii_lowercase().contains("python") && !language.is_empty() {
            let shown: String = language.chars().take(40).collect();
            scope.add(gap(&format!("its cells are written in {shown:?}, which is read as if it were Python"), view));
        }
    }
    let foreign: BTreeSet<&str> = all.foreign.iter().map(String::as_str).collect();
    for magic in foreign {
        scope.add(gap(&format!("a cell begins with %%{magic}, and what that does is not known"), view));
    }
}

/// Commands that nobody honest runs, and scripts that reach from the browser into the kernel.
fn commands(all: &Cells, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut lookups = LOOKUPS;
    for command in &all.commands {
        let whole = put_in(&command.text, &all.code, &mut lookups);
        if let Some(why) = shell::hostile(&whole) {
            let shown: String = whole.chars().take(120).collect();
            let known = why.contains("fetches") && installer::origin(&whole) == Origin::Known;
            let evidence = Evidence::new(&COMMAND, format!("{shown:?}: {why}"));
            let evidence = if known { evidence.rated(Severity::Low) } else { evidence };
            raise(evidence, &command.line, text, view, scope);
        } else if let Some(address) = packages::in_the_clear(&whole) {
            let message = format!("it installs packages from {address:?}, which anybody on the way may replace");
            raise(Evidence::new(&COMMAND, message), &command.line, text, view, scope);
        }
    }
    let code = all.code.to_ascii_lowercase();
    let handed = code
        .match_indices("kernel.execute")
        .find_map(|(at, _)| hostile_script(&code[at..code.floor_char_boundary(at.saturating_add(400))]));
    if let Some(why) = handed {
        let line = all.code.lines().find(|line| line.contains("kernel.execute")).unwrap_or_default();
        let evidence = Evidence::new(&COMMAND, format!("the code hands the browser a script, and {why}"));
        raise(evidence, line, text, view, scope);
    }
    for script in &all.scripts {
        let line = script.lines().find(|line| line.contains("kernel")).unwrap_or_default();
        if runs_kernel(script) {
            let evidence = Evidence::new(&COMMAND, "a script of the browser has the kernel run code");
            raise(evidence, line, text, view, scope);
        } else if let Some(why) = hostile_script(&script.to_ascii_lowercase()) {
            let evidence = Evidence::new(&COMMAND, format!("a script of the browser runs, and {why}"));
            raise(evidence, script.lines().next().unwrap_or_default(), text, view, scope);
        }
    }
}

/// A command with the texts in it that the code gives a name to: `!{name}`, `!$name`.
fn put_in(command: &str, code: &str, lookups: &mut usize) -> String {
    let mut whole = String::new();
    let mut rest = command;
    while let Some(at) = rest.find(['{', '$']).filter(|_| *lookups > 0) {
        let (before, behind) = rest.split_at(at);
        whole.push_str(before);
        let opened = behind.trim_start_matches(['{', '$']);
        let end = opened.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(opened.len());
        let (name, after) = opened.split_at(end);
        *lookups = lookups.saturating_sub(1);
        match assigned(name, code) {
            Some(text) if whole.len() < PUT_IN => {
                whole.push_str(text);
                rest = after.trim_start_matches('}');
            }
            _ => {
                whole.push_str(&behind[..behind.len() - opened.len()]);
                rest = opened;
            }
        }
    }
    whole + rest
}

/// The text that the code gives that name: `name = '…'`.
fn assigned<'c>(name: &str, code: &'c str) -> Option<&'c str> {
    if name.is_empty() {
        return None;
    }
    code.lines().find_map(|line| {
        let value = line.trim_start().strip_prefix(name)?.trim_start().strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['f', 'r']);
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split_once(quote).map(|(text, _)| text)
    })
}

/// What a script of the browser does that no chart needs. `script` is in small letters.
fn hostile_script(script: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| script.contains(word));
    let kernel = has(&["kernel.execute", "requestexecute", "execute_request"]);
    if kernel
        && has(&["os.system", "subprocess", "__import__", "import os", "exec(", "eval(", "socket", "urlopen", "popen"])
    {
        return Some("it has the kernel start programs");
    }
    if has(&["document.cookie"]) && has(&["fetch(", "xmlhttprequest", "new image", "sendbeacon", "location=", ".src"]) {
        return Some("it sends the browser's cookies away");
    }
    has(&["eval(atob(", "function(atob("]).then_some("it runs what it decodes")
}

/// True if a script hands code to the kernel.
fn runs_kernel(script: &str) -> bool {
    ["kernel.execute", "requestExecute", "execute_request"].iter().any(|call| script.contains(call))
}

/// A text, or a list of its lines.
fn joined(value: &Tree) -> String {
    value.text().map_or_else(|| value.values().iter().filter_map(Tree::text).collect(), str::to_owned)
}

/// Writes evidence down at the line of the file that holds a line of a cell.
fn raise(evidence: Evidence, line: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if !scope.lists(evidence.rule, evidence.severity()) {
        return scope.add(evidence);
    }
    let escaped = serde_json::to_string(line.trim_end()).unwrap_or_default();
    let escaped = escaped.trim_matches('"');
    match text.find(escaped).filter(|_| !escaped.is_empty()) {
        Some(at) => lines::raise(evidence, text, at..at + escaped.len(), view, scope),
        None => scope.add(evidence.at(view.place(0..0))),
    }
}

/// Scripts in what a cell once printed. Charts have them; nothing else needs them.
fn active(output: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    // Before format 4 the kinds stand in the output itself, by short names.
    let data = output.get("data").unwrap_or(output);
    let mut said = BTreeSet::new();
    for (kind, value) in data.members() {
        let content = joined(value).to_ascii_lowercase();
        let script = match kind.as_str() {
            "application/javascript" | "javascript" => !content.trim().is_empty(),
            "text/html" | "image/svg+xml" | "html" | "svg" => {
                ["<script", "javascript:", " onerror=", " onload="].iter().any(|mark| content.contains(mark))
            }
            _ => false,
        };
        if let Some(why) = hostile_script(&content).filter(|_| script) {
            let evidence = Evidence::new(&COMMAND, format!("an output of type {kind} holds a script, and {why}"));
            raise(evidence, kind, text, view, scope);
        } else if script && said.insert(kind) {
            let evidence = Evidence::new(&ACTIVE_OUTPUT, format!("an output of type {kind} holds a script"));
            raise(evidence, kind, text, view, scope);
        }
    }
}
