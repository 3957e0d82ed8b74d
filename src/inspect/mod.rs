//! What is inside a file, by content: each format in its own file, none chosen by name.
//!
//! [`Inspectors`] is handed to the pass of `weigh`. It shows every file's view to every [`Inspector`]; each that
//! claims the bytes lists what it found in the [`Scope`]. A file claimed by two is a polyglot. Containers show their
//! members to [`inspect_content`] again, one nesting level deeper. A file that nobody claims is said to be unknown.

mod archive;
mod auditable;
mod autorun;
mod boosted;
mod bytes;
mod callable;
mod chat_template;
mod claim;
mod code;
mod components;
mod compressed;
mod configuration;
mod content;
mod coreml;
mod crc32c;
mod data;
mod deployment;
mod flatbuffer;
mod foreign_code;
mod formats;
mod gguf;
mod graph_text;
mod gzip;
mod hdf5;
mod hidden_text;
mod hydra;
mod inflate;
mod informed;
mod joblib;
mod json;
mod keras;
mod letters;
mod lines;
mod lookalike;
mod magic;
mod metadata;
mod misspelt;
mod msgpack;
mod named_code;
mod naming;
mod notebook;
mod npy;
mod onnx;
mod ort;
mod outreach;
mod outside;
mod pickle;
mod placeholder;
mod posing;
mod protobuf;
mod python;
mod pytorch;
mod rdata;
mod repository;
mod safetensors;
mod scope;
mod secrets;
mod serialized;
mod settings;
mod sevenz;
mod shards;
mod shell;
mod skops;
mod startup;
mod statistics;
mod table;
mod tar;
mod tensorflow;
mod text;
mod tfjs;
mod tflite;
mod tfrecord;
mod tokenizer;
mod training_data;
mod weight_index;
mod wording;
mod words;
mod xml;
mod yaml_tag;
mod yaml_text;
mod zarr;
mod zarr_shard;
mod zip;

use crate::model::{ArtifactPath, Format, Limits, Rule};
use crate::weigh::{Inspect, Inspection, View};

pub use content::inspect_content;
pub use formats::formats;
pub use informed::Informed;
pub use repository::{inspect_repository, take_back};
pub use scope::Scope;

