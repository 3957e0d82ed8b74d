//! CatBoost models in JSON: symmetric trees, each a list of splits and a value for each way through them.
//!
//! Source: `catboost/libs/model/model_export/json_model_helpers.cpp`. Not looked at: trees that are not symmetric beyond
//! the features that they split by, and tables of categories.

use super::TREE_MODEL_MALFORMED;
use crate::inspect::Scope;
use crate::inspect::json::Tree;
use crate::inspect::settings::fraction;
use crate::weigh::View;

/// The kinds of split.
const SPLITS: [&str; 4] = ["FloatFeature", "OneHotFeature", "OnlineCtr", "EstimatedFeature"];
/// Splits of one tree; CatBoost allows 16.
const DEPTH: usize = 16;

/// Looks at a JSON text, if it is a model of CatBoost.
pub fn inspect(tree: &Tree, view: &View<'_>, scope: &mut Scope<'_>) {
    let names = ["oblivious_trees", "features_info", "model_info", "scale_and_bias", "trees"];
    let has = |name: &str| tree.get(name).is_some();
    if !names.iter().take(4).any(|name| has(name)) || names.iter().filter(|name| has(name)).count() < 2 {
        return;
    }
    for what in check(tree) {
        scope.raise(&TREE_MODEL_MALFORMED, view, 0..0, what);
    }
}

fn check(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let features = floats(tree, &mut found);
    let scale = tree.get("scale_and_bias").map(Tree::values);
    if scale.is_some_and(|pair| !matches!(pair, [scale, bias] if fraction(scale).is_some() && is_bias(bias))) {
        found.push("\"scale_and_bias\" is no pair of numbers".to_owned());
    }
    let dimensions = match scale {
        Some([_, Tree::Array(biases)]) => biases.len().max(1),
        _ => 1,
    };
    let trees = match (tree.get("oblivious_trees"), tree.get("trees")) {
        (Some(Tree::Array(trees)), _) => trees,
        (None, Some(Tree::Array(trees))) => {
            let odd = trees.iter().position(|tree| !matches!(tree, Tree::Object(_)));
            found.extend(odd.map(|n| format!("tree {n} is no object")));
            return found;
        }
        _ => {
            found.push("it has no list of trees".to_owned());
            return found;
        }
    };
    for (n, tree) in trees.iter().enumerate() {
        if let Err(what) = oblivious(tree, features.as_deref(), dimensions) {
            found.push(format!("tree {n}: {what}"));
        }
        if found.len() >= 20 {
            break;
        }
    }
    found
}

fn is_bias(bias: &Tree) -> bool {
    fraction(bias).is_some() || matches!(bias, Tree::Array(all) if all.iter().all(|one| fraction(one).is_some()))
}

/// For each feature of numbers the borders that it is split at; `None` if they are not listed.
fn floats(tree: &Tree, found: &mut Vec<String>) -> Option<Vec<usize>> {
    let Some(information) = tree.get("features_info") else {
        found.push("it does not describe its features".to_owned());
        return None;
    };
    let Some(features) = information.get("float_features") else { return Some(Vec::new()) };
    let Tree::Array(features) = features else {
        found.push("the features of numbers are no list".to_owned());
        return None;
    };
    let mut borders = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (n, feature) in features.iter().enumerate() {
        let index = feature.get("feature_index").and_then(Tree::number);
        let flat = feature.get("flat_feature_index").and_then(Tree::number);
        if index.is_none() || flat.is_none() || !seen.insert(index) {
            found.push(format!("the feature {n} has no number, or that of another one"));
        }
        match feature.get("borders") {
            None | Some(Tree::Null) => borders.push(0),
            Some(Tree::Array(all)) if all.iter().all(|border| fraction(border).is_some()) => borders.push(all.len()),
            Some(_) => {
                found.push(format!("the borders of the feature {n} are no list of numbers"));
                return None;
            }
        }
    }
    Some(borders)
}

fn oblivious(tree: &Tree, features: Option<&[usize]>, dimensions: usize) -> Result<(), String> {
    let splits = match tree.get("splits") {
        Some(Tree::Array(splits)) => splits.as_slice(),
        // A tree of a single value has none.
        Some(Tree::Null) => &[],
        _ => return Err("it has no list of splits".to_owned()),
    };
    if splits.len() > DEPTH {
        return Err(format!("it has {} splits, {DEPTH} are possible", splits.len()));
    }
    for (n, split) in splits.iter().enumerate() {
        let kind = split.get("split_type").and_then(Tree::text).unwrap_or("FloatFeature");
        if !SPLITS.contains(&kind) {
            return Err(format!("the split {n} is of the kind {kind:?}"));
        }
        if kind != "FloatFeature" {
            continue;
        }
        let index =
            split.get("float_feature_index").and_then(Tree::number).and_then(|index| usize::try_from(index).ok());
        let there = index.is_some_and(|index| features.is_none_or(|features| index < features.len()));
        if !there {
            return Err(format!("the split {n} is by a feature that does not exist"));
        }
        if split.get("border").is_none_or(|border| fraction(border).is_none()) {
            return Err(format!("the border of the split {n} is no number"));
        }
    }
    let total: usize = features.map_or(usize::MAX, |features| features.iter().sum());
    let numbered = splits.iter().filter(|split| split.get("split_type").and_then(Tree::text) == Some("FloatFeature"));
    let far = |split: &&Tree| split.get("split_index").and_then(Tree::number).is_some_and(|at| at >= total as u64);
    let plain = splits.iter().all(|split| split.get("split_type").and_then(Tree::text) == Some("FloatFeature"));
    if plain && numbered.into_iter().any(|split| far(&split)) {
        return Err("a split has a number that no border has".to_owned());
    }
    let leaves = 1usize << splits.len();
    leaf_values(tree, leaves, dimensions)
}

fn leaf_values(tree: &Tree, leaves: usize, dimensions: usize) -> Result<(), String> {
    let Some(Tree::Array(values)) = tree.get("leaf_values") else { return Err("it has no values".to_owned()) };
    if !values.iter().all(|value| fraction(value).is_some()) {
        return Err("one of its values is no number".to_owned());
    }
    if values.len() != leaves * dimensions {
        return Err(format!("it has {} values for {leaves} leaves of {dimensions} numbers", values.len()));
    }
    match tree.get("leaf_weights") {
        Some(Tree::Array(weights)) if !weights.is_empty() && weights.len() != leaves => {
            Err(format!("it has {} weights for {leaves} leaves", weights.len()))
        }
        _ => Ok(()),
    }
}
