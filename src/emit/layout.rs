//! Text in columns: widths, wrapping, and numbers as people read them.

use unicode_width::UnicodeWidthStr;

/// Columns that a terminal needs for a text without escape sequences.
#[must_use]
pub fn columns(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Breaks a text at spaces into lines of at most `width` columns. `used` columns of the first line are taken; the
/// others begin with `indent` spaces. A word that does not fit a line stands alone and whole, so that a path or an
/// address can still be copied.
#[must_use]
pub fn wrap(text: &str, used: usize, indent: usize, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    let mut at = used;
    let mut fresh = true;
    for word in text.split(' ') {
        let needs = columns(word);
        if fresh {
            fresh = false;
        } else if at.saturating_add(1).saturating_add(needs) > width && !word.is_empty() {
            wrapped.truncate(wrapped.trim_end_matches(' ').len());
            wrapped.push('\n');
            wrapped.extend(std::iter::repeat_n(' ', indent));
            at = indent;
        } else {
            wrapped.push(' ');
            at += 1;
        }
        wrapped.push_str(word);
        at = at.saturating_add(needs);
    }
    wrapped
}

/// A number of bytes: exact below 1 KiB, else three figures with a binary unit.
#[must_use]
pub fn bytes(count: u64) -> String {
    if count < 1024 {
        return if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") };
    }
    scaled(count, 1024, &["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"])
}

/// A number of parameters: exact below a thousand, else three figures with the letter the field uses.
#[must_use]
pub fn parameters(count: u64) -> String {
    if count < 1000 { count.to_string() } else { scaled(count, 1000, &["K", "M", "B", "T"]) }
}

fn scaled(count: u64, base: u64, units: &[&str]) -> String {
    let mut unit = base;
    let mut names = units.iter();
    let mut name = names.next().copied().unwrap_or_default();
    // 999.5 of one unit rounds to 1000: from there on the next unit says it better.
    while count / unit >= base - 1 && count.saturating_mul(2) >= unit.saturating_mul(2 * base - 1) {
        let (Some(next), Some(larger)) = (names.next(), unit.checked_mul(base)) else { break };
        (name, unit) = (next, larger);
    }
    // Three figures need far less than the 53 bits that a double keeps.
    let value = count as f64 / unit as f64;
    if value < 9.995 {
        format!("{value:.2} {name}")
    } else if value < 99.95 {
        format!("{value:.1} {name}")
    } else {
        format!("{value:.0} {name}")
    }
}

/// A number with its noun: `1 file`, `1,204 files`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A number with a comma at each thousand.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Which side of a column its text stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows in columns, two spaces apart, without spaces at the end of a line. Cells must be sanitised and unstyled.
#[must_use]
pub fn table(sides: &[Side], rows: &[Vec<String>]) -> Vec<String> {
    let widths: Vec<usize> = (0..sides.len())
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| columns(cell)).max().unwrap_or(0))
        .collect();
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for ((cell, side), width) in row.iter().zip(sides).zip(&widths) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                let gap = std::iter::repeat_n(' ', width.saturating_sub(columns(cell)));
                match side {
                    Side::Left => {
                        line.push_str(cell);
                        line.extend(gap);
                    }
                    Side::Right => {
                        line.extend(gap);
                        line.push_str(cell);
                    }
                }
            }
            line.truncate(line.trim_end().len());
            line
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_read_well() {
        let cases = [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.00 KiB"), (1_048_575, "1.00 MiB")];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
        assert_eq!(bytes(1_288_490_189), "1.20 GiB");
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
        assert_eq!(parameters(999), "999");
        assert_eq!(parameters(7_241_732_096), "7.24 B");
        assert_eq!(parameters(999_999), "1.00 M");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "file", "files"), "1 file");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 4, 2, 10), "one\n  two\n  three");
        assert_eq!(wrap("a very-long-word b", 0, 2, 6), "a\n  very-long-word\n  b");
    }

    #[test]
    fn columns_line_up_with_wide_characters() {
        let rows = vec![vec!["模型".to_owned(), "1".to_owned()], vec!["a".to_owned(), "22".to_owned()]];
        assert_eq!(table(&[Side::Left, Side::Right], &rows), ["模型   1", "a     22"]);
    }

    proptest! {
        #[test]
        fn wrapping_keeps_the_words(text in "[a-z ]{0,60}", used in 0usize..20, width in 10usize..40) {
            let wrapped = wrap(&text, used, 2, width);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&wrapped), words(&text));
        }

        #[test]
        fn any_number_has_a_short_form(count in any::<u64>()) {
            prop_assert!(bytes(count).len() <= 10 && parameters(count).len() <= 10);
        }
    }
}
