//! The records of a PyTorch archive beside its tensors: those that must be there, and what the small ones say.
//!
//! Sources: `caffe2/serialize/inline_container.cc`, `torch/serialization.py`, `torch/jit/_serialization.py`. Not looked at:
//! whether TorchScript code compiles, beyond its brackets and the files of its classes.

use super::script;
use crate::inspect::Scope;
use crate::inspect::pickle::looks_like_pickle;
use crate::model::{Class, Rule, Severity};
use crate::weigh::View;

/// Not what PyTorch writes.
pub static PYTORCH_MALFORMED: Rule = Rule {
    id: "pytorch-malformed",
    summary: "the PyTorch file lacks records, or holds some that PyTorch would not read",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/pytorch-malformed.md"),
    frameworks: &["CWE-20", "CWE-436", "AML.T0076"],
};

/// Versions of the archive that PyTorch reads (`kMaxSupportedFileFormatVersion` in `caffe2/serialize/versions.h`, 10 up to
/// PyTorch 2.9).
const VERSIONS: std::ops::RangeInclusive<u32> = 1..=10;

/// Bytes of the small records; longer ones are wrong.
const SMALL: u64 = 64;

/// Looks at the names of all members; `scripted` says that it is TorchScript, `tensors` that a pickle leads to them.
pub fn names(root: &str, names: &[String], scripted: bool, tensors: bool, view: &View<'_>, scope: &mut Scope<'_>) {
    let prefix = format!("{root}/");
    let mut say = |message: String| scope.raise(&PYTORCH_MALFORMED, view, 0..0, message);
    let below: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(&prefix)).collect();
    if below.contains(&"model.json") {
        // TorchScript before PyTorch 1.4, which kept its object in JSON.
        return;
    }
    let mut required = vec!["version"];
    if tensors {
        required.push("data.pkl");
    }
    if scripted {
        required.push("constants.pkl");
        if !below.iter().any(|name| name.starts_with("code/") && name.ends_with(".py")) {
            say(format!("{root:?} is TorchScript, but there is no code in it"));
        }
    }
    for name in required {
        // Archives of torch.package keep it with their other data.
        if !(below.contains(&name) || name == "version" && below.contains(&".data/version")) {
            say(format!("\"{root}/{name}\" is missing, without which PyTorch does not read the archive"));
        }
    }
    let outside: Vec<_> = names.iter().filter(|name| !name.starts_with(&prefix)).collect();
    if let Some(first) = outside.first() {
        let count = outside.len();
        say(format!(
            "{count} members lie outside of the folder {root:?}, the only one PyTorch looks into; the first is {first:?}"
        ));
    }
}

/// True for members that are looked at here.
pub fn is_record(root: &str, name: &str) -> bool {
    below(root, name).is_some_and(|name| {
        let small =
            matches!(name, "version" | ".data/version" | "byteorder" | ".format_version" | ".storage_alignment");
        small || is_pickle(name) || is_code(name)
    })
}

/// Looks at one of them, unpacked.
pub fn record(root: &str, name: &str, member: &View<'_>, scope: &mut Scope<'_>) {
    let Some(below) = below(root, name) else { return };
    let whole = 0..member.len().min(64);
    let wrong = if is_pickle(below) {
        let head = member.read_up_to(0, 4096).unwrap_or_default();
        (!looks_like_pickle(&head, member)).then_some("is no pickle")
    } else if is_code(below) {
        // Classes that are built in, such as those of XNNPACK, have a file without code.
        if member.is_empty() && below.contains("/torch/classes/") { None } else { code(below, member, scope) }
    } else if member.len() > SMALL {
        Some("is longer than such a record is")
    } else {
        match member.read(0..member.len()) {
            Ok(bytes) => small(below, &bytes),
            Err(trouble) => return scope.unreadable(member, &trouble),
        }
    };
    if let Some(wrong) = wrong {
        scope.raise(&PYTORCH_MALFORMED, member, whole, format!("{name:?} {wrong}"));
    }
}

/// After all members: classes that the code names and no file of code can hold.
pub fn classes(root: &str, names: &[String], view: &View<'_>, scope: &mut Scope<'_>) {
    let files = names.iter().map(String::as_str).collect();
    let (classes, defined) = scope.take_classes();
    for class in classes.iter().filter(|class| script::is_held(class, root, &files)) {
        // A name may go on to something in a class.
        let known = |end: usize| class.get(..end).is_some_and(|outer| defined.contains(outer));
        let ends = class.match_indices('.').map(|(at, _)| at).chain([class.len()]);
        if !defined.is_empty() && !ends.into_iter().any(known) {
            let message = format!("the code names {class:?}, which the file of code called so does not define");
            scope.raise(&PYTORCH_MALFORMED, view, 0..0, message);
        }
    }
    for class in classes.iter().filter(|class| !script::is_held(class, root, &files)) {
        let message = format!("the code names {class:?}, but there is no file of code that holds it");
        scope.raise(&PYTORCH_MALFORMED, view, 0..0, message);
    }
}

/// A member that is packed by a method which PyTorch does not unpack.
pub fn packed(name: &str, method: u16, view: &View<'_>, scope: &mut Scope<'_>) {
    let message = format!("{name:?} is compressed by method {method}, which PyTorch does not read");
    scope.raise(&PYTORCH_MALFORMED, view, 0..0, message);
}

fn below<'n>(root: &str, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(root).and_then(|name| name.strip_prefix('/'))
}

/// Pickles by name, those of TorchScript's debug information among them.
fn is_pickle(name: &str) -> bool {
    name == "data.pkl" || name == "constants.pkl" || (name.starts_with("code/") && name.ends_with(".debug_pkl"))
}

fn is_code(name: &str) -> bool {
    name.starts_with("code/") && name.ends_with(".py")
}

fn code(file: &str, member: &View<'_>, scope: &mut Scope<'_>) -> Option<&'static str> {
    if member.is_empty() {
        return Some("holds no code");
    }
    // What is longer is read as text by the inspectors of text, which say so when they cannot.
    let bytes = member.read_up_to(0, 1 << 20).ok()?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && (bytes.len() as u64) < member.len() => "",
        Err(_) => return Some("is not text, as code is"),
    };
    if text.contains('\0') {
        return Some("holds bytes that are not text, as code is");
    }
    if text.trim_start().starts_with('<') {
        return Some("is a document of another kind, no code");
    }
    if bytes.len() as u64 != member.len() {
        return None;
    }
    let Some(bare) = script::whole(text) else {
        return Some("is cut off or broken: a bracket, a text or a definition is open");
    };
    // Before PyTorch 1.5 modules were imported, and lay elsewhere.
    if !text.contains("op_version_set") {
        script::named(&bare).for_each(|name| scope.names_class(name));
        let module = file.trim_start_matches("code/").trim_end_matches(".py").replace('/', ".");
        script::defined(text).for_each(|name| scope.defines_class(format!("{module}.{name}")));
    }
    None
}

fn small(name: &str, bytes: &[u8]) -> Option<&'static str> {
    let number = std::str::from_utf8(bytes).ok().and_then(|text| text.trim_ascii().parse::<u32>().ok());
    match name {
        "byteorder" => (!matches!(bytes, b"little" | b"big")).then_some("is neither \"little\" nor \"big\""),
        "version" | ".data/version" => {
            (!number.is_some_and(|number| VERSIONS.contains(&number))).then_some("is no version that PyTorch knows")
        }
        _ => number.is_none().then_some("is no number"),
    }
}
