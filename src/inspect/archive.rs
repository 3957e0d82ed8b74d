//! What containers of any kind have in common: names of members, and members themselves.

use std::collections::BTreeSet;

use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

use super::compressed::COMPRESSION_MALFORMED;
use super::zip::required;
use super::{Scope, claim, inspect_content, magic};

/// A member that would be written outside of the folder it is unpacked to.
pub static ARCHIVE_PATH_ESCAPE: Rule = Rule {
    id: "archive-path-escape",
    summary: "a member's name is a path out of the folder that the archive is unpacked to",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/archive-path-escape.md"),
    frameworks: &["CWE-22", "AML.T0011.000"],
};

/// A link in an archive.
pub static ARCHIVE_LINK: Rule = Rule {
    id: "archive-link",
    summary: "a member of the archive is a link that leaves it, or a device",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/archive-link.md"),
    frameworks: &["CWE-59", "AML.T0011.000"],
};

/// A member that was not looked at.
pub static MEMBER_NOT_INSPECTED: Rule = Rule {
    id: "member-not-inspected",
    summary: "a member of a container could not be looked at",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/member-not-inspected.md"),
    frameworks: &["CWE-693"],
};

/// Why unpacking a member of that name would write elsewhere.
#[must_use]
pub fn escapes(name: &str) -> Option<&'static str> {
    let bytes = name.as_bytes();
    let drive = matches!(bytes, [letter, b':', ..] if letter.is_ascii_alphabetic());
    if name.starts_with(['/', '\\']) || drive {
        Some("is an absolute path")
    } else if name.split(['/', '\\']).any(|part| part == "..") {
        Some("climbs out of the folder")
    } else if name.contains('\0') {
        Some("holds a NUL, at which C programs cut it off")
    } else {
        None
    }
}

/// How many times longer something is than the bytes that it came from, when so many of these gave so many.
#[must_use]
pub fn expanded(outer: u64, unpacked: u64, packed: u64) -> u64 {
    outer.saturating_mul((unpacked / packed.max(1)).max(1))
}

/// Members that no inspector knew, said once for the container.
#[derive(Default)]
pub struct Unknown {
    first: Option<String>,
    count: u64,
    /// Those whose names say that they are raw numbers, if a member that reads them bears it out.
    raw: Vec<String>,
    /// What the names of all in a folder begin with that holds an array of Zarr.
    arrays: BTreeSet<String>,
}

/// Raw members that are remembered.
const RAW: usize = 10_000;

impl Unknown {
    /// Shows a member to every inspector, and remembers it if none knew it. True if one did.
    pub fn inspect(&mut self, member: &View<'_>, scope: &mut Scope<'_>) -> bool {
        if member.entry().is_some_and(|entry| entry.ends_with("!content")) {
            required::member(member, scope);
        }
        let formats = if member.is_empty() { Vec::new() } else { inspect_content(member, scope) };
        let known = member.is_empty() || !formats.is_empty();
        let name = member.entry().unwrap_or_default();
        if let Some(folder) = described(name).filter(|_| formats.contains(&Format::named("json")))
            && self.arrays.len() < RAW
        {
            self.arrays.insert(folder.to_owned());
        }
        if member.is_empty() {
            claim::empty(name, member, scope);
        } else if known {
            claim::member(name, &formats, member, scope);
        }
        if !known {
            if self.raw.len() < RAW && (reader_of(name).is_some() || is_chunk(name)) {
                self.raw.push(name.to_owned());
            } else {
                self.count(name);
            }
        }
        known
    }

    /// Shows what came out of a stream of one content to every inspector.
    pub fn unpacked(&mut self, content: &[u8], view: &View<'_>, scope: &mut Scope<'_>) {
        let outer = scope.expansion;
        scope.expansion = expanded(outer, content.len() as u64, view.len());
        scope.lonely += 1;
        if content.is_empty() && view.depth() == 0 {
            scope.contents().members.entry("empty".to_owned()).or_insert_with(|| "content".to_owned());
        }
        self.inspect(&view.decompressed("content", content), scope);
        scope.lonely -= 1;
        scope.expansion = outer;
    }

