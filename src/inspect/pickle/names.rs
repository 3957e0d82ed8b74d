//! The table of what a pickle imports, with what is known of each name.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::{Deref, Range};
use std::rc::Rc;
use std::sync::OnceLock;

use hashbrown::HashTable;

use crate::model::Judgement;

use super::known::{self, Known};
use super::lists::Lists;

/// Distinct names that are kept apart in one file.
const DISTINCT: usize = 100_000;

/// One imported name.
#[derive(Debug)]
pub struct Name {
    known: Rc<Known>,
    /// How it stands in this file.
    pub judgement: Judgement,
    /// Some object of it was given something imported that is not known to be safe.
    pub laden: bool,
    /// Where it is imported first.
    pub first: Range<u64>,
    /// Whether evidence of a call was given.
    pub called: bool,
    /// Whether it was called in a way that is known to be safe.
    pub excused: bool,
    /// Whether evidence of the import was given.
    pub imported: bool,
    /// Times it was listed in the trace.
    pub listed: u32,
}

impl Deref for Name {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.known
    }
}

impl Name {
    /// `module.attribute`
    pub fn spelt(&self) -> String {
        format!("{}.{}", self.module, self.attribute)
    }

    /// What it does, also if that is dangerous for what it is handed alone.
    pub fn does(&self) -> &str {
        match &*self.attribute {
            _ if !self.what.is_empty() => &self.what,
            "type" => "makes a class of given parts",
            "_ufunc_reconstruct" => "imports a module by name and hands out what that holds",
            "_reconstruct_array" | "_create_array" => "calls what it is handed first, which is no function of numpy",
            "_load_type" => "hands out a type by a name that stands for none of plain data",
            _ => "runs code when it is handed this",
        }
    }
}

/// Every name a file imports, in order of first sight.
pub struct Names {
    entries: Vec<Name>,
    /// Numbers of the entries, found by how they are spelt.
    by_spelling: HashTable<u32>,
    hasher: RandomState,
    /// More than the bound were seen.
    pub overflowed: bool,
    /// Something is imported whose state may hold a formula that is evaluated.
    pub formulas: bool,
}

impl Names {
    /// None yet.
    pub fn new() -> Self {
        let (entries, by_spelling) = (Vec::new(), HashTable::new());
        Self { entries, by_spelling, hasher: known::hasher(), overflowed: false, formulas: false }
    }

    /// The number of a name; judged when it is new.
    pub fn intern(&mut self, module: &str, attribute: &str, first: Range<u64>, lists: &Lists) -> u32 {
        let hash = self.hasher.hash_one((module, attribute));
        let same = |id: &u32| self.entries.get(*id as usize).is_some_and(|name| name.is(module, attribute));
        if let Some(id) = self.by_spelling.find(hash, same) {
            return *id;
        }
        if self.entries.len() >= DISTINCT {
            // The last entry then stands for all further ones; it is made unknown so that none of them passes.
            self.overflowed = true;
            if let Some(last) = self.entries.last_mut() {
                last.judgement = last.judgement.max(Judgement::Unknown);
            }
            return (DISTINCT - 1) as u32;
        }
        let known = known::known(hash, module, attribute, lists);
        self.formulas |= known.formula;
        let id = self.entries.len() as u32;
        self.entries.push(Name {
            judgement: known.judgement,
            known,
            laden: false,
            first,
            called: false,
            excused: false,
            imported: false,
            listed: 0,
        });
        let (entries, hasher) = (&self.entries, &self.hasher);
        let rehash =
            |id: &u32| entries.get(*id as usize).map_or(0, |name| hasher.hash_one((&*name.module, &*name.attribute)));
        self.by_spelling.insert_unique(hash, id, rehash);
        id
    }

    /// A name by its number.
    pub fn get(&self, id: u32) -> Option<&Name> {
        self.entries.get(id as usize)
    }

