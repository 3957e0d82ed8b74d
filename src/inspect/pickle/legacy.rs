//! What `torch.save` wrote before it wrote zip archives, and still does when it is asked to: five pickles, and behind them
//! the storages, each with the number of its elements in front.
//!
//! Source: `torch/serialization.py` (`_legacy_save`, `_legacy_load`). Not looked at: numbers of a machine that begins with
//! the highest byte.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::machine::Machine;
use super::source::{Argument, Source, Token};
use crate::inspect::Scope;
use crate::inspect::archive::MEMBER_NOT_INSPECTED;
use crate::inspect::pytorch::records::PYTORCH_MALFORMED;
use crate::inspect::pytorch::{PYTORCH_STORAGE_MISMATCH, width};
use crate::inspect::scope::Storage;
use crate::weigh::View;

/// `MAGIC_NUMBER`, 119547037146038801333356, as a pickle holds it: two's complement, lowest byte first.
const MAGIC: &[u8] = &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/// The same in the digits of protocols 0 and 1.
const DIGITS: &[u8] = b"119547037146038801333356";

/// `PROTOCOL_VERSION`
const PROTOCOL: i64 = 1001;

/// Pickles in front of the storages: magic number, protocol, system, object, keys of the storages.
const PICKLES: usize = 5;

/// Bytes of the pickle that holds the magic number; frames and all it has some thirty.
const LONGEST: u64 = 64;

/// True if some bytes begin with the pickle of the magic number, in any protocol.
pub fn begins(head: &[u8]) -> bool {
    let mut source = Source::of_bytes(&head[..head.len().min(LONGEST as usize)]);
    let is_magic = value(&mut source).is_some_and(|token| match (token.code, &token.argument) {
        (0x8a | 0x8b, Argument::Constant(_)) => source.constant() == MAGIC,
        (b'L' | b'I', Argument::Line(_, text)) => text.strip_suffix(b"L").unwrap_or(text) == DIGITS,
        _ => false,
    });
    is_magic && source.token().is_ok_and(|token| token.code == b'.')
}

/// The first token that is a value.
fn value(source: &mut Source<'_>) -> Option<Token> {
    loop {
        let token = source.token().ok()?;
        if !matches!(token.code, 0x80 | 0x95) {
            return Some(token);
        }
    }
}

/// What comes behind a pickle of such a file.
pub enum Next {
    /// The next pickle.
    Pickle,
    /// Nothing more of this file, which ends there.
    Behind(u64),
    /// It cannot be known.
    Lost,
}

/// One such file as it is read.
pub struct Legacy {
    pickles: usize,
}

impl Legacy {
    /// If one begins there.
    pub fn of(view: &View<'_>, at: u64) -> Option<Self> {
        view.read_up_to(at, LONGEST).is_ok_and(|head| begins(&head)).then_some(Self { pickles: 0 })
    }

    /// A pickle of it was followed to its end.
    pub fn ended(&mut self, pickle: Range<u64>, machine: &mut Machine<'_, '_, '_>) -> Next {
        let (view, at) = (machine.view, pickle.end);
        self.pickles += 1;
        let mut source = Source::new(view, pickle.start);
        if self.pickles == 2 {
            let said = value(&mut source).and_then(|token| number(&token));
            if said != Some(PROTOCOL) {
                let message = format!("the protocol of the PyTorch file is not {PROTOCOL}, the only one there is");
                machine.scope.raise(&PYTORCH_MALFORMED, view, pickle, message);
            }
        } else if self.pickles == 3 {
            // A dict of three, none of which changes how the file is read.
            if !value(&mut source).is_some_and(|token| matches!(token.code, b'}' | b'('))
                || view.read(at - 2..at).is_ok_and(|end| end == b"l.")
            {
                machine.scope.raise(
                    &PYTORCH_MALFORMED,
                    view,
                    pickle,
                    "the third pickle of the PyTorch file is no dict of what system wrote it",
                );
            }
        } else if self.pickles == PICKLES {
            return storages(pickle, machine);
        }
        if at < view.len() {
            return Next::Pickle;
        }
        let message = format!("the PyTorch file ends after {} of its {PICKLES} pickles", self.pickles);
        machine.scope.raise(&PYTORCH_MALFORMED, view, at..at, message);
        Next::Lost
    }
}

