//! Operators of TensorFlow that reach out of the graph.

use crate::inspect::archive::escapes;

/// Operators that a model has no need of, by what they do. Saving and restoring are ordinary: every SavedModel does both.
static OUTWARD: &[(&str, &[&str])] = &[
    ("runs a Python function", &["PyFunc", "PyFuncStateless", "EagerPyFunc"]),
    (
        "writes files",
        &[
            "WriteFile",
            "WriteScalarSummary",
            "WriteSummary",
            "WriteAudioSummary",
            "WriteGraphSummary",
            "WriteHistogramSummary",
            "WriteImageSummary",
            "WriteRawProtoSummary",
            "ImportEvent",
            "CreateSummaryFileWriter",
            "CreateSummaryDbWriter",
            "SaveDataset",
            "SaveDatasetV2",
            "DatasetToTFRecord",
            "ExperimentalDatasetToTFRecord",
            "SnapshotDataset",
            "SnapshotDatasetV2",
            "CacheDataset",
            "CacheDatasetV2",
        ],
    ),
    (
        "sends what it computes to a file or an address",
        &[
            "DebugIdentity",
            "DebugIdentityV2",
            "DebugIdentityV3",
            "DebugNanCount",
            "DebugNumericSummary",
            "DebugNumericSummaryV2",
        ],
    ),
    (
        "reads files",
        &[
            "ReadFile",
            "MatchingFiles",
            "WholeFileReader",
            "WholeFileReaderV2",
            "TextLineReader",
            "TextLineReaderV2",
            "TFRecordReader",
            "TFRecordReaderV2",
            "FixedLengthRecordReader",
            "FixedLengthRecordReaderV2",
            "ImmutableConst",
            "TextLineDataset",
            "TFRecordDataset",
            "TFRecordDatasetV2",
            "FixedLengthRecordDataset",
            "FixedLengthRecordDatasetV2",
            "CSVDataset",
            "CSVDatasetV2",
            "ExperimentalCSVDataset",
            "LMDBReader",
            "LMDBDataset",
            "ExperimentalLMDBDataset",
            "LoadDataset",
            "LoadAndRemapMatrix",
            "GenerateVocabRemapping",
            "MatchingFilesDataset",
        ],
    ),
    (
        "opens connections",
        &[
            "RpcCall",
            "RpcClient",
            "RpcServer",
            "DataServiceDataset",
            "DataServiceDatasetV2",
            "DataServiceDatasetV3",
            "DataServiceDatasetV4",
            "RegisterDataset",
            "SqlDataset",
            "ExperimentalSqlDataset",
            "BigtableClient",
            "RemoteCall",
            "FileSystemSetConfiguration",
        ],
    ),
    ("loads code", &["LoadLibrary", "CompilerExecute"]),
];

/// What an operator does that a model has no need of; `None` if it is an ordinary one.
#[must_use]
pub fn reaches_out(operator: &str) -> Option<&'static str> {
    let operator = operator.strip_prefix("Flex").unwrap_or(operator);
    OUTWARD.iter().find(|(_, operators)| operators.contains(&operator)).map(|(what, _)| *what)
}

/// Which input of an operator that writes a checkpoint says where to.
pub fn target_of(operator: &str) -> Option<usize> {
    match operator {
        "SaveV2" | "Save" | "SaveSlices" => Some(0),
        "MergeV2Checkpoints" => Some(1),
        _ => None,
    }
}

/// True for a place that is not below the folder in which the model is run.
pub fn is_elsewhere(place: &str) -> bool {
    escapes(place).is_some() || place.starts_with('~') || place.contains("://")
}
