//! Archives of TorchServe (`.mar`): the manifest, and the files that it names.
//!
//! Source: `serve/frontend/archive` (`ModelArchive.java`), `model-archiver/model_packaging_utils.py`. Not looked at: archives
//! that are packed as tar.

use super::{MALFORMED, Placed};
use crate::inspect::Scope;
use crate::inspect::inflate::inflate;
use crate::inspect::json::Tree;
use crate::weigh::View;

/// The manifest.
const MANIFEST: &str = "MAR-INF/MANIFEST.json";

/// Bytes of a manifest that are read.
const LONGEST: u64 = 1 << 20;

/// Looks at the members of an archive by its name.
pub fn inspect(members: &[Placed<'_>], view: &View<'_>, scope: &mut Scope<'_>) {
    let outside = |name: &str| !name.starts_with("META-INF/") && !name.ends_with('/');
    if view.depth() > 0 || !scope.path.name().to_ascii_lowercase().ends_with(".mar") {
        return;
    }
    let names = || members.iter().map(|member| member.central.facts.text());
    let Some(manifest) = members.iter().find(|member| member.central.facts.text() == MANIFEST) else {
        if names().any(|name| outside(&name)) {
            scope.raise(
                &MALFORMED,
                view,
                0..0,
                format!("{MANIFEST:?} is missing, without which TorchServe loads no model"),
            );
        }
        return;
    };
    let Some(text) = content(manifest, view, scope) else { return };
    let tree = Tree::read(text.trim_ascii(), 64);
    let Some(model) = tree.as_ref().and_then(|tree| tree.get("model")) else {
        return scope.raise(&MALFORMED, view, 0..0, format!("{MANIFEST:?} describes no model"));
    };
    for key in ["serializedFile", "modelFile"] {
        let Some(file) = model.get(key).and_then(Tree::text).filter(|file| !file.is_empty()) else { continue };
        // The archiver keeps the name of a file alone.
        let own = file.rsplit(['/', '\\']).next().unwrap_or(file);
        if !names().any(|name| name == file || name == own) {
            scope.raise(&MALFORMED, view, 0..0, format!("{MANIFEST:?} names {file:?}, which is not there"));
        }
    }
}

/// The bytes of a small member; what keeps them from being had is written down, here or where all members are looked at.
fn content(member: &Placed<'_>, view: &View<'_>, scope: &mut Scope<'_>) -> Option<Vec<u8>> {
    let (data, facts) = (member.data.clone()?, &member.central.facts);
    if facts.size > LONGEST || data.end.checked_sub(data.start)? > LONGEST {
        scope.limit("manifest-bytes", LONGEST, view);
        return None;
    }
    let bytes = match facts.method {
        0 => view.read(data),
        8 => inflate(view, &data, scope.limits.ratio).map(|inflated| inflated.bytes),
        _ => return None,
    };
    bytes.map_err(|trouble| scope.unreadable(view, &trouble)).ok()
}
