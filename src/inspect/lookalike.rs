//! Names of models whose owner is taken for another one: `meta-1lama/Llama-3-8B` is not of `meta-llama`.
//!
//! Looked at are names of the form `OWNER/NAME` that configurations, cards, YAML and Python name as a value. The owners
//! that are known are a list of this program. Not looked at: names without an owner, the name behind the owner, files
//! over a mebibyte, and whether the owner exists.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{Scope, lines};
use crate::model::resemblance::{is_one_slip, looks, same_letters};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;

/// Somebody else's name.
pub static MODEL_LOOKALIKE: Rule = Rule {
    id: "model-lookalike",
    summary: "a model is named whose owner looks like one that everybody knows, and is another",
    severity: Severity::Medium,
    class: Class::Defect,
    page: include_str!("../rules/model-lookalike.md"),
    frameworks: &["CWE-1007", "CWE-829", "OWASP-LLM03", "AML.T0074"],
};

/// Bytes of a file that is looked at.
const LARGEST: usize = 1 << 20;
/// Letters of an owner, so that a name with other letters is told from a word of its own: as drawn, and as spelt.
const DRAWN: usize = 4;
const SPELT: usize = 6;
/// Owner and name on the hub.
const LONGEST: usize = 96;

struct Owner {
    name: &'static str,
    small: String,
    looks: String,
}

static OWNERS: LazyLock<Vec<Owner>> = LazyLock::new(|| {
    let owners = include_str!("organisations.txt").split_whitespace();
    owners.map(|name| Owner { name, small: name.to_ascii_lowercase(), looks: looks(name) }).collect()
});

/// Files that name models; vocabularies hold every odd word there is.
fn speaks(name: &str) -> bool {
    let vocabulary = name == "tokenizer.json" || name.contains("vocab");
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "py" | "ipynb" | "json" | "yaml" | "yml" | "md") && !vocabulary
}

/// Looks at a text. `name` is that of the file, in small letters.
pub fn inspect(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    if text.len() > LARGEST || !speaks(name) {
        return;
    }
    // Prose says what it likes; a card names models between its two lines of `---`.
    let text = if name.ends_with(".md") { card(text) } else { text };
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut prose = Prose { text, at: 0, open: None };
    let is_code = name.ends_with(".py");
    for (slash, _) in text.match_indices('/') {
        let is_letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let start = text[..slash]
            .rfind(|c| !is_letter(c))
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        let end = text[slash + 1..].find(|c| !is_letter(c)).map_or(text.len(), |at| slash + 1 + at);
        let (owner, whole) = (&text[start..slash], &text[start..end]);
        if owner.len() < DRAWN || slash + 1 == end || whole.len() > LONGEST || !is_value(text, start, end) {
            continue;
        }
        if let Some((known, drawn)) = imitated(owner).filter(|_| seen.insert(owner)) {
            let how = if drawn { "looks the same as" } else { "is one slip away from" };
            let message = format!("the model {whole:?} is named, whose owner {owner:?} {how} {known:?}");
            let severity = match drawn {
                // Nothing is loaded by what a text in the code explains; a slip there is one of the writer.
                _ if is_code && prose.holds(start) => Severity::Low,
                true => Severity::High,
                false => Severity::Medium,
            };
            let evidence = Evidence::new(&MODEL_LOOKALIKE, message).rated(severity).with("known", known);
            lines::raise(evidence, text, start..end, view, scope);
        }
    }
}

/// Texts between triple quotes, met from front to back.
struct Prose<'t> {
    text: &'t str,
    at: usize,
    open: Option<&'static str>,
}

impl Prose<'_> {
    /// True if that place is in one. Places must not go back.
    fn holds(&mut self, place: usize) -> bool {
        loop {
            let rest = &self.text[self.at..place.max(self.at)];
            let next = match self.open {
                Some(quotes) => rest.find(quotes).map(|at| (at, None)),
                None => {
                    let begins =
                        ["\"\"\"", "'''"].into_iter().filter_map(|quotes| Some((rest.find(quotes)?, Some(quotes))));
                    begins.min_by_key(|(at, _)| *at)
                }
            };
            let Some((at, open)) = next else { return self.open.is_some() };
            self.at += at + 3;
            self.open = open;
        }
    }
}

