//! Texts that stand where weights should: what a server said instead of the file, what a program said when it failed, and
//! what somebody wrote to have a file of that name.
//!
//! Honest texts have such names, too: vectors of words in letters, models of LIBSVM, ranks of tokens. So a text is only
//! told by what it says, or by a name that nothing but PyTorch and its callers gives. Not looked at: long texts under
//! other names.

use crate::weigh::View;

use super::Scope;
use super::json::Tree;

/// Bytes that are read.
const HEAD: u64 = 4096;

/// Bytes that no weights under a name of their own fit into as text.
const SHORT: u64 = 1024;

/// Parts of names that weights have.
const NAMES: [&str; 12] = [
    "model",
    "weights",
    "adapter",
    "optimizer",
    "scheduler",
    "consolidated",
    "training_args",
    "random_states",
    "rng_state",
    "checkpoint",
    "lora",
    "embeds",
];

/// Endings of data whose readers cannot read a text of any kind, or not such a one.
const DATA: [&str; 12] =
    ["mat", "crfsuite", "faiss", "ann", "annoy", "hnsw", "vec", "spm", "tiktoken", "sqlite", "sqlite3", "db"];

/// How answers of servers and notes begin, in small letters.
const ANSWERS: [&str; 32] = [
    "not found",
    "entry not found",
    "file not found",
    "repository not found",
    "repo not found",
    "revision not found",
    "no such ",
    "too many requests",
    "rate limit",
    "you have exceeded",
    "forbidden",
    "unauthorized",
    "unauthorised",
    "access denied",
    "access to ",
    "permission denied",
    "authentication required",
    "invalid credentials",
    "invalid username",
    "bad request",
    "bad gateway",
    "service unavailable",
    "internal server error",
    "gateway time",
    "request time",
    "upstream ",
    "error:",
    "traceback (most recent call last)",
    "todo",
    "placeholder",
    "(placeholder",
    "# todo",
];

/// Tags with which pages and answers begin, in small letters.
const TAGS: [&str; 12] = [
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<title",
    "<center",
    "<h1",
    "<h2",
    "<pre",
    "<p>",
    "<error",
    "<listbucketresult",
];

/// Keys of answers in JSON.
const KEYS: [&str; 14] = [
    "error",
    "errors",
    "message",
    "msg",
    "detail",
    "details",
    "status",
    "statuscode",
    "status_code",
    "code",
    "success",
    "reason",
    "documentation_url",
    "requestid",
];

/// True for the ending of data that [`of`] can tell something of.
pub fn is_data(extension: &str) -> bool {
    DATA.contains(&extension)
}

/// What stands in the place of weights, if the bytes are a text of that kind. `name` is in small letters.
pub fn of(name: &str, extension: &str, view: &View<'_>, scope: &Scope<'_>) -> Option<&'static str> {
    let plain = |name: &str| matches!(name, "text" | "json" | "xml" | "html");
    if scope.formats().is_empty() || !scope.formats().iter().all(|format| plain(format.name())) {
        return None;
    }
    let head = view.read_up_to(0, HEAD).ok()?;
    let text = String::from_utf8_lossy(&head);
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    if view.len() <= HEAD && is_answer(begin) {
        return Some("what a server or a program says when it fails");
    }
    let pieces = extension == "model" && ["spiece", "sentencepiece", "spm"].iter().any(|word| name.contains(word));
    if pieces && begin.starts_with(['{', '[', '<']) {
        return Some("a text");
    }
    let named = NAMES.iter().any(|part| name.contains(part)) || view.len() <= SHORT;
    (extension == "bin" && named && !is_numbers(begin)).then_some("a text")
}

fn is_answer(text: &str) -> bool {
    if text.starts_with('{') {
        let Some(Tree::Object(members)) = Tree::read(text.trim_end().as_bytes(), 8) else { return false };
        let says = |key: &str| matches!(key, "error" | "errors" | "message" | "msg" | "detail");
        let small: Vec<String> = members.iter().map(|(key, _)| key.to_ascii_lowercase()).collect();
        return small.iter().any(|key| says(key)) && small.iter().all(|key| KEYS.contains(&key.as_str()));
    }
    let declared = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or(text, |(_, rest)| rest);
    let small: String = declared.trim_start().chars().take(64).collect::<String>().to_lowercase();
    // The number of an HTTP status, and what it means.
    let status = |text: &str| {
        let (number, rest) = text.split_at_checked(3).unwrap_or_default();
        let meaning = rest.trim_start_matches([':', ' ', '-']);
        number.starts_with(['4', '5'])
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && meaning.len() < rest.len()
            && meaning.starts_with(|c: char| c.is_alphabetic())
    };
    ANSWERS.iter().chain(&TAGS).any(|begin| small.starts_with(begin))
        || status(small.strip_prefix("http/1.1 ").unwrap_or(&small))
}

/// True for lines that are made of numbers, each perhaps behind a word.
fn is_numbers(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().take(2).collect();
    !lines.is_empty()
        && lines.iter().all(|line| {
            let all = line.split([' ', '\t', ',', ';']).filter(|part| !part.is_empty());
            let (numbers, others) = all.fold((0usize, 0usize), |(numbers, others), part| {
                if part.parse::<f64>().is_ok() { (numbers + 1, others) } else { (numbers, others + 1) }
            });
            numbers >= 1 && others <= 1
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_texts_that_are_weights() {
        for text in [
            "Not Found",
            "<h1>403 Forbidden</h1>\n",
            "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>",
            "404: Not Found",
            "HTTP/1.1 503 Service Unavailable",
            "{\"error\": \"Connection reset\", \"status\": 504}",
            "Traceback (most recent call last):\n  File",
        ] {
            assert!(is_answer(text), "{text}");
        }
        for text in
            ["404 12 7\n", "svm_type c_svc\nkernel_type rbf\n", "{\"learner\": {}, \"version\": [1]}", "IQ== 0\n"]
        {
            assert!(!is_answer(text), "{text}");
        }
        assert!(is_numbers("2 3\nword 0.1 0.2 0.3\n") && is_numbers("the 0.1 -2e-3\nof 1 2\n") && is_numbers("1\n2\n"));
        assert!(!is_numbers("gAR9lC4=\ngAR9lC4=\n") && !is_numbers("pending upload\n"));
    }
}