/// The rules this room raises.
pub static RULES: &[&Rule] = &[
    &archive::ARCHIVE_LINK,
    &archive::ARCHIVE_PATH_ESCAPE,
    &archive::MEMBER_NOT_INSPECTED,
    &autorun::AUTORUN_COMMAND,
    &boosted::TREE_MODEL_MALFORMED,
    &chat_template::TEMPLATE_ESCAPE,
    &chat_template::TEMPLATE_HIDDEN_TEXT,
    &chat_template::TEMPLATE_INCLUDE,
    &chat_template::TEMPLATE_TRIGGER,
    &claim::EXECUTABLE_FILE,
    &claim::FORMAT_MISMATCH,
    &claim::FORMAT_NOT_INSPECTED,
    &claim::FORMAT_UNRECOGNISED,
    &claim::POLYGLOT,
    &claim::SHARD_MISSING,
    &components::FOREIGN_COMPONENT,
    &compressed::COMPRESSION_MALFORMED,
    &configuration::REMOTE_CODE,
    &configuration::REMOTE_CODE_ELSEWHERE,
    &configuration::REMOTE_KERNEL,
    &deployment::rules::DOWNLOAD,
    &deployment::rules::NOT_READ,
    &deployment::rules::OPEN_SERVICE,
    &deployment::rules::PRIVILEGED,
    &deployment::rules::REMOTE_CODE,
    &deployment::rules::ROOT,
    &deployment::rules::SECRET,
    &deployment::rules::UNPINNED,
    &foreign_code::CODE_HOSTILE,
    &gguf::DUPLICATE,
    &gguf::HIDDEN_DATA,
    &gguf::MALFORMED,
    &gguf::OVERLAP,
    &gguf::SIZE_IMPOSSIBLE,
    &gguf::TRUNCATED,
    &gguf::UNKNOWN_TYPE,
    &gzip::GZIP_MALFORMED,
    &hdf5::HDF5_EXTERNAL_FILE,
    &hdf5::HDF5_MALFORMED,
    &hidden_text::TEXT_HIDDEN_CHARACTERS,
    &hydra::HYDRA_TARGET,
    &json::DUPLICATE_KEY,
    &json::MALFORMED,
    &keras::KERAS_EXTERNAL_FILE,
    &keras::KERAS_FOREIGN_OBJECT,
    &keras::KERAS_LAMBDA,
    &keras::KERAS_MALFORMED,
    &lookalike::MODEL_LOOKALIKE,
    &training_data::DATASET_NAMED,
    &training_data::DATASET_UNNAMED,
    &msgpack::MSGPACK_EXTENSION,
    &msgpack::MSGPACK_MALFORMED,
    &notebook::ACTIVE_OUTPUT,
    &notebook::COMMAND,
    &onnx::CUSTOM_OPERATOR,
    &onnx::EXTERNAL_PATH,
    &onnx::FUNCTION_SHADOWS,
    &onnx::MALFORMED,
    &npy::NPY_MALFORMED,
    &pickle::rules::DANGEROUS_CALL,
    &pickle::rules::DANGEROUS_IMPORT,
    &pickle::rules::EXTENSION_CODE,
    &pickle::rules::MALFORMED,
    &pickle::rules::NAME_DISGUISED,
    &pickle::rules::NESTED,
    &pickle::rules::PATCHED_IMPORT,
    &pickle::rules::PERSISTENT_ID,
    &pickle::rules::PRESENT,
    &pickle::rules::TRAILING_DATA,
    &pickle::rules::UNKNOWN_CALL,
    &pickle::rules::UNKNOWN_IMPORT,
    &python::rules::CHANGES_FILES,
    &python::rules::EVALUATES_TEXT,
    &python::rules::HIDDEN_CODE,
    &python::rules::LOADS_NATIVE,
    &python::rules::NOT_READ,
    &python::rules::REACHES_NETWORK,
    &python::rules::READS_SECRETS,
    &python::rules::STARTS_PROGRAM,
    &python::rules::UNPICKLES,
    &pytorch::records::PYTORCH_MALFORMED,
    &pytorch::PYTORCH_STORAGE_MISMATCH,
    &pytorch::TORCHSCRIPT_OPERATOR,
    &rdata::R_CODE,
    &rdata::R_MALFORMED,
    &shards::INDEX_MATCH,
    &shards::INDEX_MISMATCH,
    &shards::INDEX_PATH_ESCAPE,
    &skops::SKOPS_FOREIGN_TYPE,
    &skops::SKOPS_MALFORMED,
    &safetensors::DUPLICATE_KEY,
    &safetensors::HEADER_MALFORMED,
    &safetensors::HOLE,
    &safetensors::LOADER_DISAGREES,
    &safetensors::OVERLAP,
    &safetensors::SIZE_MISMATCH,
    &safetensors::TENSOR_NAME_UNSAFE,
    &safetensors::TRAILING_DATA,
    &safetensors::TRUNCATED,
    &safetensors::UNKNOWN_DTYPE,
    &safetensors::UNKNOWN_FIELD,
    &settings::CONFIGURATION_MALFORMED,
    &tokenizer::TOKENIZER_MALFORMED,
    &data::DATA_MALFORMED,
    &xml::PMML_MALFORMED,
    &coreml::COREML_MALFORMED,
    &coreml::COREML_CUSTOM_MODEL,
    &coreml::COREML_EXTERNAL_PATH,
    &secrets::KEY_FILE_PERMISSIONS,
    &secrets::PRIVATE_KEY_PLAINTEXT,
    &secrets::SECRET_PLAINTEXT,
    &statistics::TENSOR_ALL_ZERO,
    &statistics::TENSOR_NOT_FINITE,
    &table::TABLE_MALFORMED,
    &table::TABLE_PICKLED_TYPE,
    &tar::TAR_MALFORMED,
    &tensorflow::TENSORFLOW_MALFORMED,
    &tensorflow::TENSORFLOW_OPERATOR,
    &text::LFS_POINTER,
    &tflite::TFLITE_CUSTOM_OPERATOR,
    &tflite::TFLITE_MALFORMED,
    &wording::CODE_IN_DATA,
    &xml::OPENVINO_CUSTOM_LAYER,
    &xml::OPENVINO_MALFORMED,
    &xml::PMML_FOREIGN_FUNCTION,
    &xml::XML_ENTITY,
    &xml::XML_MALFORMED,
    &yaml_tag::YAML_PYTHON_OBJECT,
    &zip::AMBIGUOUS_END,
    &zip::CRC_MISMATCH,
    &zip::DUPLICATE_MEMBER,
    &zip::ENCRYPTED,
    &zip::HEADERS_DISAGREE,
    &zip::HIDDEN_DATA,
    &zip::MALFORMED,
];

