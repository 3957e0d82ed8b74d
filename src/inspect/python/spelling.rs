//! How a source is spelt: the encoding it declares, and signs by which people see another text than Python does.
//!
//! Sources: PEP 263; CVE-2021-42574 for signs that turn the direction of a line around.

use super::super::{Scope, lines};
use super::rules;
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Looks at a source for both.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some((name, at)) = encoding(text) {
        let message = format!("it declares the encoding {name:?}, so Python reads another text than stands here");
        // What is no set of letters but a way to write others down is chosen to hide something.
        let rule = if hides(name) { &rules::HIDDEN_CODE } else { &rules::NOT_READ };
        let evidence = Evidence::new(rule, message).rated(Severity::High);
        lines::raise(evidence, text, at..at + name.len(), view, scope);
    }
    if let Some((at, sign)) = turned(text) {
        let message = format!("U+{:04X} shows what follows in another order than Python reads it", u32::from(sign));
        // Tests hold such texts on purpose.
        let path = view.entry().unwrap_or_else(|| scope.path.as_str());
        let tests = path.rsplit('/').next().is_some_and(|name| name.starts_with("test_"));
        let severity = if tests { Severity::Low } else { Severity::High };
        let evidence = Evidence::new(&rules::HIDDEN_CODE, message).rated(severity);
        lines::raise(evidence, text, at..at + sign.len_utf8(), view, scope);
    }
}

/// The first sign that turns a line around: one that overrides the direction of letters, or one that is not closed in
/// its line, beside which text in two directions is ordinary.
fn turned(text: &str) -> Option<(usize, char)> {
    if text.is_ascii() {
        return None;
    }
    for line in text.split_inclusive('\n').filter(|line| !line.is_ascii()) {
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        let mut open = Vec::new();
        for (at, sign) in line.char_indices() {
            match sign {
                '\u{202d}' | '\u{202e}' => return Some((start + at, sign)),
                '\u{2066}'..='\u{2068}' | '\u{202a}' | '\u{202b}' => open.push((start + at, sign)),
                '\u{2069}' | '\u{202c}' => {
                    open.pop();
                }
                _ => {}
            }
        }
        if let Some(first) = open.first() {
            return Some(*first);
        }
    }
    None
}

/// Says of a source that Python refuses it: it is not UTF-8, and its first two lines name no other encoding (PEP 263).
pub fn inspect_encoding(bytes: &[u8], text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let Err(error) = std::str::from_utf8(bytes) else { return };
    let declared = |line: &str| line.trim_start().starts_with('#') && line.contains("coding");
    if !text.lines().take(2).any(declared) {
        let at = error.valid_up_to() as u64;
        let message = format!("Python refuses it: it is not UTF-8 at byte {at}, and names no other encoding");
        scope.raise(&rules::NOT_READ, view, at..at.saturating_add(1), message);
    }
}

/// True for a codec of Python by which plain letters stand for others.
fn hides(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let codecs = [
        "utf7",
        "u7",
        "unicode11utf7",
        "rot13",
        "hex",
        "hexcodec",
        "base64",
        "base64codec",
        "zip",
        "zlib",
        "zlibcodec",
        "bz2",
        "bz2codec",
        "uu",
        "uucodec",
        "quopri",
        "quopricodec",
        "quotedprintable",
        "unicodeescape",
        "rawunicodeescape",
        "punycode",
        "idna",
    ];
    codecs.contains(&plain.as_str())
}

/// An encoding by which the bytes mean another text (PEP 263): its name and where it stands.
fn encoding(text: &str) -> Option<(&str, usize)> {
    for line in text.lines().take(2) {
        let Some(comment) = line.trim_start().strip_prefix('#') else { continue };
        let Some(at) = comment.find("coding") else { continue };
        let Some(name) = comment[at + 6..].strip_prefix([':', '=']) else { continue };
        let name = name.trim_start();
        let name =
            &name[..name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(name.len())];
        let plain = name.to_ascii_lowercase().replace('_', "-");
        let ordinary = ["utf-8", "utf8", "ascii", "us-ascii", "latin", "iso-8859", "cp125", "windows-125", "iso8859"];
        if !name.is_empty() && !ordinary.iter().any(|known| plain.starts_with(known)) {
            return Some((name, name.as_ptr() as usize - text.as_ptr() as usize));
        }
    }
    None
}
