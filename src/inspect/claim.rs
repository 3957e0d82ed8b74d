//! What a file claims to be, beside what it is.

use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

use super::Scope;
use super::json::Tree;
use super::{autorun, data, magic, naming, placeholder, settings, startup, zarr};

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

/// Raw numbers, if a neighbour says so: `inspect_repository` looks for it.
pub const RAW_TENSORS: Format = Format::named("raw-tensors");

/// Endings of files that frameworks hand to an unpickler without looking at them.
const UNPICKLED: [&str; 21] = [
    "bin", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "dill", "dat", "model", "p", "pk", "pckl", "sav", "mdl",
    "th", "tar", "npy", "npz", "z", "distcp",
];

/// Endings of weights whose format the name leaves open.
const WEIGHTS: [&str; 9] = ["bin", "dat", "model", "weights", "params", "ot", "ggml", "ckpt", "dill"];

/// Formats that are zip archives.
const ARCHIVES: [&str; 6] = ["pytorch-zip", "torchscript", "torch-export", "torch-package", "npz", "keras"];

/// True if some loader would unpickle a file or member of this name, whatever its bytes look like.
pub fn is_unpickled(view: &View<'_>, scope: &Scope<'_>) -> bool {
    let name = view.entry().map_or_else(|| scope.path.name(), |entry| entry.rsplit(['!', '/']).next().unwrap_or(entry));
    let name = name.to_ascii_lowercase();
    name.rsplit_once('.').is_none_or(|(_, extension)| UNPICKLED.contains(&extension))
}

/// What stands in the place of weights under a name that says nothing of the format: the page or message of a server
/// that refused to give them, or a script.
fn stand_in(name: &str, extension: &str, view: &View<'_>, scope: &Scope<'_>) -> Option<(&'static str, Severity)> {
    let is = |name: &'static str| scope.formats().contains(&Format::named(name));
    let weights = WEIGHTS.contains(&extension);
    match (weights, extension) {
        (true, _) if is("script") => Some(("a script", Severity::High)),
        (true, _) if is("text") && is_python(view) => Some(("Python source", Severity::High)),
        (true, _) if is("html") => Some(("a web page", Severity::Medium)),
        (_, "bin" | "weights" | "params") if is("xml") => Some(("XML", Severity::Medium)),
        (_, "bin" | "weights" | "params") if is("json") => Some(("JSON", Severity::Medium)),
        _ if weights || placeholder::is_data(extension) => {
            placeholder::of(name, extension, view, scope).map(|what| (what, Severity::Medium))
        }
        _ => None,
    }
}

/// True for a web page under a name whose readers cannot read one, such as what a server says instead of the file.
fn is_page(name: &str, extension: &str, scope: &Scope<'_>) -> bool {
    let texts = [
        "json", "ipynb", "jsonl", "yaml", "yml", "toml", "csv", "tsv", "py", "pbtxt", "prototxt", "pdmodel", "arrow",
        "feather", "mlmodel",
    ];
    let whole = ["mlmodel", "vocab.txt", "merges.txt", "requirements.txt"];
    let asked = texts.contains(&extension) || whole.contains(&name);
    asked && scope.formats().iter().any(|format| format.name() == "html")
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
    // A source begins with imports, too; what else stands in it is no folder.
    let source = |line: &str| !line.starts_with("import") && (line.contains(" = ") || line.trim_end().ends_with(':'));
    bytes.is_some_and(|bytes| {
        let text = String::from_utf8_lossy(&bytes);
        startup::is_startup(&text, scope.path.as_str()) && !text.lines().any(source)
    })
}

/// A JSON text that is neither object nor array: a number, a string, a word.
fn is_scalar(view: &View<'_>) -> bool {
    view.len() <= 1 << 20 && view.read(0..view.len()).is_ok_and(|bytes| Tree::read(bytes.trim_ascii(), 1).is_some())
}

