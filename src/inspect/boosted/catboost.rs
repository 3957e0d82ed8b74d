//! CatBoost models: `CBM1`, a length, a FlatBuffer of that length, and parts that it names.
//!
//! Source: `catboost/libs/model/model.cpp` and `flatbuffers/model.fbs`. Not looked at: whether the trees are sensible.

use std::collections::BTreeMap;

use super::TREE_MODEL_MALFORMED;
use crate::inspect::flatbuffer::Shape::{Many, Number, Numbers, One, Text, Texts};
use crate::inspect::flatbuffer::{self, Buffer, Fault, Followed, Table, verify};
use crate::inspect::json::Tree;
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

static VALUE: Table = Table { name: "an entry", fields: &[(0, "Key", Text), (1, "Value", Text)] };
static CATEGORY: Table = Table {
    name: "a categorical feature",
    fields: &[(0, "Index", Number(4)), (1, "FlatIndex", Number(4)), (2, "FeatureId", Text)],
};
static FLOAT: Table = Table {
    name: "a numeric feature",
    fields: &[(1, "Index", Number(4)), (2, "FlatIndex", Number(4)), (3, "Borders", Numbers(4)), (4, "FeatureId", Text)],
};
static ONE_HOT: Table = Table {
    name: "a one-hot feature",
    fields: &[(0, "Index", Number(4)), (1, "Values", Numbers(4)), (2, "StringValues", Texts)],
};
static COMBINATION: Table = Table {
    name: "a combination of features",
    fields: &[(0, "CatFeatures", Numbers(4)), (1, "FloatSplits", Numbers(8)), (2, "OneHotSplits", Numbers(8))],
};
static COUNTER_BASE: Table = Table {
    name: "what is counted",
    fields: &[(0, "FeatureCombination", One(&COMBINATION)), (1, "CtrType", Number(1))],
};
static COUNTER: Table = Table { name: "a counter", fields: &[(0, "Base", One(&COUNTER_BASE))] };
static COUNTED: Table =
    Table { name: "a counted feature", fields: &[(0, "Ctr", One(&COUNTER)), (1, "Borders", Numbers(4))] };
static TREES: Table = Table {
    name: "the trees",
    fields: &[
        (0, "ApproxDimension", Number(4)),
        (1, "TreeSplits", Numbers(4)),
        (2, "TreeSizes", Numbers(4)),
        (3, "TreeStartOffsets", Numbers(4)),
        (4, "CatFeatures", Many(&CATEGORY)),
        (5, "FloatFeatures", Many(&FLOAT)),
        (6, "OneHotFeatures", Many(&ONE_HOT)),
        (7, "CtrFeatures", Many(&COUNTED)),
        (8, "LeafValues", Numbers(8)),
        (9, "LeafWeights", Numbers(8)),
        // Pairs of 16 bits.
        (10, "NonSymmetricStepNodes", Numbers(4)),
        (11, "NonSymmetricNodeIdToLeafId", Numbers(4)),
    ],
};
static CORE: Table = Table {
    name: "the model",
    fields: &[
        (0, "FormatVersion", Text),
        (1, "ModelTrees", One(&TREES)),
        (2, "InfoMap", Many(&VALUE)),
        (3, "ModelPartIds", Texts),
    ],
};

/// Longest entry of the information that is read.
const LONGEST: u64 = 1 << 20;

/// Entries of the information that CatBoost reads as JSON when it loads a model.
const SETTINGS: [&str; 2] = ["params", "class_params"];

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
        let outcome = check(view).and_then(|core| tables(&core, scope).map_err(|(at, what)| (at + 8, what)));
        if let Err((at, what)) = outcome {
            let at = at.min(view.len());
            scope.raise(&TREE_MODEL_MALFORMED, view, at..view.len(), what);
        }
    }
}

/// What stands around the FlatBuffer, which is given back.
fn check<'v>(view: &View<'v>) -> Result<View<'v>, (u64, String)> {
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
    Ok(core)
}

/// The FlatBuffer, as its reader verifies it, and the settings in it.
fn tables(core: &View<'_>, scope: &mut Scope<'_>) -> Result<(), (u64, String)> {
    let buffer = Buffer::new(core);
    let most = scope.limits.tensors;
    match verify(&buffer, &CORE, most) {
        Ok(Followed { whole: true, .. }) => {}
        Ok(_) => scope.limit("flatbuffer-tables", most, core),
        Err(Fault(at, what)) => {
            let Some(trouble) = buffer.trouble() else { return Err((at, what)) };
            scope.unreadable(core, &trouble);
            return Ok(());
        }
    }
    let root = buffer.u32(0).map_or(0, u64::from);
    // Of two of a name the last holds.
    let mut settings = BTreeMap::new();
    for entry in buffer.tables(root, 2) {
        if let Some(name) = buffer.text(entry, 0).filter(|name| SETTINGS.contains(&name.as_str())) {
            settings.insert(name, entry);
        }
    }
    let mut odd = None;
    for (name, entry) in settings {
        if buffer.list(entry, 1).1 > LONGEST {
            scope.limit("json-bytes", LONGEST, core);
        } else if let Some(value) = buffer.text_up_to(LONGEST, entry, 1)
            && (value.contains('\0') || Tree::read(value.as_bytes(), 128).is_none())
        {
            odd.get_or_insert((entry, format!("the entry {name:?} of its information is not JSON")));
        }
    }
    if let Some(trouble) = buffer.trouble() {
        scope.unreadable(core, &trouble);
    }
    odd.map_or(Ok(()), Err)
}
