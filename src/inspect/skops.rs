//! skops files: a zip with `schema.json`, a tree of nodes that says which objects are to be built, and how.
//!
//! skops asks its user about types outside of its lists; versions before 0.12.0 could be led past that by nodes whose
//! name and content disagree (CVE-2025-54412, CVE-2025-54413). Types are held against the lists of callables that
//! pickles are held against. Source: `skops.io`. Not looked at: whether the members hold what the schema says.

use super::Scope;
use super::json::Tree;
use crate::model::{Class, Evidence, Format, Judgement, Rule, Severity};
use crate::weigh::View;

/// A type that is not plain data.
pub static SKOPS_FOREIGN_TYPE: Rule = Rule {
    id: "skops-foreign-type",
    summary: "the skops schema names a type or function that is not known to rebuild plain data",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/skops-foreign-type.md"),
    frameworks: &["CWE-502", "CWE-94", "AML.T0011.000"],
};

/// A node that says two things.
pub static SKOPS_MALFORMED: Rule = Rule {
    id: "skops-malformed",
    summary: "the skops schema is missing or broken, or a node of it contradicts itself or is of no kind that skops has",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/skops-malformed.md"),
    frameworks: &["CWE-20", "CWE-436"],
};

/// The kinds of node of `skops.io`, all versions.
static LOADERS: &[&str] = &[
    "BytearrayNode",
    "BytesNode",
    "CachedNode",
    "ConditionNode",
    "DatetimeNode",
    "DictNode",
    "DTypeNode",
    "DefaultDictNode",
    "FunctionNode",
    "JsonNode",
    "ListNode",
    "LossNode",
    "MaskedArrayNode",
    "MethodNode",
    "NdArrayNode",
    "ObjectNode",
    "OperatorFuncNode",
    "OrderedDictNode",
    "PartialNode",
    "QuantileForestNode",
    "RandomGeneratorNode",
    "RandomStateNode",
    "ReduceNode",
    "SGDNode",
    "SetNode",
    "SliceNode",
    "SparseMatrixNode",
    "TreeNode",
    "TupleNode",
    "TypeNode",
];

/// Looks at a JSON text, if it is a schema of skops.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let is_schema = tree.get("__loader__").is_some() && tree.get("__class__").is_some();
    if !is_schema {
        return;
    }
    if view.entry().is_none_or(|entry| entry == "schema.json") {
        scope.recognise(Format::named("skops"));
    }
    let mut queue = vec![tree];
    while let Some(value) = queue.pop() {
        if value.get("__class__").is_some() || value.get("__loader__").is_some() {
            node(value, view, scope);
        }
        queue.extend(value.values());
        queue.extend(value.members().iter().map(|(_, value)| value));
    }
}

/// Holds `schema.json` of a skops archive to what its loader reads. What is wrong, if anything.
pub fn required(tree: Option<&Tree>) -> Option<&'static str> {
    match tree {
        None => Some("is not JSON"),
        Some(tree) if tree.get("__loader__").is_none() || tree.get("__class__").is_none() => {
            Some("has no \"__class__\" and \"__loader__\" at its root, so it is no schema of skops")
        }
        Some(_) => None,
    }
}

fn node(node: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    for (name, kind) in ["__class__", "__module__", "__loader__"].map(|name| (name, node.all(name).count())) {
        if kind != 1 || node.get(name).and_then(Tree::text).is_none() {
            let message = format!("a node has {kind} values of {name:?}, or one that is no text");
            return scope.raise(&SKOPS_MALFORMED, view, 0..0, message);
        }
    }
    let text = |name| node.get(name).and_then(Tree::text).unwrap_or_default();
    let (class, module, loader) = (text("__class__"), text("__module__"), text("__loader__"));
    if !LOADERS.contains(&loader) {
        let message = format!("a node asks for the loader {loader:?}, which skops does not have");
        scope.add(Evidence::new(&SKOPS_MALFORMED, message).rated(Severity::High).at(view.place(0..0)));
    }
    let content = node.get("content");
    match loader {
        "OperatorFuncNode" => {
            if module != "operator" {
                let message = format!("a node for functions of `operator` names {module}.{class} (CVE-2025-54412)");
                foreign(Severity::Critical, &message, view, scope);
            } else if !matches!(class, "attrgetter" | "itemgetter") {
                foreign(Severity::High, &format!("operator.{class} is built and may be called"), view, scope);
            }
        }
        "MethodNode" => method(class, module, content, view, scope),
        // The name that counts is in the content.
        "FunctionNode" | "TypeNode" => {
            let of = |name| content.and_then(|content| content.get(name)).and_then(Tree::text);
            let path = of("module_path").or_else(|| of("__module__")).unwrap_or(module);
            let name = of("function").or_else(|| of("__class__")).unwrap_or(class);
            judged(module, class, view, scope);
            if (path, name) != (module, class) {
                judged(path, name, view, scope);
            }
        }
        "ReduceNode" => {
            judged(module, class, view, scope);
            let constructor = node.get("constructor").or_else(|| content.and_then(|it| it.get("constructor")));
            if let (Some(path), Some(name)) = (
                constructor.and_then(|it| it.get("__module__")).and_then(Tree::text),
                constructor.and_then(|it| it.get("__class__")).and_then(Tree::text),
            ) {
                judged(path, name, view, scope);
            }
        }
        _ => judged(module, class, view, scope),
    }
}

/// A bound method: an object, and the name of one of its methods.
fn method(class: &str, module: &str, content: Option<&Tree>, view: &View<'_>, scope: &mut Scope<'_>) {
    let function = content.and_then(|content| content.get("func")).and_then(Tree::text).unwrap_or_default();
    let object = content.and_then(|content| content.get("obj"));
    let of = |name| object.and_then(|object| object.get(name)).and_then(Tree::text).unwrap_or_default();
    if function.contains('.') || function.starts_with("__") || function.is_empty() {
        let message = format!("a node reaches for the attribute {function:?} of {module}.{class} (CVE-2025-54413)");
        foreign(Severity::Critical, &message, view, scope);
    }
    if (of("__class__"), of("__module__")) != (class, module) {
        let message = format!(
            "a node for a method says {module}.{class}, its object is {}.{} (CVE-2025-54413)",
            of("__module__"),
            of("__class__")
        );
        foreign(Severity::Critical, &message, view, scope);
    }
    judged(module, class, view, scope);
}

fn judged(module: &str, class: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    // skops writes a function of Cython, and `None`, under these.
    if module.is_empty() || (module == "builtins" && class != "eval" && class != "exec" && is_plain(class)) {
        return;
    }
    match scope.lists.judge(module, class) {
        (Judgement::Safe, _) => {}
        (Judgement::Dangerous, what) => {
            foreign(Severity::Critical, &format!("{module}.{class} is built: it {what}"), view, scope);
        }
        (Judgement::Unknown, _) => {
            let message = format!("{module}.{class} is built, which is not known to rebuild plain data");
            foreign(Severity::High, &message, view, scope);
        }
    }
}

fn is_plain(class: &str) -> bool {
    matches!(
        class,
        "NoneType"
            | "bool"
            | "int"
            | "float"
            | "complex"
            | "str"
            | "bytes"
            | "bytearray"
            | "list"
            | "tuple"
            | "set"
            | "frozenset"
            | "dict"
            | "slice"
            | "type"
            | "range"
            | "method"
            | "builtin_function_or_method"
            | "object"
    )
}

fn foreign(severity: Severity, message: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    scope.add(Evidence::new(&SKOPS_FOREIGN_TYPE, message).rated(severity).at(view.place(0..0)));
}