/// True for an archive that is called `.npz` and holds something, but no array. `numpy.savez` without arrays writes the 22
/// bytes of an archive without members.
fn lacks_arrays(extension: &str, view: &View<'_>, scope: &mut Scope<'_>) -> bool {
    extension == "npz" && view.len() > 22 && !scope.contents().members.contains_key("npy")
}

/// What a member of an archive is whose name says which format it has, if it is the page or message of a server instead.
pub fn member(entry: &str, formats: &[Format], view: &View<'_>, scope: &mut Scope<'_>) {
    let name = entry.rsplit(['/', '!']).next().unwrap_or(entry).to_ascii_lowercase();
    let (extension, expected) = naming::claim(&name);
    let instead = |format: &Format| matches!(format.name(), "text" | "json" | "xml");
    // Documents of XML have names of their own, and what Keras and NumPy want of members is said elsewhere.
    let elsewhere = matches!(extension, "xml" | "pmml")
        || scope.container.as_ref().is_some_and(|format| matches!(format.name(), "keras" | "npz"));
    if formats.is_empty() || !formats.iter().all(instead) || elsewhere {
        return;
    }
    let head = view.read_up_to(0, 512).unwrap_or_default();
    let lower = head.trim_ascii_start().to_ascii_lowercase();
    let page = lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html");
    let is = if page { "a web page" } else { formats.first().map_or("text", Format::name) };
    let known = expected.iter().any(|expected| formats.iter().any(|format| format.name() == *expected));
    let weights = expected.is_empty() && WEIGHTS.contains(&extension) && page;
    // The first letters of the names of languages are endings, too, and pointers are said already.
    let other = !page && (extension == "pt" || lower.starts_with(b"version https://git-lfs"));
    if (weights || !(expected.is_empty() || known)) && !other {
        let message = format!("the member {entry:?} ends in .{extension}, but its bytes are {is}");
        let evidence = Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium);
        scope.add(evidence.at(view.place(0..view.len().min(16))));
    }
}

/// The same for a member without bytes.
pub fn empty(entry: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = entry.rsplit(['/', '!']).next().unwrap_or(entry).to_ascii_lowercase();
    let (extension, expected) = naming::claim(&name);
    let elsewhere = scope.container.as_ref().is_some_and(|format| matches!(format.name(), "keras" | "npz"));
    if !expected.is_empty() && !expected.contains(&"text") && !elsewhere {
        let message = format!("the member {entry:?} ends in .{extension}, but it has no bytes");
        scope.add(Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium).at(view.place(0..0)));
    }
}

/// What is packed in a file whose name says of which format that is, if it is a text or nothing.
fn packed_otherwise(name: &str, scope: &mut Scope<'_>) -> Option<String> {
    let packs =
        |format: &Format| matches!(format.name(), "gzip" | "zlib" | "bzip2" | "xz" | "lzma" | "zstd" | "lz4" | "zfile");
    let stem = name.rsplit_once('.').map_or(name, |(stem, ending)| match ending {
        "gz" | "bz2" | "xz" | "lzma" | "zst" | "lz4" | "z" => stem,
        _ => name,
    });
    let stem = if let Some(stem) = name.strip_suffix(".tgz") { format!("{stem}.tar") } else { stem.to_owned() };
    let (extension, expected) = naming::claim(&stem);
    if expected.is_empty() || matches!(extension, "xml" | "pmml") || !scope.formats().iter().all(packs) {
        return None;
    }
    // A text without letters is one, and the names of languages are endings, too.
    let text = expected.contains(&"text") || extension == "pt";
    let members = &scope.contents().members;
    if text && !members.contains_key("html") {
        return None;
    }
    let wrong = ["text", "html", "json", "xml", "empty"].iter().find(|format| members.contains_key(**format))?;
    (!expected.iter().any(|format| members.contains_key(*format))).then(|| (*wrong).to_owned())
}

