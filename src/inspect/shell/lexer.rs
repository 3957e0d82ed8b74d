//! A command line as simple commands and the texts inside of it, as POSIX shells split it (Shell Command Language,
//! "Token Recognition").
//!
//! Nothing is expanded. Quotes are taken away where they only join (`'ba'sh` is `bash`), and what stands in quotes or in
//! a substitution is kept as a text of its own, because `sh -c "…"` runs it.

/// Texts inside of one command line that are kept.
const INNER: usize = 256;

/// One simple command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// True if it reads what the command before it writes.
    pub piped: bool,
    /// Its words.
    pub words: Vec<String>,
}

/// What a command line holds.
#[derive(Debug, Default)]
pub struct Line {
    /// Simple commands in order.
    pub commands: Vec<Simple>,
    /// Quoted texts and substitutions that may be commands themselves.
    pub inner: Vec<String>,
}

/// Splits a command line.
pub fn split(text: &str) -> Line {
    let mut lexer = Lexer { rest: text, line: Line::default(), now: Simple::default(), word: None };
    while let Some(next) = lexer.rest.chars().next() {
        lexer.step(next);
    }
    lexer.end(false);
    lexer.line
}

struct Lexer<'t> {
    rest: &'t str,
    line: Line,
    now: Simple,
    word: Option<String>,
}

impl Lexer<'_> {
    fn step(&mut self, next: char) {
        let fresh = self.word.is_none();
        match next {
            '\'' | '"' => self.quoted(next),
            '`' => self.substituted(1, '`', None),
            '$' | '<' | '>' if self.rest[1..].starts_with('(') => self.substituted(2, ')', Some('(')),
            '\\' => {
                let escaped = self.rest[1..].chars().next().unwrap_or(' ');
                if escaped != '\n' {
                    self.word.get_or_insert_default().push(escaped);
                }
                self.skip(1 + if self.rest.len() > 1 { escaped.len_utf8() } else { 0 });
            }
            '#' if fresh => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
            '|' => {
                let or = self.rest[1..].starts_with('|');
                self.end(!or);
                self.skip(1 + usize::from(or || self.rest[1..].starts_with('&')));
            }
            '&' if self.word.as_deref().is_some_and(|word| word.ends_with(['>', '<']))
                || self.rest[1..].starts_with('>') =>
            {
                self.push(next);
            }
            '\n' | ';' | '&' | '(' | ')' => {
                self.end(false);
                self.skip(1);
            }
            next if next.is_whitespace() => {
                self.finish();
                self.skip(next.len_utf8());
            }
            next => self.push(next),
        }
    }

    fn push(&mut self, next: char) {
        self.word.get_or_insert_default().push(next);
        self.skip(next.len_utf8());
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn finish(&mut self) {
        self.now.words.extend(self.word.take().filter(|word| !word.is_empty()));
    }

    fn end(&mut self, piped: bool) {
        self.finish();
        let begun = std::mem::replace(&mut self.now, Simple { piped, words: Vec::new() });
        if !begun.words.is_empty() {
            self.line.commands.push(begun);
        } else if !piped {
            // `curl … |` at the end of a line goes on with the next.
            self.now.piped = begun.piped;
        }
    }

    fn keep(&mut self, inner: &str) {
        if self.line.inner.len() < INNER && inner.contains([' ', '|', ';', '\t', '<', '$', '`']) {
            self.line.inner.push(inner.to_owned());
        }
    }

    fn quoted(&mut self, quote: char) {
        let body = &self.rest[1..];
        let mut escaped = false;
        let end = body.find(|c: char| {
            let ends = c == quote && !escaped;
            escaped = c == '\\' && quote == '"' && !escaped;
            ends
        });
        let inner = body[..end.unwrap_or(body.len())].to_owned();
        self.skip(1 + inner.len() + usize::from(end.is_some()));
        self.keep(&inner);
        self.word.get_or_insert_default().push_str(&inner);
    }

    fn substituted(&mut self, begin: usize, close: char, open: Option<char>) {
        let body = &self.rest[begin..];
        let mut depth = 0usize;
        let end = body.find(|c: char| {
            if Some(c) == open {
                depth += 1;
            } else if c == close {
                if depth == 0 {
                    return true;
                }
                depth -= 1;
            }
            false
        });
        let inner = body[..end.unwrap_or(body.len())].to_owned();
        self.skip(begin + inner.len() + usize::from(end.is_some()));
        self.keep(&format!("{inner} "));
        let word = self.word.get_or_insert_default();
        word.push_str("$(");
        word.push_str(&inner);
        word.push(')');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_words_and_texts() {
        let line =
            split("A=1 'cu'rl -s \"http://a b\" 2>&1 |& su\\do b'a'sh; echo `id` $(x (y) z) # not | sh\nls |\n sh");
        let words: Vec<String> = line.commands.iter().map(|command| command.words.join("_")).collect();
        assert_eq!(words, ["A=1_curl_-s_http://a b_2>&1", "sudo_bash", "echo_$(id)_$(x (y) z)", "ls", "sh"]);
        assert_eq!(
            line.commands.iter().map(|command| command.piped).collect::<Vec<_>>(),
            [false, true, false, false, true]
        );
        assert_eq!(line.inner, ["http://a b", "id ", "x (y) z "]);
        for text in ["'", "\"\\", "$(", "`", "\\", "|", "ü'ü", "<(", "&>"] {
            split(text);
        }
    }
}
