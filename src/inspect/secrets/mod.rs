//! Tokens, keys and passwords that stand in plain text.
//!
//! A token is told by the mark its issuer gave it, and where it has a checksum, by that. Examples and placeholders are
//! told from secrets by their letters. A secret is never written down in full: evidence shows its mark and its length.
//!
//! Texts that are too long to be held are read as they are hashed. Not looked at: passwords in prose, secrets without a mark outside of the files that
//! are made for them, and whether a token still works.

mod addresses;
mod forms;
mod kinds;
mod likely;
mod stream;

use std::collections::HashSet;

use super::{Scope, lines};
use crate::model::{Class, Evidence, Rule, Severity};
use crate::weigh::View;
use kinds::{Found, Standing};

pub use kinds::is_store;
pub use stream::Stream;

/// A secret.
pub static SECRET_PLAINTEXT: Rule = Rule {
    id: "secret-plaintext",
    summary: "a token, key or password stands in plain text",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/secret-plaintext.md"),
    frameworks: &["CWE-798", "CWE-312", "AML.T0055", "LLM02:2025"],
};

/// A private key.
pub static PRIVATE_KEY_PLAINTEXT: Rule = Rule {
    id: "private-key-plaintext",
    summary: "a private key stands in plain text",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/private-key-plaintext.md"),
    frameworks: &["CWE-312", "CWE-522", "AML.T0055", "LLM02:2025"],
};

/// A key that others may take or replace.
pub static KEY_FILE_PERMISSIONS: Rule = Rule {
    id: "key-file-permissions",
    summary: "the file of a private key may be read or written by other users",
    severity: Severity::High,
    class: Class::Defect,
    page: include_str!("../../rules/key-file-permissions.md"),
    frameworks: &["CWE-732", "CWE-522"],
};

/// A secret to be kept out of everything that is said about the file.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// Its text.
    pub secret: String,
    /// Bytes of it that may be shown.
    pub shown: usize,
}

impl Hidden {
    /// Takes the secret out of what is said and shown, also where an excerpt begins or ends inside of it.
    pub fn cover(&self, evidence: &mut Evidence) {
        let shown: String = self.secret.chars().take(self.shown).collect();
        let covered = |text: &str| text.replace(&self.secret, &format!("{shown}…"));
        if evidence.fact.message.contains(&self.secret) {
            evidence.fact.message = covered(&evidence.fact.message);
        }
        for value in evidence.fact.details.values_mut() {
            if let Some(text) = value.as_str().filter(|text| text.contains(&self.secret)) {
                *value = covered(text).into();
            }
        }
        let Some(excerpt) = &mut evidence.excerpt else { return };
        let secret = self.secret.as_bytes();
        let bytes = &mut excerpt.bytes;
        // Every alignment of the secret with the excerpt that leaves eight bytes or more of it to be seen.
        for at in 0..(bytes.len() + secret.len()).saturating_sub(16) {
            let begin = at + 8;
            let (from, skip) = (begin.saturating_sub(secret.len()), secret.len().saturating_sub(begin));
            let length = (secret.len() - skip).min(bytes.len().saturating_sub(from));
            if length >= 8 && bytes.get(from..from + length) == secret.get(skip..skip + length) {
                let keep = self.shown.saturating_sub(skip).min(length);
                bytes[from + keep..from + length].fill(b'*');
            }
        }
    }
}

/// Looks for secrets in a text.
pub fn inspect(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let path = view.entry().unwrap_or_else(|| scope.path.as_str()).to_owned();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut key = false;
    for one in all(text, &path) {
        let Some(secret) = text.get(one.range.clone()) else { continue };
        if !seen.insert(secret) {
            continue;
        }
        scope.hide(Hidden { secret: secret.to_owned(), shown: one.shown });
        key |= one.private_key && one.standing == Standing::Live;
        lines::raise(evidence(&one, secret), text, one.range.clone(), view, scope);
    }
    if let (true, Some(mode)) = (key, view.mode()) {
        permissions(mode, scope);
    }
}

