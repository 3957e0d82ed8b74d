//! Pickles, protocols 0 to 5: what loading them would import and call, without importing or calling anything.
//!
//! ```text
//! source ─▶ opcode + argument ─▶ machine (stack, memo, containers) ─▶ names ─▶ lists ─▶ evidence and trace
//!                                                  └─▶ constants that are pickles themselves ─▶ once more
//! ```
//!
//! Not checked: what the classes on the safe list do with state that is valid pickle but absurd (an estimator with
//! contradicting attributes), and what imported modules do that are not on either list.

mod arguments;
mod array;
mod behind;
mod calls;
mod constructed;
mod containers;
mod detect;
mod disguise;
mod dtype;
mod formula;
mod framing;
mod instantiated;
mod judge;
mod known;
mod legacy;
mod lists;
mod machine;
mod names;
mod nested;
mod opcode;
mod planted;
mod resource;
pub mod rules;
mod source;
mod store;
mod tensor;
mod text;
mod value;

use crate::inspect::{Inspector, Scope};
use crate::model::{Class, Evidence, Format, Judgement, Severity};
use crate::weigh::View;

use legacy::Legacy;
use machine::{End, Machine};
use rules::{DANGEROUS_CALL, DANGEROUS_IMPORT, PRESENT, TRAILING_DATA};
use source::Source;

pub use behind::follow_behind;
pub use dtype::element;
pub use formula::calls_functions;
pub use lists::Lists;

/// Pickles in one file that are followed, one behind the other.
const STREAMS: u32 = 100_000;

/// Bytes behind a broken or ended pickle that are searched for another.
const SEARCHED: u64 = 1 << 20;

/// Files that are one or several pickles.
pub struct Pickle;

impl Inspector for Pickle {
    fn format(&self) -> Format {
        Format::named("pickle")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        looks_like_pickle(head, view)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        inspect_pickle(view, scope);
    }
}

/// True if the bytes are a pickle: a `PROTO` opcode of a known protocol with an opcode behind it, or, for the
/// protocols without one, a stream that holds when its first opcodes are followed strictly.
#[must_use]
pub fn looks_like_pickle(head: &[u8], view: &View<'_>) -> bool {
    detect::is_pickle(head, view.len()) || legacy::begins(head)
}

/// Where the first pickle ends, by its opcodes alone; `None` if it does not.
#[must_use]
pub fn first_stream(view: &View<'_>) -> Option<u64> {
    let mut source = Source::new(view, 0);
    loop {
        if source.token().ok()?.code == b'.' {
            return Some(source.position());
        }
    }
}

/// Looks at raw numbers, which have no form of their own, as an unpickler would read them. What is known to be dangerous is
/// written down; other numbers may well look like opcodes.
pub fn suspect_numbers(view: &View<'_>, scope: &mut Scope<'_>) {
    let first = view.read_up_to(0, 1).unwrap_or_default();
    if first.first().is_none_or(|byte| opcode::opcode(*byte).is_none()) {
        return;
    }
    if !view.read_up_to(0, source::SHOWN as u64).is_ok_and(|head| detect::is_pickle(&head, view.len())) {
        return;
    }
    let mut apart = Scope::new(scope.path, scope.limits);
    apart.lists = scope.lists;
    inspect_pickle(view, &mut apart);
    let seen = apart.close();
    let known = |evidence: &Evidence| evidence.rule == &DANGEROUS_CALL || evidence.rule == &DANGEROUS_IMPORT;
    if seen.evidence.iter().any(known) {
        seen.evidence.into_iter().filter(known).for_each(|evidence| scope.add(evidence));
        seen.contents.calls.into_iter().for_each(|call| scope.call(call));
    }
}

/// Interprets a stream that is known or claimed to be a pickle, and those that follow it.
pub fn inspect_pickle(view: &View<'_>, scope: &mut Scope<'_>) {
    inspect_streams(view, scope, scope.lists);
}

/// Interprets bytes that an unpickler would be given, although they look like a text or a picture: its opcodes are
/// letters, and a stream may begin with anything that leaves the stack in order. Only what would run is written down;
/// nothing that is said of an honest text.
pub fn suspect(view: &View<'_>, scope: &mut Scope<'_>) {
    let mut apart = Scope::new(scope.path, scope.limits);
    apart.lists = scope.lists;
    inspect_pickle(view, &mut apart);
    let seen = apart.close();
    let disguised = |evidence: &&Evidence| evidence.rule == &rules::NAME_DISGUISED;
    let places: Vec<_> = seen.evidence.iter().filter(disguised).map(|evidence| evidence.place.clone()).collect();
    let runs = |evidence: &Evidence| evidence.rule.class == Class::Defect && evidence.severity() >= Severity::High;
    // Words of a text may be taken for a name that cannot be imported: that says nothing, and an import there neither.
    let words = |evidence: &Evidence| evidence.rule != &rules::DANGEROUS_CALL && places.contains(&evidence.place);
    if seen.evidence.iter().any(|evidence| runs(evidence) && !words(evidence)) {
        seen.evidence.into_iter().filter(runs).for_each(|evidence| scope.add(evidence));
        seen.contents.calls.into_iter().for_each(|call| scope.call(call));
    }
}

