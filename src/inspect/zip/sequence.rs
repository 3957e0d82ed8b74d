//! Archives one behind the other in one file, as PyTorch's distributed checkpoints hold them: each tensor and object is
//! saved on its own, and the `.metadata` beside them says where it begins.
//!
//! Source: `torch/distributed/checkpoint/filesystem.py`. Not looked at: whether the offsets in `.metadata` are those.

use std::ops::Range;

use super::record::{END, End, LOCAL, LOCATOR64};
use crate::inspect::{Inspector, Scope};
use crate::model::Format;
use crate::weigh::View;

/// What such a file is called in reports.
pub const DISTRIBUTED: Format = Format::named("torch-distributed");

/// Where the archives lie, in the order of the file; `None` unless the file claims by its name to be such a sequence, and
/// whole archives fill it to the last byte.
///
/// Offsets in each count from its own beginning, so a reader of the whole file takes some other archive's directory.
pub fn archives(view: &View<'_>, scope: &Scope<'_>) -> Option<Vec<Range<u64>>> {
    if !is_named(view, scope) {
        return None;
    }
    let (mut archives, mut end) = (Vec::new(), view.len());
    while end > 0 {
        let start = begin(end, view)?;
        archives.push(start..end);
        end = start;
        if archives.len() as u64 > scope.limits.entries {
            return None;
        }
    }
    archives.reverse();
    (archives.len() > 1).then_some(archives)
}

/// True for the name of such a file, or of a member, perhaps packed once more.
fn is_named(view: &View<'_>, scope: &Scope<'_>) -> bool {
    let path = scope.path.as_str();
    let path = view.entry().map_or_else(|| path.to_owned(), |entry| format!("{path}!{entry}")).to_ascii_lowercase();
    // What is packed has no name of its own.
    let name = path.strip_suffix("!content").map_or(path.as_str(), |packed| {
        let packer = |ending: &&str| matches!(*ending, "gz" | "bz2" | "xz" | "zst" | "lz4" | "lzma");
        packed.rsplit_once('.').filter(|(_, ending)| packer(ending)).map_or(packed, |(stem, _)| stem)
    });
    name.ends_with(".distcp")
}

/// Where the archive begins whose last record, without a comment, ends there.
fn begin(end: u64, view: &View<'_>) -> Option<u64> {
    let at = end.checked_sub(22)?;
    let narrow = End::read(&view.read(at..end).ok().filter(|bytes| bytes.starts_with(&END))?, at)?;
    let wide = || {
        let locator = at.checked_sub(20)?;
        view.read(locator..at).ok().filter(|bytes| bytes.starts_with(&LOCATOR64))?;
        let record = locator.checked_sub(56)?;
        narrow.widen(&view.read(record..locator).ok()?, record)
    };
    let last = wide().unwrap_or(narrow);
    let start = last.at.checked_sub(last.size)?.checked_sub(last.offset)?;
    let begins = view.read_up_to(start, 4).is_ok_and(|mark| mark == LOCAL);
    (begins && last.until == end && start < end).then_some(start)
}

/// Looks at each of them.
pub fn inspect(archives: Vec<Range<u64>>, view: &View<'_>, scope: &mut Scope<'_>) {
    if view.depth() == 0 {
        scope.recognise(DISTRIBUTED);
    }
    for range in archives {
        if let Ok(archive) = view.member(&format!("archive at {}", range.start), range) {
            super::Zip.inspect(&archive, scope);
        }
    }
}
