//! LightGBM models, which are texts: `Tree=n` and lists of numbers.
//!
//! Source: `src/io/gbdt_model_text.cpp` and `tree.cpp` of LightGBM. Not looked at: linear
//! leaves.

use std::collections::BTreeMap;

use super::TREE_MODEL_MALFORMED;
use crate::inspect::Scope;
use crate::inspect::wording::{CODE_IN_DATA, code};
use crate::weigh::View;

/// Longest model that is read.
const WHOLE: u64 = 256 << 20;

/// Objectives as models name them (`src/objective/objective_function.cpp`), those of old versions too.
const OBJECTIVES: [&str; 22] = [
    "regression",
    "regression_l1",
    "regression_l2",
    "huber",
    "fair",
    "poisson",
    "quantile",
    "quantile_l2",
    "mape",
    "gamma",
    "tweedie",
    "binary",
    "multiclass",
    "multiclassova",
    "cross_entropy",
    "cross_entropy_lambda",
    "xentropy",
    "xentlambda",
    "lambdarank",
    "rank_xendcg",
    "custom",
    "none",
];

/// True for a line `tree`, or another word in its place, and what follows on it in every model: the version, and the
/// numbers of classes and of trees.
pub fn is_lightgbm(head: &[u8]) -> bool {
    let Some(end) = head.iter().take(64).position(|byte| *byte == b'\n') else { return false };
    let (first, rest) = head.split_at(end + 1);
    let first = first.trim_ascii_end();
    let follows = |begin: &[u8]| rest.starts_with(begin);
    let numbers = |window: &[u8]| window.windows(24).any(|at| at == b"\nnum_tree_per_iteration=");
    let known = first == b"tree" && (follows(b"version=") || follows(b"num_class="));
    known || (follows(b"version=v") && first.iter().all(u8::is_ascii_graphic) && numbers(rest))
}

/// Looks at a text that begins as a model.
pub fn inspect(view: &View<'_>, scope: &mut Scope<'_>) {
    let bytes = match view.read_all("lightgbm-bytes", WHOLE) {
        Ok(bytes) => bytes,
        Err(trouble) => return scope.unreadable(view, &trouble),
    };
    let text = String::from_utf8_lossy(&bytes);
    if let Some(mark) = code(&text) {
        scope.raise(&CODE_IN_DATA, view, 0..0, format!("the model holds {mark:?}"));
    }
    if let Err(what) = check(&text) {
        scope.raise(&TREE_MODEL_MALFORMED, view, 0..view.len().min(64), what);
    }
}

type Fields<'t> = BTreeMap<&'t str, &'t str>;

fn fields(block: &str) -> Fields<'_> {
    block.lines().filter_map(|line| line.trim_end().split_once('=')).collect()
}

fn check(text: &str) -> Result<(), String> {
    let Some((trees, _)) = text.split_once("end of trees") else {
        return Err("the line that ends the trees is missing: the model is cut off".to_owned());
    };
    let parameters = text.contains("\nparameters:") && !text.contains("\nend of parameters");
    if parameters || !text.ends_with('\n') {
        return Err("it ends inside of a line or of its parameters: the model is cut off".to_owned());
    }
    if let Some(first) = text.lines().next().map(str::trim_end).filter(|first| *first != "tree") {
        return Err(format!("its first line is {:?} instead of \"tree\"", first.chars().take(40).collect::<String>()));
    }
    let mut parts = trees.split("\nTree=");
    let head = fields(parts.next().unwrap_or_default());
    let blocks: Vec<_> = parts.collect();
    let features = model(&head, blocks.len())?;
    if let Some(text) = head.get("tree_sizes") {
        sizes(&numbers(text)?, &blocks, text.is_empty() || trees.contains('\r'))?;
    }
    for (n, block) in blocks.into_iter().enumerate() {
        let (place, block) = block.split_once('\n').unwrap_or((block, ""));
        if number(place)? != i64::try_from(n).unwrap_or(-1) {
            return Err(format!("tree {n} has the number {:?}", place.trim().chars().take(40).collect::<String>()));
        }
        tree(&fields(block), features).map_err(|what| format!("tree {n}: {what}"))?;
    }
    Ok(())
}

/// What the model says of all its trees. Returns the highest number of a feature.
fn model(head: &Fields<'_>, trees: usize) -> Result<i64, String> {
    let version = head.get("version").and_then(|version| version.strip_prefix('v'));
    if !version.is_some_and(|version| version.parse::<u8>().is_ok_and(|version| (1..20).contains(&version))) {
        return Err("its version is missing, or none that LightGBM has".to_owned());
    }
    let of = |name: &str, least: i64| -> Result<i64, String> {
        let value = number(head.get(name).ok_or_else(|| format!("it does not say {name:?}"))?)?;
        if value < least { Err(format!("{name:?} is {value}")) } else { Ok(value) }
    };
    if let Some(named) = head.get("objective").and_then(|text| text.split_ascii_whitespace().next())
        && !OBJECTIVES.contains(&named)
    {
        return Err(format!("the objective {:?} does not exist", named.chars().take(40).collect::<String>()));
    }
    of("num_class", 1)?;
    let each = of("num_tree_per_iteration", 1)?;
    of("label_index", 0)?;
    let features = of("max_feature_idx", 0)?;
    if i64::try_from(trees).unwrap_or(i64::MAX) % each != 0 {
        return Err(format!("it holds {trees} trees, {each} of them for each iteration"));
    }
    for name in ["feature_names", "feature_infos"] {
        let count = head.get(name).map_or(0, |names| names.split_ascii_whitespace().count());
        // Names with blanks in them make more.
        let short = i64::try_from(count).unwrap_or(i64::MAX) <= features;
        if short {
            return Err(format!("{name:?} has {count} entries for {} features", features.saturating_add(1)));
        }
    }
    Ok(features)
}

