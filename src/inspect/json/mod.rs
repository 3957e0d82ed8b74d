//! JSON texts, read strictly: whole, broken, or with names that occur twice.
//!
//! The dialect is Python's, because that is what writes and reads configurations of models: `NaN` and infinities are
//! let through. Several texts one after the other are JSON lines.

mod tokens;
mod tree;

use std::collections::HashSet;

use crate::model::{Class, Evidence, Format, Rule, Severity};
use crate::weigh::View;

use super::{Inspector, Scope, letters, settings, words};

pub use tokens::{Dialect, Fault, FaultKind, Spanned, Token, Tokens};
pub use tree::Json as Tree;

/// Not JSON all the way.
pub static MALFORMED: Rule = Rule {
    id: "json-malformed",
    summary: "a text that begins as JSON is not JSON all the way",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/json-malformed.md"),
    frameworks: &["CWE-20"],
};

/// One name, two values.
pub static DUPLICATE_KEY: Rule = Rule {
    id: "json-duplicate-key",
    summary: "a name occurs twice in one object, and readers differ in which value they take",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../../rules/json-duplicate-key.md"),
    frameworks: &["CWE-436", "CWE-694"],
};

/// Nesting that is followed.
const DEPTH: usize = 512;

/// Texts of up to this many values are also looked at as trees, which take a fixed number of bytes for each value. The
/// vocabularies of the largest tokenizers have a million.
const TREE_VALUES: u64 = 8_000_000;

/// How far a text is read to find out whether it begins as JSON, in bytes.
const LONGEST: u64 = 128 << 20;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The format.
pub struct Json;

impl Inspector for Json {
    fn format(&self) -> Format {
        Format::named("json")
    }

    /// A bracket and what must follow on it: templates and Markdown begin with brackets, too. Any amount of white space
    /// may stand before and behind the bracket, and the name behind it may have any length.
    fn claims(&self, head: &[u8], view: &View<'_>) -> bool {
        let mut begin = beginning(head, (head.len() as u64) < view.len());
        let mut window = head.len() as u64;
        while begin.is_none() {
            if window >= LONGEST {
                // Nobody writes a name or an indent like that; the limit on JSON texts says so.
                return true;
            }
            window = window.saturating_mul(16).min(LONGEST);
            let Ok(bytes) = view.read_up_to(0, window) else { return false };
            begin = beginning(&bytes, window < view.len());
        }
        begin == Some(true)
    }

    fn inspect(&self, view: &View<'_>, scope: &mut Scope<'_>) {
        let bytes = match view.read_all("json-bytes", scope.limits.json_bytes) {
            Ok(bytes) => bytes,
            Err(trouble) => return scope.unreadable(view, &trouble),
        };
        let name = words::name(view, scope);
        encoding(&bytes, &name, view, scope);
        let bytes = letters::narrow(&bytes);
        let twice = doubles(&name);
        let start = if bytes.starts_with(MARK) { MARK.len() } else { 0 };
        let mut at = start;
        let mut texts = 0u64;
        let values = loop {
            match check(&bytes[at..], at as u64, twice, view, scope) {
                Ok(count) => break count,
                Err(fault) if fault.kind == FaultKind::After && starts_line(&bytes, at + fault.at) => {
                    at += fault.at;
                    texts += 1;
                }
                Err(fault) if fault.kind == FaultKind::Depth => return scope.limit("json-depth", DEPTH as u64, view),
                Err(fault) => {
                    let place = ((at + fault.at) as u64).min(view.len());
                    let message = format!("it is not JSON: {}, at byte {place}", fault.kind.words());
                    scope.raise(&MALFORMED, view, place..place.saturating_add(1).min(view.len()).max(place), message);
                    return;
                }
            }
        };
        if texts == 0 && values > TREE_VALUES {
            scope.limit("json-tree-values", TREE_VALUES, view);
        } else if texts == 0
            && let Some(tree) = Tree::read(&bytes[start..], DEPTH)
        {
            let text = std::str::from_utf8(&bytes).unwrap_or_default();
            super::configuration::inspect(&tree, text, view, scope);
            super::tfjs::inspect(&tree, view, scope);
            super::notebook::inspect(&tree, text, view, scope);
        }
    }
}

