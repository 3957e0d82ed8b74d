//! Names of other models and of data, as cards and configurations give them: on the Hub, an address, a path.

use crate::model::address::without_credentials;

/// Addresses under which the Hub has its models and datasets.
const HUB: [&str; 4] =
    ["https://huggingface.co/", "http://huggingface.co/", "https://hf.co/", "https://www.huggingface.co/"];

/// The name by which somebody else finds it. An address on the Hub gives the name there, with the revision that it
/// leads to; another address stays, without credentials. Of a path on the machine of whoever made the model only the
/// last part is kept: the rest says nothing to anybody else.
pub(super) fn read(text: &str) -> (String, Option<String>) {
    let text = without_credentials(text.trim());
    let text = text.strip_prefix("hf://").unwrap_or(&text);
    if let Some(rest) = HUB.iter().find_map(|hub| text.strip_prefix(hub)) {
        return on_the_hub(rest);
    }
    if text.contains("://") || !is_path(text) {
        return (text.trim_end_matches('/').to_owned(), None);
    }
    let mut parts = text.split(['/', '\\']).filter(|part| !part.is_empty() && !matches!(*part, "." | ".." | "~"));
    match cached(text) {
        Some(found) => found,
        None => (parts.next_back().unwrap_or(text).to_owned(), None),
    }
}

/// `[datasets/]OWNER/NAME[/tree/REVISION]`
fn on_the_hub(rest: &str) -> (String, Option<String>) {
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let rest = rest.strip_prefix("datasets/").unwrap_or(rest).trim_matches('/');
    for word in ["/tree/", "/blob/", "/resolve/", "/commit/"] {
        if let Some((name, revision)) = rest.split_once(word) {
            return (name.to_owned(), revision.split('/').next().map(str::to_owned));
        }
    }
    (rest.to_owned(), None)
}

/// A folder of the Hub's cache says which model it holds: `models--OWNER--NAME/snapshots/COMMIT`.
fn cached(path: &str) -> Option<(String, Option<String>)> {
    let mut parts = path.split(['/', '\\']);
    let named = parts.find_map(|part| part.strip_prefix("models--").or(part.strip_prefix("datasets--")))?;
    let revision = parts.next().filter(|part| *part == "snapshots").and_then(|_| parts.next());
    Some((named.replacen("--", "/", 1), revision.filter(|revision| !revision.is_empty()).map(str::to_owned)))
}

/// True for what begins as paths do, or has more parts than a name on the Hub.
fn is_path(text: &str) -> bool {
    let drive = text.as_bytes().get(1) == Some(&b':') && text.starts_with(|c: char| c.is_ascii_alphabetic());
    let begins = text.starts_with(['/', '\\', '.', '~']);
    begins || drive || text.contains('\\') || text.trim_end_matches('/').matches('/').count() > 1
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn addresses_and_paths_become_names() {
        let sha = "0123456789012345678901234567890123456789";
        for (text, name, revision) in [
            ("acme/base", "acme/base", None),
            ("bert-base-uncased", "bert-base-uncased", None),
            ("https://huggingface.co/acme/base/", "acme/base", None),
            ("https://me:token@huggingface.co/acme/base/tree/main", "acme/base", Some("main")),
            ("https://huggingface.co/datasets/allenai/c4", "allenai/c4", None),
            ("https://u:p@example.org/base.bin", "https://example.org/base.bin", None),
            ("/srv/models/base-7b/", "base-7b", None),
            ("./out/checkpoint-500", "checkpoint-500", None),
            ("C:\\models\\base", "base", None),
            (&format!("/c/hub/models--acme--base/snapshots/{sha}/"), "acme/base", Some(sha)),
            ("/", "/", None),
        ] {
            assert_eq!(read(text), (name.to_owned(), revision.map(str::to_owned)), "{text}");
        }
    }
}
