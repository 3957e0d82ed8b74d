//! ONNX written as text: the text form of protocol buffers, and ONNX's own syntax (`.onnxtxt`).
//!
//! Not parsers of these languages: every `location` of data and every domain of an operator is looked at, wherever it
//! stands.

use super::schema::is_known;
use super::{CUSTOM_OPERATOR, EXTERNAL_PATH};
use crate::inspect::archive::escapes;
use crate::inspect::graph_text::quoted;
use crate::inspect::{Scope, lines};
use crate::model::Evidence;
use crate::weigh::View;

/// Looks at a text that `onnx.load` reads by its name.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let named = matches!(ending, "onnxtxt" | "onnxtext" | "textproto" | "txtpb" | "prototxt" | "pbtxt");
    if !named || !text.contains("ir_version") {
        return;
    }
    for (at, _) in text.match_indices("location") {
        let rest = text.get(at + "location".len()..).unwrap_or_default();
        let Some(place) = value(rest) else { continue };
        if let Some(what) = escapes(&place) {
            let message = format!("the data of a tensor lies at {place:?}, which {what}");
            lines::raise(Evidence::new(&EXTERNAL_PATH, message), text, at..at + "location".len(), view, scope);
        }
    }
    for (at, _) in text.match_indices("node") {
        let rest = text.get(at + "node".len()..).unwrap_or_default().trim_start();
        let Some(body) = rest.strip_prefix('{').or_else(|| rest.strip_prefix(": {")).and_then(flat) else { continue };
        let field = |name: &str| {
            let (_, value) = body.split_once(name).filter(|(before, _)| !before.ends_with('_'))?;
            Some(quoted(value.trim_start().strip_prefix(':')?))
        };
        let (Some(operator), Some(domain)) = (field("op_type"), field("domain")) else { continue };
        let own = text.contains("functions {");
        if !own && !is_known(&domain) {
            let message =
                format!("the operator {operator:?} is of the domain {domain:?}, which no runtime brings itself");
            lines::raise(Evidence::new(&CUSTOM_OPERATOR, message), text, at..at + "node".len(), view, scope);
        }
    }
}

/// What follows on the word `location`: in the one language `" value: "…"`, in the other `": "…"`.
fn value(rest: &str) -> Option<String> {
    let rest = rest.strip_prefix(['"', '\''])?.trim_start().trim_start_matches(',').trim_start();
    let rest = rest.strip_prefix("value").unwrap_or(rest).trim_start();
    Some(quoted(rest.strip_prefix(':')?))
}

/// The fields of a message up to where it ends, those of messages inside of it left in.
fn flat(body: &str) -> Option<&str> {
    let mut depth = 1usize;
    for (at, byte) in body.bytes().enumerate().take(64 << 10) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return body.get(..at);
        }
    }
    None
}
