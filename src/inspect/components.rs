//! Which classes a model is put together from: `modules.json`, `model_index.json`, `adapter_config.json`.
//!
//! Sources: the loaders of sentence-transformers (`type` is a dotted path that is imported), diffusers (each component
//! is `[library, class]`, a library that is no known one is a file of the repository) and PEFT (`parent_library` is
//! imported). Not looked at: whether the class exists.

use super::json::Tree;
use super::{Scope, lines, words};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// A class of nobody's library.
pub static FOREIGN_COMPONENT: Rule = Rule {
    id: "foreign-component",
    summary: "the model is put together from a class outside of the known model libraries",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/foreign-component.md"),
    frameworks: &["CWE-829", "CWE-94", "AML.T0010.001", "AML.T0011.000"],
};

/// Libraries whose classes models are made from.
static LIBRARIES: [&str; 20] = [
    "accelerate",
    "sentence_transformers",
    "transformers",
    "diffusers",
    "torch",
    "onnxruntime",
    "optimum",
    "flax",
    "peft",
    "timm",
    "open_clip",
    "k_diffusion",
    "pylate",
    "model2vec",
    "tokenizers",
    "torchvision",
    "torchaudio",
    "jax",
    "setfit",
    "gliner",
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
pub fn inspect(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    sentence_transformers(tree, text, view, scope);
    diffusers(tree, text, view, scope);
    let mapping = tree.get("auto_mapping");
    if let Some(library) = mapping.and_then(|mapping| mapping.get("parent_library")).and_then(Tree::text) {
        // An adapter of a model with code of its own names the place where that code is kept.
        if !library.starts_with("transformers_modules.") {
            judge(library, &format!("the adapter's base model is a class of {library:?}"), library, text, view, scope);
        }
    }
}

/// `[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]`
fn sentence_transformers(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let is_module = |module: &&Tree| module.get("idx").is_some() && module.get("path").is_some();
    for module in tree.values().iter().filter(is_module) {
        let Some(class) = module.get("type").and_then(Tree::text) else { continue };
        // Functions of known libraries load and fetch things; only classes make models.
        let name = class.rsplit('.').next().unwrap_or_default();
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            judge(class, &format!("a module is {class:?}"), class, text, view, scope);
        } else {
            raise(&format!("a module is {class:?}, which is not spelt like a class"), class, None, text, view, scope);
        }
    }
}

/// The files from which diffusers builds a pipeline. Configurations of single components have `_class_name`, too, and
/// lists of two texts that name blocks.
const PIPELINES: [&str; 2] = ["model_index.json", "modular_model_index.json"];

/// Components beside `_class_name` and `_diffusers_version`.
fn diffusers(tree: &Tree, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if !PIPELINES.contains(&words::name(view, scope).as_str()) {
        return;
    }
    let Some(pipeline) = tree.get("_class_name").map(Tree::values) else { return };
    if let [module, class] = pipeline
        && let (Some(module), Some(class)) = (module.text(), class.text())
    {
        let message = format!("the pipeline is {class:?} of {module:?}");
        raise(&message, module, None, text, view, scope);
    }
    for (name, component) in tree.members().iter().filter(|(name, _)| !name.starts_with('_')) {
        let [library, class] = component.values() else { continue };
        let (Some(library), Some(class)) = (library.text(), class.text()) else { continue };
        let message = format!("the component {name:?} is {class:?} of {library:?}");
        // A name without dots that is no library is one of the pipelines of diffusers itself, or a file of the
        // component's folder, which diffusers asks leave for; the folder's files are looked at as code.
        let pipelines = [
            "stable_diffusion",
            "latent_diffusion",
            "paint_by_example",
            "audioldm",
            "kandinsky",
            "deepfloyd",
            "wuerstchen",
            "stable_",
            "unidiffuser",
            "versatile_diffusion",
            "dalle",
            "spectrogram",
            "semantic",
            "t2i_",
            "musicldm",
            "consistency",
            "shap_e",
            "blip_diffusion",
            "ledits_pp",
            "safe",
            "alt_diffusion",
            "hunyuan",
            "cogvideo",
            "flux",
            "pag",
            "amused",
            "marigold",
            "lumina",
            "omnigen",
            "ltx",
            "sana",
            "cosmos",
        ];
        if !pipelines.iter().any(|pipeline| library.starts_with(pipeline)) {
            judge(library, &message, library, text, view, scope);
            scope.names_code(&format!("{name}.{library}"));
        }
    }
}

fn judge(path: &str, message: &str, needle: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let top = path.split('.').next().unwrap_or(path);
    let dangerous = is_dangerous(path);
    if LIBRARIES.contains(&top) && !dangerous {
        return;
    }
    let severity = dangerous.then_some(Severity::Critical);
    raise(message, needle, severity, text, view, scope);
    scope.names_code(path.rsplit_once('.').map_or(path, |(module, _)| module));
}

fn raise(message: &str, needle: &str, rated: Option<Severity>, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let evidence = Evidence::new(&FOREIGN_COMPONENT, message);
    let evidence = match rated {
        Some(severity) => evidence.rated(severity),
        None => evidence,
    };
    lines::raise_word(evidence, text, needle, view, scope);
}
