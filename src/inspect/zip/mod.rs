//! Zip archives, read from the central directory and from the local headers; where those differ, that is a finding.
//!
//! Loaders do not agree on what a zip file holds: some trust the directory, some the headers in front of the members,
//! some find another directory. So both are read, and members are shown to the inspectors in either reading.
//! Source: APPNOTE.TXT 6.3.10. Not looked at: strong encryption, split archives, compression by other methods
//! than deflate, bzip2, LZMA, Zstandard and xz.

mod contents;
mod crc;
mod directory;
pub mod embedded;
mod headers;
mod kind;
mod record;
pub mod required;
mod rules;
mod sequence;
mod served;

use crate::model::Format;
use crate::weigh::View;

use super::tar::Tar;
use super::{Inspector, Scope};
use directory::{Directory, Listing};
use record::{Central, LOCAL};

pub use rules::*;

/// The format.
pub struct Zip;

impl Inspector for Zip {
    fn format(&self) -> Format {
        Format::named("zip")
    }

    /// By the first header or by a directory that the end of the file leads to. A tar whose last member is a zip
    /// also ends in a directory; it begins as a tar, and its members are shown to the inspectors in their turn.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let tar = head.get(257..262) == Some(b"ustar") || Tar.claims(head, view);
        let begins = head.starts_with(&LOCAL);
        begins || (!tar && directory::locate(view).is_ok_and(|found| !found.is_empty()))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        if let Some(archives) = sequence::archives(view, scope) {
            return sequence::inspect(archives, view, scope);
        }
        let found = match directory::locate(view) {
            Ok(found) => found,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
        let Some(main) = found.first() else {
            scope.cut_off |= view.depth() == 0;
            let message = "it begins like a zip but has no central directory, which stands at the end: it is cut off";
            scope.raise(&MALFORMED, view, 0..4, message);
            headers::salvage(view, scope);
            return;
        };
        if let Some(other) = found.get(1) {
            let message =
                format!("loaders can find {} central directories, at {} and at {}", found.len(), main.at, other.at);
            scope.raise(&AMBIGUOUS_END, view, other.end.at..other.end.fixed, message);
        }
        ends(main, view, scope);
        for (n, directory) in found.iter().take(4).enumerate() {
            match directory::list(directory, view, scope.members_left()) {
                Ok(listing) => archive(directory, &listing, n == 0, view, scope),
                Err(trouble) => scope.unreadable(view, &trouble),
            }
        }
    }
}

/// What lies before the archive and after it.
fn ends(main: &Directory, view: &View<'_>, scope: &mut Scope<'_>) {
    if main.base > 0 && !embedded::is_behind_model(scope) {
        let message = format!("{} bytes lie in front of the archive", main.base);
        scope.raise(&HIDDEN_DATA, view, 0..main.base, message);
    }
    if main.end.offset > main.at {
        let message = format!("the end record places the directory at {}, it lies at {}", main.end.offset, main.at);
        scope.raise(&MALFORMED, view, main.end.at..main.end.fixed, message);
    }
    let length = main.end.at.saturating_sub(main.at);
    if main.end.offset <= main.at && main.end.size != length {
        let message = format!("the directory has {length} bytes, the end record says {}", main.end.size);
        scope.raise(&MALFORMED, view, main.end.at..main.end.fixed.min(view.len()), message);
    }
    if main.end.until > view.len() {
        let message = format!("the comment at the end is cut off: {} bytes are missing", main.end.until - view.len());
        scope.raise(&MALFORMED, view, main.end.at..main.end.fixed.min(view.len()), message);
    } else if main.end.until < view.len() {
        let message = format!("{} bytes follow after the archive", view.len() - main.end.until);
        scope.raise(&HIDDEN_DATA, view, main.end.until..view.len(), message);
    }
    if let Some(fault) = main.end.fault {
        scope.raise(&MALFORMED, view, main.end.at..main.end.fixed.min(view.len()), fault);
    }
    if main.end.split {
        scope.raise(
            &MALFORMED,
            view,
            main.end.at..main.end.fixed.min(view.len()),
            "it says that it is split over disks",
        );
    }
}

/// One reading of the archive. Members of the main one are also compared with their local headers.
fn archive(directory: &Directory, listing: &Listing, main: bool, view: &View<'_>, scope: &mut Scope<'_>) {
    let count = listing.members.len() as u64;
    scope.count_members(count);
    if let Some(at) = listing.broken {
        scope.raise(
            &MALFORMED,
            view,
            at..directory.end.at.max(at),
            "the central directory holds something else than headers",
        );
    }
    if listing.cut {
        scope.limit("entries", scope.limits.entries, view);
    } else if count != directory.end.entries {
        let message = format!("the end record counts {} members, the directory lists {count}", directory.end.entries);
        scope.raise(&MALFORMED, view, directory.at..directory.end.fixed.min(view.len()), message);
    }
    headers::names(&listing.members, view, scope);
    let placed = headers::compare(directory, listing, view, scope);
    contents::inspect(&placed, main, view, scope);
}

/// A member, where its data lies according to both headers.
struct Placed<'l> {
    central: &'l Central,
    /// Its data, `None` if there is no local header or it goes past the end of the file.
    data: Option<std::ops::Range<u64>>,
    /// Method and name of the local header, where they are others.
    local: Option<record::Local>,
}

#[cfg(test)]
mod tests;
