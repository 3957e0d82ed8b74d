//! Archives inside of other formats that are no lie: a pickle that holds one in its bytes, the labels behind a TFLite
//! model.

use std::ops::Range;

use super::directory::locate;
use super::record::LOCAL;
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

/// Formats whose inspectors account for every byte, and say so when some belong to nothing.
const ACCOUNTED: [&str; 5] = ["pickle", "npy", "safetensors", "gguf", "7z"];

/// Where the archive lies, if `claimed` says that the file is something else that may well hold one.
///
/// Readers of zip find a directory in the last 64 KiB, whatever follows. Where the other format goes on behind the
/// archive, the archive is a part of it. A TFLite model may have one at its end, with the files that its metadata names
/// (<https://ai.google.dev/edge/litert/models/metadata>).
pub fn embedded(head: &[u8], view: &View<'_>, claimed: &[Format]) -> Option<Range<u64>> {
    let is = |name: &str| claimed.iter().any(|format| format.name() == name);
    if claimed.len() != 2 || !is("zip") || head.starts_with(&LOCAL) {
        return None;
    }
    let found = locate(view).ok()?;
    let main = found.first()?;
    let inside = main.end.until < view.len() && ACCOUNTED.iter().any(|name| is(name));
    (inside || is("tflite")).then(|| main.base..main.end.until.min(view.len()))
}

/// Looks into it.
pub fn inspect(archive: Range<u64>, behind: Option<&Format>, view: &View<'_>, scope: &mut Scope<'_>) {
    let Ok(inner) = view.member("archive", archive) else { return };
    let outer = std::mem::replace(&mut scope.container, behind.cloned());
    super::Zip.inspect(&inner, scope);
    scope.container = outer;
}

/// True if what lies in front of the archive is a model that says so.
pub fn is_behind_model(scope: &Scope<'_>) -> bool {
    scope.container == Some(Format::named("tflite"))
}
