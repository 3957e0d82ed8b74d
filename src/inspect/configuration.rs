//! What the JSON files of a model repository say: which code is to be fetched and run.
//!
//! They are told by the names inside of them, not by the file's. Source: the transformers documentation on custom
//! models (`auto_map`).

use super::archive::escapes;
use super::callable::{self, Standing};
use super::json::Tree;
use super::{
    Scope, boosted, chat_template, components, coreml, hydra, keras, lines, settings, skops, tokenizer, weight_index,
};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// Code in the repository, or in another one.
pub static REMOTE_CODE: Rule = Rule {
    id: "remote-code",
    summary: "the configuration names Python code that loading the model with trust_remote_code runs",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/remote-code.md"),
    frameworks: &["CWE-829", "CWE-94", "AML.T0010.001", "AML.T0011.000"],
};

/// A kernel out of a repository.
pub static REMOTE_KERNEL: Rule = Rule {
    id: "remote-kernel",
    summary: "the configuration names a repository whose code is fetched and run as attention kernel",
    severity: Severity::Critical,
    class: Class::Defect,
    page: include_str!("../rules/remote-kernel.md"),
    frameworks: &["CWE-829", "CWE-94", "AML.T0010.001", "AML.T0011.000"],
};

/// Code of another repository.
pub static REMOTE_CODE_ELSEWHERE: Rule = Rule {
    id: "remote-code-elsewhere",
    summary: "the configuration names Python code of another repository, which no digest here covers",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/remote-code-elsewhere.md"),
    frameworks: &["CWE-829", "CWE-494", "AML.T0010.001", "AML.T0109"],
};

/// Looks at a configuration as a whole. `text` is what it was read from.
pub fn inspect(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    weight_index::inspect(tree, view, scope);
    settings::inspect(tree, view, scope);
    tokenizer::inspect(tree, view, scope);
    boosted::inspect_catboost(tree, view, scope);
    coreml::inspect_manifest(tree, view, scope);
    auto_map(tree, text, view, scope);
    // The parts of a composed model have configurations of their own.
    tree.members().iter().for_each(|(_, part)| auto_map(part, text, view, scope));
    kernel(tree, text, view, scope);
    for name in ["custom_pipelines", "custom_pipeline"] {
        for pipelines in tree.all(name) {
            for (task, pipeline) in pipelines.members() {
                let class = pipeline.get("impl").and_then(Tree::text);
                if let Some(class) = class {
                    raise(&format!("the pipeline {task:?} is {class:?}"), class, text, view, scope);
                }
            }
        }
    }
    if let Some(code) = tree.get("custom_generate").and_then(Tree::text) {
        let what = format!("generation is {code:?}");
        let class = if code.contains('/') { format!("{code}--") } else { code.to_owned() };
        raise_at(&what, &class, code, text, view, scope);
    }
    named(tree, text, view, scope);
    operators(tree, text, view, scope);
    switched_on(tree, text, view, scope);
    components::inspect(tree, text, view, scope);
    chat_template::of_configuration(tree, view, scope);
    keras::inspect(tree, view, scope);
    hydra::of_configuration(tree, view, scope);
    skops::inspect(tree, view, scope);
    boosted::inspect_xgboost(boosted::Value::Text(tree), view, scope);
}

/// Functions by which scores are made, as sentence-transformers imports them.
static ACTIVATIONS: [&str; 5] = [
    "activation_fn",
    "activation_function",
    "default_activation_function",
    "sbert_ce_default_activation_function",
    "activation_fct",
];

/// Libraries of operators that ONNX Runtime loads by `genai_config.json`; one that comes with the model is looked at as a
/// file.
fn operators(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let parts = tree.get("model").map(Tree::members).unwrap_or_default().iter().map(|(_, part)| part);
    for options in parts.filter_map(|part| part.get("session_options")) {
        let Some(library) = options.get("custom_ops_library").and_then(Tree::text) else { continue };
        if let Some(what) = escapes(library) {
            let message = format!("ONNX Runtime loads the library {library:?}, which {what}");
            let evidence = Evidence::new(&REMOTE_CODE_ELSEWHERE, message).rated(Severity::High);
            lines::raise_word(evidence, text, library, view, scope);
        }
    }
}