    /// A name by its number, to write down what was said of it.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Name> {
        self.entries.get_mut(id as usize)
    }

    /// True if some object of it may hold something that is not known to be safe.
    pub fn is_laden(&self, id: u32) -> bool {
        self.get(id).is_some_and(|name| name.laden)
    }

    /// True unless it is on the list of safe callables.
    pub fn is_unsafe(&self, id: u32) -> bool {
        self.get(id).is_none_or(|name| name.judgement != Judgement::Safe)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Name> {
        self.entries.iter()
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.entries.len() as u32
    }
}

/// How a name stands with the lists, under its own spelling and under the one Python 3 maps a Python 2 name to:
/// the worse of the two, because which applies depends on the protocol and on the loader.
pub fn judge(module: &str, attribute: &str, lists: &Lists) -> (Judgement, String) {
    let own = lists.judge(module, attribute);
    let (mapped_module, mapped_attribute) = python3(module, attribute);
    let verdict = if (mapped_module, mapped_attribute) == (module, attribute) {
        own
    } else {
        let mapped = lists.judge(mapped_module, mapped_attribute);
        match (own.0, mapped.0) {
            (Judgement::Dangerous, _) => own,
            (_, Judgement::Unknown | Judgement::Dangerous) | (Judgement::Unknown, Judgement::Safe) => mapped,
            (Judgement::Safe, Judgement::Safe) => own,
        }
    };
    (verdict.0, verdict.1.to_owned())
}

/// The Python 3 name for a Python 2 one; itself if there is none.
fn python3<'n>(module: &'n str, attribute: &'n str) -> (&'n str, &'n str) {
    type Spelt = (&'static str, &'static str);
    static TABLE: OnceLock<HashMap<Spelt, Spelt>> = OnceLock::new();
    let parts = |spelt: &'static str| spelt.split_once(' ').unwrap_or((spelt, ""));
    let table: &HashMap<(&str, &str), Spelt> = TABLE.get_or_init(|| {
        let lines = include_str!("python2.txt").lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| line.split_once(": ")).map(|(two, three)| (parts(two), parts(three))).collect()
    });
    if let Some(mapped) = table.get(&(module, attribute)) {
        return *mapped;
    }
    (table.get(&(module, "")).map_or(module, |(module, _)| module), attribute)
}

/// What makes a name look like another one, if anything: characters that no Python name of a library has.
pub fn disguise(module: &str, attribute: &str) -> Option<String> {
    let odd = module.chars().chain(attribute.chars()).find(|c| {
        let plain = c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '<' | '>');
        // Names in one other script are unusual but honest; mixed with ASCII letters they imitate.
        let foreign = c.is_alphanumeric() && !c.is_ascii() && !is_fullwidth(*c);
        let honest = foreign && !mixes(module) && !mixes(attribute);
        !plain && !honest
    })?;
    Some(if odd.is_alphanumeric() {
        format!("the letter {odd:?} (U+{:04X}) imitates another", odd as u32)
    } else {
        format!("the character U+{:04X} is not part of any name", odd as u32)
    })
}

const fn is_fullwidth(c: char) -> bool {
    matches!(c, '\u{ff00}'..='\u{ffef}')
}

fn mixes(text: &str) -> bool {
    text.split('.').any(|part| {
        part.chars().any(|c| c.is_ascii_alphabetic()) && part.chars().any(|c| c.is_alphabetic() && !c.is_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_python_2_are_judged_as_what_python_3_loads() {
        assert_eq!(python3("commands", "getoutput"), ("subprocess", "getoutput"));
        assert_eq!(python3("__builtin__", "reduce"), ("functools", "reduce"));
        assert_eq!(python3("os", "system"), ("os", "system"));
        assert_eq!(judge("__builtin__", "execfile", Lists::built_in()).0, Judgement::Dangerous);
        assert_eq!(judge("copy_reg", "_reconstructor", Lists::built_in()).0, Judgement::Safe);
    }

    #[test]
    fn imitations_are_told_from_foreign_names() {
        assert!(disguise("оs", "system").is_some());
        assert!(disguise("ｏｓ", "system").is_some());
        assert!(disguise("os\r", "system").is_some());
        assert!(disguise("модель", "Сеть").is_none());
        assert!(disguise("numpy.core", "_f").is_none());
    }
}
