//! Pickles that are unpacked up to a limit, in the middle of a constant: what stands behind that constant.
//!
//! Nothing is easier than to put some hundred megabytes of zeros in front of a call, which take no room in a packed file. The
//! constant is passed over as it is unpacked once more, and the stream is followed on with nothing on the stack. Not seen
//! there: what is made of values that stand in front of the constant.

use std::ops::Range;

use super::looks_like_pickle;
use super::machine::Machine;
use super::rules::{DANGEROUS_CALL, DANGEROUS_IMPORT};
use super::source::Source;
use super::value::Value;
use crate::inspect::Scope;
use crate::inspect::inflate::inflate_behind;
use crate::weigh::View;

/// Bytes behind a constant that are looked at.
const LOOKED_AT: u64 = 4 << 20;

/// Constants in a row that are passed over.
const PASSED: u32 = 1;

/// Values that are taken to stand on the stack below.
const BELOW: u32 = 64;

/// Looks behind the constant at which what was unpacked of a pickle ends. `data` is where the packed bytes stand in the
/// view, as raw deflate.
pub fn follow_behind(unpacked: &View<'_>, view: &View<'_>, data: &Range<u64>, scope: &mut Scope<'_>) {
    let head = unpacked.read_up_to(0, 4096).unwrap_or_default();
    if !looks_like_pickle(&head, unpacked) {
        return;
    }
    // To unpack some hundred megabytes again takes a moment; a file may ask for it once.
    if std::mem::replace(&mut scope.looked_behind, true) {
        return;
    }
    let mut start = end_of_constant(unpacked);
    for _ in 0..PASSED {
        let Some(at) = start else { return };
        let Some(tail) = inflate_behind(view, data, at, LOOKED_AT) else { return };
        let name = format!("{} from byte {at}", unpacked.entry().map_or("content", last));
        let tail = view.decompressed(&name, &tail);
        follow(&tail, scope);
        start = end_of_constant(&tail).and_then(|more| at.checked_add(more));
    }
}

fn last(entry: &str) -> &str {
    entry.rsplit('!').next().unwrap_or(entry)
}

/// Where the constant ends in the middle of which the data breaks off.
fn end_of_constant(view: &View<'_>) -> Option<u64> {
    let mut source = Source::new(view, 0);
    while source.token().is_ok() {}
    source.beyond()
}

/// Follows opcodes from the middle of a stream, and says what is known to be dangerous.
fn follow(view: &View<'_>, scope: &mut Scope<'_>) {
    let lists = scope.lists;
    let mut apart = Scope::new(scope.path, scope.limits);
    apart.lists = lists;
    let mut machine = Machine::new(view, &mut apart, lists);
    for _ in 0..BELOW {
        if machine.push(Value::Forgotten).is_err() {
            return;
        }
    }
    machine.follow(&mut Source::new(view, 0), view.len());
    machine.finish();
    let seen = apart.close();
    let known = seen.evidence.into_iter().filter(|seen| seen.rule == &DANGEROUS_CALL || seen.rule == &DANGEROUS_IMPORT);
    known.for_each(|seen| scope.add(seen));
    seen.contents.calls.into_iter().for_each(|call| scope.call(call));
}
