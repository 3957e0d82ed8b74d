//! Large lockfiles, cut between their entries, so that the parts are read side by side: that takes less time, and far
//! less memory, than one tree of the whole.

use rayon::prelude::*;

/// Bytes of a part, at least.
pub const PART: usize = 256 << 10;

/// The parts of a text with their offsets. Each but the first begins with the line behind a break that `is_head` takes;
/// it is given the text from that line on.
pub fn cut(text: &str, is_head: impl Fn(&str) -> bool) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let mut start = 0usize;
    let mut look = PART;
    while let Some(at) = text.as_bytes().get(look..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
        look = look.saturating_add(at).saturating_add(1);
        if text.get(look..).is_some_and(&is_head) {
            parts.extend(text.get(start..look).map(|part| (start, part)));
            start = look;
            look = look.saturating_add(PART);
        }
    }
    parts.extend(text.get(start..).map(|part| (start, part)));
    parts
}

/// Reads a text in such parts, each given with its offset. If a part is not sound by itself the whole is read at once,
/// and decides.
///
/// # Errors
/// What is wrong with the whole.
pub fn read<'t, T: Send, E: Send>(
    text: &'t str,
    is_head: impl Fn(&str) -> bool,
    one: impl Fn(usize, &'t str) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let parts = cut(text, is_head);
    if parts.len() > 1 {
        let read: Result<Vec<T>, E> = parts.par_iter().map(|(start, part)| one(*start, part)).collect();
        if read.is_ok() {
            return read;
        }
    }
    one(0, text).map(|whole| vec![whole])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_whole() {
        let text = "[[package]]\nname = \"é\"\n".repeat(40_000);
        let parts = cut(&text, |rest| rest.starts_with("[[package]]\n"));
        assert!(parts.len() > 2);
        assert!(parts.iter().all(|(start, part)| text[*start..].starts_with(part) && part.starts_with("[[package]]")));
        assert_eq!(parts.iter().map(|(_, part)| part.len()).sum::<usize>(), text.len());
        assert_eq!(cut("a\nb\n", |_| true), [(0, "a\nb\n")]);
    }

    #[test]
    fn the_whole_decides() {
        let text = "x\n".repeat(PART);
        let whole = read(&text, |_| true, |start, part| if part.len() == text.len() { Ok(start) } else { Err("part") });
        assert_eq!(whole, Ok(vec![0]));
    }
}
