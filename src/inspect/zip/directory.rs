//! Finding the central directory, in every way that loaders find it.

use super::record::{CENTRAL, Central, END, End, LOCATOR64};
use crate::weigh::{Unreadable, View};

/// Bytes at the end in which the last record can begin: its own 22 and the longest comment.
const TAIL: u64 = 22 + 65_535;

/// A central directory that a loader may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The record that names it.
    pub end: End,
    /// Where it begins.
    pub at: u64,
    /// Bytes in front of the archive, which every offset in it does not count.
    pub base: u64,
}

/// Where the archive ends and starts, in the order loaders prefer them. More than one is a lie.
///
/// Python reads the directory that ends where the last end record begins, others the one at the offset that the
/// record gives; some take the first record they meet from behind, some one whose comment ends with the file.
pub fn locate(view: &View<'_>) -> Result<Vec<Directory>, Unreadable> {
    let start = view.len().saturating_sub(TAIL);
    let tail = view.read(start..view.len())?;
    let mut found: Vec<Directory> = Vec::new();
    for at in positions(&tail, &END).into_iter().rev() {
        let Some(narrow) = End::read(&tail[at..], start + at as u64) else { continue };
        let wide = widen(narrow, view)?;
        let lost = Some("the zip64 locator leads to no zip64 end record");
        let narrow = if wide == Wide::Lost { End { fault: lost, ..narrow } } else { narrow };
        let wide = if let Wide::Found(end) = wide { Some(end) } else { None };
        let mut places = Vec::new();
        if let Some(end) = wide {
            places.extend(end.at.checked_sub(end.size).map(|at| (end, at)));
            places.push((end, end.offset));
        } else {
            places.extend(narrow.at.checked_sub(narrow.size).map(|at| (narrow, at)));
        }
        if wide.is_none() || !narrow.wants_64() {
            places.push((narrow, narrow.offset));
        }
        for (end, at) in places {
            let empty = end.size == 0 && end.entries == 0 && at == end.at;
            let nested = found.first().is_some_and(|main| end.at < main.at);
            let known = found.iter().any(|directory| directory.at == at && directory.end.fixed == end.fixed);
            if !nested && !known && at < view.len() && (empty || view.read_up_to(at, 4)? == CENTRAL) {
                found.push(Directory { end, at, base: at.saturating_sub(end.offset) });
            }
        }
    }
    Ok(found)
}

/// The last 64 of them: a reader that goes from behind takes one of these.
fn positions(bytes: &[u8], what: &[u8; 4]) -> Vec<usize> {
    let mut found: Vec<usize> = memchr::memmem::rfind_iter(bytes, what).take(64).collect();
    found.reverse();
    found
}

/// What zip64 has for an end record.
#[derive(PartialEq, Eq)]
enum Wide {
    /// No locator stands in front of it.
    None,
    /// A locator does, but leads nowhere.
    Lost,
    /// The record, with the values of the zip64 one.
    Found(End),
}

fn widen(end: End, view: &View<'_>) -> Result<Wide, Unreadable> {
    if end.at < 20 {
        return Ok(Wide::None);
    }
    let locator = view.read(end.at - 20..end.at)?;
    let Some(fields) = locator.strip_prefix(&LOCATOR64) else { return Ok(Wide::None) };
    let said = fields.get(4..12).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
    let near = end.at.saturating_sub(76);
    // Where it says, or directly in front of the locator when bytes were put before the archive.
    for at in [said, near] {
        if let Some(wide) = end.widen(&view.read_up_to(at, 56)?, at) {
            // Bytes in front only ever move the record to the back.
            let fault = (said > at).then_some("the zip64 locator leads behind the zip64 end record");
            return Ok(Wide::Found(End { fault: wide.fault.or(fault), ..wide }));
        }
    }
    Ok(Wide::Lost)
}

/// The headers of a directory.
#[derive(Default)]
pub struct Listing {
    /// One for each header, and where it lies.
    pub members: Vec<(u64, Central)>,
    /// Offset of the first byte that is no header although the record promised one.
    pub broken: Option<u64>,
    /// True if there are more than were to be listed.
    pub cut: bool,
}

/// Reads at most `most` headers.
pub fn list(directory: &Directory, view: &View<'_>, most: u64) -> Result<Listing, Unreadable> {
    let bytes = view.read(directory.at..directory.end.at.max(directory.at))?;
    let mut listing = Listing::default();
    let mut at = 0;
    while at < bytes.len() {
        let Some(member) = Central::read(&bytes[at..]) else {
            listing.broken = Some(directory.at + at as u64);
            break;
        };
        if listing.members.len() as u64 >= most {
            listing.cut = true;
            break;
        }
        let length = member.length;
        listing.members.push((directory.at + at as u64, member));
        at += length;
    }
    Ok(listing)
}