    fn count(&mut self, name: &str) {
        self.first.get_or_insert_with(|| name.to_owned());
        self.count = self.count.saturating_add(1);
    }

    /// Writes down that there were some.
    pub fn close(mut self, view: &View<'_>, scope: &mut Scope<'_>) {
        for name in std::mem::take(&mut self.raw) {
            // What is packed is a chunk if the member that it is packed in is one, which is seen further out.
            let packed = view.depth() > 0 && view.entry().is_some_and(is_chunk) && name.ends_with("!content");
            if reader_of(&name).is_some_and(|format| scope.contents().members.contains_key(format))
                || is_chunk_of(&self.arrays, &name)
                || (packed && scope.put_off(name.trim_end_matches("!content")))
            {
                continue;
            }
            self.count(&name);
        }
        if !self.arrays.is_empty() {
            scope.take_chunks(|name| is_chunk_of(&self.arrays, name));
        }
        let Some(first) = self.first else { return };
        let message = match self.count {
            1 => format!("the format of the member {first:?} is not known, so it was not looked at"),
            count => format!(
                "the format of {count} members is not known, so they were not looked at; the first is {first:?}"
            ),
        };
        scope.raise(&MEMBER_NOT_INSPECTED, view, 0..0, message);
    }
}

/// Says of packed chunks that no description of an array beside them explains.
pub fn left(view: &View<'_>, scope: &mut Scope<'_>) {
    let mut unknown = Unknown::default();
    scope.take_chunks(|name| {
        unknown.count(name);
        true
    });
    unknown.close(view, scope);
}

/// For the description of an array of Zarr, version 2 or 3: what the names of all in its folder begin with.
fn described(name: &str) -> Option<&str> {
    let folder = name.strip_suffix("zarr.json").or_else(|| name.strip_suffix(".zarray"))?;
    (folder.is_empty() || folder.ends_with(['/', '!'])).then_some(folder)
}

/// True for the name of a chunk, or of what is packed in one.
fn is_chunk(name: &str) -> bool {
    let name = name.strip_suffix("!content").unwrap_or(name);
    magic::is_chunk(name.rsplit(['/', '!']).next().unwrap_or(name))
}

/// True for a chunk of one of the arrays: below its folder, and below `c` in version 3, its place in each dimension.
fn is_chunk_of(arrays: &BTreeSet<String>, name: &str) -> bool {
    let folders = name.match_indices(['/', '!']).map(|(at, _)| at + 1).chain([0]);
    is_chunk(name)
        && folders.filter_map(|at| name.split_at_checked(at)).any(|(folder, rest)| {
            let rest = rest.strip_prefix("c/").unwrap_or(rest);
            arrays.contains(folder) && rest.split('/').all(magic::is_chunk)
        })
}

/// The format that reads a member of such a name as raw numbers: shards of checkpoints, data of ONNX, and weights of
/// TensorFlow.js.
fn reader_of(name: &str) -> Option<&'static str> {
    let own = name.rsplit(['/', '!']).next().unwrap_or(name);
    if own.starts_with("group") && own.contains("-shard") && own.ends_with(".bin") {
        Some("json")
    } else if name.ends_with(".bin") || !magic::raw_by_name(name) {
        None
    } else if name.contains(".data-") {
        Some("checkpoint-index")
    } else {
        Some("onnx")
    }
}

/// Bytes of one value, at the least, that are taken for a bomb where even they are not all.
pub const FILLING: usize = 4 << 20;

/// The same where they are all.
pub const FILLED: usize = 32 << 20;

/// What of a stream could be unpacked up to a limit is told from a bomb: that is one byte over and over, which fills
/// memory and holds nothing. Arrays of zeros have a header in front.
pub fn filling(bytes: &[u8], least: usize, view: &View<'_>, scope: &mut Scope<'_>) {
    let Some((first, rest)) = bytes.split_first().filter(|_| bytes.len() >= least) else { return };
    if rest.iter().all(|byte| byte == first) {
        let message =
            format!("{} bytes and more come out of it, and all are 0x{first:02x}: it only fills memory", bytes.len());
        let evidence = Evidence::new(&COMPRESSION_MALFORMED, message).rated(Severity::High);
        scope.add(evidence.at(view.place(0..view.len().min(16))));
    }
}