/// Files and functions that other loaders take from a configuration: mlx-lm imports `model_file` (CVE-2026-5843),
/// ModelScope installs and imports `plugins`, sentence-transformers imports the function behind an activation.
fn named(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let imported = |file: &&str| [".py", ".pyc", ".so", ".pyd"].iter().any(|ending| file.ends_with(ending));
    if let Some(file) = tree.get("model_file").and_then(Tree::text).filter(imported) {
        let message = format!("mlx-lm imports {file:?} when it loads the model");
        scope.names_code(file.strip_suffix(".py").unwrap_or(file));
        lines::raise_word(Evidence::new(&REMOTE_CODE, message), text, file, view, scope);
    }
    let modelscope = tree.get("framework").is_some() && tree.get("task").is_some();
    let plugins = tree.get("plugins").map(Tree::values).unwrap_or_default();
    for plugin in plugins.iter().filter_map(Tree::text).filter(|_| modelscope || tree.get("allow_remote").is_some()) {
        let message = format!("ModelScope installs and imports the plugin {plugin:?}");
        lines::raise_word(Evidence::new(&REMOTE_CODE_ELSEWHERE, message), text, plugin, view, scope);
    }
    if tree.get("allow_remote") == Some(&Tree::Bool(true)) {
        let message = "ModelScope is told to run the code of this repository";
        let evidence = Evidence::new(&REMOTE_CODE, message).rated(Severity::Low);
        lines::raise_word(evidence, text, "allow_remote", view, scope);
    }
    let nested = tree.members().iter().map(|(_, inner)| inner);
    for settings in nested.chain([tree]) {
        for function in ACTIVATIONS.iter().filter_map(|key| settings.get(key)).filter_map(Tree::text) {
            let standing = callable::judge(printed(function).unwrap_or(function), scope.lists);
            let severity = match standing {
                Standing::Known => continue,
                // What `print` says of a class or a function is no name that can be imported.
                Standing::Foreign if printed(function).is_some() => continue,
                Standing::Foreign if !function.contains('.') => continue,
                Standing::Foreign => Severity::High,
                Standing::Dangerous => Severity::Critical,
            };
            let message = format!("the activation is {function:?}, which is imported and called");
            let evidence = Evidence::new(&components::FOREIGN_COMPONENT, message).rated(severity);
            lines::raise_word(evidence, text, function, view, scope);
        }
    }
}

/// The name in `<class 'torch.nn.modules.activation.ReLU'>`, `<function f at 0x7f0000000000>`: what Stable-Baselines3 writes
/// of the classes that a model is made with, beside the pickle that holds them.
fn printed(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let name = inner.strip_prefix("class ").or_else(|| inner.strip_prefix("function "))?;
    let name = name.split(" at 0x").next().unwrap_or(name);
    Some(name.trim_matches('\''))
}

/// `trust_remote_code: true`, in the configuration or in the arguments that it hands on.
fn switched_on(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let on = |tree: &Tree| tree.all("trust_remote_code").any(|value| *value == Tree::Bool(true));
    if on(tree) || tree.members().iter().any(|(name, inner)| name.ends_with("_args") && on(inner)) {
        let message = "the configuration itself switches trust_remote_code on, which is for the user to decide";
        let evidence = Evidence::new(&REMOTE_CODE, message).rated(Severity::Medium);
        lines::raise_word(evidence, text, "trust_remote_code", view, scope);
    }
}

/// `auto_map`: class names by role, each a text or a list of texts; `other/repository--module.Class` is elsewhere.
fn auto_map(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    for map in tree.all("auto_map") {
        for (role, classes) in map.members() {
            for class in classes.values().iter().chain([classes]).filter_map(Tree::text) {
                raise(&format!("{role} is {class:?}"), class, text, view, scope);
            }
        }
    }
}

/// Where an implementation of attention or of experts is chosen, a name with a slash is a repository to fetch it from.
/// transformers from 4.56.0 to before 5.3.0 did so for what a `config.json` says, `trust_remote_code` or not
/// (CVE-2026-4372).
fn kernel(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut open = vec![tree];
    while let Some(object) = open.pop() {
        for (name, value) in object.members() {
            let stem = name.strip_prefix('_').unwrap_or(name);
            let stem = stem.strip_suffix("_internal").unwrap_or(stem);
            if stem == "attn_implementation" || stem == "experts_implementation" {
                // One text, or one for each part of the model.
                let parts = value.members().iter().map(|(_, part)| part).chain([value]);
                parts.filter_map(Tree::text).for_each(|chosen| fetched(name, chosen, text, view, scope));
            }
            open.push(value);
        }
    }
}

fn fetched(name: &str, chosen: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if !chosen.contains('/') {
        return;
    }
    let message = format!("{name} is {chosen:?}: code of that repository is fetched and run");
    let evidence = Evidence::new(&REMOTE_KERNEL, message).with("repository", chosen);
    let known = chosen.rsplit('|').next().is_some_and(|name| name.starts_with("kernels-community/"));
    let evidence = if known { evidence.rated(Severity::Medium) } else { evidence };
    lines::raise_word(evidence, text, chosen, view, scope);
}

fn raise(what: &str, class: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    raise_at(what, class, class, text, view, scope);
}

fn raise_at(what: &str, class: &str, needle: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let evidence = match class.split_once("--") {
        Some((repository, _)) => {
            let message =
                format!("the configuration asks for Python code of another repository, {repository:?}: {what}");
            Evidence::new(&REMOTE_CODE_ELSEWHERE, message).with("repository", repository)
        }
        None => {
            scope.names_code(class.rsplit_once('.').map_or(class, |(module, _)| module));
            Evidence::new(&REMOTE_CODE, format!("the configuration asks for Python code of this repository: {what}"))
        }
    };
    lines::raise_word(evidence, text, needle, view, scope);
}
