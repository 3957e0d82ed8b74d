//! What is inside a file, by content: each format in its own file, none chosen by name.
//!
//! [`Inspectors`] is handed to the pass of `weigh`. It shows every file's view to every [`Inspector`]; each that
//! claims the bytes lists what it found in the [`Scope`]. A file claimed by two is a polyglot. Containers show their
//! members to [`inspect_content`] again, one nesting level deeper.

mod json;
mod pickle;
mod safetensors;
mod scope;
mod statistics;

use crate::model::{ArtifactPath, Format, Limits, Rule};
use crate::weigh::{Inspect, Inspection, View};

pub use scope::Scope;

/// The rules this room raises.
pub static RULES: &[&Rule] = &[
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
    &safetensors::HEADER_MALFORMED,
    &safetensors::DUPLICATE_KEY,
    &safetensors::UNKNOWN_FIELD,
    &safetensors::TRUNCATED,
    &safetensors::OVERLAP,
    &safetensors::HOLE,
    &safetensors::TRAILING_DATA,
    &safetensors::SIZE_MISMATCH,
    &safetensors::UNKNOWN_DTYPE,
    &safetensors::LOADER_DISAGREES,
    &safetensors::TENSOR_NAME_UNSAFE,
    &statistics::TENSOR_ALL_ZERO,
    &statistics::TENSOR_NOT_FINITE,
];

/// Bytes from the beginning that every inspector is shown to decide on.
const HEAD: u64 = 4096;

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

/// Every inspector, in the order formats are listed.
static INSPECTORS: &[&dyn Inspector] = &[&pickle::Pickle, &safetensors::Safetensors];

/// All inspectors, chosen by content.
pub struct Inspectors;

impl Inspect for Inspectors {
    fn inspect(&self, path: &ArtifactPath, view: &View<'_>, limits: &Limits) -> Inspection {
        let mut scope = Scope::new(path, limits);
        inspect_content(view, &mut scope);
        scope.close()
    }
}

/// Shows a file, or a member of a container, to every inspector. Formats of the file itself are listed in the report.
pub fn inspect_content(view: &View<'_>, scope: &mut Scope<'_>) {
    if view.depth() > scope.limits.nesting {
        scope.limit("nesting", u64::from(scope.limits.nesting), view);
        return;
    }
    let head = match view.read_up_to(0, HEAD) {
        Ok(head) => head,
        Err(trouble) => return scope.unreadable(view, &trouble),
    };
    for inspector in INSPECTORS.iter().filter(|inspector| inspector.claims(&head, view)) {
        if view.depth() == 0 {
            scope.recognise(inspector.format());
        }
        inspector.inspect(view, scope);
    }
}
