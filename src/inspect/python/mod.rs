//! Python code that comes with a model: read, never run.
//!
//! Names are followed through imports, assignments, attributes, `getattr` and strings that are put together; each call
//! that starts a program, runs text, reaches the network, unpickles, loads machine code or reads credentials is rated
//! by when it would run: at import, when the model is loaded or used, or only if somebody calls it.
//!
//! Not looked at: what libraries do that are not known by name, values that arise only at run time, and control flow:
//! both branches of every condition count.

mod call;
mod deed;
mod entry;
mod expression;
mod fold;
mod frameworks;
mod function;
mod named_data;
mod names;
mod origin;
mod places;
mod rate;
mod requests;
pub mod rules;
mod source;
mod spelling;
mod statement;
mod tables;
#[cfg(test)]
mod tests;
mod texts;
mod tokens;
mod value;

use std::ops::Range;

pub use named_data::{inspect as inspect_data, may_be as may_be_data};
pub use spelling::inspect_encoding;

use super::Scope;
use super::lines;
use super::shell::ordinary;
use crate::model::{Call, Code, Evidence, Judgement, Rule, Severity};
use crate::weigh::{Unreadable, View};
use deed::{Changed, Command, Deed, Library, Reach, Text};
use entry::Role;
use function::Done;
use rate::{By, Reached, When};
use source::Source;

/// Bytes of one source file that are read.
const SOURCE_BYTES: usize = 4 << 20;

/// Pieces of evidence that are kept of a file for the case that it is loaded with a model.
const LOADED: usize = 64;

/// Looks at a source file.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if text.len() > SOURCE_BYTES {
        return scope.limit("python-bytes", SOURCE_BYTES as u64, view);
    }
    spelling::inspect(text, view, scope);
    let whole = std::iter::once(0..text.len()).collect::<Vec<_>>();
    let (source, faults) = read(text, &whole);
    unread(&source, faults, text, view, scope);
    let index = lines::Index::new(text);
    let path = view.entry().unwrap_or_else(|| scope.path.as_str()).to_owned();
    let role = entry::role(&path, &source);
    let reached = rate::reach(&source, &path, role);
    let mut loaded = Vec::new();
    let mut called = Vec::new();
    let mut unlisted = false;
    for done in &source.deeds {
        let now = reached.soberly(done.function, role, &done.deed, &source);
        let by_itself = rate::rate(&done.deed, now, role).map(|rated| (rated, moment(now, done, &source)));
        let by_others = rate::by_others(done, &reached)
            .filter(|(_, severity, _)| by_itself.as_ref().is_none_or(|((_, before), _)| before < severity))
            .map(|(rule, severity, by)| ((rule, severity), called_by(by, done, &source)));
        let seen = by_others.or(by_itself).map(|(rated, moment)| evidence(done, rated, &moment, &index, view));
        if now > When::Called && role.is_model() {
            let arguments = Some(done.given.clone().unwrap_or_else(|| "…".to_owned()));
            let place = seen.as_ref().map_or_else(|| view.place(0..0), |seen| seen.place.clone());
            scope.call(Call { place, callable: done.callable.clone(), arguments, judgement: Judgement::Dangerous });
        }
        if !role.is_model() && view.depth() == 0 {
            let before = seen.as_ref().map(Evidence::severity);
            let now = reached.when.get(done.function).copied().unwrap_or(When::Called);
            let worse = |when| {
                rate::rate(&done.deed, when, Role::Model)
                    .map(|rated| evidence(done, rated, &moment(when, done, &source), &index, view))
                    .filter(|worse| before.is_none_or(|before| before < worse.severity()))
            };
            if let Some(worse) = worse(now) {
                keep(worse.of(scope.path), &mut loaded, &mut unlisted);
            }
            let worst = worse(When::Loaded).filter(|worse| now == When::Called && worse.severity() >= Severity::High);
            if let Some(worst) = worst.filter(|_| called.len() < LOADED) {
                called.push((rate::ways(&source, done.function), worst.of(scope.path)));
            }
        }
        scope.add_all(seen);
    }
    if view.depth() == 0 {
        let beside = beside(&source, &reached, role, &index, view, scope);
        if unlisted {
            let limit = Unreadable::limit_evidence("python-loaded-deeds", LOADED as u64, view.place(0..0));
            loaded.push(limit.of(scope.path));
        }
        let used =
            if role == Role::Endpoint { source.neighbours.union(&source.used).cloned().collect() } else { Vec::new() };
        let imports = source.neighbours.into_iter().collect();
        scope.contents().code = Some(Box::new(Code { imports, loaded, entry: role.is_model(), called, used, beside }));
    }
}

