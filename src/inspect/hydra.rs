//! `_target_` in YAML and JSON: what a configuration of Hydra (NeMo, Lightning) would import and call.
//!
//! Read without a YAML parser, wherever the key stands: a name that is put together (an alias, an interpolation) is not
//! followed but said.
//! Source: CVE-2025-23304 and its kin.

use std::collections::BTreeSet;

use super::Scope;
use super::components::is_dangerous;
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

/// Libraries whose classes such configurations build models from.
static LIBRARIES: &[&str] = &[
    "nemo",
    "torch",
    "torchvision",
    "torchaudio",
    "torchmetrics",
    "pytorch_lightning",
    "lightning",
    "transformers",
    "omegaconf",
    "megatron",
    "sentence_transformers",
    "diffusers",
    "timm",
    "monai",
];

/// Parts of those libraries, and names beside them, that run code; what is below such a name counts with it.
static DANGEROUS: &[&str] = &[
    "torch.load",
    "torch.hub",
    "torch.jit.load",
    "torch.utils.cpp_extension",
    "torch.utils.collect_env",
    "nemo.utils.get_class",
    "eval",
    "exec",
    "operator",
    "functools",
];

/// Looks at a text. Double-quoted YAML can write any letter as an escape, so such a text is read a second time without.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    for (at, target) in targets(text) {
        judge(&target, at..at + target.len() as u64, view, scope);
    }
    if text.contains('\\') {
        let plain = unescaped(text);
        let seen: BTreeSet<String> = targets(text).into_iter().map(|(_, target)| target).collect();
        for (_, target) in targets(&plain).into_iter().filter(|(_, target)| !seen.contains(target)) {
            judge(&target, 0..0, view, scope);
        }
    }
}

/// Looks at a configuration in JSON.
pub fn of_configuration(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut queue = vec![tree];
    while let Some(value) = queue.pop() {
        for target in value.all(KEY).filter_map(Tree::text) {
            judge(target, 0..0, view, scope);
        }
        queue.extend(value.values());
        queue.extend(value.members().iter().map(|(_, value)| value));
    }
}

const KEY: &str = "_target_";

/// Bytes of a line that are looked at in front of a key and behind it, and tags and anchors that may stand there.
const NEAR: usize = 4096;

/// What is named behind each key, and where: on the same line, on the next, behind a tag or an anchor, in a block.
fn targets(text: &str) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(KEY) {
        let line = text[text.floor_char_boundary(at.saturating_sub(NEAR))..at].rsplit('\n').next().unwrap_or_default();
        let behind = text[at + KEY.len()..].trim_start_matches(['"', '\'', ' ', '\t']);
        let explicit = line.trim_start().starts_with('?').then(|| behind.trim_start());
        let value = behind.strip_prefix([':', '=']).or_else(|| explicit?.strip_prefix(':'));
        let Some(mut value) = value else { continue };
        for _ in 0..16 {
            value = value.trim_start();
            let near = &value[..value.floor_char_boundary(NEAR)];
            let next = match value.chars().next() {
                Some('!' | '&') => near.find(char::is_whitespace),
                Some('>' | '|') => near.find('\n'),
                _ => None,
            };
            let Some(next) = next else { break };
            value = &value[next..];
        }
        value = value.trim_start();
        let start = text.len() - value.len();
        let value = value.trim_start_matches(['"', '\'']);
        let line = value[..value.floor_char_boundary(NEAR)].lines().next().unwrap_or_default();
        // What is still not reached behind tags and anchors is as hidden as what is put together.
        let computed = value.starts_with(['*', '!', '&', '>', '|']) || line.contains("${");
        let end = value.find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_')).unwrap_or(value.len());
        // A key that follows where a value should stand: there is none.
        let empty = value[end..].starts_with(':') && !value[end..].starts_with("::");
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
    let dangerous = DANGEROUS.iter().any(|name| is_under(target, name)) || is_dangerous(target);
    let known = target.split('.').next().is_some_and(|top| LIBRARIES.contains(&top));
    if known && !dangerous && !computed {
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

/// True for a dotted name and for what is below it.
fn is_under(target: &str, name: &str) -> bool {
    target.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
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
