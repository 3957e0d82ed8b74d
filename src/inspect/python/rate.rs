//! How bad a deed is, by where it is done and in which kind of file.

use std::collections::{BTreeMap, BTreeSet};

use super::deed::{Changed, Command, Deed, Library, Reach, Text};
use super::entry::{Alone, Role, alone, runs_with_class};
use super::frameworks;
use super::function::{Done, Function};
use super::requests;
use super::rules::{
    CHANGES_FILES, EVALUATES_TEXT, HIDDEN_CODE, LOADS_NATIVE, REACHES_NETWORK, READS_SECRETS, STARTS_PROGRAM, UNPICKLES,
};
use super::source::Source;
use crate::model::{Rule, Severity};

/// Functions that lead to one that are looked for.
const WAYS: usize = 16;

/// When a deed is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// In a function that nothing here calls, or only if the file is run as a program.
    Called,
    /// When the model is made, loaded or used.
    Loaded,
    /// As soon as the file is imported.
    Imported,
}

/// When each function runs.
pub struct Reached {
    /// By the index of the function, counting every function that is named where it could be called from.
    pub when: Vec<When>,
    /// True by the index of the function for those that are called as soon as the file is imported, as far as that can
    /// be known: by calls of their names, or with a class.
    pub sure: Vec<bool>,
    /// True by the index of the function for those that a framework calls, or that such a function calls.
    pub hooked: Vec<bool>,
    /// True for those that a framework calls itself.
    pub hooks: Vec<bool>,
    /// The same for what is given what somebody asks of a server.
    pub served: Vec<bool>,
}

impl Reached {
    /// When that function is taken to run for what many libraries do where they are asked to: files that are not made to
    /// be loaded with a model name most of their functions somewhere.
    pub fn soberly(&self, function: usize, role: Role, deed: &Deed, source: &Source) -> When {
        let now = self.when.get(function).copied().unwrap_or(When::Called);
        let sure = self.sure.get(function).copied().unwrap_or(false);
        let plain = source.functions.get(function).is_none_or(|function| function.class.is_none());
        let worth = match deed {
            Deed::Starts(Command::Known) => plain,
            Deed::Changes(Changed::Vital) => true,
            deed => deed.is_grave(),
        };
        if now == When::Imported && !role.is_model() && !sure && !worth { When::Loaded } else { now }
    }
}

/// Functions by what they are called by: their own names, or those of their classes.
type Named<'s> = BTreeMap<&'s str, Vec<usize>>;

/// When each function runs in a file of that path.
pub fn reach(source: &Source, path: &str, role: Role) -> Reached {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".py").unwrap_or(name);
    let mut named = Named::new();
    for (index, function) in source.functions.iter().enumerate().skip(1) {
        named.entry(&function.name).or_default().push(index);
        if let Some(class) = function.class.as_deref().filter(|_| runs_with_class(function, source)) {
            named.entry(class).or_default().push(index);
        }
    }
    let roots: Vec<(usize, When)> = source
        .functions
        .iter()
        .enumerate()
        .filter_map(|(index, function)| match alone(function, stem, role, source) {
            _ if index == 0 => Some((index, When::Imported)),
            Alone::Imported => Some((index, When::Imported)),
            Alone::Loaded => Some((index, When::Loaded)),
            Alone::Never => None,
        })
        .collect();
    let when = spread(source, &named, &roots, |function| &function.references);
    let at_once: Vec<(usize, When)> = roots.into_iter().filter(|(_, when)| *when == When::Imported).collect();
    let sure = spread(source, &named, &at_once, |function| &function.calls);
    let hooks = with_inner(source, |function| frameworks::calls(function, stem, path, source));
    let hooked = spread(source, &named, &hooks, |function| &function.calls);
    let handlers = with_inner(source, |function| requests::handles(function, source));
    let served = spread(source, &named, &handlers, |function| &function.hands);
    let mut called = vec![false; source.functions.len()];
    for (index, _) in &hooks {
        called[*index] = true;
    }
    let is_run = |when: Vec<When>| when.into_iter().map(|when| when > When::Called).collect();
    // Tests are run by somebody who tests.
    let tests =
        role == Role::Other && (stem.starts_with("test_") || path.starts_with("tests/") || path.contains("/tests/"));
    let sure = sure.into_iter().map(|when| when == When::Imported && !tests).collect();
    Reached { when, sure, hooked: is_run(hooked), hooks: called, served: is_run(served) }
}

