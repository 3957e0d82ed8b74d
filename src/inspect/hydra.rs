//! `_target_` in YAML: what a configuration of Hydra (NeMo, Lightning) would import and call.
//!
//! Read line by line, without a YAML parser: anchors and names that are put together are not followed.
//! Source: CVE-2025-23304 and its kin.

use super::Scope;
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

/// Parts of those libraries, and modules beside them, that run code.
static DANGEROUS: &[&str] = &[
    "os.",
    "posix.",
    "subprocess.",
    "builtins.",
    "importlib.",
    "sys.",
    "shutil.",
    "pickle.",
    "runpy.",
    "ctypes.",
    "torch.load",
    "torch.hub.",
    "torch.jit.load",
    "torch.utils.cpp_extension",
    "torch.utils.collect_env",
    "nemo.utils.get_class",
    "socket.",
    "urllib.",
    "http.",
    "pty.",
    "code.",
    "eval",
    "exec",
    "operator.",
    "functools.",
];

/// Looks at the lines of a text.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut at = 0u64;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len() as u64;
        at = range.end;
        let Some((_, value)) = line.split_once("_target_") else { continue };
        let value = value.trim_start_matches(['"', '\'', ' ']);
        let Some(value) = value.strip_prefix(':').or_else(|| value.strip_prefix('=')) else { continue };
        let target: String = value
            .trim_start_matches([' ', '"', '\''])
            .chars()
            .take_while(|character| character.is_alphanumeric() || matches!(character, '.' | '_'))
            .collect();
        if target.is_empty() {
            continue;
        }
        let dangerous = DANGEROUS.iter().any(|name| target.starts_with(name));
        let known = target.split('.').next().is_some_and(|top| LIBRARIES.contains(&top));
        if known && !dangerous {
            continue;
        }
        let evidence = Evidence::new(&HYDRA_TARGET, format!("the configuration calls {target:?}"));
        let evidence = if dangerous { evidence.rated(Severity::Critical) } else { evidence };
        scope.add(evidence.at(view.place(range.clone())).showing(view.excerpt(range)));
    }
}
