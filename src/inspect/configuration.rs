//! What the JSON files of a model repository say: which shard holds a tensor, and which code is to be fetched and run.
//!
//! They are told by the names inside of them, not by the file's. Sources: the transformers documentation on custom
//! models (`auto_map`), the sharded checkpoint index.

use super::json::Tree;
use super::{Scope, boosted, chat_template, hydra, imports, keras, skops};
use crate::model::{Class, Evidence, Format, Rule, Severity};
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

/// Looks at a configuration as a whole.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    weight_map(tree, view, scope);
    auto_map(tree, view, scope);
    // The parts of a composed model have configurations of their own.
    tree.members().iter().for_each(|(_, part)| auto_map(part, view, scope));
    kernel(tree, view, scope);
    for name in ["custom_pipelines", "custom_pipeline"] {
        for pipelines in tree.all(name) {
            for (task, pipeline) in pipelines.members() {
                let class = pipeline.get("impl").and_then(Tree::text);
                if let Some(class) = class {
                    raise(&format!("the pipeline {task:?} is {class:?}"), class, view, scope);
                }
            }
        }
    }
    chat_template::of_configuration(tree, view, scope);
    keras::inspect(tree, view, scope);
    imports::inspect(tree, view, scope);
    hydra::of_configuration(tree, view, scope);
    skops::inspect(tree, view, scope);
    boosted::inspect_xgboost(boosted::Value::Text(tree), view, scope);
}

/// `auto_map`: class names by role, each a text or a list of texts; `other/repository--module.Class` is elsewhere.
fn auto_map(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    for map in tree.all("auto_map") {
        for (role, classes) in map.members() {
            for class in classes.values().iter().chain([classes]).filter_map(Tree::text) {
                raise(&format!("{role} is {class:?}"), class, view, scope);
            }
        }
    }
}

/// Where an implementation of attention or of experts is chosen, a name with a slash is a repository to fetch it from.
/// transformers from 4.56.0 to before 5.3.0 did so for what a `config.json` says, `trust_remote_code` or not
/// (CVE-2026-4372).
fn kernel(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut open = vec![tree];
    while let Some(object) = open.pop() {
        for (name, value) in object.members() {
            let stem = name.strip_prefix('_').unwrap_or(name);
            let stem = stem.strip_suffix("_internal").unwrap_or(stem);
            if stem == "attn_implementation" || stem == "experts_implementation" {
                // One text, or one for each part of the model.
                let parts = value.members().iter().map(|(_, part)| part).chain([value]);
                parts.filter_map(Tree::text).for_each(|chosen| fetched(name, chosen, view, scope));
            }
            open.push(value);
        }
    }
}

fn fetched(name: &str, chosen: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if !chosen.contains('/') {
        return;
    }
    let message = format!("{name} is {chosen:?}: code of that repository is fetched and run");
    let evidence = Evidence::new(&REMOTE_KERNEL, message).with("repository", chosen);
    let known = chosen.rsplit('|').next().is_some_and(|name| name.starts_with("kernels-community/"));
    let evidence = if known { evidence.rated(Severity::Medium) } else { evidence };
    scope.add(evidence.at(view.place(0..0)));
}

fn raise(what: &str, class: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let elsewhere = class.split_once("--").map(|(repository, _)| repository);
    let message = elsewhere.map_or_else(
        || format!("the configuration asks for Python code of this repository: {what}"),
        |repository| format!("the configuration asks for Python code of another repository, {repository:?}: {what}"),
    );
    scope.raise(&REMOTE_CODE, view, 0..0, message);
}

/// `weight_map`: tensor to shard.
fn weight_map(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let Some(map) = tree.get("weight_map").filter(|_| view.depth() == 0) else { return };
    let total = tree.get("metadata").and_then(|metadata| metadata.get("total_size")).and_then(Tree::number);
    let contents = scope.contents();
    if let Some(total) = total {
        contents.metadata.insert("total_size".to_owned(), total.to_string());
    }
    let shards = map.members().iter().filter_map(|(tensor, shard)| Some((tensor.clone(), shard.text()?.to_owned())));
    contents.weight_map = Some(shards.collect());
    scope.recognise(Format::named("weight-index"));
}
