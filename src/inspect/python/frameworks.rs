//! What frameworks call of themselves in code that they are given: by base class, decorator, file and name.
//!
//! Sources: the documentation of each framework. Not known: hooks that a configuration of the framework names, and
//! classes whose base stands in another file.

use super::function::Function;
use super::source::Source;

/// Classes above a class that are followed.
const ABOVE: usize = 8;

/// Classes of a framework, and which of their methods it calls.
struct Framework {
    /// Packages that the classes come from; any, if there is none.
    packages: &'static [&'static str],
    /// Names of classes to derive from.
    bases: &'static [&'static str],
    /// Methods, beside those by which any object is made.
    methods: &'static [&'static str],
}

/// Methods that run when an object is made or restored.
static MADE: [&str; 5] = ["__init__", "__new__", "__post_init__", "__setstate__", "__init_subclass__"];

static FRAMEWORKS: [Framework; 13] = [
    // Builders of data sets: `datasets`, `tensorflow_datasets`.
    Framework {
        packages: &[],
        bases: &[
            "GeneratorBasedBuilder",
            "ArrowBasedBuilder",
            "BeamBasedBuilder",
            "DatasetBuilder",
            "FolderBasedBuilder",
            "BuilderConfig",
        ],
        methods: &[
            "_info",
            "info",
            "_split_generators",
            "_generate_examples",
            "_generate_tables",
            "_generate_shards",
            "_build_pcollection",
            "_prepare_split",
            "_download_and_prepare",
            "download_and_prepare",
            "as_dataset",
            "_as_dataset",
            "create_config_id",
        ],
    },
    // `evaluate`, and metrics of `datasets` before it.
    Framework {
        packages: &["evaluate", "datasets"],
        bases: &["Metric", "Comparison", "Measurement", "EvaluationModule"],
        methods: &["_info", "_compute", "_download_and_prepare", "compute", "add", "add_batch"],
    },
    // What `generate` of transformers is given.
    Framework {
        packages: &[],
        bases: &[
            "LogitsProcessor",
            "LogitsWarper",
            "LogitsProcessorList",
            "StoppingCriteria",
            "BaseStreamer",
            "TextStreamer",
            "Constraint",
            "Cache",
            "DynamicCache",
        ],
        methods: &["__call__", "put", "end", "on_finalized_text", "advance", "update", "reset", "copy"],
    },
    Framework {
        packages: &["keras", "tensorflow", "tf_keras", "tf"],
        bases: &[
            "Layer",
            "Wrapper",
            "Model",
            "Sequential",
            "Initializer",
            "Regularizer",
            "Constraint",
            "Loss",
            "Metric",
            "Module",
            "LearningRateSchedule",
            "AbstractRNNCell",
        ],
        methods: &[
            "__call__",
            "build",
            "call",
            "from_config",
            "build_from_config",
            "get_config",
            "compute_mask",
            "compute_output_shape",
            "load_own_variables",
            "update_state",
            "result",
        ],
    },
    Framework {
        packages: &["torch"],
        bases: &["Module", "ScriptModule"],
        methods: &["forward", "__call__", "load_state_dict", "_load_from_state_dict", "set_extra_state"],
    },
    Framework { packages: &["torch"], bases: &["Function"], methods: &["forward", "backward", "setup_context"] },
    // Lightning: what runs when a checkpoint is loaded or used.
    Framework {
        packages: &["lightning", "pytorch_lightning", "lightning_fabric", "fabric"],
        bases: &["LightningModule", "LightningDataModule", "Callback", "LightningWork", "LightningFlow"],
        methods: &[
            "on_load_checkpoint",
            "on_save_checkpoint",
            "load_state_dict",
            "setup",
            "configure_model",
            "configure_sharded_model",
            "forward",
            "predict_step",
            "on_predict_start",
        ],
    },
    Framework {
        packages: &["sklearn"],
        bases: &[
            "BaseEstimator",
            "TransformerMixin",
            "ClassifierMixin",
            "RegressorMixin",
            "ClusterMixin",
            "OneToOneFeatureMixin",
        ],
        methods: &["fit", "transform", "fit_transform", "predict", "predict_proba", "decision_function", "set_params"],
    },
    // Custom prediction of Vertex AI.
    Framework {
        packages: &["google"],
        bases: &["Predictor", "PredictionHandler", "Handler", "CprModelServer", "ModelServer"],
        methods: &["load", "preprocess", "predict", "postprocess", "handle"],
    },
    // MLServer, KServe and Seldon.
    Framework {
        packages: &["mlserver", "kserve", "seldon_core"],
        bases: &["MLModel", "Model", "SeldonComponent", "CloudEvent", "MLServer"],
        methods: &["load", "unload", "predict", "predict_stream", "preprocess", "postprocess", "explain", "metadata"],
    },
    Framework {
        packages: &["spacy", "thinc"],
        bases: &["Pipe", "TrainablePipe", "Language", "Defaults", "BaseDefaults", "Lookups"],
        methods: &["__call__", "pipe", "from_bytes", "from_disk", "initialize", "predict", "set_annotations"],
    },
    // Plug-ins of vLLM and modules of sentence-transformers.
    Framework {
        packages: &["vllm", "sentence_transformers"],
        bases: &[
            "Module",
            "InputModule",
            "Router",
            "Transformer",
            "BaseReasoningParser",
            "ReasoningParser",
            "ToolParser",
        ],
        methods: &["load", "forward", "tokenize", "extract_tool_calls", "extract_reasoning_content"],
    },
    Framework {
        packages: &["haystack", "llama_index", "langchain", "langchain_core"],
        bases: &["CustomLLM", "LLM", "BaseEmbedding", "Embeddings", "BaseChatModel"],
        methods: &["complete", "stream_complete", "_call", "_generate", "embed_query", "embed_documents"],
    },
];

