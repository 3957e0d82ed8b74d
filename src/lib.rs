//! May this be used?

pub mod advisory;
pub mod deps;
pub mod emit;
pub mod inspect;
pub mod model;
pub mod policy;
pub mod trust;
pub mod weigh;
