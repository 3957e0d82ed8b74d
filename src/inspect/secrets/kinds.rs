//! The marks of tokens, as their issuers publish them.
//!
//! Sources: the issuers' documentation; GitHub's post of 2021-04-05 on the format of its tokens (a CRC-32 in base 62
//! at the end), which npm shares.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

use super::likely;
use crate::model::Severity;

/// How sure it is that the secret opens something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It looks as one that does.
    Live,
    /// It needs a passphrase.
    Encrypted,
    /// It has the form, but not the checksum: somebody altered it, or made it up with care.
    Unchecked,
    /// It has not the checksum, and its letters count up, as those of examples do.
    Invented,
    /// A part of it is a row of the alphabet, of digits or of the keyboard: somebody made it up, or shows where one goes.
    Row,
    /// Its owner published it for tests.
    Published,
}

/// One secret in a text.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is.
    pub name: &'static str,
    /// Where it stands.
    pub range: Range<usize>,
    /// Bytes of it that may be shown.
    pub shown: usize,
    /// How bad it is to have it in the open.
    pub severity: Severity,
    /// How sure that is.
    pub standing: Standing,
    /// True for a private key.
    pub private_key: bool,
}

impl Found {
    /// A secret that looks as one that opens something, of which nothing may be shown.
    pub const fn live(name: &'static str, start: usize, length: usize) -> Self {
        let (severity, standing) = (Severity::High, Standing::Live);
        Self { name, range: start..start + length, shown: 0, severity, standing, private_key: false }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    Alphanumeric,
    Upper32,
    Hex,
    Url,
    Dotted,
}

impl Letters {
    const fn holds(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Upper32 => matches!(byte, b'A'..=b'Z' | b'0'..=b'9'),
            Self::Hex => matches!(byte, b'a'..=b'f' | b'0'..=b'9'),
            Self::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
        }
    }
}

/// A kind: mark, name, letters behind the mark, at least and at most so many, and whether a checksum ends it.
struct Kind(&'static str, &'static str, Letters, usize, usize, bool);

const KINDS: &[Kind] = &[
    Kind("hf_", "a Hugging Face token", Letters::Alphanumeric, 34, 37, false),
    Kind("api_org_", "a Hugging Face organisation token", Letters::Alphanumeric, 34, 34, false),
    Kind("sk-ant-", "an Anthropic key", Letters::Url, 80, 140, false),
    Kind("sk-proj-", "an OpenAI key", Letters::Url, 40, 200, false),
    Kind("sk-svcacct-", "an OpenAI key", Letters::Url, 40, 200, false),
    Kind("sk-admin-", "an OpenAI key", Letters::Url, 40, 200, false),
    Kind("sk-or-v1-", "an OpenRouter key", Letters::Hex, 64, 64, false),
    Kind("sk-", "an OpenAI key", Letters::Alphanumeric, 48, 48, false),
    Kind("sk-", "a key of a model service", Letters::Hex, 32, 32, false),
    Kind("AKIA", "an AWS access key", Letters::Upper32, 16, 16, false),
    Kind("ASIA", "an AWS session key", Letters::Upper32, 16, 16, false),
    Kind("ghp_", "a GitHub token", Letters::Alphanumeric, 36, 36, true),
    Kind("gho_", "a GitHub token", Letters::Alphanumeric, 36, 36, true),
    Kind("ghu_", "a GitHub token", Letters::Alphanumeric, 36, 36, true),
    Kind("ghs_", "a GitHub token", Letters::Alphanumeric, 36, 36, true),
    Kind("ghr_", "a GitHub token", Letters::Alphanumeric, 36, 36, true),
    Kind("github_pat_", "a GitHub token", Letters::Url, 82, 82, false),
    Kind("npm_", "an npm token", Letters::Alphanumeric, 36, 36, true),
    Kind("glpat-", "a GitLab token", Letters::Url, 20, 64, false),
    Kind("pypi-AgEIcHlwaS5vcmc", "a PyPI token", Letters::Url, 50, 220, false),
    Kind("xoxb-", "a Slack token", Letters::Url, 40, 90, false),
    Kind("xoxp-", "a Slack token", Letters::Url, 40, 90, false),
    Kind("xapp-", "a Slack token", Letters::Url, 40, 120, false),
    Kind("AIza", "a Google API key", Letters::Url, 35, 35, false),
    Kind("GOCSPX-", "a Google client secret", Letters::Url, 28, 28, false),
    Kind("eyJ", "a JSON web token", Letters::Dotted, 60, 4096, false),
    Kind("gsk_", "a Groq key", Letters::Alphanumeric, 52, 52, false),
    Kind("xai-", "an xAI key", Letters::Alphanumeric, 80, 80, false),
    Kind("r8_", "a Replicate token", Letters::Alphanumeric, 37, 37, false),
    Kind("nvapi-", "an NVIDIA key", Letters::Url, 60, 70, false),
    Kind("dop_v1_", "a DigitalOcean token", Letters::Hex, 64, 64, false),
    Kind("dapi", "a Databricks token", Letters::Hex, 32, 32, false),
    Kind("sk_live_", "a Stripe key", Letters::Alphanumeric, 24, 120, false),
    Kind("SG.", "a SendGrid key", Letters::Dotted, 66, 66, false),
    Kind("AGE-SECRET-KEY-1", "an age key", Letters::Upper32, 58, 58, false),
];

const fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'+')
}

/// All marks at once: every byte of every text is held against them.
static MARKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(KINDS.iter().map(|kind| kind.0)).ok()
});

/// Tokens, told by their marks.
pub fn tokens(text: &str) -> Vec<Found> {
    let bytes = text.as_bytes();
    let marks = MARKS.iter().flat_map(|marks| marks.find_iter(bytes).map(|mark| mark.start()));
    let begins = |at: &usize| at.checked_sub(1).is_none_or(|before| !joins(bytes[before]));
    marks.filter(begins).filter_map(|at| token(bytes, at)).collect()
}

fn token(bytes: &[u8], at: usize) -> Option<Found> {
    let rest = &bytes[at..];
    for Kind(mark, name, letters, least, most, checked) in
        KINDS.iter().filter(|kind| rest.starts_with(kind.0.as_bytes()))
    {
        let body = &rest[mark.len()..];
        let mut dots = 0;
        let within = |byte: &&u8| {
            // No token has more dots than the two of a web token.
            dots += u32::from(**byte == b'.');
            letters.holds(**byte) && dots < 3
        };
        let length = body.iter().take(most + 1).take_while(within).count();
        let ended = body.get(length).is_none_or(|byte| !joins(*byte));
        if length < *least || length > *most || !ended {
            continue;
        }
        let Ok(text) = std::str::from_utf8(&body[..length]) else { continue };
        let known = match *mark {
            "eyJ" => likely::is_web_token(&rest[..mark.len() + length]),
            "AKIA" | "ASIA" => !likely::is_placeholder(text) && text.bytes().any(|byte| byte.is_ascii_digit()),
            "SG." => text.bytes().filter(|byte| *byte == b'.').count() == 1 && likely::is_random(text),
            _ => likely::is_random(text),
        };
        let row = !known && !matches!(*mark, "eyJ" | "AKIA" | "ASIA" | "SG.") && likely::is_row(text);
        if !known && !row {
            continue;
        }
        let whole = &rest[..mark.len() + length];
        let standing = if row {
            Standing::Row
        } else if likely::is_published(whole) {
            Standing::Published
        } else if *checked && !likely::checksum_holds(text) {
            if likely::counts_up(text) { Standing::Invented } else { Standing::Unchecked }
        } else {
            Standing::Live
        };
        let severity = if *mark == "eyJ" { Severity::Medium } else { Severity::High };
        let (range, shown) = (at..at + mark.len() + length, mark.len() + 3);
        return Some(Found { name, range, shown, severity, standing, private_key: false });
    }
    None
}

/// Bytes of a private key: one of 16,384 bits takes 13 KiB.
const KEY_BYTES: usize = 16 << 10;

/// Private keys in PEM, also where line breaks are written as `\n`.
pub fn private_keys(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for at in memmem::find_iter(text.as_bytes(), "-----BEGIN ") {
        let label = text[at + 11..].split("-----").next().unwrap_or_default();
        if label.len() > 40 || !(label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK") {
            continue;
        }
        let start = at + 11 + label.len() + 5;
        // A key ends at the next dashes, whatever they say: what goes on behind them is another.
        let end = text.get(start..).and_then(|rest| rest.find("-----")).map_or(text.len(), |end| start + end);
        let end = text.floor_char_boundary(end.min(start.saturating_add(KEY_BYTES)));
        let body = text.get(start..end).unwrap_or_default();
        let letters: String = body
            .replace("\\n", "")
            .split_whitespace()
            .filter(|line| !line.contains(':') && !line.starts_with("4,"))
            .flat_map(str::chars)
            .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '='))
            .take(4096)
            .collect();
        if letters.len() < 56 || likely::is_dummy(&letters) || likely::entropy(&letters) < 3.5 {
            continue;
        }
        let encrypted =
            label.contains("ENCRYPTED") || body.contains("ENCRYPTED") || likely::is_locked_openssh(&letters);
        let standing = if encrypted { Standing::Encrypted } else { Standing::Live };
        found.push(Found {
            name: "a private key",
            range: at..end,
            shown: 11 + label.len() + 5,
            severity: Severity::High,
            standing,
            private_key: true,
        });
    }
    found
}

