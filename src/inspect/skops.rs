//! skops files: a zip with `schema.json`, a tree of nodes that says which objects are to be built, and how.
//!
//! skops asks its user about types outside of its lists; versions before 0.12.0 could be led past that by nodes whose
//! name and content disagree (CVE-2025-54412, CVE-2025-54413). Types are held against the lists of callables that
//! pickles are held against. Source: `skops.io`. Not looked at: whether the members hold what the schema says.

use super::Scope;
use super::archive::escapes;
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
    root(tree, view, scope);
    let mut queue = vec![tree];
    while let Some(value) = queue.pop() {
        if value.get("__class__").is_some() || value.get("__loader__").is_some() {
            node(value, view, scope);
        }
        queue.extend(value.values());
        queue.extend(value.members().iter().map(|(_, value)| value));
    }
}

/// Protocols, with room for some that are to come.
const PROTOCOLS: std::ops::Range<u64> = 0..32;

/// What the root of a schema says beside the node that it is.
fn root(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut found = Vec::new();
    if !tree.get("protocol").and_then(Tree::number).is_some_and(|protocol| PROTOCOLS.contains(&protocol)) {
        found.push("the protocol is missing, or none that skops has");
    }
    if tree.get("_skops_version").is_none_or(|version| version.text().is_none()) {
        found.push("the version of skops is missing, or no text");
    }
    let content = tree.get("content");
    let object = matches!(content, Some(Tree::Object(_) | Tree::Array(_) | Tree::Null));
    if tree.get("__loader__").and_then(Tree::text) == Some("ObjectNode") && !object {
        found.push("the object at the root has no content that is one");
    }
    for what in found {
        scope.raise(&SKOPS_MALFORMED, view, 0..0, what);
    }
}

/// In front of the names of members that the schema names, in the inventory.
const NAMED: &str = "skops-file ";

/// A member that a node reads.
fn named(file: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some(what) = escapes(file) {
        let message = format!("the member {file:?} that a node reads {what}");
        scope.add(Evidence::new(&SKOPS_MALFORMED, message).rated(Severity::High).at(view.place(0..0)));
    } else if view.depth() == 1 && (scope.contents().metadata.len() as u64) < scope.limits.entries {
        scope.contents().metadata.insert(format!("{NAMED}{file}"), String::new());
    }
}

/// Holds the members that the schema names against those that the archive has.
pub fn held<'n>(names: impl Iterator<Item = &'n str>, view: &View<'_>, scope: &mut Scope<'_>) {
    if !scope.formats().contains(&Format::named("skops")) {
        return;
    }
    let there: std::collections::BTreeSet<&str> = names.collect();
    let asked = scope.contents().metadata.keys().filter_map(|key| key.strip_prefix(NAMED)).map(str::to_owned);
    let missing: Vec<String> = asked.filter(|file| !there.contains(file.as_str())).collect();
    scope.contents().metadata.retain(|key, _| !key.starts_with(NAMED));
    if let Some(first) = missing.first() {
        let message = format!("{} members that the schema names are missing, such as {first:?}", missing.len());
        scope.raise(&SKOPS_MALFORMED, view, 0..0, message);
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

/// Keys that a node has twice, and those it must have and has not; true if it can be judged.
fn is_whole(node: &Tree, view: &View<'_>, scope: &mut Scope<'_>) -> bool {
    for name in ["__class__", "__module__", "__loader__", "content", "file", "constructor", "func"] {
        let values: Vec<_> = node.all(name).collect();
        if values.windows(2).any(|pair| pair[0] != pair[1]) {
            let message =
                format!("a node has {} different values of {name:?}: readers differ in which they take", values.len());
            scope.add(Evidence::new(&SKOPS_MALFORMED, message).rated(Severity::Critical).at(view.place(0..0)));
        } else if values.len() > 1 {
            scope.raise(&SKOPS_MALFORMED, view, 0..0, format!("a node has {name:?} twice"));
        }
    }
    for name in ["__class__", "__module__", "__loader__"] {
        if node.get(name).and_then(Tree::text).is_none() {
            scope.raise(&SKOPS_MALFORMED, view, 0..0, format!("a node has no {name:?}, or one that is no text"));
            return false;
        }
    }
    true
}

fn node(node: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    if !is_whole(node, view, scope) {
        return;
    }
    if let Some(file) = node.get("file").and_then(Tree::text) {
        named(file, view, scope);
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
