//! Central directory against local headers, and names against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::directory::{Directory, Listing};
use super::record::{Central, DESCRIPTOR, Descriptor, Facts, LOCAL, Local};
use super::{DUPLICATE_MEMBER, ENCRYPTED, HEADERS_DISAGREE, HIDDEN_DATA, MALFORMED, Placed};
use crate::inspect::Scope;
use crate::inspect::archive::{ARCHIVE_LINK, ARCHIVE_PATH_ESCAPE, escapes};
use crate::weigh::{Unreadable, View};

/// Names that occur twice, that lead out, and links.
pub fn names(members: &[(u64, Central)], view: &View<'_>, scope: &mut Scope<'_>) {
    let mut exact = BTreeSet::new();
    let mut folded: BTreeMap<String, String> = BTreeMap::new();
    for (at, member) in members {
        let range = *at..*at + member.length as u64;
        let name = member.facts.text();
        if let Some(what) = escapes(&name) {
            scope.raise(&ARCHIVE_PATH_ESCAPE, view, range.clone(), format!("the member name {name:?} {what}"));
        }
        if member.is_link() {
            scope.raise(&ARCHIVE_LINK, view, range.clone(), format!("the member {name:?} is a symbolic link"));
        }
        unicode(member, &range, view, scope);
        for what in spelling(member) {
            scope.raise(&MALFORMED, view, range.clone(), format!("the member {name:?} {what}"));
        }
        if !exact.insert(&member.facts.name) {
            scope.raise(&DUPLICATE_MEMBER, view, range, format!("two members are called {name:?}"));
        } else if let Some(other) = folded.insert(name.replace('\\', "/").to_lowercase(), name.clone()) {
            let message = format!("{name:?} and {other:?} are one file where case is not told apart");
            scope.raise(&DUPLICATE_MEMBER, view, range, message);
        }
    }
}

/// The name that Info-ZIP keeps in UTF-8: it is the same one, and leads as little out of the folder.
fn unicode(member: &Central, range: &Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let Some(unicode) = &member.unicode else { return };
    let (name, other) = (member.facts.text(), String::from_utf8_lossy(unicode));
    if let Some(what) = escapes(&other) {
        let message = format!("the member {name:?} has a second name, {other:?}, which {what}");
        scope.raise(&ARCHIVE_PATH_ESCAPE, view, range.clone(), message);
    }
    // Letters that the first name cannot have are written as `?`, `_` or `#U` and a number.
    let exact = member.facts.name.is_ascii() && (other.is_ascii() || !name.contains(['?', '_', '#']));
    if exact && name != other {
        let message = format!("the member {name:?} has a second name, {other:?}, which readers of UTF-8 take");
        scope.raise(&HEADERS_DISAGREE, view, range.clone(), message);
    }
}

/// What no writer puts into a header of the directory.
fn spelling(member: &Central) -> impl Iterator<Item = &'static str> {
    let (facts, unicode) = (&member.facts, member.facts.flags & 0x800 != 0);
    [
        (facts.name.is_empty(), "has no name"),
        // APPNOTE 4.4.17.1: slashes only. Readers differ in whether this is a folder or a letter of the name.
        (facts.name.contains(&b'\\'), "has a backslash in its name"),
        (unicode && std::str::from_utf8(&facts.name).is_err(), "has a name that is not UTF-8, as its flags say"),
        (!member.extra_fits, "has extra fields that are longer than the room for them"),
        // Readers know versions up to 6.3.
        (member.needed > 63, "is said to need a version of the format that does not exist"),
        (!matches!(member.disk, 0 | u16::MAX), "is said to lie on another disk"),
    ]
    .into_iter()
    .filter_map(|(wrong, what)| wrong.then_some(what))
}

/// Reads the local header of every member and says where it differs. Members in the order of the directory.
pub fn compare<'l>(
    directory: &Directory,
    listing: &'l Listing,
    view: &View<'_>,
    scope: &mut Scope<'_>,
) -> Vec<Placed<'l>> {
    let mut placed = Vec::with_capacity(listing.members.len());
    let mut used: Vec<(Range<u64>, &'l Central)> = Vec::with_capacity(listing.members.len());
    for (at, central) in &listing.members {
        let header = *at..*at + central.length as u64;
        let name = central.facts.text();
        let offset = central.offset.saturating_add(directory.base);
        let local = match local(offset, view) {
            Ok(Some(local)) => local,
            Ok(None) => {
                let message = format!("there is no local header for {name:?} at {offset}");
                scope.raise(&MALFORMED, view, header, message);
                placed.push(Placed { central, data: None, local: None });
                continue;
            }
            Err(trouble) => {
                scope.unreadable(view, &trouble);
                break;
            }
        };
        let start = offset.saturating_add(local.length);
        let here = offset..start;
        let end = start.checked_add(central.facts.compressed).filter(|end| *end <= view.len());
        if central.facts.encrypted() || local.facts.encrypted() {
            scope.raise(&ENCRYPTED, view, here.clone(), format!("{name:?} is marked as encrypted"));
        }
        differences(&central.facts, &local.facts, |what| {
            let message = format!("the central directory and the local header of {name:?} disagree: {what}");
            scope.raise(&HEADERS_DISAGREE, view, here.clone(), message);
        });
        if end.is_none() {
            scope.raise(&MALFORMED, view, header, format!("{name:?} goes past the end of the file"));
        }
        used.push((offset..end.unwrap_or_else(|| directory.at.max(start)), central));
        let other = local.facts.method != central.facts.method || local.facts.compressed > central.facts.compressed;
        placed.push(Placed { central, data: end.map(|end| start..end), local: other.then_some(local) });
    }
    // Members that a limit kept from being listed would seem to belong to nothing.
    if !listing.cut {
        between(used, directory, view, scope);
    }
    placed
}

