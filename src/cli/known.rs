//! Names in a policy that only inspection knows: formats, and callables of pickles.

use super::exit::Mistake;
use crate::inspect::{self, Informed};
use crate::policy::Policy;

/// Looks whether a policy names formats that do not exist, or callables that are none.
pub fn check(policy: &Policy) -> Result<(), Mistake> {
    let known = inspect::formats();
    let scoped = policy.scopes.iter().filter_map(|scope| scope.formats.as_ref());
    let scoped = scoped.flat_map(|formats| formats.allow.iter().chain(&formats.deny).flatten());
    let mut named = policy.formats_allow.iter().flatten().chain(&policy.formats_deny).chain(scoped);
    if let Some(name) = named.find(|name| !known.contains(*name)) {
        let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
        let near = near.filter(|near| strsim::damerau_levenshtein(name, near) <= 2.max(near.len() / 3));
        let all = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let help = near.map_or_else(|| format!("formats are {all}"), |near| format!("did you mean `{near}`?"));
        return Err(Mistake::new(format!("`formats` names a format that does not exist: {name:?}")).help(help));
    }
    inspectors(policy).map(drop)
}

/// The inspectors that a policy adds callables to, if it adds any.
pub fn inspectors(policy: &Policy) -> Result<Option<Informed>, Mistake> {
    if policy.pickle.is_empty() {
        return Ok(None);
    }
    let names = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    let informed = Informed::new(&names(&policy.pickle.allow), &names(&policy.pickle.deny));
    informed.map(Some).map_err(|what| Mistake::new(format!("`pickle`: {what}")))
}
