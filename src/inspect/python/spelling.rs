//! The encoding that a source declares (PEP 263), and whether its bytes are of it.

use super::super::{Scope, lines};
use super::rules;
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Looks at what a source declares.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if let Some((name, at)) = encoding(text) {
        let message = format!("it declares the encoding {name:?}, so Python reads another text than stands here");
        // What is no set of letters but a way to write others down is chosen to hide something.
        let rule = if hides(name) { &rules::HIDDEN_CODE } else { &rules::NOT_READ };
        let evidence = Evidence::new(rule, message).rated(Severity::High);
        lines::raise(evidence, text, at..at + name.len(), view, scope);
    }
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