/// What is to be said of machine code that is loaded by a path from beside the source, if a file is there.
fn beside(
    source: &Source,
    reached: &Reached,
    role: Role,
    index: &lines::Index<'_>,
    view: &View<'_>,
    scope: &Scope<'_>,
) -> Vec<(String, Evidence)> {
    let loads = |done: &&Done| !role.is_model() && done.deed == Deed::LoadsNative(Library::Beside);
    let found = source.deeds.iter().filter(loads).filter_map(|done| {
        let now = reached.when.get(done.function).copied().unwrap_or(When::Called);
        let hooked = reached.hooked.get(done.function).copied().unwrap_or(false);
        let library = done.given.clone().filter(|_| now == When::Imported || hooked)?;
        let by = if hooked { called_by(By::Framework, done, source) } else { moment(now, done, source) };
        let evidence = evidence(done, (&rules::LOADS_NATIVE, Severity::High), &by, index, view);
        Some((library, evidence.of(scope.path)))
    });
    found.take(LOADED).collect()
}

/// What of a source was not understood, and which limits stopped the reading.
fn unread(source: &Source, faults: Vec<tokens::Fault>, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    for (what, value) in &source.limits {
        scope.limit(what, *value as u64, view);
    }
    if let Some((range, why)) = &source.unread {
        let message = format!("a text that is run as code is not Python as it is known: {why}");
        lines::raise(Evidence::new(&rules::NOT_READ, message), text, range.clone(), view, scope);
    }
    for fault in faults {
        let message = format!("from here on it is not Python as it is known: {}", fault.what);
        lines::raise(Evidence::new(&rules::NOT_READ, message), text, fault.at..fault.at + 1, view, scope);
    }
}

