//! How a document begins: what XML lets stand before its root, and what that root is called.
//!
//! Source: XML 1.0 (fifth edition), section 2.8. Readers are more lenient than the standard, so white space and comments
//! may stand before the declaration here, too.

use crate::inspect::letters;

/// Elements that models have as their root.
static ROOTS: [&[u8]; 2] = [b"PMML", b"net"];

/// Whether the bytes begin as XML; `None` if they are cut off before that can be said. `open` says that more follows.
pub fn begins(bytes: &[u8], open: bool) -> Option<bool> {
    let bytes = letters::narrow(bytes);
    let mut rest = bytes.as_ref();
    let cut = if open { None } else { Some(false) };
    loop {
        rest = rest.trim_ascii_start();
        let behind =
            |rest: &[u8], end: &[u8]| rest.windows(end.len()).position(|at| at == end).map(|at| at + end.len());
        if let Some(behind) = rest.strip_prefix(b"\xef\xbb\xbf") {
            rest = behind;
        } else if let Some(inside) = rest.strip_prefix(b"<!--") {
            let Some(end) = behind(inside, b"-->") else { return cut };
            rest = &inside[end..];
        } else if rest.starts_with(b"<?xml") && rest.get(5).is_some_and(u8::is_ascii_whitespace) {
            return Some(true);
        } else if rest.starts_with(b"<?") {
            let Some(end) = behind(rest, b"?>") else { return cut };
            rest = &rest[end..];
        } else if let Some(name) = rest.strip_prefix(b"<!DOCTYPE") {
            let name = name.trim_ascii_start();
            return if name.len() < 256 && open { None } else { Some(is_root(name)) };
        } else if let Some(name) = rest.strip_prefix(b"<") {
            return if name.len() < 256 && open { None } else { Some(is_root(name)) };
        } else if rest.is_empty() {
            return cut;
        } else {
            return Some(false);
        }
    }
}

/// True for the name of a root, with or without a prefix, and the end of it.
fn is_root(name: &[u8]) -> bool {
    let end = name.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'['));
    let name = &name[..end.unwrap_or(name.len())];
    let local = name.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    ROOTS.contains(&local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_found_behind_all_that_may_stand_before_it() {
        let spaces = " ".repeat(10);
        for text in [
            "<net name='a'>",
            "<net>",
            "<net/>",
            "\u{feff}<net\n>",
            "<!-- a --> <!-- <b> --><net >",
            "<?stylesheet x?>\n<!--a-->\n<p:PMML version='4'>",
            "<!DOCTYPE  net [<!ENTITY a 'b'>]><net/>",
            "<?xml version='1.0'?><anything/>",
        ] {
            assert_eq!(begins(format!("{spaces}{text}").as_bytes(), false), Some(true), "{text}");
            assert_eq!(begins(text.as_bytes(), false), Some(true), "{text}");
        }
        let wide: Vec<u8> = "\u{feff}<!-- --><net/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(begins(&wide, false), Some(true));
    }

    #[test]
    fn other_documents_are_left_to_others() {
        for text in ["<html>", "<network>", "<!-- a page --><div>", "# <net>", "<!DOCTYPE html>", "", "<!-- x"] {
            assert_eq!(begins(text.as_bytes(), false), Some(false), "{text}");
        }
        assert_eq!(begins(b"<!-- x", true), None);
        assert_eq!(begins(b"   ", true), None);
    }
}
