//! TensorFlow graphs: a SavedModel, or a frozen GraphDef, and the operators in them that reach out.
//!
//! Every node is looked at, those of the functions in the library too. Sources: `saved_model.proto`,
//! `meta_graph.proto`, `graph.proto`, `function.proto`. Not looked at: what the operators compute.

use std::collections::BTreeMap;

use super::archive::escapes;
use super::protobuf::{self, Event, Step, Stop, Walk};
use super::{Inspector, Scope};
use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

/// An operator that reads or writes files, or runs Python.
pub static TENSORFLOW_OPERATOR: Rule = Rule {
    id: "tensorflow-operator",
    summary: "the graph holds an operator that reads or writes files, opens connections or runs Python",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/tensorflow-operator.md"),
    frameworks: &["CWE-94", "CWE-73", "AML.T0011.000"],
};

/// Broken messages.
pub static TENSORFLOW_MALFORMED: Rule = Rule {
    id: "tensorflow-malformed",
    summary: "the graph breaks the format, or names an asset outside of its folder",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/tensorflow-malformed.md"),
    frameworks: &["CWE-20", "CWE-22", "AML.T0076"],
};

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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Saved,
    Meta,
    Graph,
    Library,
    Function,
    Node,
    Asset,
    Attribute,
    Value,
}

const fn step(kind: Kind, field: u32) -> Step<Kind> {
    match (kind, field) {
        (Kind::Saved, 2) => Step::Enter(Kind::Meta),
        (Kind::Meta, 2) => Step::Enter(Kind::Graph),
        (Kind::Meta, 6) => Step::Enter(Kind::Asset),
        (Kind::Graph, 1) | (Kind::Function, 3) => Step::Enter(Kind::Node),
        (Kind::Graph, 2) => Step::Enter(Kind::Library),
        (Kind::Library, 1) => Step::Enter(Kind::Function),
        (Kind::Node, 5) => Step::Enter(Kind::Attribute),
        (Kind::Attribute, 2) => Step::Enter(Kind::Value),
        (Kind::Node, 1 | 2) | (Kind::Asset, 2) | (Kind::Value, 2) => Step::Read,
        _ => Step::Skip,
    }
}

/// A SavedModel.
pub struct SavedModel;

impl Inspector for SavedModel {
    fn format(&self) -> Format {
        Format::named("savedmodel")
    }

    /// A message with a version and graphs, in any order. Beside fields that nobody knows, which readers pass over, the
    /// graphs must look like such.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        if !matches!(head.first(), Some(0x08 | 0x12)) {
            return false;
        }
        let Some(spans) = protobuf::spans(view, 1000) else { return false };
        let version = spans.iter().any(|span| span.field == 1 && !span.long);
        let meta = |span: &protobuf::Span| {
            let fields = span.message(view).and_then(|meta| protobuf::fields(&meta, 1000)).unwrap_or_default();
            fields.contains(&(2, true)) && fields.iter().all(|(field, long)| *long && *field <= 7)
        };
        let plain = head.starts_with(b"\x08\x01\x12") && spans.iter().skip(1).all(|span| span.field == 2 && span.long);
        let foreign = |span: &protobuf::Span| span.long && (span.field == 7 || span.field >= 200);
        plain || (version && spans.iter().any(|span| span.field == 2 && meta(span)) && !spans.iter().any(foreign))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        walk(view, Kind::Saved, scope);
    }
}

/// A frozen graph.
pub struct GraphDef;

impl Inspector for GraphDef {
    fn format(&self) -> Format {
        Format::named("graphdef")
    }

    /// A message of nodes, the first of which begins with a name and an operator.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let text = |at: usize| {
            let length = usize::from(*head.get(at)?);
            let text = head.get(at + 1..at + 1 + length)?;
            (length > 0 && length < 128 && text.iter().all(u8::is_ascii_graphic)).then_some(at + 1 + length)
        };
        let node = [3, 4].into_iter().any(|at| {
            head.get(at - 1) == Some(&0x0a)
                && text(at).is_some_and(|at| head.get(at) == Some(&0x12) && text(at + 1).is_some())
        });
        head.first() == Some(&0x0a)
            && node
            && protobuf::fields(view, 100_000).is_some_and(|fields| {
                fields.iter().all(|(field, long)| match field {
                    1 | 2 | 4 => *long,
                    3 => !long,
                    _ => false,
                })
            })
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        walk(view, Kind::Graph, scope);
    }
}

fn walk(view: &View<'_>, kind: Kind, scope: &mut Scope<'_>) {
    let mut name = String::new();
    let mut operator = String::new();
    let mut stream = false;
    let mut seen: BTreeMap<String, (u64, String, &'static str)> = BTreeMap::new();
    let mut assets = Vec::new();
    let outcome = Walk::new(view, kind).run(step, |kind, event, at| match (kind, event) {
        (Kind::Node, Event::Enter) => (name, operator, stream) = (String::new(), String::new(), false),
        (Kind::Node, Event::Bytes(1, bytes)) => name = String::from_utf8_lossy(bytes).into_owned(),
        (Kind::Node, Event::Bytes(2, bytes)) => operator = String::from_utf8_lossy(bytes).into_owned(),
        // `PrintV2` writes to a file when its stream says so.
        (Kind::Value, Event::Bytes(2, bytes)) => stream |= bytes.starts_with(b"file:"),
        (Kind::Node, Event::Leave) => {
            let file = (operator == "PrintV2" && stream).then_some("writes files");
            if let Some(what) = reaches_out(&operator).or(file) {
                seen.entry(operator.clone()).or_insert_with(|| (at, name.clone(), what));
            }
        }
        (Kind::Asset, Event::Bytes(2, bytes)) => assets.push((at, String::from_utf8_lossy(bytes).into_owned())),
        _ => {}
    });
    for (operator, (at, name, what)) in seen {
        let message = format!("the operator {operator:?} {what}: node {name:?}");
        let at = at.min(view.len());
        let evidence = Evidence::new(&TENSORFLOW_OPERATOR, message).with("operator", operator);
        scope.add(evidence.at(view.place(at..at)));
    }
    for (at, asset) in assets {
        if let Some(what) = escapes(&asset) {
            let evidence =
                Evidence::new(&TENSORFLOW_MALFORMED, format!("the asset {asset:?} {what}")).rated(Severity::High);
            scope.add(evidence.at(view.place(at.min(view.len())..view.len())));
        }
    }
    match outcome {
        Ok(()) => {}
        Err(Stop::Malformed(at, what)) => {
            let at = at.min(view.len());
            scope.raise(&TENSORFLOW_MALFORMED, view, at..view.len(), format!("at byte {at}: {what}"));
        }
        Err(Stop::Trouble(trouble)) => scope.unreadable(view, &trouble),
    }
}
