//! What the JSON files of a model repository say: which shard holds a tensor, and which code is to be fetched and run.
//!
//! They are told by the names inside of them, not by the file's. Sources: the transformers documentation on custom
//! models (`auto_map`), the sharded checkpoint index.

use super::json::Tree;
use super::{Scope, chat_template, hydra, imports, keras};
use crate::model::{Class, Format, Rule, Severity};
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

/// Looks at a configuration as a whole.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    weight_map(tree, view, scope);
    auto_map(tree, view, scope);
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
