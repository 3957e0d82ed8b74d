//! Members without which an archive is not what it is called: the JSON that Keras and skops build a model from.

use crate::inspect::Scope;
use crate::inspect::json::{self, Tree};
use crate::inspect::keras::{self, KERAS_MALFORMED};
use crate::inspect::skops::{self, SKOPS_MALFORMED};
use crate::model::Format;
use crate::weigh::View;

/// Looks at one member, unpacked.
pub fn member(member: &View<'_>, scope: &mut Scope<'_>) {
    let entry = member.entry().unwrap_or_default();
    let name = entry.strip_suffix("!content").unwrap_or(entry).rsplit('!').next().unwrap_or_default().to_owned();
    if !is_required(&name, scope) {
        return;
    }
    match member.read_all("json-bytes", scope.limits.json_bytes) {
        Ok(bytes) => judge(&name, json::whole(&bytes).as_ref(), member, scope),
        Err(trouble) => scope.unreadable(member, &trouble),
    }
}

/// A member without content.
pub fn empty(name: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if is_required(name, scope) {
        judge(name, None, view, scope);
    }
}

/// Looks at the names of all members.
pub fn names(names: impl Iterator<Item = String>, view: &View<'_>, scope: &mut Scope<'_>) {
    if view.depth() > 0 || !is_skops(scope) {
        return;
    }
    let names: Vec<String> = names.collect();
    skops::held(names.iter().map(String::as_str), view, scope);
    if !names.iter().any(|name| name == "schema.json") {
        scope.raise(&SKOPS_MALFORMED, view, 0..0, "\"schema.json\" is missing, from which skops builds the model");
    }
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
        "config.json" | "metadata.json" => scope.container == Some(Format::named("keras")),
        "schema.json" => is_skops(scope),
        _ => false,
    }
}

/// skops loads what it is given; nothing but the name of the file, or its schema, says what it is.
fn is_skops(scope: &Scope<'_>) -> bool {
    scope.path.name().to_ascii_lowercase().ends_with(".skops") || scope.formats().contains(&Format::named("skops"))
}
