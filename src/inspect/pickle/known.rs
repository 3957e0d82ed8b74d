//! What is known of a name, and a memory of it: models of one kind import the same few names, file after file.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;

use hashbrown::HashTable;

use crate::model::Judgement;

use super::lists::Lists;
use super::names::{disguise, judge};

/// Libraries whose models hold a formula, parts of which are Python (`patsy/eval.py`).
const FORMULAS: &[&str] = &["statsmodels", "patsy", "formulaic", "pmdarima", "lifelines", "linearmodels", "bambi"];

/// Names that a thread remembers; then it begins anew.
const REMEMBERED: usize = 4096;

/// Longest name that is remembered, in bytes. Those of libraries are shorter.
const LONGEST: usize = 200;

/// What holds of a name in every file that imports it.
#[derive(Debug)]
pub struct Known {
    /// Module as the file spells it.
    pub module: Rc<str>,
    /// Attribute of the module as the file spells it, perhaps a dotted path.
    pub attribute: Rc<str>,
    /// How it stands with the lists.
    pub judgement: Judgement,
    /// What it does, if it is on the list of dangerous callables.
    pub what: String,
    /// Safe only when it is named or rebuilt without its constructor.
    pub rebuilt: bool,
    /// Its state may hold a formula that is evaluated.
    pub formula: bool,
    /// What makes it look like another name, if anything.
    pub disguise: Option<String>,
}

impl Known {
    /// Judges a name.
    fn of(module: &str, attribute: &str, lists: &Lists) -> Self {
        let (judgement, what) = judge(module, attribute, lists);
        let what = match judgement {
            Judgement::Dangerous if lists.is_of_package(module, attribute) => {
                format!("belongs to a package that {what}")
            }
            _ => what,
        };
        Self {
            module: module.into(),
            attribute: attribute.into(),
            judgement,
            what,
            rebuilt: lists.is_rebuilt(module, attribute),
            formula: FORMULAS.contains(&module.split('.').next().unwrap_or_default()),
            disguise: disguise(module, attribute),
        }
    }

    /// True for what is known of this name.
    pub fn is(&self, module: &str, attribute: &str) -> bool {
        *self.module == *module && *self.attribute == *attribute
    }
}

/// What one thread remembers of the names it met.
#[derive(Default)]
struct Memory {
    /// The edition of the lists that they were judged by.
    edition: u64,
    known: HashTable<Rc<Known>>,
    hasher: RandomState,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The keys under which this thread looks names up. Files choose the names, so their hashes must not be foreseeable.
pub fn hasher() -> RandomState {
    MEMORY.with_borrow(|memory| memory.hasher.clone())
}

/// What is known of a name whose hash by [`hasher`] is this.
pub fn known(hash: u64, module: &str, attribute: &str, lists: &Lists) -> Rc<Known> {
    if module.len() + attribute.len() > LONGEST {
        return Rc::new(Known::of(module, attribute, lists));
    }
    MEMORY.with_borrow_mut(|memory| {
        if memory.edition != lists.edition() || memory.known.len() >= REMEMBERED {
            memory.known.clear();
            memory.edition = lists.edition();
        }
        if let Some(known) = memory.known.find(hash, |known| known.is(module, attribute)) {
            return Rc::clone(known);
        }
        let known = Rc::new(Known::of(module, attribute, lists));
        let hasher = &memory.hasher;
        memory.known.insert_unique(hash, Rc::clone(&known), |one| hasher.hash_one((&*one.module, &*one.attribute)));
        known
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_holds_for_the_lists_it_was_judged_by_alone() {
        let judged = |lists: &Lists| known(hasher().hash_one(("my_model", "Net")), "my_model", "Net", lists).judgement;
        let mut lists = Lists::built_in().clone();
        assert_eq!(judged(&lists), Judgement::Unknown);
        lists.extend("my_model: Net", "");
        assert_eq!(judged(&lists), Judgement::Safe);
        assert_eq!(judged(Lists::built_in()), Judgement::Unknown);
        lists.extend("", "my_model: *: does things");
        assert_eq!(judged(&lists), Judgement::Safe);
        lists.extend("", "my_model: Net: does things");
        assert_eq!(judged(&lists), Judgement::Dangerous);
    }

    #[test]
    fn a_flood_of_names_is_forgotten_and_judged_again() {
        let hasher = hasher();
        let judged = |name: &str| known(hasher.hash_one(("os", name)), "os", name, Lists::built_in()).judgement;
        assert_eq!(judged("system"), Judgement::Dangerous);
        for n in 0..2 * REMEMBERED {
            judged(&format!("f{n}"));
        }
        assert_eq!(judged("system"), Judgement::Dangerous);
        MEMORY.with_borrow(|memory| assert!(memory.known.len() <= REMEMBERED));
    }
}
