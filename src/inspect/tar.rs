//! tar in the forms that are met: v7, ustar, GNU, pax. Every member is shown to every inspector.
//!
//! Source: POSIX.1-2017 `pax`, GNU tar's manual. Not looked at: sparse files' maps.

use std::collections::BTreeSet;

use super::archive::{ARCHIVE_LINK, ARCHIVE_PATH_ESCAPE, Unknown, escapes};
use super::{Inspector, Scope};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// Not a tar all the way.
pub static TAR_MALFORMED: Rule = Rule {
    id: "tar-malformed",
    summary: "the tar archive is broken, cut off, names a member twice, or goes on after its end",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/tar-malformed.md"),
    frameworks: &["CWE-20", "CWE-436", "AML.T0076"],
};

const BLOCK: u64 = 512;
/// Longest name that a header of its own may give, in bytes.
const LONGEST: u64 = 1 << 20;

/// The format.
pub struct Tar;

impl Inspector for Tar {
    fn format(&self) -> Format {
        Format::named("tar")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        let Some(block) = head.get(..BLOCK as usize) else { return false };
        block[257..262] == *b"ustar" || (block[0] != 0 && sum(block).is_some_and(|(said, is)| said == is && said > 0))
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut archive = Archive { names: BTreeSet::new(), unknown: Unknown::default(), next: Extended::default() };
        let mut at = 0;
        let mut ended = false;
        for _ in 0..scope.limits.entries {
            let block = match view.read_up_to(at, BLOCK) {
                Ok(block) => block,
                Err(trouble) => return scope.unreadable(view, &trouble),
            };
            if block.len() < BLOCK as usize {
                break;
            }
            if block.iter().all(|byte| *byte == 0) {
                ended = true;
                break;
            }
            match archive.member(&block, at, view, scope) {
                Some(next) => at = next,
                None => return archive.unknown.close(view, scope),
            }
        }
        if ended {
            after(at, view, scope);
        } else {
            let at = at.min(view.len());
            scope.raise(&TAR_MALFORMED, view, at..view.len(), "the blocks of zeros that end an archive are missing");
        }
        if archive.names.iter().any(|name| name.ends_with("model_config.yaml")) && view.depth() == 0 {
            scope.recognise(Format::named("nemo"));
        }
        archive.unknown.close(view, scope);
    }
}

/// Nothing but zeros may follow after the end.
fn after(end: u64, view: &View<'_>, scope: &mut Scope<'_>) {
    // Python's reader stops at the first block of zeros; others go on when told to.
    let rest = match view.read_up_to(end, 1 << 20) {
        Ok(rest) => rest,
        Err(trouble) => return scope.unreadable(view, &trouble),
    };
    let odd = rest.iter().position(|byte| *byte != 0).map(|odd| end + odd as u64);
    let long = view.len() - end > rest.len() as u64;
    if let Some(at) = odd.or(long.then_some(end)) {
        let message = format!("{} bytes follow after the end of the archive", view.len() - at);
        scope.raise(&TAR_MALFORMED, view, at..view.len(), message);
    }
}

#[derive(Default)]
struct Extended {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
}

struct Archive {
    names: BTreeSet<String>,
    unknown: Unknown,
    /// What headers of their own said about the member that follows.
    next: Extended,
}

impl Archive {
    /// Reads one member and says where the next header is; `None` if that cannot be known.
    fn member(&mut self, block: &[u8], at: u64, view: &View<'_>, scope: &mut Scope<'_>) -> Option<u64> {
        let here = at..at + BLOCK;
        let broken = |scope: &mut Scope<'_>, what: &str| scope.raise(&TAR_MALFORMED, view, here.clone(), what);
        if sum(block).is_none_or(|(said, is)| said != is) {
            broken(scope, "the checksum of a header is wrong");
            return None;
        }
        let kind = block[156];
        let special = matches!(kind, b'x' | b'g' | b'L' | b'K');
        let own = if special { None } else { self.next.size };
        let Some(size) = own.or_else(|| octal(&block[124..136])) else {
            broken(scope, "the size of a member is no number");
            return None;
        };
        let data = at + BLOCK;
        let Some(end) = data.checked_add(size).filter(|end| *end <= view.len()) else {
            broken(scope, "a member goes past the end of the file");
            return None;
        };
        if special {
            let bytes = view.read_up_to(data, size.min(LONGEST)).ok()?;
            self.extend(kind, &bytes);
        } else {
            let said = std::mem::take(&mut self.next);
            let name = said.path.unwrap_or_else(|| name(block));
            let link = said.link.unwrap_or_else(|| text(&block[157..257]));
            self.check(kind, &name, &link, &here, view, scope);
            if matches!(kind, 0 | b'0' | b'7')
                && size > 0
                && let Ok(member) = view.member(&name, data..end)
            {
                self.unknown.inspect(&member, scope);
            }
        }
        Some(end.next_multiple_of(BLOCK))
    }

