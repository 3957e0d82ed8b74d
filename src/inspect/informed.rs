//! Inspection with callables that somebody vouches for or warns of.

use super::pickle::Lists;
use super::{Scope, inspect_file};
use crate::model::{ArtifactPath, Judgement, Limits};
use crate::weigh::{Inspect, Inspection, View};

/// All inspectors, with lists of callables that were added to.
pub struct Informed {
    lists: Lists,
}

impl Informed {
    /// `safe` and `dangerous` are names of callables, `package.module.name`; `package.module.*` is all of a module,
    /// `package.**` all of a package. What is known to be dangerous stays so, whoever vouches for it.
    ///
    /// # Errors
    /// What is wrong with the first name that is none, or that nobody can vouch for.
    pub fn new(safe: &[String], dangerous: &[String]) -> Result<Self, String> {
        let lines = |names: &[String], what: &str| -> Result<String, String> {
            let wrong = |name: &String| format!("{name:?} is no name of a callable such as `package.module.name`");
            names
                .iter()
                .map(|name| line(name).map(|line| format!("{line}{what}\n")).ok_or_else(|| wrong(name)))
                .collect()
        };
        for (name, (module, attribute)) in safe.iter().filter_map(|name| Some((name, name.rsplit_once('.')?))) {
            if let (Judgement::Dangerous, what) = Lists::built_in().judge(module, attribute) {
                return Err(format!("{name:?} cannot be vouched for: it {what}"));
            }
        }
        let (safe, dangerous) = (lines(safe, "")?, lines(dangerous, ": is what the policy warns of")?);
        let mut lists = Lists::built_in().clone();
        lists.extend(&safe, &dangerous);
        Ok(Self { lists })
    }
}

/// A name as a line of the lists.
fn line(name: &str) -> Option<String> {
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let stem = name.strip_suffix('*').map_or(name, |stem| stem.trim_end_matches('*'));
    let (module, attribute) = match name.strip_suffix(".**") {
        Some(_) => (name.to_owned(), "*"),
        None => name.rsplit_once('.').map(|(module, name)| (module.to_owned(), name))?,
    };
    (!module.is_empty() && !attribute.is_empty() && stem.chars().all(word)).then(|| format!("{module}: {attribute}"))
}

impl Inspect for Informed {
    fn inspect(&self, path: &ArtifactPath, view: &View<'_>, limits: &Limits) -> Inspection {
        let mut scope = Scope::new(path, limits);
        (scope.lists, scope.traces) = (&self.lists, false);
        inspect_file(view, scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_lines_and_what_is_no_name_is_told() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let informed =
            Informed::new(&names(&["mylib.net.Net", "ours.**"]), &names(&["sklearn.svm._classes.SVC"])).unwrap();
        let judge = |module, name| informed.lists.judge(module, name).0;
        assert_eq!(judge("mylib.net", "Net"), Judgement::Safe);
        assert_eq!(judge("mylib.net", "Other"), Judgement::Unknown);
        assert_eq!(judge("ours.deep.down", "Thing"), Judgement::Safe);
        assert_eq!(judge("sklearn.svm._classes", "SVC"), Judgement::Dangerous);
        for wrong in ["os.system", "Net", "a b.c", "a.b: c", ".x", "x."] {
            assert!(Informed::new(&names(&[wrong]), &[]).is_err(), "{wrong}");
        }
    }
}