/// Looks for secrets in a value of the metadata of a model. Returns the value without them, if there are some.
pub fn of_value(key: &str, value: &str, view: &View<'_>, scope: &mut Scope<'_>) -> Option<String> {
    let text = format!("{key}={value}");
    let begin = key.len() + 1;
    let (mut covered, mut from) = (String::new(), begin);
    for one in all(&text, "") {
        let Some(secret) = text.get(one.range.clone()).filter(|_| one.range.start >= from) else { continue };
        scope.hide(Hidden { secret: secret.to_owned(), shown: one.shown });
        covered.push_str(text.get(from..one.range.start).unwrap_or_default());
        covered.push('…');
        from = one.range.end;
        let shown: String = key.chars().take(60).collect();
        let mut evidence = evidence(&one, secret).at(view.place(0..0));
        evidence.fact.message = format!("the metadata {shown:?} holds {}", evidence.fact.message);
        scope.add(evidence);
    }
    (from > begin).then(|| covered + text.get(from..).unwrap_or_default())
}

/// All secrets of a text in their order; of two that overlap, the first.
fn all(text: &str, path: &str) -> Vec<Found> {
    let mut found = kinds::tokens(text);
    found.extend(kinds::private_keys(text));
    found.extend(kinds::assigned(text, path));
    found.extend(addresses::found(text));
    found.extend(forms::found(text, path));
    found.retain(|one| one.standing != Standing::Row || !shows(path));
    found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
    let mut end = 0;
    found.retain(|one| {
        let apart = one.range.start >= end;
        end = if apart { one.range.end } else { end };
        apart
    });
    found
}

/// True for a file that shows people, or programs under test, where a token goes.
fn shows(path: &str) -> bool {
    static ENDINGS: [&str; 9] = ["md", "mdx", "rst", "txt", "html", "ipynb", "adoc", "po", "csv"];
    static PARTS: [&str; 9] = ["test", "example", "sample", "doc", "mock", "fixture", "spec", "snippet", "readme"];
    let path = path.to_ascii_lowercase();
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ENDINGS.contains(&ending) || PARTS.iter().any(|part| path.contains(part))
}

fn evidence(found: &Found, secret: &str) -> Evidence {
    let rule = if found.private_key { &PRIVATE_KEY_PLAINTEXT } else { &SECRET_PLAINTEXT };
    let shown: String = secret.chars().take(found.shown).collect();
    let shown = if shown.is_empty() { String::new() } else { format!(" {shown:?}…,") };
    let count = secret.chars().count();
    let (what, severity) = match found.standing {
        Standing::Live => ("", found.severity),
        Standing::Encrypted => (", encrypted with a passphrase", Severity::Low),
        Standing::Published => ("; its owner published it for tests", Severity::Low),
        Standing::Unchecked => ("; its checksum does not fit, so it may be altered", found.severity),
        Standing::Row => ("; a part of it is a row of letters, so it may be made up", found.severity),
        Standing::Invented => ("; its checksum is wrong, so it was never issued", Severity::Low),
    };
    Evidence::new(rule, format!("{}:{shown} {count} characters{what}", found.name))
        .rated(severity)
        .with("kind", found.name)
}

/// Bits for others than the owner.
fn permissions(mode: u32, scope: &mut Scope<'_>) {
    let (what, severity) = if mode & 0o022 != 0 {
        ("others may replace the key", Severity::High)
    } else if mode & 0o044 != 0 {
        ("others may read the key", Severity::Low)
    } else {
        return;
    };
    let message = format!("its permissions are {:03o}: {what}", mode & 0o777);
    scope.add(
        Evidence::new(&KEY_FILE_PERMISSIONS, message).rated(severity).with("mode", format!("{:03o}", mode & 0o777)),
    );
}

#[cfg(test)]
mod tests;