/// Holds the storages against the list of their keys, which the last pickle is, and against what the object asks for.
fn storages(pickle: Range<u64>, machine: &mut Machine<'_, '_, '_>) -> Next {
    let (view, at) = (machine.view, pickle.end);
    let asked = machine.scope.take_storages();
    let Some(keys) = keys(&pickle, view, machine.scope.limits.entries) else {
        machine.scope.raise(
            &PYTORCH_MALFORMED,
            view,
            pickle,
            "the list of storages of the PyTorch file is no list of keys",
        );
        return Next::Lost;
    };
    let scope = &mut *machine.scope;
    let say = |scope: &mut Scope<'_>, range: Range<u64>, message: String| {
        scope.raise(&PYTORCH_STORAGE_MISMATCH, view, range, message);
    };
    let listed: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    for storage in asked.iter().filter(|storage| !listed.contains(storage.key.as_str())) {
        say(
            scope,
            pickle.clone(),
            format!("the pickle asks for the storage {:?}, which the file does not list", storage.key),
        );
    }
    let mut by_key: BTreeMap<&str, Vec<&Storage>> = BTreeMap::new();
    asked.iter().for_each(|storage| by_key.entry(&storage.key).or_default().push(storage));
    let mut at = at;
    for key in &keys {
        let wanted = by_key.get(key.as_str()).map(Vec::as_slice).unwrap_or_default();
        match storage(key, wanted, at, view, scope) {
            Some(end) => at = end,
            None => return Next::Lost,
        }
    }
    Next::Behind(at)
}

/// Holds the storage that begins there against what was asked of that key, and says where it ends.
fn storage(key: &str, wanted: &[&Storage], at: u64, view: &View<'_>, scope: &mut Scope<'_>) -> Option<u64> {
    let mut say = |range: Range<u64>, message: String| {
        scope.raise(&PYTORCH_STORAGE_MISMATCH, view, range, message);
    };
    let Some(first) = wanted.first() else {
        say(at..view.len(), format!("the file lists the storage {key:?}, which the pickle does not ask for"));
        return None;
    };
    let Some(elements) = view.read(at..at.saturating_add(8)).ok().and_then(|bytes| bytes.try_into().ok()) else {
        say(at..view.len(), format!("the file ends before the storage {key:?}"));
        return None;
    };
    let (elements, start) = (i64::from_le_bytes(elements), at + 8);
    if wanted.iter().all(|storage| storage.elements != elements) {
        let message =
            format!("the pickle asks for {} elements of the storage {key:?}, which has {elements}", first.elements);
        say(at..start, message);
    }
    let Some(width) = width(&first.class) else {
        let message =
            format!("how wide the elements of {} are is not known, so storages were not followed", first.class);
        scope.raise(&MEMBER_NOT_INSPECTED, view, at..view.len(), message);
        return None;
    };
    let length = u64::try_from(elements).ok().and_then(|elements| elements.checked_mul(width));
    let end = length.and_then(|length| start.checked_add(length)).filter(|end| *end <= view.len());
    let Some(end) = end else {
        let message = format!("the storage {key:?} of {elements} elements goes past the end of the file");
        say(at..view.len(), message);
        return None;
    };
    if let Ok(numbers) = view.slice(start..end) {
        super::suspect_numbers(&numbers, scope);
    }
    Some(end)
}

/// The value of a token that is a whole number.
fn number(token: &Token) -> Option<i64> {
    match (token.code, &token.argument) {
        (b'K' | b'M' | b'J', Argument::Number(number)) => Some(*number),
        (b'I' | b'L', Argument::Line(_, text)) => {
            std::str::from_utf8(text.strip_suffix(b"L").unwrap_or(text)).ok()?.trim().parse().ok()
        }
        _ => None,
    }
}

/// The items of a pickled list of texts; `None` if it is anything else.
fn keys(pickle: &Range<u64>, view: &View<'_>, most: u64) -> Option<Vec<String>> {
    let mut source = Source::new(view, pickle.start);
    let (mut keys, mut list) = (Vec::new(), false);
    while source.position() < pickle.end {
        let token = source.token().ok()?;
        let text = match (token.code, &token.argument) {
            (b'X' | 0x8c | 0x8d | b'T' | b'U', Argument::Constant(_)) => {
                String::from_utf8_lossy(source.constant()).into_owned()
            }
            (b'V', Argument::Line(_, text)) => String::from_utf8_lossy(text).into_owned(),
            (b'S', Argument::Line(_, text)) => {
                String::from_utf8_lossy(text.get(1..text.len().checked_sub(1)?)?).into_owned()
            }
            (b']' | b'l', _) => {
                list = true;
                continue;
            }
            (0x80 | 0x95 | b'(' | b'a' | b'e' | b'q' | b'r' | b'p' | 0x94 | b'.', _) => continue,
            _ => return None,
        };
        if keys.len() as u64 >= most {
            return None;
        }
        keys.push(text);
    }
    list.then_some(keys)
}
