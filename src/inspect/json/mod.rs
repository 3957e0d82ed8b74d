//! JSON texts, read strictly.

mod tokens;

pub use tokens::{Dialect, Fault, Spanned, Token, Tokens};

#[cfg(test)]
mod tests;