/// Looks at the code of a notebook, cell after cell, each of which ends what is open in it. `say` writes down what is
/// to be said of a byte of `text`.
pub fn inspect_cells(
    text: &str,
    cells: &[Range<usize>],
    mut say: impl FnMut(Evidence, usize, &mut Scope<'_>),
    view: &View<'_>,
    scope: &mut Scope<'_>,
) {
    let (source, faults) = read(text, cells);
    for (what, value) in &source.limits {
        scope.limit(what, *value as u64, view);
    }
    for fault in faults {
        let message = format!("a cell is not Python as it is known: {}", fault.what);
        say(Evidence::new(&rules::NOT_READ, message), fault.at, scope);
    }
    let reached = rate::reach(&source, "", Role::Other);
    for done in &source.deeds {
        let now = reached.when.get(done.function).copied().unwrap_or(When::Called);
        // A notebook is run by somebody who reads it: programs and networks are its daily work.
        if !is_odd_in_a_notebook(done) {
            continue;
        }
        if let Some((rule, severity)) = rate::rate(&done.deed, now, Role::Other) {
            let file = done.deed == Deed::Evaluates(Text::File) && now == When::Imported;
            let severity = if file { Severity::High } else { severity };
            let message = format!("{} {}", said(done), moment(now, done, &source));
            say(Evidence::new(rule, message).rated(severity.min(Severity::High)), done.range.start, scope);
        }
    }
}

/// True for what people do not do in notebooks every day.
fn is_odd_in_a_notebook(done: &Done) -> bool {
    match &done.deed {
        Deed::Evaluates(Text::Decoded | Text::Fetched | Text::Data | Text::File | Text::Statements)
        | Deed::Starts(Command::Hostile(_))
        | Deed::Conceals
        | Deed::ReadsCredentials
        | Deed::Unpickles(true)
        | Deed::Reaches(Reach::Leaks) => true,
        Deed::Starts(Command::Known) => done.given.as_deref().is_some_and(|command| !ordinary::is_daily(command)),
        _ => false,
    }
}

/// Keeps the worst [`LOADED`] of what is to be said of a file that turns out to be loaded.
fn keep(worse: Evidence, loaded: &mut Vec<Evidence>, unlisted: &mut bool) {
    if loaded.len() < LOADED {
        return loaded.push(worse);
    }
    *unlisted = true;
    if worse.severity() > Severity::High
        && let Some(mild) = loaded.iter_mut().find(|kept| kept.severity() < worse.severity())
    {
        *mild = worse;
    }
}

/// Reads twice: names may be bound below the functions that use them. Each part is read by itself, in the order given,
/// with its first fault.
fn read(text: &str, parts: &[Range<usize>]) -> (Source, Vec<tokens::Fault>) {
    let mut faults = Vec::new();
    let mut source = Source::new();
    for reading in 0..2 {
        for part in parts {
            source.base = part.start;
            source.current = 0;
            let fault = statement::read(text.get(part.clone()).unwrap_or_default(), &mut source);
            if let Some(fault) = fault.filter(|_| reading == 0) {
                faults.push(tokens::Fault { at: fault.at + part.start, ..fault });
            }
        }
        if reading == 0 {
            source = source.again();
        }
    }
    (source, faults)
}

fn evidence(
    done: &Done,
    (rule, severity): (&'static Rule, Severity),
    moment: &str,
    index: &lines::Index<'_>,
    view: &View<'_>,
) -> Evidence {
    let message = format!("{} {moment}", said(done));
    let mut evidence = Evidence::new(rule, message).rated(severity).with("callable", done.callable.as_str());
    if let Some(given) = &done.given {
        evidence = evidence.with("given", shortened(given, 400));
    }
    index.locate(evidence, done.range.clone(), view)
}

fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn said(done: &Done) -> String {
    let called = match done.callable.strip_prefix("?.") {
        Some(name) => format!("(…).{name}"),
        None => done.callable.clone(),
    };
    let call = match &done.given {
        Some(given) => format!("{called}({:?})", shortened(given, 120)),
        None => called,
    };
    match &done.deed {
        Deed::Evaluates(Text::Decoded) => format!("{call} runs text that was decoded"),
        Deed::Evaluates(Text::Fetched) => format!("{call} runs text that was fetched from the network"),
        Deed::Evaluates(Text::Data) => format!("{call} runs what is in a file that is no source"),
        Deed::Evaluates(Text::Source | Text::File) => format!("{call} runs the text of a file"),
        Deed::Evaluates(_) if done.callable.starts_with("ctypes.") && !done.callable.contains("PyRun") => {
            format!("{call} makes memory that machine code is run from")
        }
        Deed::Evaluates(Text::Template | Text::Statements | Text::Unknown) => format!("{call} runs text as code"),
        Deed::Conceals => format!("{call} reaches what runs code or starts programs by a way that hides it"),
        Deed::Disguised => format!("{call} looks something up by a name that was decoded"),
        Deed::Starts(Command::Hostile(why)) => format!("{call} starts a program: {why};"),
        Deed::Starts(_) => format!("{call} starts a program"),
        Deed::Reaches(Reach::Leaks) => format!("{call} sends credentials or the environment away"),
        Deed::Reaches(Reach::Tells) => format!("{call} sends a secret, or what the machine is called, away"),
        Deed::Reaches(Reach::Sends(_)) => format!("{call} sends something to another machine"),
        Deed::Reaches(Reach::Fetches(_)) => format!("{call} fetches something from the network"),
        Deed::Reaches(Reach::Connects(_)) => format!("{call} opens a connection"),
        Deed::Unpickles(true) => format!("{call} unpickles data that stands in the code itself"),
        Deed::Unpickles(false) => format!("{call} unpickles"),
        Deed::LoadsNative(_) => format!("{call} loads machine code"),
        Deed::Changes(Changed::Lasting) => format!("{call} changes a file from which something is run later"),
        Deed::Changes(Changed::Program) => format!("{call} writes a program that was decoded or fetched"),
        Deed::Changes(Changed::Each) => format!("{call} changes or deletes the files of a whole user or system"),
        Deed::Changes(Changed::Vital | Changed::Folder) => format!("{call} deletes a whole folder"),
        Deed::ReadsCredentials => format!("{call} opens a file of credentials"),
    }
}

/// The name of the function in which something is done.
fn place_of(done: &Done, source: &Source) -> String {
    source.functions.get(done.function).map_or_else(String::new, |function| match &function.class {
        Some(class) => format!("{class}.{}", function.name),
        None => function.name.clone(),
    })
}

/// Who calls the function in which something is done.
fn called_by(by: By, done: &Done, source: &Source) -> String {
    let named = place_of(done, source);
    match by {
        By::Framework => format!("in {named}, which a framework calls by itself"),
        By::Server => format!("in {named}, with what it is given by whoever asks the server"),
    }
}

fn moment(when: When, done: &Done, source: &Source) -> String {
    let named = place_of(done, source);
    match (when, named.as_str()) {
        (When::Imported, "") => "as soon as the file is imported".to_owned(),
        (When::Imported, named) => format!("in {named}, which is called as soon as the file is imported"),
        (When::Loaded, named) => format!("in {named}, when the model is loaded or used"),
        (When::Called, "__main__") => "if the file is run as a program".to_owned(),
        (When::Called, named) => format!("in {named}"),
    }
}