fn local(offset: u64, view: &View<'_>) -> Result<Option<Local>, Unreadable> {
    let fixed = view.read_up_to(offset, Local::FIXED)?;
    let Some(variable) = Local::variable(&fixed) else { return Ok(None) };
    Ok(Local::read(&view.read_up_to(offset, Local::FIXED + variable)?))
}

fn differences(central: &Facts, local: &Facts, mut say: impl FnMut(String)) {
    if central.name != local.name {
        say(format!("there it is called {:?}", local.text()));
    }
    if central.method != local.method {
        say(format!("methods {} and {}", central.method, local.method));
    }
    // Bits 1 and 2 only say how hard the compressor tried.
    if (central.flags ^ local.flags) & !0x6 != 0 {
        say(format!("flags {:#06x} and {:#06x}", central.flags, local.flags));
    }
    let later = local.described_later() || central.described_later();
    let differs =
        |central: u64, local: u64| central != local && !(later && (local == 0 || local == u64::from(u32::MAX)));
    for (what, central, local) in [
        ("stored lengths", central.compressed, local.compressed),
        ("lengths", central.size, local.size),
        ("checksums", u64::from(central.crc), u64::from(local.crc)),
    ] {
        if differs(central, local) {
            say(format!("{what} {central} and {local}"));
        }
    }
}

/// Bytes that belong to no member, or to two.
fn between(mut used: Vec<(Range<u64>, &Central)>, directory: &Directory, view: &View<'_>, scope: &mut Scope<'_>) {
    used.sort_by_key(|(range, _)| (range.start, range.end));
    let behind = super::embedded::is_behind_model(scope);
    let mut at = used.first().filter(|_| behind).map_or(directory.base, |(range, _)| range.start);
    let mut described: Option<&Facts> = None;
    let end = directory.at;
    for (range, central) in
        used.iter().map(|(range, central)| (range.clone(), Some(*central))).chain([(end..end, None)])
    {
        if range.start < at {
            if let Some(central) = central {
                let message = format!("{:?} shares bytes with another member", central.facts.text());
                scope.raise(&HEADERS_DISAGREE, view, range.start..at.min(range.end), message);
            }
        } else if range.start > at {
            gap(at..range.start, described, view, scope);
        } else if let Some(facts) = described.filter(|facts| facts.compressed > 0) {
            let message = format!("{:?} is to be followed by a data descriptor, but none is there", facts.text());
            scope.raise(&MALFORMED, view, at..at, message);
        }
        at = at.max(range.end);
        described = central.map(|central| &central.facts).filter(|facts| facts.described_later());
    }
}

/// Bytes behind a member: its data descriptor, if `described` is to have one, or what belongs to nothing.
fn gap(range: Range<u64>, described: Option<&Facts>, view: &View<'_>, scope: &mut Scope<'_>) {
    let Ok(head) = view.read_up_to(range.start, (range.end - range.start).min(24)) else { return };
    let length = range.end - range.start;
    let whole = length == head.len() as u64;
    if let Some(facts) = described
        && let Some(descriptor) = Descriptor::read(&head).filter(|_| whole)
    {
        if !descriptor.agrees(facts) {
            let message = format!("the data descriptor behind {:?} says something else than its header", facts.text());
            scope.raise(&MALFORMED, view, range, message);
        }
        return;
    }
    let signed = described.is_some() && head.starts_with(&DESCRIPTOR);
    let rest = if signed { range.start + 16.min(length) } else { range.start };
    let what = if view.read_up_to(rest, 4).is_ok_and(|head| head == LOCAL) {
        "hold a member that the directory does not list"
    } else {
        "belong to no member"
    };
    scope.raise(&HIDDEN_DATA, view, rest..range.end, format!("{} bytes inside the archive {what}", range.end - rest));
    if let Ok(slice) = view.slice(rest..range.end) {
        salvage(&slice, scope);
    }
}

/// Looks at members by their local headers alone, one after the other, where no directory leads to them.
pub fn salvage(view: &View<'_>, scope: &mut Scope<'_>) {
    let mut at = 0;
    while let Ok(Some(local)) = local(at, view) {
        if scope.members_left() == 0 {
            return scope.limit("entries", scope.limits.entries, view);
        }
        scope.count_members(1);
        let start = at.saturating_add(local.length);
        let end = start.saturating_add(local.facts.compressed);
        // Without a length the rest of the file is the member as far as anyone knows.
        let unknown = local.facts.described_later() && local.facts.compressed == 0;
        let data = start.min(view.len())..if unknown { view.len() } else { end.min(view.len()) };
        super::contents::one(&local.facts, &data, view, scope);
        if unknown || end >= view.len() || end <= at {
            break;
        }
        at = end;
    }
}
