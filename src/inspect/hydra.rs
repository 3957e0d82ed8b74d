//! `_target_` in YAML and JSON: what a configuration of Hydra (NeMo, Lightning) would import and call; and the keys by
//! which other builders do so: `target` (latent diffusion), `class_path` (jsonargparse), `type` (AllenNLP), `py/reduce`
//! (jsonpickle) and their kin.
//!
//! Under those others only what leads out of every library is said, because settings have the same names. Read without a
//! YAML parser, wherever the key stands: a name that is put together (an alias, an interpolation) is not followed but said.
//! Sources: CVE-2025-23304 and its kin, jsonargparse and jsonpickle's documentation.

mod bundle;

use std::collections::BTreeSet;

use super::Scope;
use super::callable::{self, Standing};
use super::json::Tree;
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// A call out of the libraries that such configurations are written for.
pub static HYDRA_TARGET: Rule = Rule {
    id: "hydra-target",
    summary: "the configuration names a Python callable outside of the known model libraries",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/hydra-target.md"),
    frameworks: &["CWE-94", "CWE-502", "AML.T0011.000"],
};

/// The key of Hydra.
const KEY: &str = "_target_";

/// Keys of other builders.
static KEYS: [&str; 20] = [
    "target",
    "class_path",
    "_component_",
    "_class_",
    "class_name",
    "callable",
    "python_callable",
    "import_path",
    "entry_point",
    "entrypoint",
    "constructor",
    "factory",
    "function",
    "func",
    "type",
    "fn",
    "py/object",
    "py/function",
    "py/type",
    "py/reduce",
];

/// Looks at a text. Double-quoted YAML can write any letter as an escape, so such a text is read a second time without.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    bundle::of_text(text, view, scope);
    let plain = text.contains('\\').then(|| unescaped(text));
    for (at, chain) in targets(text, "_type") {
        chained(&chain, at..at + chain.len() as u64, view, scope);
    }
    for key in KEYS.iter().copied().chain([KEY]) {
        let found = targets(text, key);
        let again = plain.as_ref().map(|plain| targets(plain, key)).unwrap_or_default();
        let seen: BTreeSet<String> = found.iter().map(|(_, target)| target.clone()).collect();
        for (at, target) in found {
            said(key, &target, at..at + target.len() as u64, view, scope);
        }
        for (_, target) in again.into_iter().filter(|(_, target)| !seen.contains(target)) {
            said(key, &target, 0..0, view, scope);
        }
    }
}

/// Looks at a text that is kept inside of something else.
pub fn within(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some(tree) = Tree::read(text.as_bytes(), NESTED) {
        return of_configuration(&tree, view, scope);
    }
    for key in KEYS.iter().copied().chain([KEY]) {
        targets(text, key).iter().for_each(|(_, target)| said(key, target, 0..0, view, scope));
    }
}

/// Looks at a configuration in JSON.
pub fn of_configuration(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut queue = vec![tree];
    while let Some(value) = queue.pop() {
        if let Some(text) = value.text() {
            bundle::judge(text, 0..0, view, scope);
        }
        for (key, inner) in value.members() {
            if let Some(key) = KEYS.iter().copied().chain([KEY]).find(|known| known == key) {
                // `py/reduce` holds a list that begins with the callable.
                inner.text().into_iter().for_each(|target| said(key, target, 0..0, view, scope));
            } else if key == "py/repr" {
                let message = "jsonpickle evaluates what \"py/repr\" holds";
                scope.add(Evidence::new(&HYDRA_TARGET, message).at(view.place(0..0)));
            }
        }
        if let Some(chain) = value.get("_type").and_then(Tree::text) {
            chained(chain, 0..0, view, scope);
        }
        // LangChain writes the path of a class in pieces.
        if value.get("lc").is_some() && value.get("type").and_then(Tree::text) == Some("constructor") {
            let path = value.get("id").map(Tree::values).unwrap_or_default().iter().filter_map(Tree::text);
            said("id", &path.collect::<Vec<_>>().join("."), 0..0, view, scope);
        }
        queue.extend(value.values());
        queue.extend(value.members().iter().map(|(_, value)| value));
    }
}

/// Chains of LangChain's `load_chain` that run what a model writes (CVE-2023-29374, CVE-2023-36258).
static CHAINS: [(&str, &str); 3] =
    [("llm_bash_chain", "in a shell"), ("pal_chain", "as Python"), ("llm_symbolic_math_chain", "as Python")];

fn chained(name: &str, range: std::ops::Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some((chain, how)) = CHAINS.iter().find(|(chain, _)| *chain == name) {
        let message = format!("LangChain's {chain:?} runs what the model writes {how}");
        scope.add(Evidence::new(&HYDRA_TARGET, message).at(view.place(range.clone())).showing(view.excerpt(range)));
    }
}

