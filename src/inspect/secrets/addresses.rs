//! Secrets that stand inside of addresses and connection strings, or behind a name, and bear no mark of their own.
//!
//! Sources: the documentation of the services; RFC 3986 for `user:password@host`. Addresses of this machine, of examples
//! and of single names, as composed containers have them, are not said.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::kinds::{Found, Standing};
use super::likely;

/// Texts beside which such secrets stand.
static MARKS: [&str; 7] =
    ["://", "AccountKey=", "/api/webhooks/", "hooks.slack.com/services/", ":AA", "wandb", "WANDB"];

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(MARKS).ok());

/// Services that are asked with a password in the address.
static SCHEMES: [&str; 16] = [
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mssql",
    "oracle",
    "mongodb",
    "mongodb+srv",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "clickhouse",
    "cockroachdb",
    "ldap",
    "ldaps",
];

/// Bytes of an address that are read.
const ADDRESS: usize = 512;

/// Bytes between a name and the value that belongs to it.
const NEAR: usize = 40;

/// The key by which everybody's storage emulator is asked, as Microsoft published it.
const EMULATOR: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6";

/// All of them in a text.
pub fn found(text: &str) -> Vec<Found> {
    let marks = FINDER.iter().flat_map(|finder| finder.find_iter(text));
    marks
        .filter_map(|mark| match MARKS.get(mark.pattern().as_usize()).copied()? {
            "://" => password(text, mark.start(), mark.end()),
            "AccountKey=" => storage(text, mark.end()),
            "/api/webhooks/" => discord(text, mark.start(), mark.end()),
            "hooks.slack.com/services/" => slack(text, mark.end()),
            ":AA" => telegram(text, mark.start()),
            _ => weights_and_biases(text, mark.end()),
        })
        .collect()
}

/// Bytes from there on that are letters of that kind.
fn run(text: &str, from: usize, letters: fn(u8) -> bool) -> usize {
    text.as_bytes().get(from..).unwrap_or_default().iter().take(ADDRESS).take_while(|byte| letters(**byte)).count()
}

const fn is_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// `postgres://user:password@host/…`, also `postgresql+driver://`
fn password(text: &str, sign: usize, start: usize) -> Option<Found> {
    let before = text.get(text.floor_char_boundary(sign.saturating_sub(32))..sign)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '+';
    let scheme = before.rsplit(|c| !plain(c)).next()?.to_ascii_lowercase();
    let service = if scheme == "mongodb+srv" { scheme.as_str() } else { scheme.split('+').next()? };
    let web = matches!(service, "http" | "https");
    if !web && !SCHEMES.contains(&service) {
        return None;
    }
    let rest = text.get(start..text.floor_char_boundary(start.saturating_add(ADDRESS)))?;
    let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>,;\\".contains(c)).unwrap_or(rest.len());
    let (user_info, host) = rest.get(..end)?.rsplit_once('@')?;
    let (user, password) = user_info.split_once(':')?;
    let host = host.split(':').next()?.to_ascii_lowercase();
    let here = ["localhost", "127.", "0.0.0.0", "host.", "example", "your", "docker.internal"];
    let open = host.contains('.') && !here.iter().any(|part| host.contains(part)) && !host.contains(['{', '$', '%']);
    let reference = password.contains(['$', '{', '}', '*', '(', '[', '%']) && !password.contains("%40");
    let mixed = password.bytes().any(|byte| byte.is_ascii_digit()) && password.bytes().any(|b| b.is_ascii_alphabetic());
    let worth = password.len() >= 8 && mixed && likely::is_password(password) && !likely::is_placeholder(password);
    if web {
        // Indices of packages and repositories take tokens so; people show the form with words.
        let token = password.len() >= 16 && mixed && likely::is_random(password) && host.contains('.');
        return (token && !reference && !host.starts_with("127."))
            .then(|| Found::live("a password in an address", start + user.len() + 1, password.len()));
    }
    let own = !user.is_empty() && password.eq_ignore_ascii_case(user);
    (open && !reference && worth && !own && likely::entropy(password) > 2.5)
        .then(|| Found::live("a password in an address", start + user.len() + 1, password.len()))
}