/// Methods of what is registered by a decorator.
static REGISTERED: [&str; 11] = [
    "__call__",
    "build",
    "call",
    "from_config",
    "get_config",
    "initialize",
    "from_bytes",
    "from_disk",
    "to_bytes",
    "pipe",
    "forward",
];

/// Methods of a node of ComfyUI, beside the one that its `FUNCTION` names.
static NODE: [&str; 4] = ["INPUT_TYPES", "IS_CHANGED", "VALIDATE_INPUTS", "check_lazy_status"];

/// True for a decorator by which a framework finds a function or class by the name in a configuration.
pub fn registers(decorator: &str) -> bool {
    let spacy = decorator.starts_with("spacy.") || decorator.starts_with("thinc.");
    let named = [".factory", ".component", "registry."].iter().any(|part| decorator.contains(part));
    decorator.contains("register_keras_serializable") || (spacy && named)
}

/// True for a function that a framework calls although nothing in the file does. `stem` is the name of the file without
/// its ending, `path` the whole.
pub fn calls(function: &Function, stem: &str, path: &str, source: &Source) -> bool {
    let name = function.name.as_str();
    let Some(class) = &function.class else {
        let outer = function.around == 0;
        let hub = stem == "hubconf" && !name.starts_with('_');
        let generates = stem == "generate" && name == "generate" && path.contains("custom_generate/");
        return (outer && (hub || generates)) || function.decorators.iter().any(|decorator| registers(decorator));
    };
    let made = MADE.contains(&name);
    if source.registered.contains(class) && (made || REGISTERED.contains(&name)) {
        return true;
    }
    if source.nodes.contains(class) && (made || NODE.contains(&name) || source.run_by_nodes.contains(name)) {
        return true;
    }
    let mut classes = vec![class.as_str()];
    for _ in 0..ABOVE {
        let above = classes.iter().filter_map(|class| source.classes.get(*class)).flatten().map(String::as_str);
        let bases: Vec<&str> = above.take(ABOVE * ABOVE).collect();
        let framework = bases.iter().find_map(|base| framework(base));
        if let Some(framework) = framework {
            return made || framework.methods.contains(&name);
        }
        if bases.is_empty() || bases.len() > ABOVE {
            return false;
        }
        classes = bases;
    }
    false
}

/// The framework that a class comes from, by its full name.
fn framework(base: &str) -> Option<&'static Framework> {
    let package = base.split('.').next().unwrap_or(base);
    let last = base.rsplit('.').next().unwrap_or(base);
    FRAMEWORKS.iter().find(|framework| {
        let from = framework.packages.is_empty() || framework.packages.contains(&package);
        from && framework.bases.contains(&last)
    })
}
