//! Files of a repository whose commands run although nobody asks for them: when the folder is opened in an editor, when
//! the package is installed, when something is merged, or at a click.
//!
//! Sources: the documentation of Visual Studio Code (tasks, settings), development containers, the Model Context Protocol
//! in editors, npm (scripts), GitHub Actions, git (hooks, config, gitmodules) and the desktops' shortcuts. Commands are
//! read by what `shell` knows of them. Not looked at: what the programs of the repository do that are started (they are
//! looked at as files), and what the tools do that are named.

mod command;
mod editor;
mod pipeline;
mod shortcut;

use super::json::{self, Tree};
use super::{Scope, lines};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// A command that nobody asked for.
pub static AUTORUN_COMMAND: Rule = Rule {
    id: "autorun-command",
    summary: "a file of the repository has a command run when the folder is opened, installed or built",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/autorun-command.md"),
    frameworks: &["CWE-829", "CWE-78", "AML.T0011.000"],
};

/// A text, and where evidence about it goes.
struct Notes<'n, 't, 'v, 'l> {
    text: &'t str,
    view: &'n View<'v>,
    scope: &'n mut Scope<'l>,
}

impl Notes<'_, '_, '_, '_> {
    /// Writes something down, at the place of a word.
    fn say(&mut self, severity: Severity, message: String, word: &str) {
        let evidence = Evidence::new(&AUTORUN_COMMAND, message).rated(severity);
        lines::raise_word(evidence, self.text, word, self.view, self.scope);
    }

    /// Judges a command. `when` says when it runs, `asked` whether somebody has to ask for it.
    fn command(&mut self, command: &str, when: &str, asked: bool) -> bool {
        let Some((severity, why)) = command::judge(command, asked) else { return false };
        let shown: String = command.chars().take(120).collect();
        let word = command.lines().next().unwrap_or_default();
        self.say(severity, format!("{when}, {shown:?} runs: {why}"), word);
        true
    }
}

/// Looks at a text whose path says that a tool takes commands from it. `name` is the last part, in small letters.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let path = view.entry().unwrap_or_else(|| scope.path.as_str()).to_ascii_lowercase().replace(['!', '\\'], "/");
    let mut notes = Notes { text, view, scope };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if matches!(ending, "json" | "jsonc" | "code-workspace" | "json5") {
        if editor::is_named(name, text)
            && let Some(tree) = tree(text)
        {
            editor::inspect(name, &path, &tree, &mut notes);
        }
    } else if matches!(ending, "yml" | "yaml") || name == "mlproject" {
        pipeline::inspect(name, &path, text, &mut notes);
    } else {
        shortcut::inspect(name, ending, &path, text, &mut notes);
    }
}

/// True for a name by which a file does something when it is opened.
pub fn is_clicked(name: &str) -> bool {
    shortcut::is_clicked(name.rsplit_once('.').map_or("", |(_, ending)| ending))
}

/// True for files that editors let have comments in their JSON.
pub fn is_commented(name: &str, path: &str) -> bool {
    let named = [
        "devcontainer.json",
        ".devcontainer.json",
        "tasks.json",
        "launch.json",
        "extensions.json",
        "settings.json",
        "keybindings.json",
        "snippets.json",
        "pyrightconfig.json",
        "babel.config.json",
        "renovate.json",
        "deno.json",
        "biome.json",
        "nx.json",
        "turbo.json",
        "typedoc.json",
        "tslint.json",
        "api-extractor.json",
    ];
    let begins = ["tsconfig", "jsconfig", ".eslintrc"].iter().any(|begin| name.starts_with(begin));
    let folder = [".vscode/", ".devcontainer/", ".zed/", ".cursor/"].iter().any(|folder| path.contains(folder));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "jsonc" | "json5" | "code-workspace" | "code-snippets")
        || (ending == "json" && (begins || folder || named.contains(&name)))
}

/// The tree of a JSON text that may have comments and commas too many.
fn tree(text: &str) -> Option<Tree> {
    json::whole(text.as_bytes()).or_else(|| json::whole(without_comments(text).as_bytes()))
}

fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = letters.next() {
        match (quoted, c, letters.peek()) {
            (true, '\\', Some(_)) => {
                plain.push(c);
                plain.extend(letters.next());
            }
            (_, '"', _) => {
                quoted = !quoted;
                plain.push(c);
            }
            (false, '/', Some('/')) => while letters.next_if(|c| *c != '\n').is_some() {},
            (false, '/', Some('*')) => {
                letters.next();
                let mut before = ' ';
                for c in letters.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
            }
            (false, ']' | '}', _) => {
                let kept = plain.trim_end();
                if kept.ends_with(',') {
                    plain.truncate(kept.len() - 1);
                }
                plain.push(c);
            }
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
