//! Text from a file, made safe to show.
//!
//! A terminal obeys escape sequences, and a person is deceived by characters that have no ink: a name may hold
//! `ESC ] 0 ; …`, turn the reading direction around, or carry a message in tag characters. Whatever steers instead of
//! showing is replaced by a visible escape. Look-alike letters are not this module's business: they are shown as
//! they are.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Characters that steer or hide, as inclusive ranges: controls (Cc), line and paragraph separators (Zl, Zp),
/// format characters (Cf) and what Unicode 17 lists as `Default_Ignorable_Code_Point`, both with the unassigned code
/// points around them that Unicode reserves for the same use.
const HIDDEN: &[(u32, u32)] = &[
    (0x0000, 0x001f),
    (0x007f, 0x009f),
    (0x00ad, 0x00ad),
    (0x034f, 0x034f),
    (0x0600, 0x0605),
    (0x061c, 0x061c),
    (0x06dd, 0x06dd),
    (0x070f, 0x070f),
    (0x0890, 0x0891),
    (0x08e2, 0x08e2),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x3164, 0x3164),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0xfffe, 0xffff),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x1343f),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
];

/// True for a character that must not reach a terminal as it is.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    let code = u32::from(character);
    // Nearly every character asked about is printable ASCII.
    !(0x20..0x7f).contains(&code)
        && HIDDEN
            .binary_search_by(|(first, last)| {
                if code < *first {
                    std::cmp::Ordering::Greater
                } else if code > *last {
                    std::cmp::Ordering::Less
                } else {
                    std::cmp::Ordering::Equal
                }
            })
            .is_ok()
}

/// One line that shows what it holds: every hidden character becomes an escape such as `\n`, `\x1b` or `\u{202e}`.
///
/// The result holds no hidden character and no line break, and a line without any comes back as it is. It is for
/// people: a backslash of the file is not doubled, so the text cannot be turned back.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_hidden) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(first);
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(clean);
    for character in rest.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            character if is_hidden(character) => {
                let code = u32::from(character);
                // Writing to a string cannot fail.
                let _ = if code <= 0x7f { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
            }
            character => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

/// As [`line()`], and at most `limit` characters of it: the middle of a longer text becomes `…`.
#[must_use]
pub fn short(text: &str, limit: usize) -> Cow<'_, str> {
    let shown = line(text);
    let count = shown.chars().count();
    if count <= limit {
        return shown;
    }
    let kept = limit.saturating_sub(1);
    let tail = kept / 3;
    let mut cut: String = shown.chars().take(kept - tail).collect();
    cut.push('…');
    cut.extend(shown.chars().skip(count - tail));
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(HIDDEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(HIDDEN.iter().all(|(first, last)| first <= last));
    }

    #[test]
    fn what_steers_becomes_visible() {
        assert_eq!(line("a\x1b]0;owned\x07b"), "a\\x1b]0;owned\\x07b");
        assert_eq!(line("invoice\u{202e}fdp.exe"), "invoice\\u{202e}fdp.exe");
        assert_eq!(line("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(line("a\nb\tc\rd"), "a\\nb\\tc\\rd");
        assert_eq!(line("pay\u{200b}load\u{e0041}"), "pay\\u{200b}load\\u{e0041}");
        assert!(matches!(line("modèle 模型.safetensors"), Cow::Borrowed("modèle 模型.safetensors")));
    }

    #[test]
    fn long_lines_lose_their_middle() {
        assert_eq!(short("abcdefghij", 10), "abcdefghij");
        assert_eq!(short("abcdefghijk", 10), "abcdef…ijk");
        assert_eq!(short("abc", 0), "…");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            let shown = line(&text).into_owned();
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_hidden(c)));
            prop_assert_eq!(line(&shown), shown.as_str(), "a shown line stays as it is");
        }

        #[test]
        fn hidden_characters_anywhere_are_shown(
            before in "[a-z]{0,4}", range in proptest::sample::select(HIDDEN), after in "[a-z]{0,4}",
        ) {
            for code in [range.0, range.1] {
                let hidden = char::from_u32(code).unwrap();
                let shown = line(&format!("{before}{hidden}{after}")).into_owned();
                prop_assert!(!shown.contains(hidden) && shown.contains('\\'));
                prop_assert!(shown.starts_with(&before) && shown.ends_with(&after));
            }
        }

        #[test]
        fn short_is_short(text in any::<String>(), limit in 1usize..40) {
            prop_assert!(short(&text, limit).chars().count() <= limit);
        }
    }
}