/// Nesting of a text inside of something else.
const NESTED: usize = 64;

/// What is to be said of a name behind a key.
fn said(key: &str, target: &str, range: std::ops::Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    if key == KEY {
        return judge(target, range, view, scope);
    }
    if !is_file(target) && !is_no_path(target) && callable::leads_out(target, scope.lists) {
        let message = format!("the configuration names {target:?} under {key:?}");
        let evidence = Evidence::new(&HYDRA_TARGET, message).rated(Severity::Critical);
        scope.add(evidence.at(view.place(range.clone())).showing(view.excerpt(range)));
    }
}

/// `os.environ/KEY`: so LiteLLM refers to a variable, and no importer of paths takes it.
fn is_no_path(target: &str) -> bool {
    target.contains('/')
}

/// `cloudpickle.pth`: the name of a file, by an ending that is no attribute of any module.
fn is_file(target: &str) -> bool {
    let endings = [
        "pth",
        "pt",
        "pkl",
        "onnx",
        "bin",
        "safetensors",
        "gguf",
        "h5",
        "keras",
        "npz",
        "npy",
        "json",
        "yaml",
        "yml",
        "zip",
        "txt",
        "tar",
        "gz",
    ];
    target.split_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// Bytes of a line that are looked at in front of a key and behind it, and tags and anchors that may stand there.
const NEAR: usize = 4096;

/// What is named behind each key, and where: on the same line, on the next, behind a tag or an anchor, in a block.
fn targets(text: &str, key: &str) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    let near = if key == KEY { NEAR } else { NEAR / 16 };
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    for at in memchr::memmem::find_iter(text.as_bytes(), key) {
        if key != KEY && (text[..at].ends_with(letter) || text[at + key.len()..].starts_with(letter)) {
            continue;
        }
        let behind = text[at + key.len()..].trim_start_matches(['"', '\'', ' ', '\t']);
        let explicit = || {
            let line = text[text.floor_char_boundary(at.saturating_sub(near))..at].rsplit('\n').next()?;
            line.trim_start().starts_with('?').then(|| behind.trim_start())?.strip_prefix(':')
        };
        let Some(mut value) = behind.strip_prefix([':', '=']).or_else(explicit) else { continue };
        for _ in 0..16 {
            value = value.trim_start();
            let beginning = &value[..value.floor_char_boundary(near)];
            let next = match value.chars().next() {
                Some('!' | '&') => beginning.find(char::is_whitespace),
                Some('>' | '|') => beginning.find('\n'),
                _ => None,
            };
            let Some(next) = next else { break };
            value = &value[next..];
        }
        value = value.trim_start();
        let start = text.len() - value.len();
        let value = value.trim_start_matches(['"', '\'']);
        let line = value[..value.floor_char_boundary(near)].lines().next().unwrap_or_default();
        // What is still not reached behind tags and anchors is as hidden as what is put together.
        let computed = value.starts_with(['*', '!', '&', '>', '|']) || line.contains("${");
        let end = value.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_')).unwrap_or(value.len());
        // A key that follows where a value should stand: there is none.
        let empty = value[end..].starts_with(':') && !value[end..].starts_with("::");
        // The whole of what is named goes on: `os.environ/KEY` is no path that can be imported.
        let path = end > 0 && value[end..].starts_with('/');
        if (computed || path) && key != KEY {
            continue;
        }
        if computed {
            let shown: String = line.trim_end().chars().take(200).collect();
            found.push((start as u64, shown));
        } else if end > 0 && !empty {
            found.push((start as u64, value[..end].to_owned()));
        }
    }
    found
}

fn judge(target: &str, range: std::ops::Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let computed = target.starts_with(['*', '!', '&', '>', '|']) || target.contains("${");
    let standing = callable::judge(target, scope.lists);
    let dangerous = standing == Standing::Dangerous;
    if standing == Standing::Known && !computed {
        return;
    }
    let message = if computed {
        format!("the configuration calls what {target:?} stands for")
    } else {
        format!("the configuration calls {target:?}")
    };
    let evidence = Evidence::new(&HYDRA_TARGET, message);
    let evidence = if dangerous { evidence.rated(Severity::Critical) } else { evidence };
    scope.add(evidence.at(view.place(range.clone())).showing(view.excerpt(range)));
}

/// The text with `\xNN`, `\uNNNN` and `\UNNNNNNNN` replaced by what they stand for.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = match rest.bytes().next() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => continue,
        };
        let code = rest.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if let Some(character) = code.and_then(char::from_u32) {
            plain.push(character);
            rest = &rest[1 + digits..];
        }
    }
    plain.push_str(rest);
    plain
}
