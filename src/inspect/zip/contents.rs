//! What the members hold: each is shown to every inspector, one nesting level deeper.

use std::ops::Range;

use super::crc::{Checked, Checksums, mismatch};
use super::record::Facts;
use super::required;
use super::{HEADERS_DISAGREE, HIDDEN_DATA, MALFORMED, Placed};
use crate::inspect::archive::{MEMBER_NOT_INSPECTED, Unknown};
use crate::inspect::inflate::{Inflated, inflate};
use crate::inspect::{Scope, pytorch};
use crate::model::Format;
use crate::weigh::{Unreadable, View};

/// What the archive is, by the names of its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `torch.save` since 1.6: `*/data.pkl` and storages beside it.
    Pytorch,
    /// `torch.jit.save`: as before, with `code/` or `constants.pkl`.
    Torchscript,
    /// `numpy.savez`: members end in `.npy`.
    Npz,
    /// Keras 3: two of `config.json`, `metadata.json` and `model.weights.h5`.
    Keras,
    /// Anything else.
    Plain,
}

impl Kind {
    fn of(members: &[Placed<'_>]) -> (Self, String) {
        let names: Vec<_> = members.iter().map(|member| member.central.facts.text()).collect();
        let root = |name: &str| names.iter().find_map(|n| n.strip_suffix(name).map(str::to_owned));
        if let Some(root) = root("/data.pkl").filter(|root| !root.contains('/')) {
            let below = |name: &str| names.iter().any(|n| n.strip_prefix(&root).is_some_and(|n| n.starts_with(name)));
            let scripted = below("/code/") || below("/constants.pkl");
            return (if scripted { Self::Torchscript } else { Self::Pytorch }, root);
        }
        let has = |name: &str| names.iter().any(|n| n == name);
        let parts = ["config.json", "metadata.json", "model.weights.h5"].into_iter().filter(|name| has(name));
        let kind = if parts.count() > 1 {
            Self::Keras
        } else if !names.is_empty() && names.iter().all(|name| name.ends_with(".npy")) {
            Self::Npz
        } else {
            Self::Plain
        };
        (kind, String::new())
    }

    fn format(self) -> Option<Format> {
        Some(Format::named(match self {
            Self::Pytorch => "pytorch-zip",
            Self::Torchscript => "torchscript",
            Self::Npz => "npz",
            Self::Keras => "keras",
            Self::Plain => return None,
        }))
    }

    /// True for members that hold the raw bytes of a tensor and nothing else.
    fn is_storage(self, root: &str, name: &str) -> bool {
        let below = name.strip_prefix(root).and_then(|name| name.strip_prefix('/'));
        matches!(self, Self::Pytorch | Self::Torchscript)
            && below.and_then(|name| name.split_once('/')).is_some_and(|(folder, file)| {
                matches!(folder, "data" | "constants" | "tensors") && file.bytes().all(|byte| byte.is_ascii_digit())
            })
    }

    /// After a pickle that names storages: holds them against the members of its folder.
    fn storages(self, root: &str, name: &str, members: &[Placed<'_>], view: &View<'_>, scope: &mut Scope<'_>) {
        let asked = scope.take_storages();
        let folder = match name.strip_prefix(root) {
            Some("/data.pkl") => "data",
            Some("/constants.pkl") => "constants",
            _ => return,
        };
        if !matches!(self, Self::Pytorch | Self::Torchscript) {
            return;
        }
        let prefix = format!("{root}/{folder}/");
        let sizes = members.iter().filter_map(|member| {
            let key = member.central.facts.text().strip_prefix(&prefix)?.to_owned();
            (!key.is_empty() && !key.contains('/')).then_some((key, member.central.facts.size))
        });
        pytorch::compare(folder, &asked, &sizes.collect(), view, scope);
    }
}

/// Looks at the members of one reading of the archive.
pub fn inspect(members: &[Placed<'_>], main: bool, view: &View<'_>, scope: &mut Scope<'_>) {
    let (kind, root) = Kind::of(members);
    if let Some(format) = kind.format().filter(|_| view.depth() == 0) {
        scope.recognise(format);
    }
    let mut checked = Vec::new();
    let mut unknown = Unknown::default();
    let outer = std::mem::replace(&mut scope.container, kind.format());
    scope.take_storages();
    for member in members {
        let (Some(data), facts) = (&member.data, &member.central.facts) else { continue };
        if main && facts.method == 0 && view.depth() == 0 {
            checked.push(Checked { name: facts.text(), bytes: data.clone(), crc: facts.crc });
        }
        let later = facts.described_later() && facts.size == 0;
        if facts.method == 0 && facts.size != facts.compressed && !later && !facts.encrypted() {
            let message =
                format!("{:?} is stored in {} bytes and said to have {}", facts.text(), facts.compressed, facts.size);
            scope.raise(&MALFORMED, view, data.clone(), message);
        }
        if facts.name.ends_with(b"/") && facts.compressed > 0 {
            let message = format!("the folder {:?} has content", facts.text());
            scope.raise(&MALFORMED, view, data.clone(), message);
        }
        if !kind.is_storage(&root, &facts.text()) {
            member_as(facts, data, &mut unknown, view, scope);
        }
        // A loader that believes the local header reads the same bytes by another method, or more of them.
        if let Some(local) = &member.local {
            let end = data.start.saturating_add(local.facts.compressed).clamp(data.start, view.len());
            let end = if local.facts.compressed == 0 { data.end } else { end };
            member_as(&local.facts, &(data.start..end), &mut unknown, view, scope);
        }
        kind.storages(&root, &facts.text(), members, view, scope);
    }
    required::names(members.iter().map(|member| member.central.facts.text()), view, scope);
    scope.container = outer;
    unknown.close(view, scope);
    if let Some(checksums) = Checksums::of(checked, scope.limits.repeats) {
        scope.observe(Box::new(checksums));
    }
}

/// Looks at one member that no directory lists.
pub fn one(facts: &Facts, data: &Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut unknown = Unknown::default();
    member_as(facts, data, &mut unknown, view, scope);
    unknown.close(view, scope);
}

fn member_as(facts: &Facts, data: &Range<u64>, unknown: &mut Unknown, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = facts.text();
    if data.is_empty() {
        return required::empty(&name, view, scope);
    }
    match facts.method {
        0 => {
            if let Ok(member) = view.member(&name, data.clone()) {
                show(&member, unknown, scope);
            }
        }
        8 => match inflate(view, data, scope.limits.ratio) {
            Ok(inflated) => {
                whole(facts, &inflated, data, view, scope);
                show(&view.decompressed(&name, &inflated.bytes), unknown, scope);
            }
            Err(trouble) => scope.unreadable(view, &trouble),
        },
        // bzip2, zstd and xz write streams that say themselves what they are.
        12 | 93 | 95 => {
            if let Ok(member) = view.member(&name, data.clone()) {
                unknown.inspect(&member, scope);
            }
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

/// Method 14 (APPNOTE 5.8) as a stream of its own: two bytes of version, two of length, properties, data.
fn lzma_alone(facts: &Facts, data: &Range<u64>, view: &View<'_>) -> Result<Vec<u8>, Unreadable> {
    let bytes = view.read(data.clone())?;
    let properties = bytes.get(4..9).unwrap_or_default();
    let size = if facts.flags & 2 == 0 { facts.size } else { u64::MAX };
    Ok([properties, &size.to_le_bytes(), bytes.get(9..).unwrap_or_default()].concat())
}

fn show(member: &View<'_>, unknown: &mut Unknown, scope: &mut Scope<'_>) {
    let array = member.read_up_to(0, 6).is_ok_and(|mark| mark == b"\x93NUMPY");
    if !array && scope.container == Kind::Npz.format() {
        scope.raise(&MALFORMED, member, 0..member.len().min(16), "its name says that it is an array, but it is none");
    }
    required::member(member, scope);
    unknown.inspect(member, scope);
}

fn whole(facts: &Facts, inflated: &Inflated, data: &Range<u64>, view: &View<'_>, scope: &mut Scope<'_>) {
    let name = facts.text();
    if inflated.cut {
        return scope.limit("ratio", scope.limits.ratio, view);
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
