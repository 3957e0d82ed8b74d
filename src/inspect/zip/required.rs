//! Members without which an archive is not what it is called: the JSON that Keras and skops build a model from.

use crate::inspect::hdf5::Hdf5;
use crate::inspect::json::{self, Tree};
use crate::inspect::keras::{self, KERAS_MALFORMED};
use crate::inspect::skops::{self, SKOPS_MALFORMED};
use crate::inspect::{Inspector as _, Scope};
use crate::model::Format;
use crate::weigh::View;

use super::MALFORMED;

/// The weights of a model of Keras, and the list of them where they are in several files.
const WEIGHTS: &[&str] = &["model.weights.h5", "model.weights.npz", "model.weights.json"];

/// Looks at one member, unpacked.
pub fn member(member: &View<'_>, scope: &mut Scope<'_>) {
    let entry = member.entry().unwrap_or_default();
    let name = entry.strip_suffix("!content").unwrap_or(entry).rsplit('!').next().unwrap_or_default().to_owned();
    if !is_required(&name, scope) {
        return;
    }
    if name == WEIGHTS[0] {
        let head = member.read_up_to(0, 4096).unwrap_or_default();
        if !Hdf5.claims(&head, member) {
            scope.raise(&KERAS_MALFORMED, member, 0..member.len().min(64), "the weights of the model are not HDF5");
        }
        return;
    }
    match member.read_all("json-bytes", scope.limits.json_bytes) {
        Ok(bytes) => {
            let tree = json::whole(&bytes);
            if let Some(tree) = tree.as_ref().filter(|_| name == "config.json" && member.depth() == 1) {
                scope.promised = keras::promises(tree);
            }
            judge(&name, tree.as_ref(), member, scope);
        }
        Err(trouble) => scope.unreadable(member, &trouble),
    }
}

/// A member without content.
pub fn empty(name: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if scope.container == Some(Format::named("npz")) {
        scope.raise(&MALFORMED, view, 0..0, format!("{name:?} says that it is an array, but it is empty"));
    }
    if name == WEIGHTS[0] && is_required(name, scope) {
        scope.raise(&KERAS_MALFORMED, view, 0..0, "the weights of the model are empty");
    } else if is_required(name, scope) {
        judge(name, None, view, scope);
    }
}

/// Looks at the names of all members.
pub fn names(names: impl Iterator<Item = String>, view: &View<'_>, scope: &mut Scope<'_>) {
    let names: Vec<_> = names.collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let skops = view.depth() == 0 && is_skops(scope);
    if skops {
        skops::held(names.iter().map(String::as_str), view, scope);
    }
    if skops && !has("schema.json") {
        scope.raise(&SKOPS_MALFORMED, view, 0..0, "\"schema.json\" is missing, from which skops builds the model");
    }
    // Archives of other programs have members of these names; only the name of the file says that Keras loads it.
    if view.depth() > 0
        || scope.container != keras_format()
        || !scope.path.name().to_ascii_lowercase().ends_with(".keras")
    {
        return;
    }
    let missing = ["config.json", "metadata.json"].into_iter().find(|wanted| !has(wanted));
    let missing = missing.or_else(|| (!WEIGHTS.iter().any(|wanted| has(wanted))).then_some(WEIGHTS[0]));
    if let Some(missing) = missing {
        let message = format!("{missing:?} is missing, without which Keras loads no model");
        scope.raise(&KERAS_MALFORMED, view, 0..0, message);
    }
    keras::compare(view, scope);
}

fn judge(name: &str, tree: Option<&Tree>, view: &View<'_>, scope: &mut Scope<'_>) {
    let (rule, what) = match name {
        "schema.json" => (&SKOPS_MALFORMED, skops::required(tree)),
        _ => (&KERAS_MALFORMED, keras::required(name, tree)),
    };
    if let Some(what) = what {
        scope.raise(rule, view, 0..view.len().min(64), format!("{name:?} {what}"));
    }
}

fn is_required(name: &str, scope: &Scope<'_>) -> bool {
    match name {
        "config.json" | "metadata.json" | "model.weights.h5" => scope.container == keras_format(),
        "schema.json" => is_skops(scope),
        _ => false,
    }
}

/// skops loads what it is given; nothing but the name of the file, or its schema, says what it is.
fn is_skops(scope: &Scope<'_>) -> bool {
    scope.path.name().to_ascii_lowercase().ends_with(".skops") || scope.formats().contains(&Format::named("skops"))
}

fn keras_format() -> Option<Format> {
    Some(Format::named("keras"))
}