/// `AccountKey=` and the 64 bytes of an Azure storage key in base 64.
fn storage(text: &str, start: usize) -> Option<Found> {
    let length = run(text, start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    let key = text.get(start..start + length)?;
    let padded = text.get(start + length..)?.starts_with("==");
    if length != 86 || !padded || likely::entropy(key) < 4.0 || likely::is_dummy(key) {
        return None;
    }
    let standing = if key.starts_with(EMULATOR) { Standing::Published } else { Standing::Live };
    Some(Found { standing, ..Found::live("an Azure storage key", start, length + 2) })
}

/// `discord.com/api/webhooks/NUMBER/TOKEN`
fn discord(text: &str, mark: usize, start: usize) -> Option<Found> {
    let host = text.get(..mark)?;
    let digits = run(text, start, |byte| byte.is_ascii_digit());
    let begin = start + digits + 1;
    let length = run(text, begin, is_url);
    let known = (host.ends_with("discord.com") || host.ends_with("discordapp.com"))
        && (17..=20).contains(&digits)
        && text.get(start + digits..)?.starts_with('/')
        && (60..=80).contains(&length);
    (known && likely::is_random(text.get(begin..begin + length)?))
        .then(|| Found::live("the address of a Discord webhook", begin, length))
}

/// `hooks.slack.com/services/T…/B…/TOKEN`
fn slack(text: &str, start: usize) -> Option<Found> {
    let length = run(text, start, |byte| byte.is_ascii_alphanumeric() || byte == b'/');
    let path = text.get(start..start + length)?;
    let mut parts = path.split('/');
    let (team, room, token) = (parts.next()?, parts.next()?, parts.next()?);
    let known = team.starts_with('T') && room.starts_with('B') && token.len() == 24 && parts.next().is_none();
    (known && likely::is_random(token)).then(|| Found::live("the address of a Slack webhook", start, length))
}

/// The number of a bot, a colon, and 35 letters that begin with `AA`.
fn telegram(text: &str, colon: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let digits = bytes.get(..colon)?.iter().rev().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let alone = colon.checked_sub(digits + 1).and_then(|at| bytes.get(at)).is_none_or(|byte| !is_url(*byte));
    let named = text.get(..colon - digits).is_some_and(|before| before.ends_with("bot"));
    let length = run(text, colon + 1, is_url);
    ((8..=10).contains(&digits) && (alone || named) && length == 35)
        .then(|| text.get(colon + 1..colon + 1 + length))
        .flatten()
        .filter(|token| likely::is_random(token))
        .map(|_| Found::live("a token of a Telegram bot", colon + 1, length))
}

/// `WANDB_API_KEY=`, `wandb.login(key="…")`, `wandb login`, and 40 hexadecimal digits.
fn weights_and_biases(text: &str, start: usize) -> Option<Found> {
    let bytes = text.as_bytes().get(start..)?;
    let line = bytes.get(..bytes.len().min(NEAR + 41)).unwrap_or_default();
    let line = line.split(|byte| *byte == b'\n').next()?;
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let begin = (0..line.len().min(NEAR)).find(|at| {
        let rest = line.get(*at..).unwrap_or_default();
        rest.iter().take(41).take_while(|byte| hex(byte)).count() == 40
    })?;
    let between = std::str::from_utf8(line.get(..begin)?).ok()?.to_ascii_lowercase();
    let assigned = between.contains("key") || between.contains("login ");
    let plain = between.chars().all(|c| c.is_ascii_alphanumeric() || "_-. =:\"'([{".contains(c));
    let alone = !between.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let key = text.get(start + begin..start + begin + 40)?;
    (assigned && plain && alone && likely::is_random(key))
        .then(|| Found::live("a Weights & Biases key", start + begin, 40))
}
