//! XGBoost models, in JSON or in its binary form: whether the trees are trees.
//!
//! Source: `doc/model.schema` and `src/tree/io_utils.h` of XGBoost. Not looked at: the
//! weights of the linear booster.

use super::TREE_MODEL_MALFORMED;
use super::tree;
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
    pub fn get(self, name: &str) -> Option<Self> {
        match self {
            Self::Text(tree) => tree.get(name).map(Self::Text),
            Self::Binary(Node::Object(members)) => {
                members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| Self::Binary(value))
            }
            Self::Binary(_) => None,
        }
    }

    pub fn at(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    pub fn items(self) -> Vec<Self> {
        match self {
            Self::Text(tree) => tree.values().iter().map(Self::Text).collect(),
            Self::Binary(Node::Array(values)) => values.iter().map(Self::Binary).collect(),
            Self::Binary(_) => Vec::new(),
        }
    }

    fn is_list(self) -> bool {
        match self {
            Self::Text(tree) => matches!(tree, Tree::Array(_)),
            Self::Binary(node) => matches!(node, Node::Array(_) | Node::Integers(_) | Node::Numbers(_)),
        }
    }

    /// Elements, if it is a list of numbers, whole ones or not.
    pub fn numbers(self) -> Option<usize> {
        match self {
            Self::Text(Tree::Array(values)) => {
                let all = values.iter().all(|value| matches!(value, Tree::Number(_) | Tree::Bool(_)));
                all.then_some(values.len())
            }
            Self::Binary(Node::Integers(numbers)) => Some(numbers.len()),
            Self::Binary(Node::Numbers(count)) => usize::try_from(*count).ok(),
            Self::Binary(Node::Array(values)) => {
                let all = values.iter().all(|value| matches!(value, Node::Integer(_) | Node::Other));
                all.then_some(values.len())
            }
            _ => None,
        }
    }

    const fn is_object(self) -> bool {
        matches!(self, Self::Text(Tree::Object(_)) | Self::Binary(Node::Object(_)))
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
    pub fn number(self) -> Option<i64> {
        match self {
            Self::Text(Tree::Number(number)) | Self::Text(Tree::String(number)) => number.parse().ok(),
            Self::Binary(Node::Integer(number)) => Some(*number),
            Self::Binary(Node::Text(text)) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn integers(self) -> Option<Vec<i64>> {
        match self {
            Self::Binary(Node::Integers(numbers)) => Some(numbers.clone()),
            other if !other.is_list() => None,
            other => {
                let items = other.items();
                items.into_iter().map(Self::number).collect()
            }
        }
    }
}

/// Looks at a value, if it is a model of XGBoost.
pub fn inspect(root: Value<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
    let learner = root.get("learner");
    if let Some(what) = lacking(root, learner) {
        scope.raise(&TREE_MODEL_MALFORMED, view, 0..0, what);
    }
    let Some(learner) = learner.filter(|learner| is_learner(*learner)) else { return };
    if view.depth() == 0 {
        scope.recognise(Format::named("xgboost"));
    }
    for (name, value) in learner.get("attributes").map(Value::members).unwrap_or_default() {
        if let Some(mark) = value.text().and_then(code).or_else(|| code(name)) {
            scope.raise(&CODE_IN_DATA, view, 0..0, format!("the attribute {name:?} holds {mark:?}"));
        }
    }
    let mut broken = |what: String| scope.raise(&TREE_MODEL_MALFORMED, view, 0..0, what);
    let Some(booster) = learner.get("gradient_booster") else {
        // What `save_config` writes has another name in its place in some versions.
        return broken("the learner has no booster".to_owned());
    };
    let mut found = head(root, learner);
    if !booster.get("name").and_then(Value::text).is_none_or(|name| BOOSTERS.contains(&name)) {
        found.push("the booster is of a kind that does not exist".to_owned());
    }
    let model = booster.get("model").or_else(|| booster.at(&["gbtree", "model"]));
    let parameters = learner.get("learner_model_param");
    let number = |name: &str| parameters.and_then(|all| all.get(name)).and_then(Value::number);
    let shape = Shape { features: number("num_feature"), groups: number("num_class"), targets: number("num_target") };
    if let Some(model) = model.filter(|model| model.get("trees").is_some() || model.get("gbtree_model_param").is_some())
    {
        trees(model, &shape, &mut found);
    }
    found.into_iter().for_each(&mut broken);
}

/// The boosters of XGBoost.
const BOOSTERS: [&str; 3] = ["gbtree", "dart", "gblinear"];

/// How many there are of what trees are about.
struct Shape {
    features: Option<i64>,
    groups: Option<i64>,
    targets: Option<i64>,
}

/// A model by its version that has no learner, or something else in its place.
fn lacking(root: Value<'_>, learner: Option<Value<'_>>) -> Option<String> {
    let version = root.get("version").and_then(Value::integers)?;
    // Nobody else writes a version as three numbers, and nothing else.
    let alone = root.members().len() == 1 && version.len() == 3 && version.first().is_some_and(|major| *major < 10);
    match learner {
        None => alone.then(|| "it has a version of XGBoost, and no learner".to_owned()),
        Some(learner) => (!learner.is_object()).then(|| "the learner is no object".to_owned()),
    }
}

/// Objectives that XGBoost has or had (`src/objective/`). Those of a user are saved under the name of one of these.
const OBJECTIVES: [(&str, &[&str]); 6] = [
    (
        "reg",
        &[
            "squarederror",
            "squaredlogerror",
            "linear",
            "logistic",
            "pseudohubererror",
            "absoluteerror",
            "quantileerror",
            "expectileerror",
            "gamma",
            "tweedie",
        ],
    ),
    ("binary", &["logistic", "logitraw", "hinge"]),
    ("multi", &["softmax", "softprob"]),
    ("rank", &["pairwise", "ndcg", "map"]),
    ("count", &["poisson"]),
    ("survival", &["cox", "aft"]),
];

fn is_objective(name: &str) -> bool {
    // Old versions had some of them twice, for graphics processors under a name of their own.
    let Some((group, rest)) = name.strip_prefix("gpu:").unwrap_or(name).split_once(':') else { return false };
    OBJECTIVES.iter().any(|(own, names)| *own == group && names.contains(&rest))
}

fn is_learner(learner: Value<'_>) -> bool {
    ["gradient_booster", "learner_model_param", "learner_train_param"].iter().any(|name| learner.get(name).is_some())
}

/// The version, and the numbers of the learner.
fn head(root: Value<'_>, learner: Value<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let version = root.get("version").and_then(Value::integers);
    if !version.is_some_and(|parts| parts.len() == 3 && parts.iter().all(|part| (0..1000).contains(part))) {
        found.push("its version is missing, or not three numbers".to_owned());
    }
    let Some(parameters) = learner.get("learner_model_param") else {
        found.push("the learner has no \"learner_model_param\"".to_owned());
        return found;
    };
    for name in ["num_feature", "num_class", "num_target"] {
        let value = parameters.get(name);
        let number = value.and_then(Value::number);
        let needed = name == "num_feature";
        if (value.is_some() || needed) && number.is_none_or(|number| number < 0) {
            found.push(match number {
                Some(number) => format!("{name:?} is {number}, which is negative"),
                None => format!("{name:?} is missing, or no number"),
            });
        }
    }
    let score = parameters.get("base_score").and_then(Value::text);
    let is_score = |text: &str| {
        let list = text.trim_matches(['[', ']']).split(',');
        list.into_iter().all(|part| part.trim().parse::<f64>().is_ok())
    };
    if score.is_some_and(|score| !is_score(score)) {
        found.push("\"base_score\" is no number".to_owned());
    }
    match learner.at(&["objective", "name"]).and_then(Value::text) {
        None => found.push("the learner names no objective".to_owned()),
        Some(name) if !is_objective(name) => {
            let name: String = name.chars().take(40).collect();
            found.push(format!("the objective {name:?} does not exist"));
        }
        Some(_) => {}
    }
    let features = parameters.get("num_feature").and_then(Value::number);
    for name in ["feature_names", "feature_types"] {
        let names = learner.get(name).map(Value::items).unwrap_or_default();
        let count = names.len();
        if names.iter().any(|name| name.text().is_none()) {
            found.push(format!("{name:?} holds something else than texts"));
        }
        if count > 0 && features.is_some_and(|features| i64::try_from(count) != Ok(features)) {
            found.push(format!("{name:?} has {count} entries for {} features", features.unwrap_or(0)));
        }
    }
    found
}

/// All trees, and what the model says of them.
fn trees(model: Value<'_>, shape: &Shape, found: &mut Vec<String>) {
    let Some(trees) = model.get("trees").filter(|trees| trees.is_list()).map(Value::items) else {
        return found.push("the trees are missing, or no list".to_owned());
    };
    let count = trees.len();
    let said = model.at(&["gbtree_model_param", "num_trees"]).and_then(Value::number);
    if said.is_some_and(|said| usize::try_from(said).ok() != Some(count)) {
        found.push(format!("it says that it holds {} trees, and holds {count}", said.unwrap_or(0)));
    }
    let groups = shape.groups.unwrap_or(0).max(shape.targets.unwrap_or(0)).max(1);
    match model.get("tree_info").and_then(Value::integers) {
        Some(info) if info.len() == count && info.iter().all(|group| (0..groups).contains(group)) => {}
        _ => found.push(format!("\"tree_info\" does not give each of {count} trees one of {groups} groups")),
    }
    if let Some(rounds) = model.get("iteration_indptr").map(Value::integers) {
        let rises =
            rounds.as_ref().is_some_and(|rounds| rounds.is_sorted() && rounds.first().is_none_or(|first| *first == 0));
        let ends =
            rounds.as_ref().and_then(|rounds| rounds.last()).is_none_or(|last| usize::try_from(*last) == Ok(count));
        if !(rises && ends) {
            found.push(format!("\"iteration_indptr\" does not rise from 0 to {count}"));
        }
    }
    for (n, tree) in trees.into_iter().enumerate() {
        if let Err(what) = tree::check(tree, n, shape.features) {
            found.push(format!("tree {n}: {what}"));
        }
        if found.len() >= MOST {
            return;
        }
    }
}

/// Defects of one model that are listed.
const MOST: usize = 40;
