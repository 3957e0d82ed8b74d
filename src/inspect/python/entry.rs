//! Which functions run by themselves, and in which kind of file.

use super::function::Function;
use super::source::Source;

/// What a source file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A script, a library, an example.
    Other,
    /// Run when a package is installed or its tests are.
    Setup,
    /// Loaded with a model.
    Model,
    /// The same, and given what somebody asks of the model.
    Endpoint,
}

impl Role {
    /// True for what runs with a model.
    pub const fn is_model(self) -> bool {
        matches!(self, Self::Model | Self::Endpoint)
    }
}

/// Methods that libraries call of themselves when they load, make or use a model, tokenizer, pipeline or handler.
static LOADERS: [&str; 55] = [
    "__init__",
    "__new__",
    "__post_init__",
    "__call__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getattr__",
    "__getattribute__",
    "__init_subclass__",
    "__del__",
    "__enter__",
    "post_init",
    "forward",
    "_forward",
    "from_pretrained",
    "_from_pretrained",
    "from_config",
    "from_dict",
    "_init_weights",
    "init_weights",
    "generate",
    "preprocess",
    "postprocess",
    "_preprocess",
    "_postprocess",
    "_sanitize_parameters",
    "_tokenize",
    "tokenize",
    "encode",
    "decode",
    "get_vocab",
    "load_state_dict",
    "_load_from_state_dict",
    "load",
    "load_model",
    "build",
    "call",
    "model_fn",
    "input_fn",
    "predict_fn",
    "output_fn",
    "transform_fn",
    "initialize",
    "handle",
    "inference",
    "predict",
    "execute",
    "finalize",
    "setup",
    "load_context",
    "predict_stream",
    "predict_batch",
    "apply",
    "auto_complete_config",
];

/// True for a method that libraries call of themselves.
pub fn is_called_by_libraries(name: &str) -> bool {
    LOADERS.contains(&name)
}

/// Classes of libraries that models, tokenizers, configurations and pipelines are made from.
static BASES: [&str; 20] = [
    "PreTrainedModel",
    "PretrainedConfig",
    "PreTrainedConfig",
    "PreTrainedTokenizer",
    "PreTrainedTokenizerFast",
    "PreTrainedTokenizerBase",
    "ProcessorMixin",
    "ImageProcessingMixin",
    "BaseImageProcessor",
    "FeatureExtractionMixin",
    "SequenceFeatureExtractor",
    "DiffusionPipeline",
    "ModelMixin",
    "ConfigMixin",
    "SchedulerMixin",
    "GenerationMixin",
    "PyTorchModelHubMixin",
    "SentenceTransformer",
    "TFPreTrainedModel",
    "FlaxPreTrainedModel",
];

/// Classes of servers that hand requests on: TorchServe, Cog, MLflow, LitServe.
static SERVED: [&str; 7] =
    ["EndpointHandler", "BaseHandler", "BasePredictor", "BaseRunner", "PythonModel", "ChatModel", "LitAPI"];

/// Beginnings of the names of modules that come with models.
static BEGINS: [&str; 10] = [
    "modeling_",
    "modelling_",
    "configuration_",
    "tokenization_",
    "processing_",
    "image_processing_",
    "feature_extraction_",
    "pipeline_",
    "generation_",
    "custom_",
];

/// Commands of setuptools, which are run when a package is installed or built.
static COMMANDS: [&str; 12] = [
    "install",
    "develop",
    "egg_info",
    "build",
    "build_py",
    "build_ext",
    "build_clib",
    "sdist",
    "bdist_wheel",
    "install_lib",
    "install_scripts",
    "Command",
];

/// Functions of a build backend (PEP 517, PEP 660).
static BUILDS: [&str; 7] = [
    "build_wheel",
    "build_sdist",
    "build_editable",
    "get_requires_for_build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_editable",
    "prepare_metadata_for_build_wheel",
];

