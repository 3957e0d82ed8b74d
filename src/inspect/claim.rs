//! What a file claims to be, beside what it is.

use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

use super::Scope;
use super::json::Tree;
use super::{data, magic, settings, startup};

/// Nobody knows these bytes.
pub static FORMAT_UNRECOGNISED: Rule = Rule {
    id: "format-unrecognised",
    summary: "the format of the file is not known, so nothing was looked at",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/format-unrecognised.md"),
    frameworks: &["CWE-693"],
};

/// Known by name, not by an inspector.
pub static FORMAT_NOT_INSPECTED: Rule = Rule {
    id: "format-not-inspected",
    summary: "the format is known, but this program does not look inside of it",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/format-not-inspected.md"),
    frameworks: &["CWE-693"],
};

/// Weights that are not here.
pub static SHARD_MISSING: Rule = Rule {
    id: "shard-missing",
    summary: "the model, or the index of its shards, names a file of weights that is not there",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/shard-missing.md"),
    frameworks: &["CWE-354"],
};

/// The name says one thing, the bytes another.
pub static FORMAT_MISMATCH: Rule = Rule {
    id: "format-mismatch",
    summary: "the file name claims another format than the bytes are",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/format-mismatch.md"),
    frameworks: &["CWE-646", "CWE-436", "AML.T0074", "AML.T0076"],
};

/// Two files in one.
pub static POLYGLOT: Rule = Rule {
    id: "polyglot",
    summary: "the bytes are of two formats at once",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/polyglot.md"),
    frameworks: &["CWE-436", "AML.T0074", "AML.T0076"],
};

/// A program.
pub static EXECUTABLE_FILE: Rule = Rule {
    id: "executable-file",
    summary: "the file is a program for a processor or a virtual machine",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/executable-file.md"),
    frameworks: &["CWE-506", "AML.T0011.000", "AML.T0018.002"],
};

/// Formats that a file of that name may have; none listed means that the name claims nothing.
fn expected(extension: &str) -> &'static [&'static str] {
    match extension {
        "safetensors" => &["safetensors"],
        "gguf" => &["gguf"],
        "onnx" => &["onnx"],
        "h5" | "hdf5" => &["hdf5"],
        "keras" => &["keras", "hdf5"],
        "skops" => &["skops", "zip"],
        "msgpack" => &["msgpack"],
        "ubj" => &["ubjson"],
        "cbm" => &["catboost"],
        "pmml" => &["pmml"],
        "parquet" => &["parquet"],
        "orc" => &["orc"],
        "dta" => &["stata"],
        "ftz" => &["fasttext"],
        "rds" | "rda" | "rdata" => &["r-data", "gzip", "bzip2", "xz", "lzma", "zstd"],
        "7z" => &["7z"],
        "bz2" => &["bzip2"],
        "xz" => &["xz"],
        "lzma" => &["lzma"],
        "zst" => &["zstd"],
        "lz4" => &["lz4"],
        "npy" => &["npy"],
        "npz" => &["npz", "zip"],
        "pt" | "pth" | "ckpt" => {
            &["pytorch-zip", "torchscript", "pickle", "pytorch-legacy", "zip", "tar", "safetensors"]
        }
        "pkl" | "pickle" | "joblib" | "dill" => {
            &["pickle", "joblib", "gzip", "zlib", "bzip2", "xz", "lzma", "zstd", "lz4", "zip", "pytorch-zip"]
        }
        "json" | "ipynb" => &["json", "text"],
        "tflite" => &["tflite"],
        "mlmodel" => &["coreml"],
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "bmp" => &["png", "jpeg", "gif", "webp", "bmp"],
        "zip" => &["zip"],
        "tar" | "nemo" => &["tar", "gzip", "bzip2", "xz", "zstd"],
        // joblib writes zlib streams under this name.
        "gz" => &["gzip", "zlib"],
        "tgz" => &["gzip"],
        "txt" | "md" | "py" | "yaml" | "yml" | "toml" | "jinja" | "csv" | "jsonl" => {
            &["text", "json", "html", "xml", "script", "git-lfs-pointer"]
        }
        _ => &[],
    }
}

/// Raw numbers, if a neighbour says so: `inspect_repository` looks for it.
pub const RAW_TENSORS: Format = Format::named("raw-tensors");

/// Endings of files that frameworks hand to an unpickler without looking at them.
const UNPICKLED: [&str; 10] = ["bin", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "dill", "dat", "model"];

/// Endings of weights whose format the name leaves open.
const WEIGHTS: [&str; 9] = ["bin", "dat", "model", "weights", "params", "ot", "ggml", "ckpt", "dill"];

/// True if some loader would unpickle a file or member of this name, whatever its bytes look like.
pub fn is_unpickled(view: &View<'_>, scope: &Scope<'_>) -> bool {
    let name = view.entry().map_or_else(|| scope.path.name(), |entry| entry.rsplit(['!', '/']).next().unwrap_or(entry));
    let name = name.to_ascii_lowercase();
    name.rsplit_once('.').is_none_or(|(_, extension)| UNPICKLED.contains(&extension))
}

