//! gzip (RFC 1952): what is compressed is shown to every inspector. Zeros between streams are skipped, as Python's
//! `gzip` does.

use super::archive::{FILLING, Unknown, filling};
use super::inflate::inflate;
use super::pickle::follow_behind;
use super::{Inspector, Scope, zarr_shard};
use crate::model::{Class, Format, Rule, Severity};
use crate::weigh::View;

/// Not a whole gzip stream.
pub static GZIP_MALFORMED: Rule = Rule {
    id: "gzip-malformed",
    summary: "the gzip stream is broken, cut off, or not what its checksum says",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/gzip-malformed.md"),
    frameworks: &["CWE-354", "AML.T0076"],
};

/// Streams one behind the other that are followed.
const MEMBERS: u32 = 1000;

/// The format.
pub struct Gzip;

impl Inspector for Gzip {
    fn format(&self) -> Format {
        Format::named("gzip")
    }

    fn claims(&self, head: &[u8], _: &View<'_>) -> bool {
        head.starts_with(b"\x1f\x8b\x08")
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let mut unknown = Unknown::default();
        let mut at = 0;
        let mut content = Vec::new();
        let outer = scope.partial;
        for number in 0..=MEMBERS {
            if number == MEMBERS {
                scope.limit("gzip-streams", MEMBERS.into(), view);
                scope.partial = true;
                break;
            }
            match member(view, at, &mut content, scope) {
                Some(next) if next < view.len() => at = next,
                _ => break,
            }
            let starts = |at: u64| view.read_up_to(at, 2).is_ok_and(|mark| mark == *b"\x1f\x8b");
            if starts(at) {
                continue;
            }
            // Python skips zeros and reads on behind them.
            let next = after_zeros(view, at);
            if !starts(next) && zarr_shard::is_index(view, at) {
                break;
            }
            let message = if next < view.len() && starts(next) {
                format!("{} zeros stand between two streams", next - at)
            } else {
                format!("{} bytes follow after the stream", view.len() - at)
            };
            scope.raise(&GZIP_MALFORMED, view, at..next.max(at + 1).min(view.len()), message);
            if !starts(next) {
                break;
            }
            at = next;
        }
        unknown.unpacked(&content, view, scope);
        scope.partial = outer;
        unknown.close(view, scope);
    }
}

/// Where the first byte stands that is not zero, or the end.
fn after_zeros(view: &View<'_>, from: u64) -> u64 {
    let mut at = from;
    while let Some(part) = view.read_up_to(at, 1 << 16).ok().filter(|part| !part.is_empty()) {
        match part.iter().position(|byte| *byte != 0) {
            Some(more) => return at + more as u64,
            None => at += part.len() as u64,
        }
    }
    at
}

/// Decompresses one stream onto the end of the content, and says where the next begins.
fn member(view: &View<'_>, at: u64, content: &mut Vec<u8>, scope: &mut Scope<'_>) -> Option<u64> {
    let head = view.read_up_to(at, 70_000).ok()?;
    let broken = |scope: &mut Scope<'_>, what: &str| scope.raise(&GZIP_MALFORMED, view, at..view.len(), what);
    let Some(header) = header(&head) else {
        broken(scope, "the header is cut off");
        return None;
    };
    let check = head.get(3).is_some_and(|flags| flags & 2 != 0).then(|| head.get(header - 2..header)).flatten();
    let sum = head.get(..header.saturating_sub(2)).map(crc32fast::hash).unwrap_or_default();
    if check.is_some_and(|check| check != &sum.to_le_bytes()[..2]) {
        broken(scope, "the header is not what its checksum says");
    }
    if head.get(3).is_some_and(|flags| flags & 0xe0 != 0) {
        broken(scope, "the header sets flags that are reserved");
    }
    let start = at.checked_add(header as u64)?;
    let inflated = match inflate(view, &(start..view.len()), scope.limits.ratio) {
        Ok(inflated) => inflated,
        Err(trouble) => {
            scope.unreadable(view, &trouble);
            return None;
        }
    };
    if inflated.cut.is_some() && content.is_empty() {
        filling(&inflated.bytes, FILLING, view, scope);
        let unpacked = view.decompressed("content", &inflated.bytes);
        follow_behind(&unpacked, view, &(start..view.len()), scope);
    }
    let crc_is = crc32fast::hash(&inflated.bytes);
    let length = inflated.bytes.len() as u64;
    if content.is_empty() {
        *content = inflated.bytes;
    } else {
        content.extend_from_slice(&inflated.bytes);
    }
    if let Some((what, value)) = inflated.cut {
        scope.limit(what, value, view);
        scope.partial = true;
        return None;
    }
    let end = start.checked_add(inflated.used)?;
    let trailer = view.read_up_to(end, 8).ok()?;
    let Some(crc) = trailer.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes) else {
        broken(scope, "the stream is cut off");
        return None;
    };
    if !inflated.ended || trailer.len() < 8 {
        broken(scope, "the stream is broken or cut off");
        return None;
    }
    if crc != crc_is {
        broken(scope, "the content is not what the checksum says");
    }
    // The length is written modulo 2^32.
    if trailer.get(4..) != Some(&length.to_le_bytes()[..4]) {
        broken(scope, "the content is not as long as the trailer says");
    }
    end.checked_add(8)
}

/// Length of the header: ten bytes, and what its flags say follows.
fn header(head: &[u8]) -> Option<usize> {
    let flags = *head.get(3)?;
    let mut at = 10;
    if flags & 4 != 0 {
        let length = u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?);
        at += 2 + usize::from(length);
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            at += head.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (at <= head.len()).then_some(at)
}
