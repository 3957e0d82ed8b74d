//! Python objects that the configuration of a library has imported, by name, when a model is loaded.
//!
//! `modules.json` of sentence-transformers (`type`), `adapter_config.json` of PEFT (`auto_mapping`), `model_index.json`
//! of diffusers (`[library, class]`). They are told by what stands in them, not by the file's name. Libraries that these
//! loaders are made for are let through. Sources: the loaders' own code, `import_from_string`, `importlib.import_module`.

use super::Scope;
use super::configuration::REMOTE_CODE;
use super::json::Tree;
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Libraries that components of a pipeline come from.
static LIBRARIES: &[&str] = &[
    "diffusers",
    "transformers",
    "sentence_transformers",
    "peft",
    "timm",
    "onnxruntime",
    "optimum",
    "flax",
    "tokenizers",
    "torch",
    "torchvision",
    "open_clip",
    "k_diffusion",
    "accelerate",
    "pylate",
];

/// Modules by which a name leads out of every library.
static DANGEROUS: &[&str] = &[
    "os",
    "sys",
    "posix",
    "nt",
    "subprocess",
    "builtins",
    "importlib",
    "shutil",
    "socket",
    "pickle",
    "marshal",
    "runpy",
    "ctypes",
    "pty",
    "code",
    "urllib",
    "http",
    "webbrowser",
    "pip",
    "antigravity",
];

/// True if a dotted name has a part from which code, files or the network are reached.
#[must_use]
pub fn is_dangerous(name: &str) -> bool {
    name.split('.').any(|part| DANGEROUS.contains(&part) || (part.len() > 4 && part.starts_with("__")))
}

/// Looks at a configuration as a whole.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    for module in tree.values().iter().filter(|module| module.get("path").is_some() && module.get("idx").is_some()) {
        for class in module.all("type").filter_map(Tree::text) {
            raise("a module of the sentence transformer", class, view, scope);
        }
    }
    for mapping in tree.all("auto_mapping") {
        for library in mapping.all("parent_library").filter_map(Tree::text) {
            raise("the class of the adapted model", library, view, scope);
        }
    }
    if tree.get("_class_name").is_some() {
        components(tree, view, scope);
    }
}

/// A pipeline's own class, if it is brought along, and its components. A pipeline's folder inside of diffusers is named
/// without a dot; one in the repository as well, so only names that lead elsewhere are said.
fn components(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    for class in tree.all("_class_name").filter(|class| class.values().len() == 2) {
        if let Some(module) = class.values().first().and_then(Tree::text) {
            raise("the class of the pipeline", module, view, scope);
        }
    }
    for (name, value) in tree.members() {
        let [library, class] = value.values() else { continue };
        let (Some(library), Some(class)) = (library.text(), class.text()) else { continue };
        if name != "_class_name" && (is_dangerous(library) || is_dangerous(class)) {
            raise(&format!("the component {name:?}"), library, view, scope);
        }
    }
}

fn raise(what: &str, name: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let dangerous = is_dangerous(name);
    if !dangerous && name.split('.').next().is_some_and(|top| LIBRARIES.contains(&top)) {
        return;
    }
    let evidence = Evidence::new(&REMOTE_CODE, format!("loading imports {name:?}: it is {what}")).with("module", name);
    let evidence = if dangerous { evidence.rated(Severity::Critical) } else { evidence };
    scope.add(evidence.at(view.place(0..0)));
}
