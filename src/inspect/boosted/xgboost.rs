//! XGBoost models, in JSON or in its binary form: whether the trees are trees.
//!
//! Source: `doc/model.schema` and `src/tree/io_utils.h` of XGBoost. Not looked at: categories, and the linear booster.

use super::TREE_MODEL_MALFORMED;
use super::ubjson::Node;
use crate::inspect::Scope;
use crate::inspect::json::Tree;
use crate::inspect::wording::{CODE_IN_DATA, code};
use crate::model::Format;
use crate::weigh::View;

/// A value in either form.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Text(&'a Tree),
    Binary(&'a Node),
}

impl<'a> Value<'a> {
    fn get(self, name: &str) -> Option<Self> {
        match self {
            Self::Text(tree) => tree.get(name).map(Self::Text),
            Self::Binary(Node::Object(members)) => {
                members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| Self::Binary(value))
            }
            Self::Binary(_) => None,
        }
    }

    fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    fn items(self) -> Vec<Self> {
        match self {
            Self::Text(tree) => tree.values().iter().map(Self::Text).collect(),
            Self::Binary(Node::Array(values)) => values.iter().map(Self::Binary).collect(),
            Self::Binary(_) => Vec::new(),
        }
    }

    fn members(self) -> Vec<(&'a str, Self)> {
        match self {
            Self::Text(tree) => tree.members().iter().map(|(name, value)| (name.as_str(), Self::Text(value))).collect(),
            Self::Binary(Node::Object(members)) => {
                members.iter().map(|(name, value)| (name.as_str(), Self::Binary(value))).collect()
            }
            Self::Binary(_) => Vec::new(),
        }
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(tree) => tree.text(),
            Self::Binary(Node::Text(text)) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// A number, also one that is written as a text, as parameters are.
    fn number(self) -> Option<i64> {
        match self {
            Self::Text(Tree::Number(number)) | Self::Text(Tree::String(number)) => number.parse().ok(),
            Self::Binary(Node::Integer(number)) => Some(*number),
            Self::Binary(Node::Text(text)) => text.parse().ok(),
            _ => None,
        }
    }

    fn integers(self) -> Option<Vec<i64>> {
        match self {
            Self::Binary(Node::Integers(numbers)) => Some(numbers.clone()),
            other => {
                let items = other.items();
                items.into_iter().map(Self::number).collect()
            }
        }
    }
}

/// Looks at a value, if it is a model of XGBoost.
pub fn inspect(root: Value<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
    let Some(booster) = root.at(&["learner", "gradient_booster"]) else { return };
    if view.depth() == 0 {
        scope.recognise(Format::named("xgboost"));
    }
    let broken = |what: String, scope: &mut Scope<'_>| scope.raise(&TREE_MODEL_MALFORMED, view, 0..0, what);
    for (name, value) in root.at(&["learner", "attributes"]).map(Value::members).unwrap_or_default() {
        if let Some(mark) = value.text().and_then(code).or_else(|| code(name)) {
            scope.raise(&CODE_IN_DATA, view, 0..0, format!("the attribute {name:?} holds {mark:?}"));
        }
    }
    let features = root.at(&["learner", "learner_model_param", "num_feature"]).and_then(Value::number);
    if features.is_some_and(|features| features < 0) {
        broken("the number of features is negative".to_owned(), scope);
    }
    let model = booster.get("model").or_else(|| booster.at(&["gbtree", "model"]));
    let Some((model, trees)) = model.and_then(|model| Some((model, model.get("trees")?))) else { return };
    let trees = trees.items();
    let said = model.at(&["gbtree_model_param", "num_trees"]).and_then(Value::number);
    if said.is_some_and(|said| usize::try_from(said).ok() != Some(trees.len())) {
        broken(format!("it says that it holds {} trees, and holds {}", said.unwrap_or(0), trees.len()), scope);
    }
    for (n, tree) in trees.into_iter().enumerate() {
        if let Err(what) = check(tree, features) {
            broken(format!("tree {n}: {what}"), scope);
        }
    }
}

/// Whether the nodes are a tree: as many as it says, each with one parent, none outside.
fn check(tree: Value<'_>, features: Option<i64>) -> Result<(), String> {
    let said = tree.at(&["tree_param", "num_nodes"]).and_then(Value::number).ok_or("it does not say how many nodes")?;
    let said = usize::try_from(said).map_err(|_| "the number of nodes is negative")?;
    let list = |name: &str| -> Result<Vec<i64>, String> {
        let list = tree.get(name).and_then(Value::integers).ok_or_else(|| format!("{name:?} is no list of numbers"))?;
        if list.len() == said { Ok(list) } else { Err(format!("{name:?} has {} entries for {said} nodes", list.len())) }
    };
    let (left, right, split) = (list("left_children")?, list("right_children")?, list("split_indices")?);
    let mut reached = vec![false; said];
    for node in 0..said {
        if (left[node] == -1) != (right[node] == -1) {
            return Err(format!("node {node} has one child"));
        }
        for child in [left[node], right[node]].into_iter().filter(|child| *child != -1) {
            let place =
                usize::try_from(child).ok().filter(|child| *child != 0).and_then(|child| reached.get_mut(child));
            match place {
                Some(seen) if !*seen => *seen = true,
                Some(_) => return Err(format!("node {child} is the child of two nodes")),
                None => return Err(format!("node {node} has the child {child} of {said} nodes")),
            }
        }
        if left[node] != -1 && features.is_some_and(|features| !(0..features.max(1)).contains(&split[node])) {
            return Err(format!("node {node} splits by feature {}, which does not exist", split[node]));
        }
    }
    Ok(())
}
