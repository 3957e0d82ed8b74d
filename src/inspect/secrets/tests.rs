//! Tokens are put together here, so that no scanner takes these tests for a leak.

use crate::model::{ArtifactPath, Evidence, Limits, Severity};
use crate::weigh::View;

const LETTERS: &str = "q7XbM2kTzR9wLc4VhJ8nPd3FsG6yAeUo5KtWiQ1xBvCm0ZrNjHgSfDlEpYaIuO";

fn look(name: &str, text: &str) -> Vec<Evidence> {
    let limits = Limits::default();
    let path = ArtifactPath::new(name);
    let mut scope = super::Scope::new(&path, &limits);
    View::with_bytes(text.as_bytes(), 1 << 24, |view| super::inspect(text, view, &mut scope));
    scope.close().evidence
}

fn random(length: usize) -> String {
    LETTERS.chars().cycle().skip(3).step_by(5).take(length).collect()
}

#[test]
fn tokens_are_found_and_never_shown() {
    for (mark, length) in
        [("hf_", 34), ("sk-proj-", 100), ("sk-ant-api03-", 95), ("glpat-", 20), ("AIza", 35), ("github_pat_", 82)]
    {
        let secret = format!("{mark}{}", random(length));
        let seen = look("README.md", &format!("first line\nlogin(token=\"{secret}\")\n"));
        assert_eq!(seen.iter().map(Evidence::severity).collect::<Vec<_>>(), [Severity::High], "{secret}");
        let excerpt = String::from_utf8(seen[0].excerpt.clone().unwrap().bytes).unwrap();
        assert!(!seen[0].fact.message.contains(&secret) && !excerpt.contains(&secret[..16]), "{seen:?}");
        assert!(excerpt.contains(mark.get(..7).unwrap_or(mark)), "{excerpt}");
    }
}

#[test]
fn examples_are_not() {
    for text in [
        "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "export HF_TOKEN=hf_your_token_here",
        "sk-proj-abcdefghijklmnopqrstuvwxyzabcdefghijklmnop",
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_1234567890abcdefghijklmnopqrstuvwxyz",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "the task-specific mask-based disk-cache sk-learn",
    ] {
        assert!(look("README.md", text).is_empty(), "{text}: {:?}", look("README.md", text));
    }
    assert!(look(".env.example", "API_TOKEN=hunter2hunter3").is_empty());
    assert!(look(".env", "API_TOKEN=${TOKEN}\n# SECRET=abcdefgh12\nDEBUG=true\n").is_empty());
}

#[test]
fn a_wrong_checksum_was_never_issued() {
    let body = random(30);
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut value = crc32fast::hash(body.as_bytes());
    let mut check = Vec::new();
    for _ in 0..6 {
        check.push(char::from(digits[(value % 62) as usize]));
        value /= 62;
    }
    let good = format!("ghp_{body}{}", check.iter().rev().collect::<String>());
    assert_eq!(look("a.txt", &good)[0].severity(), Severity::High);
    assert_eq!(look("a.txt", &format!("ghp_{}", random(36)))[0].severity(), Severity::Low);
}

#[test]
fn files_that_are_made_for_secrets() {
    assert_eq!(look(".env", "DB_PASSWORD=tr0ub4dor&3x\n").len(), 1);
    assert_eq!(look("kaggle.json", "{\"username\":\"me\",\"key\":\"8d1f0c2b7a6e5d4c3b2a19f8e7d6c5b4\"}").len(), 1);
    assert_eq!(look(".netrc", "machine huggingface.co login me password tr0ub4dor&3x").len(), 1);
}

#[test]
fn keys_in_pem_are_told_from_locked_ones() {
    let body: String = random(64).chars().chain("\n".chars()).cycle().take(195).collect();
    let key = |label: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    let seen = look("server.key", &key("RSA PRIVATE KEY"));
    assert_eq!((seen[0].rule.id, seen[0].severity()), ("private-key-plaintext", Severity::High));
    assert_eq!(look("server.key", &key("ENCRYPTED PRIVATE KEY"))[0].severity(), Severity::Low);
    assert!(look("server.pem", &key("CERTIFICATE")).is_empty());
    let json = format!("{{\"private_key\": {}}}", serde_json::to_string(&key("PRIVATE KEY")).unwrap());
    assert_eq!(look("account.json", &json).len(), 1);
}

#[test]
fn a_file_full_of_secrets_costs_no_more_than_reading_it() {
    let text: String = (0..50_000u32).map(|n| format!("TOKEN_{n}=Zk29fjQ{n:08}LmxPq7Ts\n")).collect();
    let seen = look(".env", &text);
    let listed = Limits::default().repeats;
    assert_eq!(seen.len() as u64, listed);
    assert_eq!(seen.last().unwrap().fact.details["more"], 50_000 - listed);
}

/// Marks are looked for 64 bytes at a time: one that begins anywhere in them is found, also across their border.
#[test]
fn a_mark_is_found_wherever_it_begins() {
    let token = format!("hf_{}", "aBcD1eFgH2iJkL3mNoP4qRsT5uVwX6yZ7Qw");
    for before in 0..200 {
        let text = format!("{}{token}\n", " ".repeat(before));
        let found = super::kinds::tokens(&text);
        assert_eq!(found.iter().map(|one| one.range.start).collect::<Vec<_>>(), [before]);
        assert!(super::kinds::tokens(&format!("{}x{token}", " ".repeat(before))).is_empty());
    }
}
