//! Packages inside the folders of packages, as Node finds them.

use std::collections::HashMap;

/// Folders around a package that are looked through.
const DEPTH: usize = 64;

/// Entries of a lockfile by the folder that they are installed in, and by the name they have there.
#[derive(Default)]
pub struct Folders<'a>(HashMap<&'a str, HashMap<&'a str, usize>>);

/// What code in one folder can load, nearest folder first.
pub struct Seen<'f, 'a>(Vec<&'f HashMap<&'a str, usize>>);

impl<'a> Folders<'a> {
    /// Notes an entry.
    pub fn put(&mut self, folder: &'a str, name: &'a str, index: usize) {
        self.0.entry(folder).or_default().insert(name, index);
    }

    /// What stands in a folder and in each around it, which `parent` names; the last is the empty one (Node.js,
    /// "Loading from `node_modules` folders").
    pub fn seen_from<'p>(&self, folder: &'p str, parent: impl Fn(&'p str) -> Option<&'p str>) -> Seen<'_, 'a> {
        let around = std::iter::successors(Some(folder), |folder| parent(folder));
        Seen(around.take(DEPTH).filter_map(|folder| self.0.get(folder)).collect())
    }
}

impl Seen<'_, '_> {
    /// The entry that a name leads to.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().find_map(|folder| folder.get(name).copied())
    }
}
