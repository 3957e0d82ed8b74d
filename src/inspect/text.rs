//! Plain text, and what can be told of it by its first line.
//!
//! Not looked at: whether the text is good YAML, TOML or Markdown; what it says is read by `words`.

use crate::model::{ArtifactPath, Class, Evidence, Format, Place, Rule, Severity};
use crate::weigh::{Observer, View};

use super::claim::FORMAT_UNRECOGNISED;
use super::{Inspector, Scope};

/// A stand-in for a file that was not fetched.
pub static LFS_POINTER: Rule = Rule {
    id: "lfs-pointer",
    summary: "the file is a Git LFS pointer: its content was not fetched",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/lfs-pointer.md"),
    frameworks: &["CWE-354"],
};

/// Texts up to this many bytes are read before they are called text; the rest of longer ones is seen as it is hashed.
const WHOLE: u64 = 1 << 20;

/// The format.
pub struct Text;

impl Inspector for Text {
    fn format(&self) -> Format {
        Format::named("text")
    }

    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let head_length = head.len() as u64;
        if odd_at(head, head_length < view.len()).is_some() {
            return false;
        }
        if head_length == view.len() {
            return true;
        }
        let (start, whole) = if view.len() <= WHOLE { (0, true) } else { (view.len() - 4096, false) };
        view.read(start..view.len()).is_ok_and(|bytes| {
            // A window in the middle may begin inside a character.
            let skip = if whole { 0 } else { bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count() };
            odd_at(&bytes[skip..], false).is_none()
        })
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let Ok(head) = view.read_up_to(0, 1024) else { return };
        if head.starts_with(b"version https://git-lfs.github.com/spec/") {
            scope.raise(&LFS_POINTER, view, 0..view.len().min(256), lfs(&head));
        }
        if super::boosted::is_lightgbm(&head) {
            super::boosted::inspect_lightgbm(view, scope);
        }
        if view.depth() == 0 {
            super::data::watch_vectors(&head, view, scope);
            if let Some(format) = kind(&head) {
                scope.recognise(Format::named(format));
            }
            if view.len() > WHOLE {
                let name = scope.path.name().to_ascii_lowercase();
                let (narrow, page) = (may_be_narrow(&name), is_page(&name));
                scope.observe(Box::new(Watch { last: Vec::new(), odd: None, narrow, page }));
            }
        }
    }
}

fn lfs(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let size = text.lines().find_map(|line| line.strip_prefix("size "));
    match size.map(str::parse::<u64>) {
        Some(Ok(size)) => format!("it is a Git LFS pointer to {size} bytes, which are not here"),
        _ => "it is a Git LFS pointer; the bytes it stands for are not here".to_owned(),
    }
}

/// What a text is by its beginning.
fn kind(head: &[u8]) -> Option<&'static str> {
    let begin = head.trim_ascii_start();
    let lower = begin[..begin.len().min(32)].to_ascii_lowercase();
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        Some("git-lfs-pointer")
    } else if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        Some("html")
    } else if lower.starts_with(b"<?xml") || lower.starts_with(b"<svg") {
        Some("xml")
    } else if head.starts_with(b"#!") {
        Some("script")
    } else if super::boosted::is_lightgbm(head) {
        Some("lightgbm")
    } else {
        None
    }
}

/// True for a name that says that the file is Python or prose, which may be of an encoding older than UTF-8.
pub fn may_be_narrow(name: &str) -> bool {
    const ENDINGS: [&str; 19] = [
        "py", "pyw", "md", "rst", "txt", "csv", "tsv", "log", "vec", "bib", "tex", "cfg", "ini", "sh", "bat", "html",
        "htm", "js", "mjs",
    ];
    const BARE: [&str; 10] = [
        "readme",
        "license",
        "licence",
        "notice",
        "copying",
        "authors",
        "contributors",
        "changelog",
        "changes",
        "citation",
    ];
    name.rsplit_once('.').map_or_else(|| BARE.contains(&name), |(_, end)| ENDINGS.contains(&end))
}

/// True for text in an encoding of one byte for each character, of which Latin-1 is the one that older source files have.
/// Nothing but the name tells it from other bytes, so it is asked only where that says that it is a source.
#[must_use]
pub fn is_narrow(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err() && !bytes.iter().any(is_control)
}

/// True for a web page or a script of one in whose strings letters stand that no other text holds, such as those of the
/// mark of PNG: browsers take all of them but zero.
#[must_use]
pub fn is_odd_page(name: &str, bytes: &[u8]) -> bool {
    is_page(name) && std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0)
}

fn is_page(name: &str) -> bool {
    [".html", ".htm", ".js", ".mjs"].iter().any(|ending| name.ends_with(ending))
}

/// True for a byte that no text holds, whatever its encoding.
const fn is_control(byte: &u8) -> bool {
    matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)
}

/// Offset of the first byte that text does not hold. `open` says that more follows, so the last character may be cut.
fn odd_at(bytes: &[u8], open: bool) -> Option<usize> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) if open && error.error_len().is_none() => error.valid_up_to(),
        Err(error) => return Some(error.valid_up_to()),
    };
    // Piece by piece without a branch for each byte: nearly all texts hold none.
    let any = |piece: &[u8]| piece.iter().fold(false, |any, byte| any | is_control(byte));
    let piece = bytes[..valid].chunks(64).position(any)?;
    bytes[piece * 64..valid].iter().position(is_control).map(|at| piece * 64 + at)
}

/// Sees the rest of a long text as it is hashed.
struct Watch {
    /// The beginning of a character whose rest comes with the next chunk.
    last: Vec<u8>,
    odd: Option<u64>,
    /// True if it may be of an encoding of one byte for each character.
    narrow: bool,
    /// True for a page, whose strings may hold any letter.
    page: bool,
}

impl Observer for Watch {
    fn observe(&mut self, at: u64, bytes: &[u8]) {
        if self.odd.is_some() {
            return;
        }
        if self.narrow {
            let page = self.page;
            let odd = |byte: &u8| if page { *byte == 0 } else { is_control(byte) };
            self.odd = bytes.iter().position(odd).map(|odd| at + odd as u64);
            return;
        }
        let carried = self.last.len();
        let joined;
        let text = if carried == 0 {
            bytes
        } else {
            joined = [self.last.as_slice(), bytes].concat();
            joined.as_slice()
        };
        self.odd = odd_at(text, true).map(|odd| (at + odd as u64).saturating_sub(carried as u64));
        let valid = std::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len);
        self.last = text[valid..].to_vec();
    }

    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        let cut = (!self.last.is_empty()).then_some(0);
        let Some(at) = self.odd.or(cut) else { return Vec::new() };
        let message = format!("it begins and ends as text, but byte {at} is not text");
        vec![Evidence::new(&FORMAT_UNRECOGNISED, message).of(path).at(Place::bytes(at, at.saturating_add(1)))]
    }
}
