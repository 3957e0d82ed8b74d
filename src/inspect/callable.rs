//! Names of Python callables in configurations: which are of the libraries that models are built from, and which lead
//! out of every library.

use super::components::is_dangerous;
use super::pickle::Lists;
use crate::model::Judgement;

/// How a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Of a library that such configurations are written for.
    Known,
    /// Of some other package.
    Foreign,
    /// Runs code, opens files or reaches the network.
    Dangerous,
}

/// Libraries whose classes configurations build models from.
static LIBRARIES: [&str; 50] = [
    "nemo",
    "torch",
    "torchvision",
    "torchaudio",
    "torchmetrics",
    "torchtune",
    "pytorch_lightning",
    "lightning",
    "lightning_fabric",
    "transformers",
    "omegaconf",
    "megatron",
    "sentence_transformers",
    "diffusers",
    "timm",
    "monai",
    "speechbrain",
    "espnet",
    "espnet2",
    "fairseq",
    "fairseq2",
    "audiocraft",
    "hydra",
    "hydra_plugins",
    "ldm",
    "sgm",
    "cldm",
    "taming",
    "open_clip",
    "peft",
    "accelerate",
    "datasets",
    "tokenizers",
    "keras",
    "tensorflow",
    "flax",
    "jax",
    "optax",
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "detectron2",
    "mmcv",
    "mmengine",
    "mmdet",
    "ultralytics",
    "torch_geometric",
    "numpy",
    "k_diffusion",
];

/// Parts of those libraries, and names beside them, that run code; what is below such a name counts with it.
static DANGEROUS: [&str; 15] = [
    "torch.load",
    "torch.hub",
    "torch.jit.load",
    "torch.utils.cpp_extension",
    "torch.utils.collect_env",
    "nemo.utils.get_class",
    "hydra.utils.get_method",
    "hydra.utils.get_class",
    "hydra.utils.get_object",
    "numpy.load",
    "eval",
    "exec",
    "operator",
    "functools",
    "datasets.load_dataset",
];

/// Modules of the standard library that no setting is named like, and from which code, files or the network are reached.
static OUT: [&str; 26] = [
    "os",
    "posix",
    "nt",
    "subprocess",
    "builtins",
    "__builtin__",
    "__builtins__",
    "importlib",
    "shutil",
    "pickle",
    "_pickle",
    "marshal",
    "runpy",
    "ctypes",
    "pty",
    "dill",
    "cloudpickle",
    "joblib",
    "pdb",
    "timeit",
    "cProfile",
    "profile",
    "webbrowser",
    "platform",
    "sys",
    "socket",
];

/// How a name stands that is imported and called.
pub fn judge(name: &str, lists: &Lists) -> Standing {
    let dangerous = DANGEROUS.iter().any(|known| is_under(name, known)) || is_dangerous(name);
    let (module, attribute) = name.rsplit_once('.').unwrap_or(("builtins", name));
    let known = name.split('.').next().is_some_and(|top| LIBRARIES.contains(&top));
    if dangerous || (!known && lists.judge(module, attribute).0 == Judgement::Dangerous) {
        Standing::Dangerous
    } else if known {
        Standing::Known
    } else {
        Standing::Foreign
    }
}

/// True for a name that leads out of every library, where the key says less about what stands behind it.
pub fn leads_out(name: &str, lists: &Lists) -> bool {
    let Some((module, attribute)) = name.rsplit_once('.') else {
        return matches!(name, "eval" | "exec" | "__import__" | "execfile");
    };
    let dotted = name.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_'));
    let top = module.split('.').next().unwrap_or(module);
    let out = OUT.contains(&top) && lists.judge(module, attribute).0 == Judgement::Dangerous;
    dotted && (out || DANGEROUS.iter().any(|known| known.contains('.') && name == *known))
}

/// True for a dotted name and for what is below it.
fn is_under(name: &str, known: &str) -> bool {
    name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
