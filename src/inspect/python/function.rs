//! Functions of a source file, and what is done in them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::deed::Deed;

/// A function, or the module itself at index 0.
#[derive(Debug, Default)]
pub struct Function {
    /// Its name; `__main__` for what runs only as a program.
    pub name: String,
    /// The class it is a method of.
    pub class: Option<String>,
    /// Names it refers to.
    pub references: BTreeSet<String>,
    /// Names of functions and classes of the file that it calls.
    pub calls: BTreeSet<String>,
    /// What decorates it, by full name.
    pub decorators: Vec<String>,
    /// Names of note that it binds for itself.
    pub binds: BTreeSet<String>,
    /// The function around it, by index.
    pub around: usize,
    /// Its parameters.
    pub parameters: BTreeSet<String>,
    /// Functions to which it hands what it was given, as it was given.
    pub hands: BTreeSet<String>,
}

/// A deed, and where it is done.
#[derive(Debug)]
pub struct Done {
    /// What.
    pub deed: Deed,
    /// By which callable.
    pub callable: String,
    /// With what, as far as known.
    pub given: Option<String>,
    /// Where in the text.
    pub range: Range<usize>,
    /// In which function, by index.
    pub function: usize,
    /// True if it is done with what the function was given, as it was given.
    pub asked: bool,
}