/// What following the pickles of some bytes came to.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    /// The first one was followed to its end, or as far as a limit lets.
    pub ended: bool,
    /// Callables that were imported.
    pub imported: u32,
}

/// [`inspect_pickle`] with other lists.
pub fn inspect_streams(view: &View<'_>, scope: &mut Scope<'_>, lists: &Lists) -> Followed {
    // Storages that an archive around this asked for are none of ours.
    let outer = scope.take_storages();
    let mut machine = Machine::new(view, scope, lists);
    let mut source = Source::new(view, 0);
    let mut torch = Legacy::of(view, 0);
    let mut streams = 0;
    let mut ended = false;
    loop {
        let start = source.position();
        let end = machine.run(&mut source);
        streams += 1;
        ended |= streams == 1 && end != End::Broken;
        let at = source.position();
        if end == End::Bound {
            break;
        }
        if streams >= STREAMS {
            machine.scope.limit("pickles in one file", STREAMS.into(), view);
            break;
        }
        let next = match (end, &mut torch) {
            // torch.load reads these one behind the other, whatever they look like.
            (End::Stop, Some(legacy)) => match legacy.ended(start..at, &mut machine) {
                legacy::Next::Pickle => Some(at),
                legacy::Next::Behind(end) if end < view.len() => following(&mut machine, end),
                _ => None,
            },
            _ if at >= view.len() => None,
            (End::Stop, None) => following(&mut machine, at),
            _ => search(view, at),
        };
        let Some(next) = next else { break };
        if next != at || torch.is_none() {
            torch = Legacy::of(view, next);
        }
        source = Source::new(view, next);
    }
    machine.finish();
    summarise(&mut machine, streams);
    let imported = machine.names.len();
    outer.into_iter().for_each(|storage| scope.storage(storage));
    Followed { ended, imported }
}

/// Where the next pickle begins behind one that ended; what lies between is evidence.
fn following(machine: &mut Machine<'_, '_, '_>, at: u64) -> Option<u64> {
    let view = machine.view;
    let head = view.read_up_to(at, source::SHOWN as u64).ok()?;
    if detect::is_pickle(&head, view.len() - at) {
        return Some(at);
    }
    if let Some(next) = block(view, at) {
        return Some(next);
    }
    let next = search(view, at);
    let end = next.unwrap_or(view.len());
    if end - at > 1 || head.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
        let message = format!("{} bytes that are no pickle follow the pickle", end - at);
        machine.scope.raise(&TRAILING_DATA, view, at..end, message);
    }
    next
}

/// Bytes of a block of `dbm.dumb`, in which `shelve` keeps pickles: each begins at a multiple, with zeros in front.
const BLOCK: u64 = 512;

/// The pickle at the beginning of the next block, if nothing but zeros fills this one.
fn block(view: &View<'_>, at: u64) -> Option<u64> {
    let next = at.next_multiple_of(BLOCK);
    let filling = view.read(at..next).ok()?;
    let head = view.read_up_to(next, source::SHOWN as u64).ok()?;
    (filling.iter().all(|byte| *byte == 0) && detect::is_pickle(&head, view.len() - next)).then_some(next)
}

/// Looks for a `PROTO` opcode with a sound stream behind it.
fn search(view: &View<'_>, from: u64) -> Option<u64> {
    let bytes = view.read_up_to(from, SEARCHED).ok()?;
    let found = bytes.windows(3).enumerate().position(|(at, window)| {
        matches!(window, [0x80, 2..=5, next] if opcode::opcode(*next).is_some())
            && detect::is_sound(&bytes[at..bytes.len().min(at + source::SHOWN)])
    })?;
    Some(from + found as u64)
}

fn summarise(machine: &mut Machine<'_, '_, '_>, streams: u32) {
    let view = machine.view;
    let names = machine.names.len();
    let unsafe_names = machine.names.iter().filter(|name| name.judgement != Judgement::Safe && !name.excused).count();
    let what = match (names, unsafe_names) {
        (0, _) => "it holds plain values and imports nothing".to_owned(),
        (names, 0) => format!("it imports {names} callables, all known to rebuild plain data"),
        (names, some) => format!("it imports {names} callables, {some} of them not known to rebuild plain data"),
    };
    let message = format!("pickle, protocol {}, can run code when it is loaded: {what}", machine.protocol);
    let evidence = Evidence::new(&PRESENT, message)
        .at(view.place(0..view.len()))
        .with("protocol", machine.protocol)
        .with("pickles", streams)
        .with("callables", names)
        .with("not-known-safe", unsafe_names as u64);
    machine.scope.add(evidence);
}
