//! What names in a configuration of Keras stand for.

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
    "legacy",
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

/// Names of `builtins` that run code or reach files and objects when Keras calls them.
static BUILTINS: &[&str] = &[
    "eval",
    "exec",
    "compile",
    "open",
    "__import__",
    "getattr",
    "setattr",
    "delattr",
    "globals",
    "locals",
    "vars",
    "breakpoint",
    "input",
    "help",
    "exit",
    "quit",
];

/// Helpers of Keras that load files or code or switch safety off, in whatever module they are looked up.
static HELPERS: &[&str] = &[
    "get_file",
    "load_model",
    "save_model",
    "load_weights",
    "save_weights",
    "load_data",
    "load_img",
    "save_img",
    "deserialize_keras_object",
    "enable_unsafe_deserialization",
    "disable_safe_mode",
    "model_from_json",
    "model_from_config",
    "model_from_yaml",
    "register_keras_serializable",
    "import_module",
];

/// Names of TensorFlow, in small letters and without underscores, that read or write files or run Python or programs.
static OPERATORS: &[&str] = &[
    "readfile",
    "writefile",
    "matchingfiles",
    "pyfunction",
    "numpyfunction",
    "pyfunc",
    "pyfuncstateless",
    "eagerpyfunc",
    "loadoplibrary",
    "loadlibrary",
    "loadfilesystemlibrary",
    "gfile",
    "savedmodel",
    "getfile",
    "loadmodel",
    "restore",
    "restorev2",
    "save",
    "savev2",
    "saveslices",
    "mergev2checkpoints",
    "printv2",
    "tfrecordwriter",
    "tfrecorddataset",
    "textlinedataset",
    "fixedlengthrecorddataset",
    "wholefilereader",
    "wholefilereaderv2",
    "debugidentity",
    "importevent",
    "writesummary",
    "createsummaryfilewriter",
    "cache",
    "snapshot",
];

/// How dangerous it is to import and call something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// A building block, or looked up among those and what the user registers.
    None,
    /// An object of the script that saved the model.
    Script,
    /// An object of another package.
    Foreign,
    /// It runs code, or reaches files or the network.
    Critical,
}

/// `function` says that the name is that of a plain function; `registered` that it is a class under its own name.
pub fn danger(module: &str, name: &str, function: bool, registered: bool) -> Danger {
    let top = module.split('.').next().unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or(name);
    let path = name.rsplit_once('.').map(|(path, _)| path.split('.').next().unwrap_or_default());
    if path.is_some_and(|top| DANGEROUS.contains(&top)) {
        return Danger::Critical;
    }
    match top {
        // Plain functions are looked up among Keras's own first; old versions then took what Python has.
        "builtins" | "__main__" if BUILTINS.contains(&last) => Danger::Critical,
        "builtins" if function || registered => Danger::None,
        "__main__" => Danger::Script,
        "keras_hub" | "keras_nlp" | "keras_cv" => Danger::None,
        "tensorflow" if reaches_out(name) => Danger::Critical,
        // What shape and type a tensor has.
        "tensorflow" if name.ends_with("Spec") => Danger::None,
        "keras" | "keras_core" | "tf_keras" | "tensorflow" if is_block(module) && !HELPERS.contains(&last) => {
            Danger::None
        }
        "keras" | "keras_core" | "tf_keras" | "tensorflow" => Danger::Critical,
        _ if DANGEROUS.contains(&top) => Danger::Critical,
        _ => Danger::Foreign,
    }
}

/// True for a function without a module that no package of models registers.
pub fn is_dangerous(name: &str) -> bool {
    let top = name.split('.').next().unwrap_or_default();
    BUILTINS.contains(&name) || HELPERS.contains(&name) || (name != top && DANGEROUS.contains(&top))
}

/// True if a name of TensorFlow (`io.write_file`, `raw_ops.WriteFile`) reads or writes files or runs code.
pub fn reaches_out(name: &str) -> bool {
    name.split('.').any(|part| {
        let plain: String = part.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect();
        OPERATORS.contains(&plain.as_str())
    })
}

/// True for `keras`, `keras.layers`, `keras.src.layers.core.dense`, and the same below `tensorflow.python`.
fn is_block(module: &str) -> bool {
    let mut parts = module
        .split('.')
        .filter(|part| !matches!(*part, "keras" | "keras_core" | "src" | "tf_keras" | "api" | "_v2" | "_tf_keras"));
    let first = parts.next();
    let first = match first {
        Some("tensorflow") => parts.find(|part| *part != "python"),
        other => other,
    };
    first.is_none_or(|part| BLOCKS.contains(&part))
}
