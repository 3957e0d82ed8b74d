//! How bad a deed is, by where it is done and in which kind of file.

use super::deed::{Command, Deed, Reach, Text};
use super::names::is_called_by_libraries;
use super::rules::{
    CHANGES_FILES, EVALUATES_TEXT, HIDDEN_CODE, LOADS_NATIVE, REACHES_NETWORK, READS_SECRETS, STARTS_PROGRAM, UNPICKLES,
};
use super::source::Source;
use crate::model::{Rule, Severity};

/// What a source file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A script, a library, an example.
    Other,
    /// Run when a package is installed.
    Setup,
    /// Loaded with a model.
    Model,
}

/// When a deed is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// In a function that nothing here calls, or only if the file is run as a program.
    Called,
    /// When the model is made, loaded or used.
    Loaded,
    /// As soon as the file is imported.
    Imported,
}

/// Classes of libraries that models, tokenizers, configurations and pipelines are made from.
static BASES: [&str; 22] = [
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
    "EndpointHandler",
    "BaseHandler",
];

/// What a file is for, by its name and by the classes in it.
pub fn role(path: &str, source: &Source) -> Role {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".py").unwrap_or(name);
    let begins = [
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
    let named = begins.iter().any(|begin| stem.starts_with(begin))
        || matches!(
            stem,
            "handler" | "pipeline" | "modeling" | "inference" | "model" | "custom_generate" | "tokenizer"
        );
    let pretrained = |base: &String| BASES.iter().any(|known| base.rsplit('.').next() == Some(known));
    // Python runs these whenever it starts.
    let starts = name.ends_with(".pth") || matches!(stem, "sitecustomize" | "usercustomize");
    if starts || named || path.contains("custom_generate/") || source.classes.values().flatten().any(pretrained) {
        Role::Model
    } else if matches!(stem, "setup" | "conftest") {
        Role::Setup
    } else {
        Role::Other
    }
}

/// When each function runs, by its index.
pub fn reach(source: &Source) -> Vec<When> {
    let count = source.functions.len();
    let mut when = vec![When::Called; count];
    let mut named: std::collections::BTreeMap<&str, Vec<usize>> = std::collections::BTreeMap::new();
    for (index, function) in source.functions.iter().enumerate().skip(1) {
        named.entry(&function.name).or_default().push(index);
        if let Some(class) = function
            .class
            .as_deref()
            .filter(|_| matches!(function.name.as_str(), "__init__" | "__new__" | "__call__" | "__post_init__"))
        {
            named.entry(class).or_default().push(index);
        }
    }
    let mut queue = Vec::new();
    for (index, function) in source.functions.iter().enumerate() {
        let loads =
            is_called_by_libraries(&function.name) && (function.class.is_some() || function.name.ends_with("_fn"));
        let at_once = index == 0 || function.name == "__init_subclass__";
        if at_once || loads {
            let reached = if at_once { When::Imported } else { When::Loaded };
            when[index] = reached;
            queue.push(index);
        }
    }
    // Functions of one name are reached together, so no name needs a second look at the same moment.
    let mut reached: std::collections::BTreeMap<&str, When> = std::collections::BTreeMap::new();
    while let Some(index) = queue.pop() {
        let now = when[index];
        let mut names: Vec<&str> = source.functions[index].references.iter().map(String::as_str).collect();
        while let Some(name) = names.pop() {
            if reached.get(name).is_some_and(|before| *before >= now) {
                continue;
            }
            reached.insert(name, now);
            names.extend(source.aliases.get(name).into_iter().flatten().map(String::as_str));
            for &called in named.get(name).into_iter().flatten() {
                if when[called] < now && called != index {
                    when[called] = now;
                    queue.push(called);
                }
            }
        }
    }
    when
}

/// The rule a deed falls under and how bad it is there; `None` where it is what such code does every day.
pub fn rate(deed: &Deed, when: When, role: Role) -> Option<(&'static Rule, Severity)> {
    use Severity::{Critical, High, Low, Medium};
    let runs = when > When::Called;
    let model = role == Role::Model;
    // What runs with a model, what stands in its code otherwise, and what other code does as soon as it is imported.
    let by = |with: Severity, else_where: Option<Severity>, other: Option<Severity>| match (model, runs) {
        (true, true) => Some(with),
        (true, false) => else_where,
        (false, _) => other.filter(|_| when == When::Imported),
    };
    let (rule, severity) = match deed {
        Deed::Evaluates(Text::Decoded | Text::Fetched) => (&HIDDEN_CODE, Some(if runs { Critical } else { High })),
        Deed::Evaluates(Text::File) => (&EVALUATES_TEXT, by(Low, None, None)),
        Deed::Evaluates(Text::Unknown) => (&EVALUATES_TEXT, by(Medium, Some(Low), Some(Low))),
        Deed::Starts(Command::Hostile(_)) => (&STARTS_PROGRAM, Some(if runs { Critical } else { High })),
        Deed::Starts(Command::Asks) => (&STARTS_PROGRAM, by(Low, None, None)),
        Deed::Starts(Command::Known) => {
            (&STARTS_PROGRAM, by(High, Some(Low), Some(if role == Role::Setup { Medium } else { High })))
        }
        Deed::Starts(Command::SetsUp | Command::Unknown) => (&STARTS_PROGRAM, by(High, Some(Low), Some(Low))),
        Deed::Reaches(Reach::Leaks) => {
            (&READS_SECRETS, Some(if runs && (model || when == When::Imported) { Critical } else { Medium }))
        }
        Deed::Reaches(Reach::Connects) => (&REACHES_NETWORK, by(High, Some(Low), Some(Low))),
        Deed::Reaches(Reach::Sends(true)) => (&REACHES_NETWORK, by(High, Some(Low), Some(Medium))),
        Deed::Reaches(Reach::Sends(false)) => (&REACHES_NETWORK, by(Medium, None, None)),
        Deed::Reaches(Reach::Fetches(constant)) => {
            let with = match (when, constant) {
                (When::Imported, true) => High,
                (When::Imported, false) | (_, true) => Medium,
                _ => Low,
            };
            (&REACHES_NETWORK, by(with, None, None))
        }
        Deed::Unpickles(true) => (&UNPICKLES, by(High, Some(Low), Some(Medium))),
        Deed::Unpickles(false) => (&UNPICKLES, by(Low, None, None)),
        Deed::LoadsNative => (&LOADS_NATIVE, by(Medium, Some(Low), None)),
        Deed::Changes(what) if what.starts_with("a file") => (&CHANGES_FILES, Some(if runs { High } else { Low })),
        Deed::Changes(_) => (&CHANGES_FILES, by(Low, None, None)),
        Deed::ReadsCredentials => (&READS_SECRETS, by(High, Some(Low), Some(High))),
    };
    severity.map(|severity| (rule, severity))
}