/// Those of them that are about integrity: what an index says of its shards, and files that are not whole.
pub static INTEGRITY: &[&Rule] = &[
    &shards::INDEX_MATCH,
    &shards::INDEX_MISMATCH,
    &shards::INDEX_PATH_ESCAPE,
    &claim::SHARD_MISSING,
    &gguf::TRUNCATED,
    &safetensors::TRUNCATED,
    &text::LFS_POINTER,
    &zip::CRC_MISMATCH,
];

/// One format.
pub trait Inspector: Sync {
    /// Its name.
    fn format(&self) -> Format;
    /// True if these bytes are of this format: by magic or structure, never by name. `head` is the first
    /// 4096 bytes or fewer; formats whose magic lies elsewhere (zip's is at the end) read it from the view.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool;
    /// Reads the structure and writes down what is there.
    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>);
}

/// All inspectors, chosen by content. Of calls that are known to be harmless the first of each file is listed.
pub struct Inspectors;

impl Inspect for Inspectors {
    fn inspect(&self, path: &ArtifactPath, view: &View<'_>, limits: &Limits) -> Inspection {
        let mut scope = Scope::new(path, limits);
        scope.traces = false;
        inspect_file(view, scope)
    }
}

/// The same with a trace of everything that would be called.
pub struct Tracing;

impl Inspect for Tracing {
    fn inspect(&self, path: &ArtifactPath, view: &View<'_>, limits: &Limits) -> Inspection {
        inspect_file(view, Scope::new(path, limits))
    }
}

/// The same where no scan is asked for, as in an audit: formats, tensors, packages and services. What texts say, such as
/// scripts, Python, deployment files and secrets, is not judged.
pub struct Inventory;

impl Inspect for Inventory {
    fn inspect(&self, path: &ArtifactPath, view: &View<'_>, limits: &Limits) -> Inspection {
        let mut scope = Scope::new(path, limits);
        (scope.judges_texts, scope.traces) = (false, false);
        inspect_file(view, scope)
    }
}

fn inspect_file(view: &View<'_>, mut scope: Scope<'_>) -> Inspection {
    let claimed = inspect_content(view, &mut scope);
    archive::left(view, &mut scope);
    metadata::inspect(view, &mut scope);
    part(view, &mut scope);
    claim::compare(&claimed, view, &mut scope);
    scope.close()
}

/// Keeps what the file that names this one as a part of it will be held against: the sum of a shard of a checkpoint, the
/// head of a chunk of an array. The bytes of such parts have no marks.
fn part(view: &View<'_>, scope: &mut Scope<'_>) {
    let name = scope.path.name().to_ascii_lowercase();
    if magic::is_chunk(&name) {
        zarr::blosc(view, scope.contents());
    }
    // Where only contents are asked for, nothing is held against anything.
    if scope.judges_texts && name.contains(".data-") && magic::raw_by_name(&name) {
        scope.observe(Box::new(tensorflow::ShardSum::new()));
    }
}
