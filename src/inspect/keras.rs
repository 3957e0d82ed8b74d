//! What a Keras model asks to be imported and called when it is loaded, read from its configuration.
//!
//! A configuration is JSON: objects with `class_name`, `module` and `config`, in `config.json` of a `.keras` archive and
//! in an attribute of an HDF5 file. It is told by those names, wherever the JSON stands. Keras imported whatever `module`
//! said (CVE-2025-1550), reached its own helpers (CVE-2025-8747, CVE-2025-9906), and ran Lambda layers of HDF5 files
//! even in safe mode (CVE-2024-3660, CVE-2025-9905). Not looked at: the byte code of a Lambda layer.

use super::Scope;
use super::json::Tree;
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

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
    summary: "the configuration or the metadata of the Keras archive is not what its loader reads",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/keras-malformed.md"),
    frameworks: &["CWE-20", "CWE-436", "AML.T0076"],
};

/// Parts of Keras whose objects are plain building blocks.
static BLOCKS: &[&str] = &[
    "layers",
    "models",
    "initializers",
    "regularizers",
    "constraints",
    "optimizers",
    "losses",
    "metrics",
    "activations",
    "ops",
    "engine",
    "dtype_policies",
    "quantizers",
    "backend",
    "random",
    "saving",
    "mixed_precision",
    "applications",
];

/// Modules of the standard library from which code, files or the network are reached.
static DANGEROUS: &[&str] = &[
    "os",
    "posix",
    "nt",
    "subprocess",
    "sys",
    "builtins",
    "shutil",
    "importlib",
    "runpy",
    "pickle",
    "marshal",
    "types",
    "socket",
    "urllib",
    "http",
    "ctypes",
    "pty",
    "code",
    "codeop",
    "webbrowser",
    "tempfile",
    "pathlib",
    "io",
    "operator",
    "functools",
    "multiprocessing",
    "asyncio",
    "pip",
    "timeit",
    "pdb",
    "cProfile",
    "profile",
    "trace",
    "distutils",
];

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
        ("config.json", Some(tree)) if tree.get("class_name").and_then(Tree::text).is_none() => {
            Some("names no class, so it is the configuration of no model")
        }
        ("config.json", Some(tree)) if tree.get("config").is_none() => Some("has no \"config\""),
        _ => None,
    }
}

fn object(value: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    for class in value.all("class_name").filter_map(Tree::text) {
        match class {
            "Lambda" | "__lambda__" => {
                scope.raise(
                    &KERAS_LAMBDA,
                    view,
                    0..0,
                    format!("the configuration holds a {class:?} object, which is Python code"),
                );
            }
            "TorchModuleWrapper" => {
                scope.raise(
                    &KERAS_LAMBDA,
                    view,
                    0..0,
                    "the configuration holds a TorchModuleWrapper, which is a pickle",
                );
            }
            _ => {}
        }
        for module in value.all("module").filter_map(Tree::text) {
            foreign(class, module, value, view, scope);
        }
        if matches!(class, "StringLookup" | "IntegerLookup" | "TextVectorization" | "IndexLookup") {
            for config in value.all("config") {
                for file in config.all("vocabulary").filter_map(Tree::text) {
                    let message = format!("the vocabulary of {class} is read from {file:?}");
                    scope.raise(&KERAS_EXTERNAL_FILE, view, 0..0, message);
                }
            }
        }
    }
}

fn foreign(class: &str, module: &str, value: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let top = module.split('.').next().unwrap_or_default();
    let function = class == "function";
    // Plain functions are named in their configuration and looked up among those that the user registers.
    let registered = value.get("registered_name").and_then(Tree::text);
    if module == "builtins" && (function || registered == Some(class)) && class != "eval" && class != "exec" {
        return;
    }
    let ours = match top {
        "keras" | "tf_keras" | "tensorflow" => is_block(module) && !function,
        "keras_hub" | "keras_nlp" | "keras_cv" => true,
        _ => false,
    };
    if ours {
        return;
    }
    let message = format!("loading imports {module:?} and calls {class:?}");
    let critical = DANGEROUS.contains(&top) || matches!(top, "keras" | "tf_keras" | "tensorflow");
    let evidence =
        crate::model::Evidence::new(&KERAS_FOREIGN_OBJECT, message).with("module", module).with("name", class);
    let evidence = if critical { evidence.rated(Severity::Critical) } else { evidence };
    scope.add(evidence.at(view.place(0..0)));
}

/// True for `keras`, `keras.layers`, `keras.src.layers.core.dense`, and the same below `tensorflow.python`.
fn is_block(module: &str) -> bool {
    let mut parts =
        module.split('.').filter(|part| !matches!(*part, "keras" | "src" | "tf_keras" | "api" | "_v2" | "_tf_keras"));
    let first = parts.next();
    let first = match first {
        Some("tensorflow") => parts.find(|part| *part != "python"),
        other => other,
    };
    first.is_none_or(|part| BLOCKS.contains(&part))
}