/// Bytes of no known format, beside what the name says.
fn unknown(extension: &str, expected: &[&str], view: &View<'_>, scope: &mut Scope<'_>) {
    let name = scope.path.name().to_ascii_lowercase();
    let whole = 0..view.len().min(16);
    if matches!(extension, "ann" | "annoy") && view.depth() == 0 {
        // Nodes of annoy have no mark; each is a whole number of numbers of four bytes.
        scope.recognise(Format::named("annoy"));
        if !view.len().is_multiple_of(4) {
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
}

/// A file called `.json` or `.ipynb` that is no JSON, or is a single value where its loaders want an object; true if so,
/// which is then said.
fn single(name: &str, extension: &str, view: &View<'_>, scope: &mut Scope<'_>) -> bool {
    let whole = 0..view.len().min(16);
    let commented = autorun::is_commented(name, &scope.path.as_str().to_ascii_lowercase());
    if scope.formats() == [Format::named("text")] && !commented && !is_scalar(view) {
        let message = format!("the name ends in .{extension}, but the text does not begin as JSON");
        scope.add(Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium).at(view.place(whole)));
        return true;
    }
    // Keras writes its tokenizers as a text in a text.
    let keras = || view.read_up_to(0, 256).is_ok_and(|head| head.windows(10).any(|word| word == b"class_name"));
    let plain = scope.formats() == [Format::named("text")];
    if settings::needs_object(name) && plain && !keras() {
        let message = format!("{name:?} holds a single value, no object");
        scope.raise(&settings::CONFIGURATION_MALFORMED, view, whole, message);
        return true;
    }
    false
}

/// Compares what was recognised with the name and with each other. `claimed` is what inspectors claimed at the top.
pub fn compare(claimed: &[Format], view: &View<'_>, scope: &mut Scope<'_>) {
    let name = scope.path.name().to_ascii_lowercase();
    let (extension, expected) = naming::claim(&name);
    let whole = 0..view.len().min(16);
    if zarr::is_description(&name) && !claimed.iter().any(|format| matches!(format.name(), "json" | "git-lfs-pointer"))
    {
        let message = format!("{name:?} describes an array or group of Zarr, and is not JSON");
        return scope.raise(&settings::CONFIGURATION_MALFORMED, view, whole, message);
    }
    if claimed.is_empty() {
        return unknown(extension, expected, view, scope);
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
    if let Some((is, severity)) = stand_in(&name, extension, view, scope) {
        let message = format!("the name ends in .{extension}, as weights or data do, but the bytes are {is}");
        let evidence = Evidence::new(&FORMAT_MISMATCH, message).rated(severity);
        return scope.add(evidence.at(view.place(whole)).showing(view.excerpt(0..0)));
    }
    if is_page(&name, extension, scope) {
        let message = format!("{name:?} is a web page, which no reader of such a file can read");
        return scope.add(Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium).at(view.place(whole)));
    }
    if matches!(extension, "json" | "ipynb") && single(&name, extension, view, scope) {
        return;
    }
    let pointer = scope.formats().contains(&Format::named("git-lfs-pointer"));
    let known = |format: &Format| expected.contains(&format.name());
    // Attributes that macOS keeps of a file, under the name of that file.
    if name.starts_with("._") && claimed == [Format::named("appledouble")] {
        return;
    }
    if extension == "pth" && is_startup(view, scope) {
        return;
    }
    if let Some(inside) = packed_otherwise(&name, scope) {
        let message = format!("{inside} is packed in it, not what its name says");
        let evidence = Evidence::new(&FORMAT_MISMATCH, message).rated(Severity::Medium);
        return scope.add(evidence.at(view.place(whole)));
    }
    if expected.is_empty() || pointer || (scope.formats().iter().any(known) && !lacks_arrays(extension, view, scope)) {
        return;
    }
    // What a zip that is cut off holds cannot be told, and that it is cut off was said.
    if scope.cut_off && expected.iter().any(|format| ARCHIVES.contains(format)) {
        return;
    }
    let is: Vec<_> = scope.formats().iter().map(|format| format.name().to_owned()).collect();
    let message = format!("the name ends in .{extension}, but the bytes are {}", is.join(", "));
    scope.raise(&FORMAT_MISMATCH, view, whole, message);
}