/// The length of each tree in bytes, by which loaders find it. Line ends of another kind make them longer.
fn sizes(sizes: &[i64], blocks: &[&str], other: bool) -> Result<(), String> {
    if sizes.len() != blocks.len() {
        return Err(format!("it lists the sizes of {} trees, and holds {}", sizes.len(), blocks.len()));
    }
    for (n, (size, block)) in sizes.iter().zip(blocks).enumerate().filter(|_| !other) {
        let own = block.len() + "Tree=".len() + usize::from(n + 1 < blocks.len());
        if usize::try_from(*size) != Ok(own) {
            return Err(format!("tree {n} is said to have {size} bytes, and has {own}"));
        }
    }
    Ok(())
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("{:?} is no number", text.chars().take(40).collect::<String>()))
}

fn numbers(text: &str) -> Result<Vec<i64>, String> {
    text.split_ascii_whitespace().map(number).collect()
}

/// Leaves are named by negative numbers, from -1 on; nodes from 0 on. Each but the first has one parent.
fn tree(fields: &Fields<'_>, features: i64) -> Result<(), String> {
    let leaves = number(fields.get("num_leaves").ok_or("it does not say how many leaves it has")?)?;
    let leaves = usize::try_from(leaves).ok().filter(|leaves| *leaves > 0).ok_or("it has no leaves")?;
    let inner = leaves - 1;
    let list = |name: &str| -> Result<Vec<i64>, String> {
        let list = numbers(fields.get(name).copied().unwrap_or_default())?;
        if list.len() == inner {
            Ok(list)
        } else {
            Err(format!("{name:?} has {} entries for {leaves} leaves", list.len()))
        }
    };
    let (left, right, split) = (list("left_child")?, list("right_child")?, list("split_feature")?);
    let values = fields.get("leaf_value").map_or(0, |text| text.split_ascii_whitespace().count());
    if values != leaves {
        return Err(format!("it has {values} values for {leaves} leaves"));
    }
    let (mut nodes, mut ends) = (vec![false; inner], vec![false; leaves]);
    for child in left.into_iter().chain(right) {
        let place = match usize::try_from(child) {
            Ok(node) if node > 0 => nodes.get_mut(node),
            Ok(_) => None,
            Err(_) => usize::try_from(!child).ok().and_then(|leaf| ends.get_mut(leaf)),
        };
        match place {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(format!("{child} is the child of two nodes")),
            None => return Err(format!("a node has the child {child}, which does not exist")),
        }
    }
    if let Some(odd) = split.into_iter().find(|split| !(0..=features).contains(split)) {
        return Err(format!("a node splits by feature {odd}, which does not exist"));
    }
    lists(fields, inner, leaves)?;
    categories(fields)
}

/// Lists with an entry for each node or leaf. A tree of one leaf has them empty.
fn lists(fields: &Fields<'_>, inner: usize, leaves: usize) -> Result<(), String> {
    let inside = ["threshold", "decision_type", "split_gain", "internal_value", "internal_weight", "internal_count"];
    let outside = ["leaf_value", "leaf_weight", "leaf_count"];
    let all = inside.iter().map(|name| (*name, inner)).chain(outside.iter().map(|name| (*name, leaves)));
    for (name, wanted) in all {
        let Some(text) = fields.get(name) else {
            if inner > 0 && matches!(name, "threshold" | "decision_type") {
                return Err(format!("{name:?} is missing"));
            }
            continue;
        };
        let count = text.split_ascii_whitespace().count();
        if count != wanted && !(count == 0 && leaves == 1) {
            return Err(format!("{name:?} has {count} entries for {leaves} leaves"));
        }
        if let Some(odd) = text.split_ascii_whitespace().find(|number| number.parse::<f64>().is_err()) {
            return Err(format!("{name:?} holds {:?}, no number", odd.chars().take(40).collect::<String>()));
        }
    }
    for (name, most) in [("shrinkage", f64::INFINITY), ("is_linear", 1.0)] {
        let odd = |text: &&&str| !text.trim().parse::<f64>().is_ok_and(|value| value <= most);
        if fields.get(name).is_some_and(|text| odd(&text)) {
            return Err(format!("{name:?} is no number that it can be"));
        }
    }
    Ok(())
}

/// Splits by categories: sets of them, one behind the other.
fn categories(fields: &Fields<'_>) -> Result<(), String> {
    let count = number(fields.get("num_cat").copied().unwrap_or("0"))?;
    if count < 0 {
        return Err(format!("it has {count} splits by categories"));
    }
    if count == 0 {
        return Ok(());
    }
    let list = |name: &str| numbers(fields.get(name).copied().unwrap_or_default());
    let (bounds, sets) = (list("cat_boundaries")?, list("cat_threshold")?);
    let rises = bounds.is_sorted() && bounds.first() == Some(&0);
    let fits = i64::try_from(bounds.len()).is_ok_and(|len| len.checked_sub(1) == Some(count));
    if !rises || !fits || bounds.last().and_then(|last| usize::try_from(*last).ok()) != Some(sets.len()) {
        return Err(format!("the sets of its {count} splits by categories do not fit their boundaries"));
    }
    Ok(())
}