/// Says of a JSON file that it is in an encoding which only some readers take. Those of configurations and tokenizers
/// decode UTF-8 and stop at a byte order mark; RFC 8259, section 8.1, forbids the mark.
fn encoding(bytes: &[u8], name: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let what = if bytes.starts_with(MARK) {
        "it begins with a byte order mark"
    } else if letters::Wide::told(bytes).is_some() {
        "it is in an encoding of two or four bytes for each character"
    } else {
        return;
    };
    if name.ends_with(".json") {
        let severity = if settings::needs_object(name) { MALFORMED.severity } else { Severity::Low };
        let message = format!("{what}, at which readers of UTF-8 stop");
        scope.add(Evidence::new(&MALFORMED, message).rated(severity).at(view.place(0..view.len().min(4))));
    }
}

/// Whether the bytes begin as JSON; `None` if they are cut off before that can be said. `open` says that more follows.
fn beginning(bytes: &[u8], open: bool) -> Option<bool> {
    let bytes = letters::narrow(bytes);
    let bytes = bytes.strip_prefix(MARK).unwrap_or(&bytes);
    if let Some(first) = bytes.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        && !matches!(first, b'{' | b'[')
    {
        return Some(false);
    }
    let mut tokens = Tokens::new(bytes, Dialect::Python, DEPTH);
    let fault = match tokens.next().and_then(|_| tokens.next()) {
        Ok(token) => return Some(token.is_some()),
        Err(fault) => fault,
    };
    // An escape, a character or a number may be cut in the middle.
    let cut = fault.kind == FaultKind::End || fault.at.saturating_add(16) > bytes.len();
    if open && cut { None } else { Some(fault.kind == FaultKind::Depth) }
}

/// True if the view is one JSON text and nothing else.
pub fn is_whole(view: &View<'_>) -> bool {
    view.read_all("json-bytes", 16 << 20).is_ok_and(|bytes| whole(&bytes).is_some())
}

/// The tree of one JSON text in any of its encodings; `None` if the bytes are something else.
pub fn whole(bytes: &[u8]) -> Option<Tree> {
    let bytes = letters::narrow(bytes);
    Tree::read(bytes.strip_prefix(MARK).unwrap_or(&bytes), DEPTH)
}

/// True if only white space lies between the byte and the end of the line before it.
fn starts_line(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    let blank = before.len() - before.trim_ascii_end().len();
    before[before.len() - blank..].contains(&b'\n')
}

/// How bad a name is that occurs twice. Lists of words and other data hold many by accident, and nothing is decided by
/// them; what decides how a model is loaded is called something like these.
fn doubles(name: &str) -> Severity {
    const DECIDING: [&str; 13] = [
        "config",
        "index",
        "schema",
        "tokenizer",
        "model",
        "manifest",
        "module",
        "setting",
        "param",
        "adapter",
        "special",
        "processor",
        ".ipynb",
    ];
    let data = ["vocab", "dict", "lexicon", "words", ".jsonl"].iter().any(|word| name.contains(word));
    let deciding = DECIDING.iter().any(|word| name.contains(word)) || !name.contains(".json");
    if deciding && !data { DUPLICATE_KEY.severity } else { Severity::Low }
}

/// Reads one text; names that occur twice are raised with that severity. `base` is where the text begins in the view.
/// Returns how many names, values and brackets it has.
fn check(bytes: &[u8], base: u64, twice: Severity, view: &View<'_>, scope: &mut Scope<'_>) -> Result<u64, Fault> {
    let mut tokens = Tokens::new(bytes, Dialect::Python, DEPTH);
    let mut objects: Vec<HashSet<std::borrow::Cow<'_, str>>> = Vec::new();
    let mut values = 0;
    while let Some((span, token)) = tokens.next()? {
        values += 1;
        match token {
            Token::ObjectStart => objects.push(HashSet::new()),
            Token::ObjectEnd => {
                objects.pop();
            }
            Token::Key(name) => {
                let Some(names) = objects.last_mut() else { continue };
                if names.contains(&name) {
                    let (start, end) = (base + span.start as u64, base + span.end as u64);
                    if !scope.lists(&DUPLICATE_KEY, twice) {
                        scope.add(Evidence::new(&DUPLICATE_KEY, "").rated(twice));
                        continue;
                    }
                    let evidence = Evidence::new(&DUPLICATE_KEY, format!("an object holds {name:?} twice"));
                    let evidence = evidence.rated(twice).at(view.place(start..end));
                    scope.add(evidence.showing(view.excerpt(start..end)));
                } else {
                    names.insert(name);
                }
            }
            _ => {}
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests;
