//! Characters that make a text look other than it is read: code whose letters are shown in another order, names that
//! cannot be seen, and texts spelt in characters without a shape.
//!
//! Sources: Boucher and Anderson, "Trojan Source" (CVE-2021-42574), Unicode 15 (bidirectional controls in UAX #9, tag
//! characters, variation selectors). In code the controls of direction are looked at line by line, because an editor lays
//! out lines. Not looked at: letters that look alike (CVE-2021-42694), controls in prose, and what escapes such as
//! `\u202e` stand for.

use memchr::memmem;

use super::{Scope, lines};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// Text that people do not see.
pub static TEXT_HIDDEN_CHARACTERS: Rule = Rule {
    id: "text-hidden-characters",
    summary: "a text holds characters that cannot be seen, or that show code in another order than it is read in",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../rules/text-hidden-characters.md"),
    frameworks: &["CWE-1007", "CWE-506", "AML.T0107"],
};

/// Endings of sources, and of configurations that programs are started by.
static CODE: [&str; 62] = [
    "py", "pyw", "pyi", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "sh", "bash", "zsh",
    "ksh", "ps1", "psm1", "bat", "cmd", "c", "h", "cc", "cpp", "cxx", "hpp", "cu", "cuh", "cs", "java", "kt", "kts",
    "scala", "groovy", "gradle", "go", "rs", "rb", "pl", "pm", "php", "lua", "r", "jl", "swift", "m", "mm", "zig",
    "nim", "sol", "sql", "cmake", "mk", "tf", "jinja", "j2", "nix", "proto", "toml", "cfg", "ini",
];

/// Configurations in which code may stand as well; those that list words are none.
static CONFIGURATIONS: [&str; 4] = ["yaml", "yml", "json", "jsonc"];

/// Names, without an ending, of sources.
static NAMED: [&str; 8] =
    ["dockerfile", "containerfile", "makefile", "gnumakefile", "gemfile", "rakefile", "jenkinsfile", "procfile"];

/// Words in the names of files that list tokens and translations, where any character may stand for itself.
static LISTS: [&str; 9] = ["vocab", "token", "merges", "added", "dict", "unicode", "locale", "emoji", "normaliz"];

/// Bytes of the longest configuration that is read as one that people write.
const CONFIGURATION: usize = 256 << 10;

/// Characters without a shape that spell something if they follow on each other.
const RUN: usize = 8;

/// Bytes of the longest line that somebody reads. What is packed into longer ones is written by a program, and tables of
/// characters are among it.
const READ: usize = 1000;

/// True for a name, in small letters, of a source.
fn is_code(name: &str, length: usize) -> bool {
    let listed = LISTS.iter().any(|word| name.contains(word));
    match name.rsplit_once('.') {
        None => NAMED.contains(&name),
        Some((_, ending)) => {
            CODE.contains(&ending) || (CONFIGURATIONS.contains(&ending) && !listed && length <= CONFIGURATION)
        }
    }
}

/// Looks at a text. `name` is in small letters.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    // What is sought begins with one of these bytes in UTF-8; most texts hold none of them.
    if memchr::memchr3(0xe1, 0xe2, 0xe3, text.as_bytes()).is_none()
        && memchr::memchr3(0xef, 0xf3, 0xf3, text.as_bytes()).is_none()
    {
        return;
    }
    let code = is_code(name, text.len());
    runs(code, text, view, scope);
    if !code {
        return;
    }
    let python = name.ends_with(".py") || name.ends_with(".pyw");
    // Tests hold such texts on purpose.
    let severity = if name.starts_with("test_") { Severity::Low } else { TEXT_HIDDEN_CHARACTERS.severity };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        // White space behind a line makes it no longer to whoever reads it.
        if !line.is_ascii() && (python || line.trim_end().len() <= READ) {
            if let Some((sign, c)) = turned(line) {
                let message =
                    format!("U+{:04X} shows this line of code in another order than it is read in", u32::from(c));
                let evidence = Evidence::new(&TEXT_HIDDEN_CHARACTERS, message).rated(severity);
                lines::raise(evidence, text, at + sign..at + sign + c.len_utf8(), view, scope);
            }
            fillers(line, at, text, view, scope);
        }
        at += line.len();
    }
}