/// What a file is for, by its name and by the classes in it.
pub fn role(path: &str, source: &Source) -> Role {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".py").unwrap_or(name);
    let last = |base: &str, known: &[&str]| base.rsplit('.').next().is_some_and(|last| known.contains(&last));
    let bases = |known: &[&str]| source.classes.values().flatten().any(|base| last(base, known));
    let defines =
        |name: &str| source.functions.iter().any(|function| function.class.is_none() && function.name == name);
    let triton = source.classes.contains_key("TritonPythonModel") || source.classes.contains_key("EndpointHandler");
    let scores = stem == "score" && defines("init") && defines("run");
    let torchserve = stem.ends_with("handler") && defines("handle");
    let named = matches!(stem, "handler" | "inference");
    if triton || scores || torchserve || named || source.served || bases(&SERVED) {
        return Role::Endpoint;
    }
    let begins = BEGINS.iter().any(|begin| stem.starts_with(begin));
    let loaded = matches!(stem, "pipeline" | "modeling" | "model" | "custom_generate" | "tokenizer");
    // Python runs these whenever it starts.
    let starts = name.ends_with(".pth") || matches!(stem, "sitecustomize" | "usercustomize");
    if starts || begins || loaded || path.contains("custom_generate/") || bases(&BASES) {
        Role::Model
    } else if matches!(stem, "setup" | "conftest") || BUILDS.iter().any(|name| defines(name)) {
        Role::Setup
    } else {
        Role::Other
    }
}

/// When a function runs although nothing in the file calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alone {
    /// It does not.
    Never,
    /// When the model is made, loaded or used.
    Loaded,
    /// When the file is imported, or its package installed.
    Imported,
}

/// When that function runs of itself. `stem` is the name of the file without its ending.
pub fn alone(function: &Function, stem: &str, role: Role, source: &Source) -> Alone {
    let name = function.name.as_str();
    let plain = function.class.is_none();
    if name == "__init_subclass__" || (plain && matches!(name, "__getattr__" | "__dir__")) {
        return Alone::Imported;
    }
    // A program of a space or a package is run, not imported.
    if name == "__main__" && matches!(stem, "app" | "__main__") {
        return Alone::Imported;
    }
    if role == Role::Setup {
        let bases = function.class.as_ref().and_then(|class| source.classes.get(class));
        let command = bases
            .into_iter()
            .flatten()
            .any(|base| base.rsplit('.').next().is_some_and(|last| COMMANDS.contains(&last)));
        let hook = plain && (name.starts_with("pytest_") || BUILDS.contains(&name));
        let fixture = function.decorators.iter().any(|decorator| decorator.starts_with("pytest.fixture"));
        if hook
            || (fixture && stem == "conftest")
            || (command && matches!(name, "run" | "initialize_options" | "finalize_options"))
        {
            return Alone::Imported;
        }
    }
    let scored = plain && stem == "score" && matches!(name, "init" | "run");
    let handled = plain && role == Role::Endpoint && matches!(name, "handle" | "init" | "initialize");
    let property = role.is_model() && function.decorators.iter().any(|decorator| decorator.ends_with("property"));
    if scored || handled || property || (is_called_by_libraries(name) && (!plain || name.ends_with("_fn"))) {
        Alone::Loaded
    } else {
        Alone::Never
    }
}

/// True for a method that runs with its class or with what is made of it.
pub fn runs_with_class(function: &Function, source: &Source) -> bool {
    let name = function.name.as_str();
    let special = name.starts_with("__") && name.ends_with("__") && !name.starts_with("__reduce");
    let imports = matches!(name, "find_spec" | "find_module" | "load_module" | "exec_module" | "create_module");
    let thread = || {
        let bases = function.class.as_ref().and_then(|class| source.classes.get(class));
        bases.into_iter().flatten().any(|base| matches!(base.rsplit('.').next(), Some("Thread" | "Process" | "Timer")))
    };
    let property = || function.decorators.iter().any(|decorator| decorator.ends_with("property"));
    special || imports || property() || (name == "run" && thread())
}