/// Functions of a kind, and those that stand in them: what is defined in one is most often what it returns.
fn with_inner(source: &Source, is: impl Fn(&Function) -> bool) -> Vec<(usize, When)> {
    let mut found: Vec<bool> = Vec::with_capacity(source.functions.len());
    for (index, function) in source.functions.iter().enumerate() {
        let around = function.around > 0 && found.get(function.around).copied().unwrap_or(false);
        found.push(index > 0 && (around || is(function)));
    }
    found.into_iter().enumerate().filter(|(_, found)| *found).map(|(index, _)| (index, When::Loaded)).collect()
}

/// Goes from some functions to those that they name.
fn spread(
    source: &Source,
    named: &Named<'_>,
    roots: &[(usize, When)],
    names: impl Fn(&Function) -> &BTreeSet<String>,
) -> Vec<When> {
    let mut when = vec![When::Called; source.functions.len()];
    let mut queue = Vec::new();
    for (index, reached) in roots {
        when[*index] = *reached;
        queue.push(*index);
    }
    // Functions of one name are reached together, so no name needs a second look at the same moment.
    let mut reached: BTreeMap<&str, When> = BTreeMap::new();
    while let Some(index) = queue.pop() {
        let now = when[index];
        let mut next: Vec<&str> = names(&source.functions[index]).iter().map(String::as_str).collect();
        while let Some(name) = next.pop() {
            if reached.get(name).is_some_and(|before| *before >= now) {
                continue;
            }
            reached.insert(name, now);
            next.extend(source.aliases.get(name).into_iter().flatten().map(String::as_str));
            for &called in named.get(name).into_iter().flatten() {
                if when[called] < now && called != index {
                    when[called] = now;
                    queue.push(called);
                }
            }
        }
    }
    when
}

/// The names by which each of those functions is reached from another file: of functions that lead there, and of their
/// classes.
pub fn ways(source: &Source, to: usize) -> BTreeSet<String> {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut queue = vec![to];
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    while let Some(index) = queue.pop().filter(|_| seen.len() < WAYS) {
        let Some(function) = source.functions.get(index).filter(|_| seen.insert(index)) else { continue };
        let names = std::iter::once(function.name.as_str()).chain(function.class.as_deref());
        let fresh: Vec<&str> = names.filter(|name| known.insert(name)).collect();
        for (other, function) in source.functions.iter().enumerate().skip(1) {
            if fresh.iter().any(|name| function.references.contains(*name)) {
                queue.push(other);
            }
        }
    }
    known.into_iter().map(str::to_owned).collect()
}

/// The rule a deed falls under and how bad it is there; `None` where it is what such code does every day.
pub fn rate(deed: &Deed, when: When, role: Role) -> Option<(&'static Rule, Severity)> {
    use Severity::{Critical, High, Low, Medium};
    let runs = when > When::Called;
    let model = role.is_model();
    // What runs with a model, what stands in its code otherwise, and what other code does as soon as it is imported.
    let by = |with: Severity, else_where: Option<Severity>, other: Option<Severity>| match (model, runs) {
        (true, true) => Some(with),
        (true, false) => else_where,
        (false, _) => other.filter(|_| when == When::Imported),
    };
    // What a package does when it is installed is often put together there.
    let unless_setup = |severity: Severity| Some(if role == Role::Setup { Medium } else { severity });
    let (rule, severity) = match deed {
        Deed::Evaluates(Text::Decoded | Text::Fetched) => (&HIDDEN_CODE, Some(if runs { Critical } else { High })),
        Deed::Evaluates(Text::Data) => (&HIDDEN_CODE, by(Critical, Some(Medium), Some(Critical))),
        Deed::Evaluates(Text::Source | Text::Template) => (&EVALUATES_TEXT, by(Low, None, None)),
        Deed::Evaluates(Text::File) => (&EVALUATES_TEXT, by(High, Some(Low), Some(Low))),
        Deed::Evaluates(Text::Statements) => (&EVALUATES_TEXT, by(High, Some(Low), unless_setup(High))),
        Deed::Evaluates(Text::Unknown) => {
            let with = if role == Role::Endpoint { High } else { Medium };
            (&EVALUATES_TEXT, by(with, Some(Low), unless_setup(High)))
        }
        Deed::Conceals => (&HIDDEN_CODE, Some(High)),
        Deed::Disguised => (&HIDDEN_CODE, Some(if runs && (model || when == When::Imported) { High } else { Low })),
        Deed::Starts(Command::Hostile(_)) => (&STARTS_PROGRAM, Some(if runs { Critical } else { High })),
        Deed::Starts(Command::Asks) => (&STARTS_PROGRAM, by(Low, None, None)),
        Deed::Starts(Command::Known) => (&STARTS_PROGRAM, by(High, Some(Low), Some(High))),
        Deed::Starts(Command::Unknown) => (&STARTS_PROGRAM, by(High, Some(Low), unless_setup(High))),
        Deed::Starts(Command::SetsUp) => (&STARTS_PROGRAM, by(High, Some(Low), Some(Low))),
        Deed::Reaches(reach) => return network(*reach, when, role),
        Deed::Unpickles(true) => (&UNPICKLES, by(High, Some(Low), Some(High))),
        // A model that unpickles before anybody asked it for anything.
        Deed::Unpickles(false) => (&UNPICKLES, by(if when == When::Imported { High } else { Low }, None, None)),
        Deed::LoadsNative(Library::Beside) => (&LOADS_NATIVE, by(High, Some(Low), None)),
        Deed::LoadsNative(Library::Own) => (&LOADS_NATIVE, by(High, Some(Low), None)),
        Deed::LoadsNative(Library::Other) => (&LOADS_NATIVE, by(Low, Some(Low), None)),
        Deed::Changes(Changed::Lasting) => {
            (&CHANGES_FILES, Some(if runs && (model || when == When::Imported) { High } else { Low }))
        }
        Deed::Changes(Changed::Vital | Changed::Each) => (&CHANGES_FILES, Some(High)),
        Deed::Changes(Changed::Program) => (&CHANGES_FILES, by(High, Some(Low), Some(High))),
        Deed::Changes(Changed::Folder) => (&CHANGES_FILES, by(Low, None, None)),
        Deed::ReadsCredentials => (&READS_SECRETS, by(High, Some(Low), Some(High))),
    };
    severity.map(|severity| (rule, severity))
}

