//! What the programs and configurations of a tree reach out to: addresses and imported modules, as inventory.
//!
//! Read line by line in files whose names say that they are source or configuration; prose is passed over, because it
//! only mentions. Not followed: names put together at run time, addresses in variables of the environment that are
//! set elsewhere, and files above 1 MiB.

use std::collections::BTreeSet;

use super::Scope;
use crate::model::{Endpoint, Import};
use crate::weigh::View;

/// Bytes of a file that are read.
const WHOLE: u64 = 1 << 20;
/// Addresses and imports of one file that are listed.
const LISTED: usize = 1024;
/// Bytes of a line that are looked at: a longer one is data.
const LINE: usize = 4096;

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

/// Lists what the file reaches out to, if its name says that it is source or configuration and its bytes are text.
pub fn list(view: &View<'_>, scope: &mut Scope<'_>) {
    if view.len() > WHOLE || !speaks(scope.path.name()) {
        return;
    }
    let Ok(bytes) = view.read_all("outreach-bytes", WHOLE) else { return };
    let Ok(text) = std::str::from_utf8(&bytes) else { return };
    let program = Language::of(scope.path.name());
    let (mut hosts, mut modules) = (BTreeSet::new(), BTreeSet::new());
    for (number, line) in (1u64..).zip(text.lines()) {
        // The rest of an overlong line is data; `get` keeps off the middle of a character.
        let line = line.get(..LINE.min(line.len())).unwrap_or_default();
        if line.trim_start().starts_with(['#', '*']) || line.trim_start().starts_with("//") {
            continue;
        }
        for endpoint in endpoints(line, number) {
            let listed = hosts.len() < LISTED;
            if listed && hosts.insert((endpoint.scheme.clone(), endpoint.host.clone(), endpoint.set)) {
                scope.contents().endpoints.push(endpoint);
            }
        }
        for module in program.imports(line) {
            if modules.len() < LISTED && modules.insert(module.clone()) {
                scope.contents().imports.push(Import { module, line: number });
            }
        }
    }
}

fn speaks(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let ending = lower.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.contains(&ending)
        || lower.starts_with(".env")
        || ["dockerfile", "containerfile", "modelfile", "makefile"].iter().any(|stem| lower.starts_with(stem))
}

/// Addresses of one line.
fn endpoints(line: &str, number: u64) -> Vec<Endpoint> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("://") {
        let (before, after) = (line.get(..at).unwrap_or_default(), line.get(at + 3..).unwrap_or_default());
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
enum Language {
    Python,
    Notebook,
    JavaScript,
    Other,
}

impl Language {
    fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().rsplit_once('.').map_or("", |(_, ending)| ending) {
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
    fn imports_are_read_in_both_languages() {
        assert_eq!(python("import openai, os as o"), ["openai", "os"]);
        assert_eq!(python("from google import genai"), ["google", "google.genai"]);
        assert_eq!(Language::Notebook.imports("    \"from openai import OpenAI\\n\","), ["openai", "openai.OpenAI"]);
        assert_eq!(javascript("import OpenAI from 'openai';"), ["openai"]);
        assert_eq!(javascript("const a = require(\"@anthropic-ai/sdk\")"), ["@anthropic-ai/sdk"]);
        assert_eq!(javascript("import x from './openai'"), Vec::<String>::new());
    }
}
