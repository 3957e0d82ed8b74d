//! Bytes as a picture, with the ones that matter underlined.

use std::fmt::Write as _;

use crate::model::Excerpt;

use super::ink::Ink;
use super::ink::paint;

/// The lines of an excerpt, each with its offset in a gutter, and a line of carets below marked bytes.
///
/// `width` is that of the terminal: below 80 columns a line holds 8 bytes instead of 16. `style` is that of marked
/// bytes. The gutter's width is returned with the lines, so that a card can line up with it.
#[must_use]
pub fn lines(excerpt: &Excerpt, ink: &Ink, style: anstyle::Style, width: usize) -> (usize, Vec<String>) {
    let per_line: usize = if width < 80 { 8 } else { 16 };
    let end = excerpt.start.saturating_add(excerpt.bytes.len() as u64);
    let gutter = format!("{end:x}").len().next_multiple_of(2);
    let bar = paint(ink.frame, "|");
    let mut lines = Vec::new();
    for (index, row) in excerpt.bytes.chunks(per_line).enumerate() {
        let at = excerpt.start.saturating_add((index * per_line) as u64);
        let marked = |column: usize| excerpt.marked.contains(&at.saturating_add(column as u64));
        let mut hex = String::new();
        let mut text = String::new();
        let mut carets = String::new();
        for column in 0..per_line {
            let byte = row.get(column);
            let here = byte.is_some() && marked(column);
            let before = column > 0 && marked(column - 1) && here;
            if column > 0 {
                let gap = if column == 8 { 2 } else { 1 };
                hex.extend(std::iter::repeat_n(' ', gap));
                carets.extend(std::iter::repeat_n(if before { '^' } else { ' ' }, gap));
            }
            carets.push_str(if here { "^^" } else { "  " });
            match byte {
                None => hex.push_str("  "),
                Some(byte) => {
                    let shown = if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' };
                    let dress = if here { style } else { anstyle::Style::new() };
                    let _ = write!(hex, "{dress}{byte:02x}{dress:#}");
                    let dress = if here { style } else { ink.faint };
                    let _ = write!(text, "{dress}{shown}{dress:#}");
                }
            }
        }
        lines.push(format!("{} {bar} {hex}  {text}", paint(ink.frame, format!("{at:0gutter$x}"))));
        let carets = carets.trim_end();
        if !carets.is_empty() {
            lines.push(format!("{:gutter$} {bar} {}", "", paint(style, carets)));
        }
    }
    (gutter, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(excerpt: &Excerpt, width: usize) -> Vec<String> {
        lines(excerpt, &Ink::new(false), anstyle::Style::new(), width).1
    }

    #[test]
    fn marked_bytes_are_underlined() {
        let excerpt = Excerpt { start: 0, bytes: b"\x80\x02cposix\nsystem\nX\x13".to_vec(), marked: 2..16 };
        assert_eq!(
            plain(&excerpt, 100),
            [
                "00 | 80 02 63 70 6f 73 69 78  0a 73 79 73 74 65 6d 0a  ..cposix.system.",
                "   |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
                "10 | 58 13                                             X.",
            ]
        );
        assert_eq!(plain(&excerpt, 60)[0], "00 | 80 02 63 70 6f 73 69 78  ..cposix");
    }

    #[test]
    fn nonsense_ranges_are_harmless() {
        let (start, end) = (5, 2);
        let empty = Excerpt { start: u64::MAX, bytes: Vec::new(), marked: start..end };
        assert!(plain(&empty, 100).is_empty());
        let far = Excerpt { start: u64::MAX - 1, bytes: vec![0; 4], marked: 0..u64::MAX };
        assert!(!plain(&far, 100).is_empty());
    }
}