    fn check(
        &mut self,
        kind: u8,
        name: &str,
        link: &str,
        here: &std::ops::Range<u64>,
        view: &View<'_>,
        scope: &mut Scope<'_>,
    ) {
        if let Some(what) = escapes(name) {
            scope.raise(&ARCHIVE_PATH_ESCAPE, view, here.clone(), format!("the member name {name:?} {what}"));
        }
        match kind {
            b'1' | b'2' => {
                if let Some(what) = escapes(link) {
                    let message = format!("the member {name:?} is a link to {link:?}, which {what}");
                    scope.raise(&ARCHIVE_LINK, view, here.clone(), message);
                }
            }
            b'3' | b'4' | b'6' => {
                scope.raise(&ARCHIVE_LINK, view, here.clone(), format!("the member {name:?} is a device or a pipe"));
            }
            _ => {}
        }
        if kind != b'5' && !self.names.insert(name.to_owned()) {
            scope.raise(&TAR_MALFORMED, view, here.clone(), format!("two members are called {name:?}"));
        }
    }

    fn extend(&mut self, kind: u8, bytes: &[u8]) {
        match kind {
            b'L' => self.next.path = Some(text(bytes)),
            b'K' => self.next.link = Some(text(bytes)),
            b'x' => {
                for (key, value) in records(bytes) {
                    match key.as_str() {
                        "path" => self.next.path = Some(value),
                        "linkpath" => self.next.link = Some(value),
                        "size" => self.next.size = value.parse().ok(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// `LENGTH KEY=VALUE\n`, again and again.
fn records(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut records = Vec::new();
    while let Some(space) = bytes.iter().position(|byte| *byte == b' ') {
        let length = std::str::from_utf8(&bytes[..space]).ok().and_then(|digits| digits.parse::<usize>().ok());
        let Some(record) = length.filter(|length| *length > space).and_then(|length| bytes.get(space + 1..length))
        else {
            break;
        };
        if let Some(equals) = record.iter().position(|byte| *byte == b'=') {
            let value = record[equals + 1..].strip_suffix(b"\n").unwrap_or(&record[equals + 1..]);
            records.push((text(&record[..equals]), String::from_utf8_lossy(value).into_owned()));
        }
        bytes = &bytes[length.unwrap_or(bytes.len())..];
    }
    records
}

fn name(block: &[u8]) -> String {
    let prefix = if block[257..263] == *b"ustar\0" { text(&block[345..500]) } else { String::new() };
    let name = text(&block[..100]);
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// Up to the first NUL.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

/// An octal number, or, with the first bit set, a big-endian one.
fn octal(bytes: &[u8]) -> Option<u64> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        return bytes.iter().skip(1).try_fold(0u64, |value, byte| value.checked_mul(256)?.checked_add((*byte).into()));
    }
    let digits = text(bytes);
    let digits = digits.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// The checksum as written and as it is, with its own field counted as spaces.
fn sum(block: &[u8]) -> Option<(u64, u64)> {
    let said = octal(block.get(148..156)?)?;
    let is = block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) });
    Some((said, is.sum()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArtifactPath, Limits};

    fn member(name: &str, kind: u8, link: &str, content: &[u8]) -> Vec<u8> {
        let mut block = vec![0u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[156] = kind;
        block[157..157 + link.len()].copy_from_slice(link.as_bytes());
        block[257..263].copy_from_slice(b"ustar\0");
        let (_, is) = sum(&block).unwrap();
        block[148..155].copy_from_slice(format!("{is:06o}\0").as_bytes());
        block.extend(content);
        block.resize(block.len().next_multiple_of(512), 0);
        block
    }

    fn fired(bytes: &[u8]) -> Vec<&'static str> {
        let (path, limits) = (ArtifactPath::new("m.tar"), Limits::default());
        View::with_bytes(bytes, limits.structure_bytes, |view| {
            let mut scope = Scope::new(&path, &limits);
            crate::inspect::inspect_content(view, &mut scope);
            scope.close().evidence.iter().map(|evidence| evidence.rule.id).collect()
        })
    }

    #[test]
    fn each_lie_has_its_rule() {
        let end = vec![0; 1024];
        let file = |members: &[Vec<u8>]| [members.concat(), end.clone()].concat();
        let plain = member("a.txt", b'0', "", b"hello");
        let pax = member("x", b'x', "", b"18 path=../../evil\n");
        assert_eq!(fired(&file(std::slice::from_ref(&plain))), Vec::<&str>::new());
        assert_eq!(fired(&file(&[member("l", b'2', "a.txt", b"")])), Vec::<&str>::new());
        assert_eq!(fired(&file(&[member("../a", b'0', "", b"hello")])), ["archive-path-escape"]);
        assert_eq!(fired(&file(&[pax, plain.clone()])), ["archive-path-escape"]);
        assert_eq!(fired(&file(&[member("l", b'2', "/etc", b"")])), ["archive-link"]);
        assert_eq!(fired(&file(&[member("l", b'3', "", b"")])), ["archive-link"]);
        assert_eq!(fired(&file(&[plain.clone(), plain.clone()])), ["tar-malformed"]);
        assert_eq!(fired(&[file(std::slice::from_ref(&plain)), plain.clone()].concat()), ["tar-malformed"]);
        assert_eq!(fired(&plain[..700]), ["tar-malformed"]);
        for at in 0..plain.len() {
            let mut changed = plain.clone();
            changed[at] ^= 0x81;
            fired(&changed);
            fired(&changed[..at]);
        }
    }
}