/// What stands in the place of weights under a name that says nothing of the format: the page or message of a server
/// that refused to give them, or a script.
fn stand_in(extension: &str, formats: &[Format], view: &View<'_>) -> Option<(&'static str, Severity)> {
    let is = |name: &'static str| formats.contains(&Format::named(name));
    let weights = WEIGHTS.contains(&extension);
    match (weights, extension) {
        (true, _) if is("script") => Some(("a script", Severity::High)),
        (true, _) if is("text") && is_python(view) => Some(("Python source", Severity::High)),
        (true, _) if is("html") => Some(("a web page", Severity::Medium)),
        (_, "bin" | "weights" | "params") if is("xml") => Some(("XML", Severity::Medium)),
        (_, "bin" | "weights" | "params") if is("json") => Some(("JSON", Severity::Medium)),
        _ => None,
    }
}

/// A text whose first line that is no comment imports something, as nothing but Python does.
fn is_python(view: &View<'_>) -> bool {
    let Ok(head) = view.read_up_to(0, 4096) else { return false };
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let dotted = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ',' | ' ' | '*' | '('))
    };
    lines.next().is_some_and(|line| {
        let module = line.strip_prefix("import ").filter(|name| dotted(name) && name.split(' ').count() == 1);
        let names = line.strip_prefix("from ").and_then(|rest| rest.split_once(" import "));
        module.is_some()
            || names.is_some_and(|(module, names)| dotted(module) && dotted(names) && !module.contains(' '))
    })
}

/// A text by which Python is told where its packages lie.
fn is_startup(view: &View<'_>, scope: &Scope<'_>) -> bool {
    let text = scope.formats().iter().all(|format| format.name() == "text") && view.len() <= 1 << 20;
    let bytes = text.then(|| view.read(0..view.len()).ok()).flatten();
    bytes.is_some_and(|bytes| startup::is_startup(&String::from_utf8_lossy(&bytes), scope.path.as_str()))
}

/// A JSON text that is neither object nor array: a number, a string, a word.
fn is_scalar(view: &View<'_>) -> bool {
    view.len() <= 1 << 20 && view.read(0..view.len()).is_ok_and(|bytes| Tree::read(bytes.trim_ascii(), 1).is_some())
}

/// Compares what was recognised with the name and with each other. `claimed` is what inspectors claimed at the top.
pub fn compare(claimed: &[Format], view: &View<'_>, scope: &mut Scope<'_>) {
    let name = scope.path.name().to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let expected: &[&str] = if name == "openvino_model.xml" { &["openvino"] } else { expected(extension) };
    let whole = 0..view.len().min(16);
    if claimed.is_empty() {
        if matches!(extension, "ann" | "annoy") && view.depth() == 0 {
            // Nodes of annoy have no mark; each is a whole number of numbers of four bytes.
            scope.recognise(Format::named("annoy"));
            if view.len() % 4 != 0 {
                data::malformed("annoy", view.len(), "it ends inside of a number", view, scope);
            }
            return;
        }
        if magic::raw_by_name(&name) && view.depth() == 0 {
            scope.recognise(RAW_TENSORS);
        } else {
            scope.raise(&FORMAT_UNRECOGNISED, view, whole.clone(), "the bytes are of no format that is known");
        }
        if !expected.is_empty() {
            let message = format!("the name ends in .{extension}, but the bytes are of no known format");
            let evidence = Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium);
            scope.add(evidence.at(view.place(whole)).showing(view.excerpt(0..0)));
        }
        return;
    }
    if claimed[0].name() == "empty" {
        let text = expected.contains(&"text") && !matches!(extension, "json" | "ipynb");
        if WEIGHTS.contains(&extension) || !(expected.is_empty() || text) {
            let message = format!("the name ends in .{extension}, but there are no bytes");
            scope.add(Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium));
        }
        return;
    }
    if claimed.len() > 1 {
        let names: Vec<_> = claimed.iter().map(Format::name).collect();
        scope.raise(&POLYGLOT, view, whole.clone(), format!("it is {} at once", names.join(" and ")));
    }
    if let Some((is, severity)) = stand_in(extension, scope.formats(), view) {
        let message = format!("the name ends in .{extension}, as weights do, but the bytes are {is}");
        let evidence = Evidence::new(&FORMAT_MISMATCH, message).rated(severity);
        return scope.add(evidence.at(view.place(whole)).showing(view.excerpt(0..0)));
    }
    if extension == "json" && scope.formats() == [Format::named("text")] && !is_scalar(view) {
        let message = "the name ends in .json, but the text does not begin as JSON";
        scope.add(Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium).at(view.place(whole)));
        return;
    }
    // Keras writes its tokenizers as a text in a text.
    let keras = || view.read_up_to(0, 256).is_ok_and(|head| head.windows(10).any(|word| word == b"class_name"));
    let plain = scope.formats() == [Format::named("text")];
    if extension == "json" && settings::needs_object(&name) && plain && !keras() {
        let message = format!("{name:?} holds a single value, no object");
        scope.raise(&settings::CONFIGURATION_MALFORMED, view, whole, message);
        return;
    }
    let pointer = scope.formats().contains(&Format::named("git-lfs-pointer"));
    let known = |format: &Format| expected.contains(&format.name());
    if extension == "pth" && is_startup(view, scope) {
        return;
    }
    if expected.is_empty() || pointer || scope.formats().iter().any(known) {
        return;
    }
    let is: Vec<_> = scope.formats().iter().map(|format| format.name().to_owned()).collect();
    let message = format!("the name ends in .{extension}, but the bytes are {}", is.join(", "));
    scope.raise(&FORMAT_MISMATCH, view, whole, message);
}
