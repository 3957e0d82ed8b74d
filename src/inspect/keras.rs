//! What a Keras model asks to be imported and called when it is loaded, read from its configuration.
//!
//! A configuration is JSON: objects with `class_name`, `module` and `config`, in `config.json` of a `.keras` archive and
//! in an attribute of an HDF5 file. It is told by those names, wherever the JSON stands. Keras imported whatever `module`
//! said (CVE-2025-1550), reached its own helpers (CVE-2025-8747, CVE-2025-9906), and ran Lambda layers of HDF5 files
//! even in safe mode (CVE-2024-3660, CVE-2025-9905). A TFSMLayer loads a graph of TensorFlow from any folder
//! (CVE-2026-1462). Not looked at: the byte code of a Lambda layer.

mod layers;
mod names;
mod objects;

use super::Scope;
use super::json::Tree;
use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

use names::Danger;

pub use layers::{compare, dense_units, promises};

/// Code in the configuration.
pub static KERAS_LAMBDA: Rule = Rule {
    id: "keras-lambda",
    summary: "the Keras configuration holds Python code that runs when the model is loaded or called",
    severity: Severity::Critical,
    class: Class::Defect,
    page: include_str!("../rules/keras-lambda.md"),
    frameworks: &["CWE-94", "CWE-502", "AML.T0011.000", "AML.T0018.002"],
};

/// A module that is not Keras.
pub static KERAS_FOREIGN_OBJECT: Rule = Rule {
    id: "keras-foreign-object",
    summary: "the Keras configuration names an object that is not one of Keras's building blocks",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/keras-foreign-object.md"),
    frameworks: &["CWE-502", "CWE-94", "AML.T0011.000"],
};

/// A file or address in the configuration.
pub static KERAS_EXTERNAL_FILE: Rule = Rule {
    id: "keras-external-file",
    summary: "the Keras configuration names a file or address that is read when the model is loaded",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/keras-external-file.md"),
    frameworks: &["CWE-73", "CWE-918", "AML.T0011.000"],
};

/// Not what the loader reads.
pub static KERAS_MALFORMED: Rule = Rule {
    id: "keras-malformed",
    summary: "a file of Keras lacks, or does not hold in the form that its loader reads, what the model is built from",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/keras-malformed.md"),
    frameworks: &["CWE-20", "CWE-436", "AML.T0076"],
};

/// Looks at a JSON text, if it is a configuration of a Keras model. True if it is.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) -> bool {
    let named = tree.get("class_name").and_then(Tree::text).is_some();
    if !named || tree.get("config").is_none() {
        return false;
    }
    if view.depth() == 0 {
        scope.recognise(Format::named("keras-config"));
    }
    let mut queue = vec![tree];
    while let Some(value) = queue.pop() {
        object(value, view, scope);
        queue.extend(value.values());
        queue.extend(value.members().iter().map(|(_, value)| value));
    }
    true
}

/// Holds a member of an archive of Keras that its loader reads as JSON to that. What is wrong, if anything.
pub fn required(name: &str, tree: Option<&Tree>) -> Option<&'static str> {
    let is_object = |tree: &Tree| matches!(tree, Tree::Object(_));
    match (name, tree) {
        ("config.json" | "metadata.json", None) => Some("is not JSON"),
        ("config.json" | "metadata.json", Some(tree)) if !is_object(tree) => Some("is not an object of JSON"),
        ("metadata.json", Some(tree)) if tree.get("keras_version").and_then(Tree::text).is_none() => {
            Some("does not say which version of Keras wrote it")
        }
        ("config.json", Some(tree)) => model(tree),
        _ => None,
    }
}

/// What keeps an object from being the configuration of a model, if anything does.
pub fn model(tree: &Tree) -> Option<&'static str> {
    let Some(class) = tree.get("class_name").and_then(Tree::text) else {
        return Some("names no class, so it is the configuration of no model");
    };
    let listed = matches!(class, "Sequential" | "Functional" | "Model");
    let layers = |layers: &[Tree]| layers.iter().find_map(layers::fault);
    match tree.get("config") {
        None => Some("has no \"config\""),
        // Old versions wrote the list of layers itself.
        Some(Tree::Array(list)) if class == "Sequential" => layers(list),
        Some(config @ Tree::Object(_)) if listed => match config.get("layers") {
            Some(Tree::Array(list)) => layers(list),
            // Other classes that a user calls Model have no layers.
            None if class == "Model" => None,
            _ => Some("has no list of layers"),
        },
        Some(_) if listed => Some("has a \"config\" that is no object"),
        Some(_) => None,
    }
}

