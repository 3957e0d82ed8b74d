//! Which inspectors are asked about some bytes, and in which order.

use super::{
    Inspector, Scope, auditable, boosted, chat_template, claim, compressed, coreml, data, gguf, gzip, hdf5, joblib,
    json, magic, msgpack, naming, npy, onnx, ort, pickle, rdata, safetensors, sevenz, table, tar, tensorflow, text,
    tflite, tfrecord, tokenizer, words, xml, zip,
};
use crate::model::{Evidence, Format, Severity};
use crate::weigh::View;

/// Bytes from the beginning that every inspector is shown to decide on.
const HEAD: u64 = 4096;

/// Formats that are told by their own marks, in the order they are listed.
pub static INSPECTORS: &[&dyn Inspector] = &[
    &boosted::Catboost,
    &compressed::Compressed::Bzip2,
    &compressed::Compressed::Lz4,
    &compressed::Compressed::Lzma,
    &compressed::Compressed::Xz,
    &compressed::Compressed::Zstd,
    &gguf::Gguf,
    &gzip::Gzip,
    &data::AVRO,
    &data::CRFSUITE,
    &data::FAISS,
    &data::FASTTEXT,
    &data::FEATHER,
    &data::Ggml,
    &data::MATLAB,
    &data::OCDBT,
    &data::SQLITE,
    &data::STATA,
    &data::TIFF,
    &hdf5::Hdf5,
    &joblib::Joblib,
    &joblib::Zfile,
    &npy::Npy,
    &ort::Ort,
    &pickle::Pickle,
    &rdata::RData,
    &safetensors::Safetensors,
    &sevenz::SevenZ,
    &table::ArrowFile,
    &table::ArrowStream,
    &table::Parquet,
    &tar::Tar,
    &tensorflow::Checkpoint,
    &tflite::Tflite,
    &tfrecord::TfRecord,
    &zip::Zip,
];

/// Formats without marks of their own: asked only when no other claims the bytes, and the first that does is it.
pub static PLAIN: &[&dyn Inspector] = &[
    &json::Json,
    &xml::Xml,
    &text::Text,
    &boosted::Ubjson,
    &msgpack::Msgpack,
    &tensorflow::SavedModel,
    &tensorflow::KerasMetadata,
    &tensorflow::MetaGraph,
    &tensorflow::GraphDef,
    &tensorflow::DebugInfo,
    &tensorflow::Fingerprint,
    &tensorflow::HubModule,
    &tensorflow::Structure,
    &tensorflow::Snapshot,
    &coreml::CoreMl,
    &tokenizer::SentencePiece,
    &onnx::Onnx,
    &onnx::OnnxTensor,
    &data::BITMAP,
    &data::HNSWLIB,
    &data::ICON,
    &data::IDX,
    &data::NETPBM,
    &data::OLD_MATLAB,
    &data::OLD_STATA,
    &data::ORC,
    &data::PADDLE,
    &data::WORD2VEC,
];

/// The one that a name may ask for although the bytes begin otherwise.
static XML: &dyn Inspector = &xml::Xml;

/// Shows a file, or a member of a container, to every inspector, and says which formats claimed it. Formats of the
/// file itself are listed in the report.
pub fn inspect_content(view: &View<'_>, scope: &mut Scope<'_>) -> Vec<Format> {
    if view.is_empty() {
        return recognised(vec![Format::named("empty")], view, scope);
    }
    if view.depth() > scope.limits.nesting {
        return too_deep(view, scope);
    }
    let head = match view.read_up_to(0, HEAD) {
        Ok(head) => head,
        Err(trouble) => {
            scope.unreadable(view, &trouble);
            return Vec::new();
        }
    };
    chat_template::of_file(view, scope);
    let mut chosen: Vec<_> = INSPECTORS.iter().filter(|inspector| inspector.claims(&head, view)).collect();
    let marks = magic::of(&head, view);
    if chosen.is_empty() && claim::is_unpickled(view, scope) && !msgpack::is_no_pickle(&head, view) {
        pickle::suspect(view, scope);
    }
    chosen.extend(plain(&head, view, chosen.is_empty(), scope));
    let mut formats: Vec<_> = chosen.iter().map(|inspector| inspector.format()).chain(marks.iter().cloned()).collect();
    if marks.iter().any(|mark| matches!(mark.name(), "pdf" | "fits")) {
        // A document may well be written in plain letters.
        formats.retain(|format| format.name() != "text");
    }
    let archive = zip::embedded::embedded(&head, view, &formats);
    if archive.is_some() {
        formats.retain(|format| format.name() != "zip");
        chosen.retain(|inspector| inspector.format().name() != "zip");
    }
    if formats.is_empty() && words::is_narrow_text(view, scope) {
        formats.push(Format::named("text"));
    }
    let formats = recognised(formats, view, scope);
    for inspector in chosen {
        inspector.inspect(view, scope);
    }
    if let Some(archive) = archive {
        zip::embedded::inspect(archive, formats.first(), view, scope);
    }
    words::inspect(&head, view, scope);
    magic::judge(&marks, view, scope);
    auditable::inspect(&marks, view, scope);
    formats
}

/// Which of the formats without marks this is. Those that a name stands for are asked even where the bytes have the mark
/// of another, because a loader that goes by the name passes over that mark; and no mark that stands somewhere in the
/// bytes keeps the others from being asked.
fn plain(head: &[u8], view: &View<'_>, unmarked: bool, scope: &Scope<'_>) -> Option<&'static &'static dyn Inspector> {
    let name = words::name(view, scope);
    let source = words::is_source(&name);
    let named = naming::unmarked(&name);
    let other = |format: Format| match format.name() {
        // A loader of YAML reads what JSON does not hold, and nothing else that goes by a name reads JSON at all.
        "json" => {
            source
                || is_table(head, &name)
                || ((words::is_yaml(&name) || words::is_commented(view, scope)) && !json::is_whole(view))
        }
        "xml" => source,
        _ => false,
    };
    if named == ["xml"] && xml::is_within(head, view) {
        return Some(&XML);
    }
    let asked = PLAIN.iter().filter(|inspector| unmarked || named.contains(&inspector.format().name()));
    asked.filter(|inspector| !other(inspector.format())).find(|inspector| inspector.claims(head, view))
}

/// True for TOML that begins with an entry of a list of tables, which looks like a list in a list.
fn is_table(head: &[u8], name: &str) -> bool {
    let named = name == "pipfile" || name.ends_with(".toml") || name.ends_with(".lock");
    let entry = |rest: &[u8]| rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    named && head.trim_ascii_start().strip_prefix(b"[[").is_some_and(entry)
}

fn recognised(formats: Vec<Format>, view: &View<'_>, scope: &mut Scope<'_>) -> Vec<Format> {
    for format in &formats {
        if view.depth() == 0 {
            scope.recognise(format.clone());
        } else if let Some(name) = view.entry() {
            scope.contents().members.entry(format.name().to_owned()).or_insert_with(|| name.to_owned());
        }
    }
    formats
}

/// Says that a member lies too deep to be looked at.
fn too_deep(view: &View<'_>, scope: &mut Scope<'_>) -> Vec<Format> {
    scope.limit("nesting", u64::from(scope.limits.nesting), view);
    if scope.lonely >= scope.limits.nesting {
        let message =
            format!("{} containers around it hold nothing but the next one, as no writer packs anything", scope.lonely);
        let evidence = Evidence::new(&compressed::COMPRESSION_MALFORMED, message).rated(Severity::High);
        scope.add(evidence.at(view.place(0..0)));
    }
    vec![Format::named("nested")]
}
