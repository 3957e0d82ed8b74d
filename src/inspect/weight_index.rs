//! The index of sharded weights: which file holds which tensor.
//!
//! Source: `save_pretrained` of transformers and diffusers (`weight_map`, `metadata.total_size`). What the shards hold is
//! compared once all files were looked at.

use super::json::Tree;
use super::settings::{CONFIGURATION_MALFORMED, fraction, shown};
use super::{Scope, words};
use crate::model::Format;
use crate::weigh::View;

/// More bytes than any model has.
const ABSURD: f64 = 1e17;

/// Looks at a JSON text, if it is an index.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = words::name(view, scope);
    let ends = [".safetensors.index.json", ".bin.index.json", ".h5.index.json", ".msgpack.index.json"];
    let is_index = ends.iter().any(|end| name.ends_with(end));
    let map = tree.get("weight_map");
    if view.depth() > 0 || (map.is_none() && !is_index) {
        return;
    }
    let mut wrong = |what: String| scope.raise(&CONFIGURATION_MALFORMED, view, 0..0, what);
    match map {
        None => wrong("it is an index of weights by its name, and has no \"weight_map\"".to_owned()),
        Some(Tree::Object(members)) => {
            if members.is_empty() {
                wrong("the \"weight_map\" is empty".to_owned());
            }
            let odd = members.iter().filter(|(_, shard)| !shard.text().is_some_and(is_file));
            let (mut count, mut first) = (0, None);
            for (tensor, shard) in odd {
                count += 1;
                first.get_or_insert((tensor, shard));
            }
            if let Some((tensor, shard)) = first {
                let tensor: String = tensor.chars().take(80).collect();
                wrong(format!("{count} tensors are in no file; {tensor:?} is in {}", shown(shard)));
            }
        }
        Some(other) => wrong(format!("the \"weight_map\" is {}, no object", shown(other))),
    }
    let metadata = tree.get("metadata").filter(|metadata| **metadata != Tree::Null);
    if let Some(other) = metadata.filter(|metadata| !matches!(metadata, Tree::Object(_))) {
        wrong(format!("the \"metadata\" are {}, no object", shown(other)));
    }
    let total = metadata.and_then(|metadata| metadata.get("total_size"));
    let bytes = total.and_then(fraction).filter(|bytes| bytes.fract() == 0.0 && (0.0..ABSURD).contains(bytes));
    if let Some(other) = total.filter(|_| bytes.is_none()) {
        wrong(format!("the \"total_size\" is {}, which is no number of bytes", shown(other)));
    }
    let contents = scope.contents();
    if let Some(bytes) = bytes {
        contents.metadata.insert("total_size".to_owned(), format!("{bytes:.0}"));
    }
    let members = map.map(Tree::members).unwrap_or_default();
    let shards = members.iter().filter_map(|(tensor, shard)| Some((tensor.clone(), shard.text()?.to_owned())));
    contents.weight_map = Some(shards.collect());
    scope.recognise(Format::named("weight-index"));
}

/// True for what can be the name of a file of weights.
fn is_file(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_control) && !name.ends_with(['.', '/']) && !name.ends_with(".json")
}