/// Looks at an architecture in YAML, as old versions wrote it, line by line.
pub fn of_yaml(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let classes = |text: &str| {
        let line = text.trim_start().trim_start_matches("- ").strip_prefix("class_name:")?;
        Some(line.trim().trim_matches(['"', '\'']).to_owned())
    };
    let mut at = 0;
    let mut lambda = None;
    let mut model = false;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.trim_end().len();
        at += line.len();
        match classes(line).as_deref() {
            Some("Lambda") => lambda = lambda.or(Some(range)),
            Some("Sequential" | "Functional" | "Model") => model = true,
            _ => {}
        }
    }
    if let Some(range) = lambda.filter(|_| model) {
        let message = "the configuration holds a \"Lambda\" object, which is Python code";
        scope.raise(&KERAS_LAMBDA, view, range.start as u64..range.end as u64, message);
    }
}

fn object(value: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some(what) = objects::fault(value) {
        scope.raise(&KERAS_MALFORMED, view, 0..0, format!("the configuration {what}"));
    }
    for class in value.all("class_name").filter_map(Tree::text) {
        let code = match class {
            "Lambda" | "__lambda__" => Some(format!("a {class:?} object, which is Python code")),
            "TorchModuleWrapper" => Some("a TorchModuleWrapper, which is a pickle".to_owned()),
            _ => None,
        };
        if let Some(code) = code {
            scope.raise(&KERAS_LAMBDA, view, 0..0, format!("the configuration holds {code}"));
        }
        for module in value.all("module").filter_map(Tree::text) {
            called(class, Some(module), value, view, scope);
        }
        if value.all("module").all(|module| module.text().is_none()) {
            called(class, None, value, view, scope);
        }
        for config in value.all("config") {
            layer(class, config, view, scope);
        }
    }
}

/// Layers that take what they do from outside of the configuration.
fn layer(class: &str, config: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    match class {
        "StringLookup" | "IntegerLookup" | "TextVectorization" | "IndexLookup" => {
            for file in config.all("vocabulary").filter_map(Tree::text) {
                let message = format!("the vocabulary of {class} is read from {file:?}");
                scope.raise(&KERAS_EXTERNAL_FILE, view, 0..0, message);
            }
        }
        "TFSMLayer" => {
            for folder in config.all("filepath").filter_map(Tree::text) {
                let message =
                    format!("TFSMLayer loads a graph of TensorFlow from {folder:?} and runs it with the model");
                scope.raise(&KERAS_EXTERNAL_FILE, view, 0..0, message);
            }
        }
        "KerasLayer" => {
            for handle in config.all("handle").filter_map(Tree::text) {
                let message =
                    format!("KerasLayer loads a graph of TensorFlow from {handle:?} and runs it with the model");
                scope.raise(&KERAS_EXTERNAL_FILE, view, 0..0, message);
            }
        }
        "TFOpLambda" | "ClassMethod" | "SlicingOpLambda" | "InstanceMethod" | "InstanceProperty" => {
            for function in config.all("function").filter_map(Tree::text).filter(|name| names::reaches_out(name)) {
                let message = format!("{class} calls {function:?} of TensorFlow, which reaches files or runs code");
                let evidence = Evidence::new(&KERAS_FOREIGN_OBJECT, message).with("name", function);
                scope.add(evidence.at(view.place(0..0)));
            }
        }
        _ => {}
    }
}

/// What loading imports and calls. Plain functions are named in their configuration, specifications of tensors beside
/// it.
fn called(class: &str, module: Option<&str>, value: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let function = class == "function";
    let registered = value.get("registered_name").and_then(Tree::text) == Some(class);
    let own: Vec<_> = match class {
        "function" => value.all("config").filter_map(Tree::text).collect(),
        "__typespec__" => value.all("spec_name").filter_map(Tree::text).collect(),
        _ => Vec::new(),
    };
    let named = if own.is_empty() { vec![class] } else { own };
    for name in named {
        let danger = match module {
            Some(module) => names::danger(module, name, function, registered),
            None if function && names::is_dangerous(name) => Danger::Critical,
            None => Danger::None,
        };
        let severity = match danger {
            Danger::None => continue,
            Danger::Script => Severity::Low,
            Danger::Foreign => Severity::High,
            Danger::Critical => Severity::Critical,
        };
        let module = module.unwrap_or("builtins");
        let message = format!("loading imports {module:?} and calls {name:?}");
        let evidence = Evidence::new(&KERAS_FOREIGN_OBJECT, message).with("module", module).with("name", name);
        let evidence = if danger == Danger::Foreign { evidence } else { evidence.rated(severity) };
        scope.add(evidence.at(view.place(0..0)));
    }
}
