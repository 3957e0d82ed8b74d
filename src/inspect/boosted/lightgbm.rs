//! LightGBM models, which are texts: `Tree=n` and lists of numbers.
//!
//! Source: `src/io/gbdt_model_text.cpp` and `tree.cpp` of LightGBM. Not looked at: categories, and linear leaves.

use std::collections::BTreeMap;

use super::TREE_MODEL_MALFORMED;
use crate::inspect::Scope;
use crate::inspect::wording::{CODE_IN_DATA, code};
use crate::weigh::View;

/// Longest model that is read.
const WHOLE: u64 = 256 << 20;

/// True for the first line and the second.
pub fn is_lightgbm(head: &[u8]) -> bool {
    head.starts_with(b"tree\nversion=") || head.starts_with(b"tree\r\nversion=")
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
    let mut parts = trees.split("\nTree=");
    let head = fields(parts.next().unwrap_or_default());
    let features = head.get("max_feature_idx").map(|text| number(text)).transpose()?;
    let sizes = head.get("tree_sizes").map(|text| numbers(text)).transpose()?;
    let blocks: Vec<_> = parts.collect();
    if let Some(sizes) = sizes.filter(|sizes| sizes.len() != blocks.len()) {
        return Err(format!("it lists the sizes of {} trees, and holds {}", sizes.len(), blocks.len()));
    }
    for (n, block) in blocks.into_iter().enumerate() {
        tree(&fields(block), features).map_err(|what| format!("tree {n}: {what}"))?;
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
fn tree(fields: &Fields<'_>, features: Option<i64>) -> Result<(), String> {
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
    if let Some(odd) = features.and_then(|features| split.into_iter().find(|split| !(0..=features).contains(split))) {
        return Err(format!("a node splits by feature {odd}, which does not exist"));
    }
    Ok(())
}
