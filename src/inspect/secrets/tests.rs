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
fn a_checksum_that_does_not_fit_is_said() {
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
    let altered = look("a.txt", &format!("ghp_{}", random(36)));
    assert_eq!(altered[0].severity(), Severity::High);
    assert!(altered[0].fact.message.contains("checksum"), "{altered:?}");
    let example = look("a.txt", &["ghp", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].join("_"));
    assert_eq!(example[0].severity(), Severity::Low);
}

#[test]
fn secrets_inside_of_addresses() {
    let hex: String = "8b5b7a767c76fb008f86bebb2737f6a6f0fb23c6".to_owned();
    for text in [
        format!("postgres://admin:{}@db.prod.invalid:5432/x", random(14)),
        format!("mongodb+srv://app:{}@cluster0.ab12.mongodb.net/", random(14)),
        format!("AccountName=prod;AccountKey={}==;EndpointSuffix=x", random(86)),
        format!("https://discord.com/api/webhooks/332536593687780063/{}", random(68)),
        format!("BOT=\"3400571727:AA{}\"", random(33)),
        format!("export WANDB_API_KEY={hex}"),
        format!("wandb.login(key='{hex}')"),
    ] {
        let seen = look("a.sh", &text);
        assert_eq!(seen.iter().map(Evidence::severity).collect::<Vec<_>>(), [Severity::High], "{text}");
    }
    for text in [
        "postgres://postgres:password@db.prod.invalid/x",
        "postgres://user:pass@db.prod.invalid/x",
        "postgresql+psycopg2://airflow:airflow@postgres/airflow",
        "redis://:q7Xb2kTz9wLc@localhost:6379/0",
        "mysql://user:${PASSWORD}@db.prod.invalid/x",
        "mongodb+srv://<user>:<password>@cluster0.mongodb.net",
        &format!("wandb @ git+https://github.com/wandb/wandb@{hex}"),
        "WANDB_API_KEY=your_key_here",
    ] {
        assert!(look("README.md", text).is_empty(), "{text}: {:?}", look("README.md", text));
    }
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
