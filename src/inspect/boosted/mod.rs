//! Gradient-boosted trees: XGBoost (JSON and Universal Binary JSON), LightGBM (text), CatBoost (a FlatBuffer,
//! or JSON).
//!
//! Their loaders follow children by index, and not all of them look whether the index is inside of the tree.

mod catboost;
mod lightgbm;
mod oblivious;
mod tree;
mod ubjson;
mod xgboost;

use crate::model::{Class, Rule, Severity};

pub use catboost::Catboost;
pub use lightgbm::{inspect as inspect_lightgbm, is_lightgbm};
pub use oblivious::inspect as inspect_catboost;
pub use ubjson::Ubjson;
pub use xgboost::{Value, inspect as inspect_xgboost};

/// Trees that are none.
pub static TREE_MODEL_MALFORMED: Rule = Rule {
    id: "tree-model-malformed",
    summary: "the file of boosted trees is cut off, or its trees contradict themselves",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/tree-model-malformed.md"),
    frameworks: &["CWE-125", "CWE-130", "AML.T0076"],
};
