//! CatBoost models: `CBM1`, a length, a FlatBuffer of that length, and parts that it names.
//!
//! Source: `catboost/libs/model/model.cpp` and `flatbuffers/model.fbs`. Not looked at: whether the trees are sensible.

use super::TREE_MODEL_MALFORMED;
use crate::inspect::flatbuffer;
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

/// The format.
pub struct Catboost;

impl Inspector for Catboost {
    fn format(&self) -> Format {
        Format::named("catboost")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"CBM1")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if let Err((at, what)) = check(view) {
            let at = at.min(view.len());
            scope.raise(&TREE_MODEL_MALFORMED, view, at..view.len(), what);
        }
    }
}

fn check(view: &View<'_>) -> Result<(), (u64, String)> {
    let length = flatbuffer::u32_at(view, 4).map(u64::from).ok_or((4, "its length is cut off".to_owned()))?;
    let end = 8 + length;
    let core = view.slice(8..end);
    let core = core
        .map_err(|_| (4, format!("it says that {length} bytes follow, there are {}", view.len().saturating_sub(8))))?;
    let broken = || (8, "the FlatBuffer at its core leads out of itself".to_owned());
    let root = u64::from(flatbuffer::u32_at(&core, 0).ok_or_else(broken)?);
    // Fields of `TModelCore`: version, trees, information, names of the parts.
    let version = flatbuffer::field(&core, root, 0).ok_or_else(broken)?.ok_or_else(broken)?;
    let (at, version) = flatbuffer::text(&core, version).ok_or_else(broken)?;
    if !version.starts_with("FlabuffersModel_v") {
        return Err((at + 8, format!("it is of the version {version:?}, which CatBoost does not have")));
    }
    let trees = flatbuffer::field(&core, root, 1).ok_or_else(broken)?.ok_or_else(broken)?;
    let trees = flatbuffer::follow(&core, trees).ok_or_else(broken)?;
    flatbuffer::field(&core, trees, 0).ok_or_else(broken)?;
    let parts = match flatbuffer::field(&core, root, 3).ok_or_else(broken)? {
        Some(list) => flatbuffer::count(&core, list).ok_or_else(broken)?,
        None => 0,
    };
    if parts == 0 && end < view.len() {
        return Err((end, format!("{} bytes follow, although it names no further parts", view.len() - end)));
    }
    if parts > 0 && end == view.len() {
        return Err((end, format!("it names {parts} further parts, which are missing")));
    }
    Ok(())
}
