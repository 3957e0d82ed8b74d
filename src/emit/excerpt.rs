//! What people are shown of the bytes a finding is about: a line of text with carets below it, or a dump.

use unicode_width::UnicodeWidthChar as _;

use crate::model::{Excerpt, Place};

use super::hexdump;
use super::ink::{Ink, paint};
use super::sanitize;

/// The lines of an excerpt and the width of their gutter. A place in a text is shown as text, everything else as bytes.
#[must_use]
pub fn lines(excerpt: &Excerpt, place: &Place, ink: &Ink, style: anstyle::Style, width: usize) -> (usize, Vec<String>) {
    match (place, std::str::from_utf8(&excerpt.bytes)) {
        (Place::Line { line, .. }, Ok(text)) => source(text, excerpt, *line, ink, style, width),
        _ => hexdump::lines(excerpt, ink, style, width),
    }
}

fn source(
    text: &str,
    excerpt: &Excerpt,
    line: u64,
    ink: &Ink,
    style: anstyle::Style,
    width: usize,
) -> (usize, Vec<String>) {
    let number = line.to_string();
    let gutter = number.len().max(2);
    let room = width.saturating_sub(gutter + 3).max(20);
    let (mut shown, mut carets, mut columns) = (String::new(), String::new(), 0);
    let marked = |at: usize| excerpt.marked.contains(&excerpt.start.saturating_add(at as u64));
    let before = text.char_indices().take_while(|(at, _)| !marked(*at)).count();
    // Where the line is too long, what matters is shown from a third of the width on.
    let skip = if text.chars().count() > room && before > room / 3 { before - room / 3 } else { 0 };
    let indent = text.chars().take_while(|c| c.is_whitespace()).count();
    let skip = if skip == 0 && before >= indent { indent.saturating_sub(4) } else { skip };
    for (at, letter) in text.char_indices().skip(skip) {
        let letter = if letter == '\t' {
            ' '
        } else if sanitize::is_hidden(letter) {
            '\u{b7}'
        } else {
            letter
        };
        let wide = letter.width().unwrap_or(0);
        columns += wide;
        if columns > room {
            break;
        }
        shown.push(letter);
        let caret = if marked(at) { '^' } else { ' ' };
        carets.extend(std::iter::repeat_n(caret, wide));
    }
    let bar = paint(ink.frame, "|");
    let mut lines = vec![format!("{} {bar} {}", paint(ink.frame, format!("{number:>gutter$}")), shown.trim_end())];
    let carets = carets.trim_end();
    if !carets.is_empty() {
        lines.push(format!("{:gutter$} {bar} {}", "", paint(style, carets)));
    }
    (gutter, lines)
}

/// The text that matters, and the line around it as far as it was kept.
#[must_use]
pub fn snippets(excerpt: &Excerpt) -> Option<(&str, &str)> {
    let shown = std::str::from_utf8(&excerpt.bytes).ok()?;
    let offset = |at: u64| usize::try_from(at.checked_sub(excerpt.start)?).ok();
    let marked = shown.get(offset(excerpt.marked.start)?..offset(excerpt.marked.end)?)?;
    Some((marked, shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, marked: std::ops::Range<u64>, width: usize) -> Vec<String> {
        let excerpt = Excerpt { start: 100, bytes: text.as_bytes().to_vec(), marked };
        let place = Place::Line { line: 7, column: 1 };
        lines(&excerpt, &place, &Ink::new(false), anstyle::Style::new(), width).1
    }

    #[test]
    fn a_line_of_text_has_carets_below_it() {
        assert_eq!(
            plain("x = os.system('id')", 104..119, 80),
            [" 7 | x = os.system('id')", "   |     ^^^^^^^^^^^^^^^"]
        );
    }

    #[test]
    fn nothing_hidden_is_shown_and_long_lines_are_cut_where_it_matters() {
        assert_eq!(plain("a\u{202e}\x1bb", 104..105, 80)[0], " 7 | a\u{b7}\u{b7}b");
        let long = format!("{}os.system()", "x".repeat(140));
        let shown = plain(&long, 240..251, 60);
        assert!(shown[0].contains("os.system()") && shown[1].ends_with("^^^^^^^^^^^"), "{shown:?}");
    }

    #[test]
    fn text_that_is_none_is_shown_as_bytes() {
        let excerpt = Excerpt { start: 0, bytes: vec![0xff], marked: 0..1 };
        let place = Place::Line { line: 1, column: 1 };
        assert!(lines(&excerpt, &place, &Ink::new(false), anstyle::Style::new(), 80).1[0].contains("ff"));
    }
}
