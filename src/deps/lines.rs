//! From places in a text to line numbers.

/// Where each line of a text begins.
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Reads the line breaks of `text` once.
    pub fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at.saturating_add(1));
        Self { starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The line, from 1, that holds the byte at `offset`.
    pub fn line(&self, offset: usize) -> u64 {
        self.starts.partition_point(|start| *start <= offset).max(1) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one() {
        let lines = Lines::of("a\nb\n\nc");
        assert_eq!([0, 1, 2, 4, 5, 99].map(|at| lines.line(at)), [1, 1, 2, 3, 4, 4]);
        assert_eq!(Lines::of("").line(0), 1);
    }
}
