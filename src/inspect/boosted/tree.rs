//! One tree of XGBoost: lists with an entry for each node, and nodes that are a tree.

use super::xgboost::Value;

/// Numbers of a node that are no indices. Not every version writes all of them.
const LISTS: [&str; 4] = ["base_weights", "loss_changes", "sum_hessian", "split_conditions"];

/// Whether the nodes are a tree: as many as it says, each with one parent, none outside. `place` is where it stands among
/// the others.
pub fn check(tree: Value<'_>, place: usize, features: Option<i64>) -> Result<(), String> {
    let said = tree.at(&["tree_param", "num_nodes"]).and_then(Value::number).ok_or("it does not say how many nodes")?;
    let said = usize::try_from(said).map_err(|_| "the number of nodes is negative")?;
    let width = tree.at(&["tree_param", "size_leaf_vector"]).and_then(Value::number).unwrap_or(1).max(1);
    let width = usize::try_from(width).unwrap_or(1);
    let list = |name: &str| -> Result<Vec<i64>, String> {
        let list = tree.get(name).and_then(Value::integers).ok_or_else(|| format!("{name:?} is no list of numbers"))?;
        if list.len() == said { Ok(list) } else { Err(format!("{name:?} has {} entries for {said} nodes", list.len())) }
    };
    let (left, right, split) = (list("left_children")?, list("right_children")?, list("split_indices")?);
    let parents = list("parents")?;
    for name in LISTS {
        let length = tree.get(name).ok_or_else(|| format!("{name:?} is missing"))?.numbers();
        // A tree for several targets has a list of weights for each node.
        let good = length.is_some_and(|length| length == said || (width > 1 && length % width == 0));
        if !(good || width > 1 && length.is_none()) {
            return Err(format!("{name:?} is no list of {said} numbers"));
        }
    }
    for name in ["default_left", "split_type"] {
        match tree.get(name).map(Value::numbers) {
            Some(Some(length)) if length == said => {}
            // The first versions had numbered features only.
            None if name == "split_type" => {}
            _ => return Err(format!("{name:?} is no list of {said} numbers")),
        }
    }
    if let Some(id) = tree.get("id").and_then(Value::number).filter(|id| usize::try_from(*id) != Ok(place)) {
        return Err(format!("its number is {id}"));
    }
    let own = tree.at(&["tree_param", "num_feature"]).and_then(Value::number);
    if own.zip(features).is_some_and(|(own, features)| own != features) {
        return Err(format!("it is made for {} features, the model has {}", own.unwrap_or(0), features.unwrap_or(0)));
    }
    nodes(&left, &right, &parents, width > 1)?;
    let inner = (0..said).filter(|node| left.get(*node).is_some_and(|child| *child != -1));
    for node in inner {
        let feature = split.get(node).copied().unwrap_or(-1);
        if features.is_some_and(|features| !(0..features.max(1)).contains(&feature)) {
            return Err(format!("node {node} splits by feature {feature}, which does not exist"));
        }
    }
    categories(tree, said)
}

/// Children and parents agree. The leaves of a tree for several targets have the place of their weights as their right
/// child.
fn nodes(left: &[i64], right: &[i64], parents: &[i64], several: bool) -> Result<(), String> {
    let said = left.len();
    let mut reached = vec![false; said];
    for (node, (left, right)) in left.iter().zip(right).enumerate() {
        if *left == -1 && several {
            continue;
        }
        if (*left == -1) != (*right == -1) {
            return Err(format!("node {node} has one child"));
        }
        for child in [*left, *right].into_iter().filter(|child| *child != -1) {
            let place = usize::try_from(child).ok().filter(|child| *child != 0);
            match place.and_then(|place| reached.get_mut(place)) {
                Some(seen) if !*seen => *seen = true,
                Some(_) => return Err(format!("node {child} is the child of two nodes")),
                None => return Err(format!("node {node} has the child {child} of {said} nodes")),
            }
            let parent = place.and_then(|place| parents.get(place)).copied();
            if parent.is_some_and(|parent| usize::try_from(parent) != Ok(node)) {
                let parent = parent.unwrap_or(-1);
                return Err(format!("node {child} is a child of node {node}, and says that it is one of {parent}"));
            }
        }
    }
    Ok(())
}

/// Splits by categories: for each such node a part of the list of all categories.
fn categories(tree: Value<'_>, said: usize) -> Result<(), String> {
    let list = |name: &str| {
        tree.get(name).map_or(Some(Vec::new()), Value::integers).ok_or(format!("{name:?} is no list of numbers"))
    };
    let (all, nodes) = (list("categories")?, list("categories_nodes")?);
    let (segments, sizes) = (list("categories_segments")?, list("categories_sizes")?);
    if segments.len() != nodes.len() || sizes.len() != nodes.len() {
        return Err("the lists of nodes that split by categories have different lengths".to_owned());
    }
    if let Some(odd) = nodes.iter().find(|node| !usize::try_from(**node).is_ok_and(|node| node < said)) {
        return Err(format!("node {odd} splits by categories, and does not exist"));
    }
    let all = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let out = segments
        .iter()
        .zip(&sizes)
        .any(|(start, size)| *start < 0 || *size < 0 || start.checked_add(*size).is_none_or(|end| end > all));
    if out { Err(format!("the categories of a node lie outside of the list of {all}")) } else { Ok(()) }
}