fn say(what: String, text: &str, at: usize, length: usize, view: &View<'_>, scope: &mut Scope<'_>) {
    lines::raise(Evidence::new(&TEXT_HIDDEN_CHARACTERS, what), text, at..at + length, view, scope);
}

/// Tag characters, which spell ASCII unseen.
const fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// Selectors of variants, of which one may follow on a character, and never a second.
const fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Characters of no width.
const fn is_narrow(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// A kind of such characters: which they are, what they are called, whether they are looked at, and how they begin in UTF-8.
type Unseen = (fn(char) -> bool, &'static str, bool, &'static [&'static [u8]]);

/// Rows of characters without a shape. The flags of Scotland and others are a black flag and six tags behind it.
fn runs(code: bool, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let kinds: [Unseen; 3] = [
        (is_tag, "tag characters", true, &[b"\xf3\xa0"]),
        (is_selector, "variation selectors", true, &[b"\xf3\xa0", b"\xef\xb8"]),
        (is_narrow, "characters of no width", code, &[b"\xe2\x80", b"\xe2\x81", b"\xef\xbb"]),
    ];
    let holds = |begins: &[&[u8]]| begins.iter().any(|begin| memmem::find(text.as_bytes(), begin).is_some());
    for (is, what, ..) in kinds.into_iter().filter(|(.., looked, begins)| *looked && holds(begins)) {
        let mut begin: Option<(usize, usize)> = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            if is(c) {
                let (start, count) = begin.unwrap_or((at, 0));
                begin = Some((start, count + 1));
            } else if let Some((start, count)) = begin.take().filter(|(_, count)| *count >= RUN) {
                let run = text.get(start..at).unwrap_or_default();
                let message = format!("{count} {what} in a row cannot be seen{}", spelt(run));
                say(message, text, start, run.len(), view, scope);
            }
        }
    }
}

/// What a row of tags or selectors spells, if that can be read.
fn spelt(run: &str) -> String {
    let letter = |c: char| {
        let number = match u32::from(c) {
            number @ 0xe0000..=0xe007f => number - 0xe0000,
            number @ 0xe0100..=0xe01ef => number - 0xe0100 + 16,
            number @ 0xfe00..=0xfe0f => number - 0xfe00,
            _ => return None,
        };
        u8::try_from(number).ok().map(char::from).filter(|c| (' '..='~').contains(c))
    };
    let letters: String = run.chars().filter_map(letter).take(60).collect();
    if letters.len() < 4 { String::new() } else { format!(": they spell {letters:?}") }
}

/// Embeddings, overrides and isolates.
const fn is_turn(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Letters of scripts that are written from right to left.
const fn is_from_the_right(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

/// The first control of direction in a line of code that turns it around. Those that stand alone in quotes or brackets are
/// constants of programs that lay out text; pairs around letters that are written from the right are meant.
fn turned(line: &str) -> Option<(usize, char)> {
    let alone = |c: char| matches!(c, '"' | '\'' | '`' | '[' | ']' | '-' | '|' | '/' | '(' | ')' | ',' | '\\');
    let letters: Vec<(usize, char)> = line.char_indices().collect();
    let mut found: Option<(usize, char)> = None;
    let (mut open, mut wrong, mut overrides) = (Vec::new(), false, false);
    for (n, (at, c)) in letters.iter().enumerate().filter(|(_, (_, c))| is_turn(*c)) {
        let unseen = |c: &&(usize, char)| {
            !(is_turn(c.1) || is_narrow(c.1) || matches!(c.1, '\u{200e}' | '\u{200f}' | '\u{61c}'))
        };
        let before = letters.get(..n).and_then(|before| before.iter().rev().find(unseen)).map_or('"', |c| c.1);
        let behind = letters.get(n + 1..).and_then(|behind| behind.iter().find(unseen)).map_or('"', |c| c.1);
        // Bounds of a range of characters, as regular expressions have them.
        let bound = (before == '-' || behind == '-')
            && ![before, behind].iter().any(|c| c.is_ascii_alphanumeric() || *c == ' ');
        if bound || (alone(before) && alone(behind)) {
            continue;
        }
        found.get_or_insert((*at, *c));
        overrides |= matches!(c, '\u{202d}' | '\u{202e}');
        match c {
            '\u{202c}' => wrong |= open.pop() != Some(true),
            '\u{2069}' => wrong |= open.pop() != Some(false),
            c => open.push(!matches!(c, '\u{2066}'..='\u{2068}')),
        }
    }
    let meant = letters.iter().any(|(_, c)| is_from_the_right(*c)) && !overrides && !wrong && open.is_empty();
    found.filter(|_| !meant)
}

/// Fillers of Hangul: letters for a compiler, nothing for the eye. Outside of quotes one is a name.
fn fillers(line: &str, begin: usize, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '"' | '\'' | '`') => quote = Some(c),
            (Some(open), c) if open == c && before != '\\' => quote = None,
            (None, '\u{3164}' | '\u{ffa0}' | '\u{115f}' | '\u{1160}') => {
                let behind = line.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next()).unwrap_or('\n');
                let name = |c: char| c.is_ascii_whitespace() || "{}()[],;:=.+?".contains(c);
                // In the class of a regular expression such letters bound a range.
                if name(before) && name(behind) && !(before == '[' && behind == '-') {
                    let message = format!("U+{:04X} is a name in this line of code, and cannot be seen", u32::from(c));
                    say(message, text, begin + at, c.len_utf8(), view, scope);
                    return;
                }
            }
            _ => {}
        }
        before = c;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArtifactPath, Limits};

    fn said(name: &str, text: &str) -> usize {
        let (path, limits) = (ArtifactPath::new(name), Limits::default());
        View::with_bytes(text.as_bytes(), 1 << 20, |view| {
            let mut scope = Scope::new(&path, &limits);
            inspect(name, text, view, &mut scope);
            scope.close().evidence.len()
        })
    }

    fn tags(text: &str) -> String {
        text.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xe0000)).collect()
    }

    #[test]
    fn code_that_is_shown_otherwise_is_said() {
        assert_eq!(said("a.py", "'''x \u{2067}''' ;return\n"), 1);
        assert_eq!(said("a.js", "if (a != 'user\u{202e} \u{2066}// admin\u{2069} \u{2066}') {}\n"), 1);
        assert_eq!(said("a.yaml", "run: a \u{202e}b\n"), 1);
        assert_eq!(said("a.js", "const {t,\u{3164}}=q;\n"), 1);
        assert_eq!(said("a.md", &tags("ignore all of it")), 1);
        let payload: String = ('\u{e0150}'..'\u{e0160}').collect();
        assert_eq!(said("a.js", &format!("eval(d(`{payload}`))")), 1);
    }

    #[test]
    fn what_people_write_is_not() {
        assert_eq!(said("a.md", "\u{2068}name\u{2069} \u{202b}שלום\u{202c}\n"), 0);
        assert_eq!(said("a.js", "const FSI = \"\u{2068}\", PDI = '\u{2069}', all = /[\u{202a}-\u{202e}]/;\n"), 0);
        assert_eq!(said("he.json", "{\"a\": \"\u{202b}שלום\u{202c}\"}\n"), 0);
        assert_eq!(said("a.md", &format!("\u{1f3f4}{}", tags("gbeng\u{7f}"))), 0);
        assert_eq!(said("a.py", "x = '\u{3164}'  # filler\nfamily = '👨\u{200d}👩\u{200d}👧'\n"), 0);
        assert_eq!(said("tokenizer.json", "{\"a \u{202a}\": 1}"), 0);
    }
}
