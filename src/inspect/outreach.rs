//! What the programs and configurations of a tree reach out to: addresses and imported modules, as inventory.
//!
//! Read line by line in files whose names say that they are source or configuration; prose is passed over, because it
//! only mentions. Not followed: names put together at run time, and addresses in variables of the environment that are
//! set elsewhere.

use std::collections::BTreeSet;

use memchr::memmem;

use super::Scope;
use crate::model::{Endpoint, Import};
use crate::weigh::View;

/// Addresses and imports of one file that are listed. The file in which transformers imports all of its models has some
/// two thousand.
const LISTED: usize = 8192;
/// Bytes in front of an address in which the setting is looked for that it is given to.
const BEFORE: usize = 256;
/// Bytes of the longest address that is read.
const AUTHORITY: usize = 512;

/// Endings of names of programs and configurations.
const ENDINGS: &[&str] = &[
    "bash",
    "cfg",
    "cjs",
    "conf",
    "cs",
    "env",
    "go",
    "ini",
    "ipynb",
    "java",
    "js",
    "json",
    "jsonc",
    "jsx",
    "kt",
    "mjs",
    "php",
    "properties",
    "py",
    "rb",
    "rs",
    "service",
    "sh",
    "tf",
    "toml",
    "ts",
    "tsx",
    "yaml",
    "yml",
];

/// Words before an address that set it as that of a service.
const SETTINGS: &[&str] =
    &["base_url", "base-url", "baseurl", "api_base", "apibase", "api_url", "api-url", "apiurl", "endpoint", "_host"];

/// Lists what a file reaches out to whose name says that it is source or configuration. `name` is in small letters.
pub fn list(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let program = Language::of(name);
    let (mut hosts, mut modules) = (BTreeSet::new(), BTreeSet::new());
    for (number, line) in addressed(text).filter(|(_, line)| !is_comment(line)) {
        for endpoint in endpoints(line, number) {
            if hosts.insert((endpoint.scheme.clone(), endpoint.host.clone(), endpoint.set)) && hosts.len() <= LISTED {
                scope.contents().endpoints.push(endpoint);
            }
        }
    }
    // Lists of addresses are data, however many there are.
    let code = program != Language::Other;
    for (number, line) in (1u64..).zip(text.lines()).take_while(|_| code).filter(|(_, line)| !is_comment(line)) {
        for module in program.imports(line) {
            if modules.insert(module.clone()) && modules.len() <= LISTED {
                scope.contents().imports.push(Import { module, line: number });
            }
        }
    }
    if code && hosts.len().max(modules.len()) > LISTED {
        scope.limit("addresses-and-imports", LISTED as u64, view);
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['#', '*']) || line.starts_with("//")
}

/// Lines that name an address, with their numbers from 1. Most do not, so the others are not taken apart.
fn addressed(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let (mut number, mut from) = (1u64, 0);
    std::iter::from_fn(move || {
        let at = from + memmem::find(text.get(from..)?.as_bytes(), b"://")?;
        let begin = memchr::memrchr(b'\n', &text.as_bytes()[from..at]).map_or(from, |newline| from + newline + 1);
        number += memchr::memchr_iter(b'\n', &text.as_bytes()[from..begin]).count() as u64;
        from = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline);
        Some((number, text[begin..from].trim_end_matches('\r')))
    })
}

/// True for the name, in small letters, of source or configuration.
pub fn speaks(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.contains(&ending)
        || name.starts_with(".env")
        || ["dockerfile", "containerfile", "modelfile", "makefile"].iter().any(|stem| name.starts_with(stem))
}

/// Addresses of one line, however long it is.
fn endpoints(line: &str, number: u64) -> Vec<Endpoint> {
    let mut found = Vec::new();
    for at in memmem::find_iter(line.as_bytes(), "://") {
        let from = line.floor_char_boundary(at.saturating_sub(BEFORE));
        let to = line.floor_char_boundary(at.saturating_add(3 + AUTHORITY));
        let (before, after) = (line.get(from..at).unwrap_or_default(), line.get(at + 3..to).unwrap_or_default());
        let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '+').map_or(0, |at| at + 1);
        let scheme = before.get(start..).unwrap_or_default().to_ascii_lowercase();
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && !"-._{}$:@[]%".contains(c)).unwrap_or(after.len());
        let authority = after.get(..end).unwrap_or_default();
        let host = host(authority.rsplit('@').next().unwrap_or_default());
        if ["http", "https", "ws", "wss", "grpc", "grpcs"].contains(&scheme.as_str()) && !host.is_empty() {
            let lower = before.to_ascii_lowercase();
            let set = SETTINGS.iter().any(|word| lower.contains(word));
            found.push(Endpoint { scheme, host, set, line: number });
        }
    }
    found
}

