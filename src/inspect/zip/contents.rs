//! What the members hold: each is shown to every inspector, one nesting level deeper.

use std::ops::Range;

use super::crc::{Checked, Checksums, mismatch};
use super::kind::Kind;
use super::record::Facts;
use super::{CRC_MISMATCH, HEADERS_DISAGREE, HIDDEN_DATA, MALFORMED, Placed};
use super::{required, served};
use crate::inspect::archive::{FILLED, FILLING, MEMBER_NOT_INSPECTED, Unknown, expanded, filling};
use crate::inspect::compressed::COMPRESSION_MALFORMED;
use crate::inspect::inflate::{Inflated, inflate};
use crate::inspect::pytorch::{self, records};
use crate::inspect::{Scope, claim, pickle, serialized};
use crate::model::{Evidence, Severity};
use crate::weigh::{Unreadable, View};

/// After a pickle that names storages: holds them against the members of its folder.
///
/// `whole` says that the pickle was read to its end: only then does it say which storages nobody asks for.
fn storages(
    kind: Kind,
    (root, name, whole): (&str, &str, bool),
    members: &[Placed<'_>],
    view: &View<'_>,
    scope: &mut Scope<'_>,
) {
    let asked = scope.take_storages();
    let folder = match name.strip_prefix(root) {
        Some("/data.pkl") => "data",
        Some("/constants.pkl") => "constants",
        _ => return,
    };
    if !matches!(kind, Kind::Pytorch | Kind::Torchscript) {
        return;
    }
    let prefix = format!("{root}/{folder}/");
    let sizes = members.iter().filter_map(|member| {
        let key = member.central.facts.text().strip_prefix(&prefix)?.to_owned();
        (!key.is_empty() && !key.contains('/')).then_some((key, member.central.facts.size))
    });
    pytorch::compare(folder, &asked, (&sizes.collect(), whole), view, scope);
}

/// Looks at the members of one reading of the archive.
pub fn inspect(members: &[Placed<'_>], main: bool, view: &View<'_>, scope: &mut Scope<'_>) {
    let names: Vec<String> = members.iter().map(|member| member.central.facts.text()).collect();
    let (kind, root) = Kind::of(&names);
    if kind.is_torch() {
        let tensors = matches!(kind, Kind::Pytorch | Kind::Torchscript);
        records::names(&root, &names, kind == Kind::Torchscript, tensors, view, scope);
    }
    if let Some(format) = kind.format().filter(|_| view.depth() == 0) {
        scope.recognise(format);
    }
    let mut checked = Vec::new();
    let mut unknown = Unknown::default();
    let outer = std::mem::replace(&mut scope.container, kind.format());
    let alone = names.iter().filter(|name| !name.ends_with('/')).count() == 1;
    scope.lonely += u32::from(alone);
    bomb(members, view, scope);
    scope.take_storages();
    for member in members {
        let (Some(data), facts) = (&member.data, &member.central.facts) else { continue };
        if main && facts.method == 0 && view.depth() == 0 {
            checked.push(Checked { name: facts.text(), bytes: data.clone(), crc: facts.crc });
        }
        sizes(facts, data, view, scope);
        let name = facts.text();
        let reading = if kind.is_storage(&root, &name) {
            Reading::Storage
        } else if kind.is_torch() && records::is_record(&root, &name) {
            Reading::Record(&root)
        } else {
            Reading::Member
        };
        if kind.is_torch() && !matches!(facts.method, 0 | 8) {
            records::packed(&name, facts.method, view, scope);
        }
        let broken = |scope: &Scope<'_>| {
            [&pickle::rules::MALFORMED, &records::PYTORCH_MALFORMED, &CRC_MISMATCH].map(|rule| scope.times(rule))
        };
        let before = broken(scope);
        member_as(facts, data, reading, &mut unknown, view, scope);
        let whole = before == broken(scope);
        // A loader that believes the local header reads the same bytes by another method, or more of them.
        if let Some(local) = &member.local {
            let end = data.start.saturating_add(local.facts.compressed).clamp(data.start, view.len());
            let end = if local.facts.compressed == 0 { data.end } else { end };
            member_as(&local.facts, &(data.start..end), Reading::Member, &mut unknown, view, scope);
        }
        storages(kind, (&root, &name, whole), members, view, scope);
    }
    if kind == Kind::Torchscript {
        records::classes(&root, &names, view, scope);
    }
    served::inspect(members, view, scope);
    required::names(names.into_iter(), view, scope);
    scope.container = outer;
    scope.lonely -= u32::from(alone);
    unknown.close(view, scope);
    if let Some(checksums) = Checksums::of(checked, scope.limits.repeats) {
        scope.observe(Box::new(checksums));
    }
}

/// Sizes that cannot be: a member that is stored in another number of bytes than it has, a folder with content.
fn sizes(facts: &Facts, data: &Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let later = facts.described_later() && facts.size == 0;
    if facts.method == 0 && facts.size != facts.compressed && !later && !facts.encrypted() {
        let message =
            format!("{:?} is stored in {} bytes and said to have {}", facts.text(), facts.compressed, facts.size);
        scope.raise(&MALFORMED, view, data.clone(), message);
    }
    if facts.name.ends_with(b"/") && facts.compressed > 0 && !is_nothing(facts) {
        let message = format!("the folder {:?} has content", facts.text());
        scope.raise(&MALFORMED, view, data.clone(), message);
    }
}

/// True for the stream that a compressor writes of no bytes at all: some writers compress folders, too. The longest is
/// that of xz.
const fn is_nothing(facts: &Facts) -> bool {
    facts.size == 0 && facts.method != 0 && facts.compressed <= 32
}

/// Bytes from which on an archive that is packed in an archive is not read for its content alone.
const HUGE: u64 = 64 << 20;

/// An archive that is packed to a hundredth of its length and holds what is packed to a thousandth: what is packed already
/// cannot be packed so well again, unless it was made to.
fn bomb(members: &[Placed<'_>], view: &View<'_>, scope: &mut Scope<'_>) {
    let facts = || members.iter().map(|member| &member.central.facts);
    let (packed, size) = facts().fold((0u64, 0u64), |(packed, size), facts| {
        (packed.saturating_add(facts.compressed), size.saturating_add(facts.size))
    });
    let all = expanded(scope.expansion, size, packed);
    if scope.expansion >= 100 && size >= HUGE && all >= 100_000 {
        let message = format!(
            "the archive is packed again to a part of {} and unpacks to {size} bytes, {all} times as many as there are",
            scope.expansion
        );
        scope.add(Evidence::new(&COMPRESSION_MALFORMED, message).rated(Severity::High).at(view.place(0..0)));
    }
}

/// Looks at one member that no directory lists.
pub fn one(facts: &Facts, data: &Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut unknown = Unknown::default();
    member_as(facts, data, Reading::Member, &mut unknown, view, scope);
    unknown.close(view, scope);
}

/// How a member is looked at.
#[derive(Clone, Copy)]
enum Reading<'r> {
    /// By every inspector.
    Member,
    /// A record of PyTorch's in that folder: by every inspector, and held against what it must be.
    Record(&'r str),
    /// Raw numbers, which have no form that could be wrong; but some may unpickle them.
    Storage,
}

fn member_as(
    facts: &Facts,
    data: &Range<u64>,
    reading: Reading<'_>,
    unknown: &mut Unknown,
    view: &View<'_>,
    scope: &mut Scope<'_>,
) {
    let name = facts.text();
    if data.is_empty() {
        if let Reading::Record(root) = reading {
            records::record(root, &name, &view.decompressed(&name, &[]), scope);
        }
        claim::empty(&name, view, scope);
        return required::empty(&name, view, scope);
    }
    match facts.method {
        0 => {
            if let Ok(member) = view.member(&name, data.clone()) {
                inner_checksum(facts, &member, view, scope);
                show(&member, &name, reading, unknown, scope);
            }
        }
        8 => match inflate(view, data, scope.limits.ratio) {
            Ok(inflated) => {
                whole(facts, &inflated, data, view, scope);
                // A storage has no header, and may well be nothing but zeros.
                if !matches!(reading, Reading::Storage) || inflated.cut.is_some() {
                    let least = if inflated.cut.is_some() { FILLING } else { FILLED };
                    filling(&inflated.bytes, least, view, scope);
                }
                let outer = (scope.partial, scope.expansion);
                scope.partial |= inflated.cut.is_some();
                scope.expansion = expanded(outer.1, inflated.bytes.len() as u64, inflated.used);
                let member = view.decompressed(&name, &inflated.bytes);
                show(&member, &name, reading, unknown, scope);
                if inflated.cut.is_some() {
                    pickle::follow_behind(&member, view, data, scope);
                }
                (scope.partial, scope.expansion) = outer;
            }
            Err(trouble) => scope.unreadable(view, &trouble),
        },
        // bzip2, zstd and xz write streams that say themselves what they are.
        method @ (12 | 93 | 95) => {
            let Ok(member) = view.member(&name, data.clone()) else { return };
            let head = member.read_up_to(0, 4).unwrap_or_default();
            let begins = match method {
                12 => head.starts_with(b"BZh"),
                93 => head == [0x28, 0xb5, 0x2f, 0xfd] || matches!(head.as_slice(), [0x50..=0x5f, 0x2a, 0x4d, 0x18]),
                _ => head == *b"\xfd7zX",
            };
            if !begins {
                let message = format!("{name:?} is said to be compressed by method {method}, but it does not begin so");
                scope.raise(&MALFORMED, view, data.clone(), message);
            }
            unknown.inspect(&member, scope);
        }
        14 => match lzma_alone(facts, data, view) {
            Ok(stream) => drop(unknown.inspect(&view.decompressed(&name, &stream), scope)),
            Err(trouble) => scope.unreadable(view, &trouble),
        },
        method => {
            let message = format!("{name:?} is compressed by method {method}, which is not read");
            scope.raise(&MEMBER_NOT_INSPECTED, view, data.clone(), message);
        }
    }
}

/// Stored members of an archive that is itself a member are not among those whose checksums are computed as the file is
/// hashed. Those of up to 64 KiB are read for theirs.
fn inner_checksum(facts: &Facts, member: &View<'_>, view: &View<'_>, scope: &mut Scope<'_>) {
    let small = member.len() <= 64 << 10 && !facts.encrypted() && facts.size == member.len();
    if view.depth() == 0 || !small {
        return;
    }
    match member.read(0..member.len()) {
        Ok(bytes) => {
            let crc = crc32fast::hash(&bytes);
            if crc != facts.crc {
                scope.add(mismatch(&facts.text(), facts.crc, crc).at(member.place(0..member.len())));
            }
        }
        Err(trouble) => scope.unreadable(member, &trouble),
    }
}

/// Method 14 (APPNOTE 5.8) as a stream of its own: two bytes of version, two of length, properties, data.
fn lzma_alone(facts: &Facts, data: &Range<u64>, view: &View<'_>) -> Result<Vec<u8>, Unreadable> {
    let bytes = view.read(data.clone())?;
    let properties = bytes.get(4..9).unwrap_or_default();
    let size = if facts.flags & 2 == 0 { facts.size } else { u64::MAX };
    Ok([properties, &size.to_le_bytes(), bytes.get(9..).unwrap_or_default()].concat())
}

fn show(member: &View<'_>, name: &str, reading: Reading<'_>, unknown: &mut Unknown, scope: &mut Scope<'_>) {
    match reading {
        Reading::Storage => return pickle::suspect_numbers(member, scope),
        Reading::Record(root) => records::record(root, name, member, scope),
        Reading::Member => {}
    }
    let array = member.read_up_to(0, 6).is_ok_and(|mark| mark == b"\x93NUMPY");
    if !array && scope.container == Kind::Npz.format() {
        scope.raise(&MALFORMED, member, 0..member.len().min(16), "its name says that it is an array, but it is none");
    }
    required::member(member, scope);
    serialized::inspect(name, member, scope);
    pytorch::export::inspect(name, member, scope);
    unknown.inspect(member, scope);
}

fn whole(facts: &Facts, inflated: &Inflated, data: &Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = facts.text();
    if let Some((what, value)) = inflated.cut {
        return scope.limit(what, value, view);
    }
    if !inflated.ended {
        scope.raise(&MALFORMED, view, data.clone(), format!("{name:?} is not a complete compressed stream"));
        return;
    }
    let length = data.end - data.start;
    if inflated.used < length {
        let message = format!("{} bytes follow after the end of {name:?}", length - inflated.used);
        scope.raise(&HIDDEN_DATA, view, data.start + inflated.used..data.end, message);
    }
    let later = facts.described_later() && facts.size == 0;
    if inflated.bytes.len() as u64 != facts.size && !later {
        let message = format!("{name:?} has {} bytes, its header says {}", inflated.bytes.len(), facts.size);
        scope.raise(&HEADERS_DISAGREE, view, data.clone(), message);
    }
    let crc = crc32fast::hash(&inflated.bytes);
    if crc != facts.crc && !later {
        let evidence = mismatch(&name, facts.crc, crc).at(view.place(data.clone()));
        scope.add(evidence.showing(view.excerpt(data.clone())));
    }
}