/// The front matter of a card, with what stands before it.
fn card(text: &str) -> &str {
    let open = text.trim_start_matches('\u{feff}').starts_with("---");
    let end = text.match_indices("\n---").map(|(at, _)| at).next().filter(|_| open);
    end.map_or("", |end| &text[..end])
}

/// True for a name that is a value by itself: in quotes, behind a colon or the dash of a list.
fn is_value(text: &str, start: usize, end: usize) -> bool {
    let after = text[end..].chars().next();
    match text[..start].chars().next_back() {
        Some(quote @ ('"' | '\'')) => after == Some(quote),
        Some(' ') => {
            let before = text[..start].trim_end_matches(' ');
            (before.ends_with(':') || before.ends_with('-'))
                && after.is_none_or(|after| matches!(after, '\n' | '\r' | ' '))
        }
        _ => false,
    }
}

/// The known owner that a name is taken for, and whether it looks the same; `None` for the known ones themselves.
fn imitated(owner: &str) -> Option<(&'static str, bool)> {
    let small = owner.to_lowercase();
    let drawn = looks(owner);
    // All of them first: a known owner may look like another known one.
    if OWNERS.iter().any(|known| known.small == small) {
        return None;
    }
    if let Some(known) = OWNERS.iter().find(|known| known.name.len() >= DRAWN && known.looks == drawn) {
        return Some((known.name, true));
    }
    let near = |known: &&Owner| {
        known.small.len() >= SPELT && (is_one_slip(&known.small, &small) || same_letters(&known.small, &small))
    };
    OWNERS.iter().find(near).map(|known| (known.name, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_owners_are_not_taken_for_each_other() {
        for owner in OWNERS.iter() {
            assert_eq!(imitated(owner.name), None);
            assert_eq!(imitated(&owner.name.to_uppercase()), None);
        }
        assert_eq!(imitated("meta-1lama"), Some(("meta-llama", true)));
        assert_eq!(imitated("meta-IIama"), Some(("meta-llama", true)));
        assert_eq!(imitated("mistraiai"), Some(("mistralai", true)));
        assert_eq!(imitated("gооgle"), Some(("google", true)));
        assert_eq!(imitated("deepseekai"), Some(("deepseek-ai", false)));
        assert_eq!(imitated("stabiltyai"), Some(("stabilityai", false)));
        for own in ["acme", "applx", "someone", "my-org", "models", "qwen2", "llama", "src", "goog", "data"] {
            assert_eq!(imitated(own), None, "{own}");
        }
    }

    #[test]
    fn only_values_count() {
        let limits = crate::model::Limits::default();
        let count = |name: &str, text: &str| {
            let path = crate::model::ArtifactPath::new(name);
            let mut scope = Scope::new(&path, &limits);
            View::with_bytes(text.as_bytes(), 1 << 20, |view| inspect(name, text, view, &mut scope));
            scope.close().evidence.len()
        };
        assert_eq!(count("config.json", r#"{"_name_or_path": "meta-1lama/Llama-3"}"#), 1);
        assert_eq!(
            count("config.json", r#"{"a": "x/meta-1lama/Llama-3", "b": "meta-1lama/", "c": "é/meta-1lama/é"}"#),
            0
        );
        assert_eq!(count("load.py", "m = A.from_pretrained('meta-1lama/L')\nn = 'meta-1lama/M'  # meta-1lama/N\n"), 1);
        assert_eq!(count("readme.md", "---\nbase_model:\n- meta-1lama/L\n---\nmeta-1lama/M\n"), 1);
        assert_eq!(count("readme.md", "see \"meta-1lama/M\"\n"), 0);
        assert_eq!(count("merge.yaml", "base_model: meta-1lama/L\n"), 1);
        assert_eq!(count("tokenizer.json", r#"{"a": "meta-1lama/L"}"#), 0);
    }
}
