//! Sources of languages that are not read: JavaScript, R, Ruby, Perl, PHP, Julia, Lua, Go, Rust, C, those of the Java
//! machine, and files by which programs are built.
//!
//! No parser: what is said is what no model's program does, told by the words that stand beside each other. A text is
//! handed to a shell that `shell` calls hostile; a text is decoded and run in one breath; what comes from the network is
//! run; a shell is tied to a connection; whoever asks a page of PHP gives the command. Not followed: names that are put
//! together, values over more than one step, modules of the repository (each is looked at as a file), and in sources of
//! more than 64 KiB what stands apart, since bundles hold everything.

mod decoded;
mod network;
mod started;

use super::{Scope, lines};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// A program that is hostile by its own words.
pub static CODE_HOSTILE: Rule = Rule {
    id: "code-hostile",
    summary: "source code runs what it fetches or decodes, or gives a shell to somebody else",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/code-hostile.md"),
    frameworks: &["CWE-506", "CWE-78", "CWE-829", "AML.T0011.000"],
};

/// What is found in a source: why it is said, and where it stands.
struct Found {
    why: String,
    at: usize,
    length: usize,
}

/// Bounds that were met: of what, and how many.
type Missed = Vec<(&'static str, usize)>;

/// The language of a source, as far as it makes a difference here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    JavaScript,
    Php,
    /// Comments begin with `#`.
    Scripted,
    /// Comments begin with `//`.
    Compiled,
    /// Each line may be a command, as in a pipeline or in the environments of `tox`.
    Commands,
}

impl Language {
    /// By the name of the file, in small letters.
    fn of(name: &str) -> Option<Self> {
        let named = match name {
            "gemfile" | "rakefile" | "podfile" | "vagrantfile" | "brewfile" | "fastfile" | "cmakelists.txt"
            | "meson.build" | ".rprofile" | "rprofile.site" | "snakefile" | "sconstruct" | "build" | "build.bazel"
            | "workspace" | ".irbrc" | ".pryrc" => Self::Scripted,
            "jenkinsfile" | "tox.ini" | "earthfile" | "setup.cfg" | "pyproject.toml" | "pixi.toml" | "mise.toml" => {
                Self::Commands
            }
            _ => match name.rsplit_once('.')?.1 {
                "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "vue" | "svelte" => Self::JavaScript,
                "php" | "phtml" | "php5" | "php7" | "pht" | "phps" => Self::Php,
                "r" | "rb" | "gemspec" | "pl" | "pm" | "jl" | "cmake" | "bzl" | "nim" | "tcl" | "ex" | "exs"
                | "smk" => Self::Scripted,
                "go" | "rs" | "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "cu" | "java" | "kt" | "kts" | "scala"
                | "sbt" | "groovy" | "gradle" | "jenkinsfile" | "swift" | "m" | "mm" | "cs" | "lua" | "zig"
                | "dart" => Self::Compiled,
                _ => return None,
            },
        };
        Some(named)
    }

    /// True for a line that is a comment.
    fn is_comment(self, line: &str) -> bool {
        let line = line.trim_start();
        let ends = |line: &str| line.contains("*/");
        match self {
            // A comment may end in the line it begins in, and code follow on it.
            Self::JavaScript | Self::Compiled => {
                line.starts_with("//") || (["/*", "* ", "-- "].iter().any(|mark| line.starts_with(mark)) && !ends(line))
            }
            Self::Php => {
                ["//", "#"].iter().any(|mark| line.starts_with(mark))
                    || (["/*", "* "].iter().any(|mark| line.starts_with(mark)) && !ends(line))
            }
            Self::Scripted | Self::Commands => line.starts_with('#') || line.starts_with("//"),
        }
    }
}

/// Looks at a source by its name, which is in small letters.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let Some(language) = Language::of(name) else { return };
    let mut missed = Vec::new();
    let mut found = started::hostile(language, text, &mut missed);
    found.extend(decoded::run(language, text, &mut missed));
    found.extend(network::run(language, text, &mut missed));
    for (what, limit) in missed {
        scope.limit(what, limit as u64, view);
    }
    for one in found {
        let evidence = Evidence::new(&CODE_HOSTILE, one.why);
        lines::raise(evidence, text, one.at..one.at.saturating_add(one.length), view, scope);
    }
}

/// The text around a place, not more than so many bytes before and behind it.
fn around(text: &str, at: usize, before: usize, behind: usize) -> (&str, &str) {
    let from = text.floor_char_boundary(at.saturating_sub(before));
    let to = text.floor_char_boundary(at.saturating_add(behind));
    (text.get(from..at).unwrap_or_default(), text.get(at..to).unwrap_or_default())
}

/// True for a letter of a name.
const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$')
}

#[cfg(test)]
mod tests;