/// The host of what stands between `//` and the path.
fn host(authority: &str) -> String {
    if let Some(address) = authority.strip_prefix('[') {
        return address.split(']').next().unwrap_or_default().to_ascii_lowercase();
    }
    // A colon inside braces belongs to a template, the last one before digits to a port.
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit() || "${}".contains(c)) => host,
        _ => authority,
    };
    host.trim_end_matches(['.', ':', ']', '[']).to_ascii_lowercase()
}

/// How imports are written.
#[derive(PartialEq, Eq)]
enum Language {
    Python,
    Notebook,
    JavaScript,
    Other,
}

impl Language {
    fn of(name: &str) -> Self {
        match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "py" => Self::Python,
            "ipynb" => Self::Notebook,
            "js" | "mjs" | "cjs" | "ts" | "jsx" | "tsx" => Self::JavaScript,
            _ => Self::Other,
        }
    }

    fn imports(&self, line: &str) -> Vec<String> {
        match self {
            Self::Python => python(line.trim()),
            // One line of a cell is one text of a list.
            Self::Notebook => python(line.trim().trim_start_matches('"').trim_end_matches(',').trim_end_matches('"')),
            Self::JavaScript => javascript(line),
            Self::Other => Vec::new(),
        }
    }
}

fn python(line: &str) -> Vec<String> {
    let line = line.split("\\n").next().unwrap_or_default();
    let word = |text: &str| -> String {
        text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '.').collect()
    };
    if let Some(rest) = line.strip_prefix("from ") {
        let (module, names) = rest.split_once(" import ").unwrap_or(("", ""));
        let module = word(module);
        // `from google import genai` imports the module google.genai.
        let inside = names.trim().trim_start_matches('(').split(',').map(|name| format!("{module}.{}", word(name)));
        let inside: Vec<String> = inside.collect();
        return std::iter::once(module.clone())
            .chain(inside)
            .filter(|name| !name.trim_matches('.').is_empty())
            .collect();
    }
    line.strip_prefix("import ")
        .map_or_else(Vec::new, |rest| rest.split(',').map(word).filter(|module| !module.is_empty()).collect())
}

/// `from "x"`, `require("x")`, `import("x")`, `import "x"`.
fn javascript(line: &str) -> Vec<String> {
    let openings = ["from ", "require(", "import(", "import "];
    let quoted = openings.iter().flat_map(|opening| line.match_indices(opening).map(|(at, _)| at + opening.len()));
    quoted
        .filter_map(|at| {
            let rest = line.get(at..)?.trim_start();
            let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let module = rest.get(1..)?.split(quote).next()?;
            (!module.is_empty() && !module.starts_with('.')).then(|| module.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(line: &str) -> Vec<(String, bool)> {
        endpoints(line, 1).into_iter().map(|endpoint| (endpoint.host, endpoint.set)).collect()
    }

    #[test]
    fn addresses_are_read_with_their_setting() {
        assert_eq!(hosts("base_url = \"https://API.deepseek.com:443/v1\""), [("api.deepseek.com".to_owned(), true)]);
        assert_eq!(hosts("x = 'http://user:pw@[::1]:8000/'"), [("::1".to_owned(), false)]);
        assert_eq!(
            hosts("endpoint: https://bedrock-runtime.${AWS_REGION}.amazonaws.com"),
            [("bedrock-runtime.${aws_region}.amazonaws.com".to_owned(), true)]
        );
        assert_eq!(hosts("see file:///etc/passwd and ://"), []);
        assert_eq!(hosts("a https://one.example b http://two.example.").len(), 2);
    }

    #[test]
    fn lines_are_numbered_as_they_stand() {
        let text = "a://b c://d\n\n  x://y\r\nno\nz://\n";
        assert_eq!(addressed(text).collect::<Vec<_>>(), [(1, "a://b c://d"), (3, "  x://y"), (5, "z://")]);
        assert_eq!(addressed("\n://").collect::<Vec<_>>(), [(2, "://")]);
        assert_eq!(addressed("").count() + addressed("no\naddress").count(), 0);
    }

    #[test]
    fn imports_are_read_in_both_languages() {
        assert_eq!(python("import openai, os as o"), ["openai", "os"]);
        assert_eq!(python("from google import genai"), ["google", "google.genai"]);
        assert_eq!(Language::Notebook.imports("    \"from openai import OpenAI\\n\","), ["openai", "openai.OpenAI"]);
        assert_eq!(javascript("import OpenAI from 'openai';"), ["openai"]);
        assert_eq!(javascript("const a = require(\"@anthropic-ai/sdk\")"), ["@anthropic-ai/sdk"]);
        assert_eq!(javascript("import x from './openai'"), Vec::<String>::new());
    }
}