/// Why code runs that nothing in the file calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A framework calls it.
    Framework,
    /// A server hands it what somebody asks.
    Server,
}

/// The same for a function that others call, where that is bad. Code that is written for a framework fetches data,
/// installs what it needs and starts programs that somebody configured, as it was meant to.
pub fn by_others(done: &Done, reached: &Reached) -> Option<(&'static Rule, Severity, By)> {
    let is = |which: &[bool]| which.get(done.function).copied().unwrap_or(false);
    let rated = rate(&done.deed, When::Loaded, Role::Model);
    if is(&reached.served) && done.asked {
        return rated.map(|(rule, severity)| (rule, severity.max(Severity::High), By::Server));
    }
    let daily = matches!(
        &done.deed,
        Deed::Starts(Command::SetsUp | Command::Unknown)
            | Deed::Reaches(Reach::Sends(_) | Reach::Connects(false))
            | Deed::Unpickles(_)
            | Deed::LoadsNative(_)
    );
    // What is further below puts code together more often than it runs what it was given.
    let made = matches!(&done.deed, Deed::Evaluates(Text::Statements | Text::Unknown | Text::File));
    let which = if made { &reached.hooks } else { &reached.hooked };
    rated
        .filter(|(_, severity)| is(which) && !daily && *severity >= Severity::High)
        .map(|(rule, severity)| (rule, severity, By::Framework))
}

/// The same for what goes to another machine or comes from there.
fn network(reach: Reach, when: When, role: Role) -> Option<(&'static Rule, Severity)> {
    use Severity::{Critical, High, Low, Medium};
    let (runs, imported, model) = (when > When::Called, when == When::Imported, role.is_model());
    let other = |severity: Severity| imported.then_some(severity);
    let severity = match (reach, model, runs) {
        (Reach::Leaks, _, _) => {
            let severity = if runs && (model || imported) { Critical } else { High };
            return Some((&READS_SECRETS, severity));
        }
        (Reach::Tells, ..) => return (runs && (model || imported)).then_some((&READS_SECRETS, High)),
        (Reach::Connects(_) | Reach::Sends(true), true, true) => Some(High),
        (Reach::Connects(_) | Reach::Sends(true), true, false) => Some(Low),
        (Reach::Connects(constant), false, _) => other(if constant { High } else { Low }),
        (Reach::Sends(true), false, _) => other(High),
        (Reach::Sends(false), true, true) => Some(Medium),
        (Reach::Fetches(constant), true, true) => Some(match (imported, constant) {
            (true, true) => High,
            (true, false) | (_, true) => Medium,
            _ => Low,
        }),
        (Reach::Sends(false) | Reach::Fetches(_), ..) => None,
    };
    severity.map(|severity| (&REACHES_NETWORK, severity))
}