/// Names of values that only their owner may know.
static SECRET_NAMES: [&str; 10] =
    ["secret", "token", "password", "passwd", "api_key", "apikey", "access_key", "private_key", "auth", "credential"];

/// Files that are made for secrets.
static STORES: [&str; 8] =
    ["_netrc", ".netrc", ".pypirc", "kaggle.json", ".git-credentials", ".npmrc", ".pgpass", "pgpass.conf"];

fn is_environment(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
}

/// True for the name, in small letters, of a file that is made for secrets.
pub fn is_store(name: &str) -> bool {
    is_environment(name) || STORES.contains(&name)
}

/// Secrets by the name they are assigned to: an AWS secret anywhere, others in the files that are made for them.
pub fn assigned(text: &str, path: &str) -> Vec<Found> {
    let name = path.rsplit(['/', '!']).next().unwrap_or(path).to_ascii_lowercase();
    let environment = is_environment(&name);
    let example = ["example", "sample", "template", "dist"].iter().any(|word| name.contains(word));
    let store =
        STORES.contains(&name.as_str()) || path.ends_with(".aws/credentials") || path.ends_with(".docker/config.json");
    let mut found = Vec::new();
    let looked_at = store || (environment && !example) || names_aws_secret(text);
    if !looked_at {
        return found;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        // A name stands near the beginning of its line; the rest of an overlong one is data.
        let lower = line.get(..line.floor_char_boundary(NAMED)).unwrap_or_default().to_ascii_lowercase();
        if let Some(key) = lower.find(AWS_SECRET) {
            found.extend(value(line, start, key + AWS_SECRET.len(), "an AWS secret key", |text| {
                text.len() == 40 && likely::is_random(text)
            }));
        } else if environment && !example {
            let Some((key, _)) = lower.split_once('=') else { continue };
            if !line.trim_start().starts_with('#') && SECRET_NAMES.iter().any(|name| key.contains(name)) {
                found.extend(value(line, start, key.len(), "a secret of the environment", likely::is_password));
            }
        } else if store {
            let words = ["password", "passwd", "\"key\"", "_authtoken", "\"auth\"", "secret"];
            for word in words {
                if let Some(key) = lower.find(word) {
                    found.extend(value(line, start, key + word.len(), "a stored password", likely::is_password));
                    break;
                }
            }
        }
    }
    found
}

/// The name of an AWS secret key, wherever it stands.
const AWS_SECRET: &str = "aws_secret_access_key";

/// True if that name stands in a text, in small letters, capitals, or words that begin with one. Hardly any text holds
/// it, and to look line by line for it is most of what reading a text costs.
fn names_aws_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    let begins = |core: &str| AWS_SECRET.find(&core.to_ascii_lowercase());
    ["ccess_", "CCESS_"].into_iter().filter_map(|core| Some((core, begins(core)?))).any(|(core, before)| {
        let starts = memmem::find_iter(bytes, core).filter_map(|at| at.checked_sub(before));
        let mut names = starts.filter_map(|start| bytes.get(start..start + AWS_SECRET.len()));
        names.any(|name| name.eq_ignore_ascii_case(AWS_SECRET.as_bytes()))
    })
}

/// Bytes of a line in which the name of a value is looked for, and behind it the value.
const NAMED: usize = 4096;

/// The value that follows on a name: behind `=`, `:` or white space, perhaps in quotes.
fn value(line: &str, start: usize, from: usize, name: &'static str, good: fn(&str) -> bool) -> Option<Found> {
    let rest = line.get(from..line.floor_char_boundary(from.saturating_add(NAMED)))?;
    let skipped = rest.len() - rest.trim_start_matches([' ', '\t', '=', ':', '"', '\'']).len();
    let rest = &rest[skipped..];
    let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';')).unwrap_or(rest.len());
    let begin = start + from + skipped;
    let found = Found {
        name,
        range: begin..begin + length,
        shown: 0,
        severity: Severity::High,
        standing: Standing::Live,
        private_key: false,
    };
    good(&rest[..length]).then_some(found)
}
