//! Jupyter notebooks: the code of their cells, the commands in it, and output that runs in the browser.
//!
//! Source: the notebook format 4. Not looked at: what a widget's state says, and whether an output came from its cell.

use std::collections::BTreeSet;

use super::json::Tree;
use super::{Scope, lines, python, shell};
use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

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

/// Looks at a JSON text that has the form of a notebook.
pub fn inspect(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let Some(cells) = tree.get("cells").filter(|_| tree.get("nbformat").is_some()) else { return };
    if view.depth() == 0 {
        scope.recognise(Format::named("notebook"));
    }
    let mut code = String::new();
    for cell in cells.values().iter().filter(|cell| cell.get("cell_type").and_then(Tree::text) == Some("code")) {
        let source = cell.get("source").map(joined).unwrap_or_default();
        commands(&source, &mut code, text, view, scope);
        for output in cell.get("outputs").map(Tree::values).unwrap_or_default() {
            active(output, text, view, scope);
        }
    }
    let say = |evidence: Evidence, at: usize, scope: &mut Scope<'_>| {
        let before = code.get(..at).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
        let line = code.get(before..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        raise(evidence, line, text, view, scope);
    };
    python::inspect_cells(&code, say, scope);
}

/// A text, or a list of its lines.
fn joined(value: &Tree) -> String {
    value.text().map_or_else(|| value.values().iter().filter_map(Tree::text).collect(), str::to_owned)
}

/// Writes evidence down at the line of the file that holds a line of a cell.
fn raise(evidence: Evidence, line: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if !scope.lists(evidence.rule) {
        return scope.add(evidence);
    }
    let escaped = serde_json::to_string(line.trim_end()).unwrap_or_default();
    let escaped = escaped.trim_matches('"');
    match text.find(escaped).filter(|_| !escaped.is_empty()) {
        Some(at) => lines::raise(evidence, text, at..at + escaped.len(), view, scope),
        None => scope.add(evidence.at(view.place(0..0))),
    }
}

/// Takes the commands of a cell out of it; the Python that is left goes to `code`, line by line.
fn commands(source: &str, code: &mut String, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let first = source.trim_start().lines().next().unwrap_or_default();
    let script = ["%%bash", "%%sh", "%%script", "%%system", "%%!"].iter().any(|magic| first.starts_with(magic));
    let foreign =
        ["%%html", "%%javascript", "%%js", "%%latex", "%%markdown", "%%writefile", "%%svg", "%%perl", "%%ruby"];
    if foreign.iter().any(|magic| first.starts_with(magic)) {
        return;
    }
    for line in source.lines() {
        let plain = line.trim_start();
        let assigned = plain.split_once("= !").map(|(_, command)| command);
        let magic = ["!!", "!", "%system ", "%sx ", "%sc "].iter().find_map(|magic| plain.strip_prefix(magic));
        let command = magic.or(assigned).or(script.then_some(plain));
        if let Some(command) = command {
            if let Some(why) = shell::hostile(command) {
                let shown: String = command.chars().take(120).collect();
                let evidence = Evidence::new(&COMMAND, format!("{shown:?}: {why}"));
                raise(evidence, line, text, view, scope);
            }
        } else if !plain.starts_with('%') && !plain.ends_with('?') && !plain.starts_with('?') {
            code.push_str(line);
            code.push('\n');
            continue;
        }
        // What a magic leaves behind keeps the block that it stood in.
        code.push_str(&line[..line.len() - plain.len()]);
        code.push_str("pass\n");
    }
}

/// Scripts in what a cell once printed. Charts have them; nothing else needs them.
fn active(output: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let Some(data) = output.get("data") else { return };
    let mut said = BTreeSet::new();
    for (kind, value) in data.members() {
        let content = joined(value).to_ascii_lowercase();
        let script = match kind.as_str() {
            "application/javascript" => !content.trim().is_empty(),
            "text/html" | "image/svg+xml" => {
                content.contains("<script") || content.contains("javascript:") || content.contains(" onerror=")
            }
            _ => false,
        };
        if script && said.insert(kind) {
            let evidence = Evidence::new(&ACTIVE_OUTPUT, format!("an output of type {kind} holds a script"));
            raise(evidence, kind, text, view, scope);
        }
    }
}
