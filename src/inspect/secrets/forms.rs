//! Secrets in the forms that single programs keep them in: keys of PuTTY, keys in base 64 as `kubectl` writes them,
//! passwords of PostgreSQL and git, and keys of model services behind their names.
//!
//! Sources: the documentation of the programs. Names of services are followed by `=` or `:` and a value in quotes or to the
//! end of the line.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::kinds::{Found, Standing};
use super::likely;

/// Texts beside which such secrets stand. In base 64 `-----BEGIN` begins as the second.
static MARKS: [&str; 26] = [
    "PuTTY-User-Key-File-",
    "LS0tLS1CRUdJTi",
    "openai_key",
    "openai_api_key",
    "azure_api_key",
    "anthropic_api_key",
    "cohere_api_key",
    "mistral_api_key",
    "pinecone_api_key",
    "together_api_key",
    "gemini_api_key",
    "deepseek_api_key",
    "elevenlabs_api_key",
    "serpapi_api_key",
    "tavily_api_key",
    "voyage_api_key",
    "qdrant_api_key",
    "weaviate_api_key",
    "langchain_api_key",
    "langsmith_api_key",
    "comet_api_key",
    "mlflow_tracking_password",
    "neptune_api_token",
    "hf_api_key",
    "huggingface_api_key",
    "azure_openai_key",
];

static FINDER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(MARKS).ok());

/// Bytes of a key that are looked at.
const KEY: usize = 32 << 10;

/// All of them in a text; `path` says what kind of file it is.
pub fn found(text: &str, path: &str) -> Vec<Found> {
    let mut found = of_file(text, path);
    // Where the marks of PuTTY are looked at again, and those of base 64 for each way to lie in groups of four: marks
    // that follow on each other closely are of one key, or of none.
    let (mut putty_from, mut encoded_from) = (0, [0; 4]);
    for mark in FINDER.iter().flat_map(|finder| finder.find_iter(text)) {
        let start = mark.start();
        found.extend(match mark.pattern().as_usize() {
            0 if start < putty_from => None,
            0 => {
                putty_from = start.saturating_add(KEY / 8);
                putty(text, start)
            }
            1 if start < encoded_from[start % 4] => None,
            1 => {
                let run = base64_run(text, start);
                encoded_from[start % 4] = start.saturating_add(run);
                encoded(text, start, run)
            }
            _ => service(text, mark.end()),
        });
    }
    found
}

/// Letters of base 64 from there on.
fn base64_run(text: &str, start: usize) -> usize {
    let letters = text.as_bytes().get(start..).unwrap_or_default().iter().take(KEY);
    letters.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).count()
}

/// The lines of files that hold nothing but passwords.
fn of_file(text: &str, path: &str) -> Vec<Found> {
    let name = path.rsplit(['/', '!']).next().unwrap_or(path).to_ascii_lowercase();
    let postgres = matches!(name.as_str(), ".pgpass" | "pgpass.conf");
    let mut found = Vec::new();
    if !postgres && name != ".git-credentials" {
        return found;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let plain = line.trim_end();
        if plain.starts_with('#') {
            continue;
        }
        let password = if postgres {
            // host:port:database:user:password, a colon in which stands behind a backslash.
            plain.match_indices(':').nth(3).map(|(colon, _)| colon + 1..plain.len())
        } else {
            let user = plain.find("://").map_or(0, |at| at + 3);
            let end = plain.rfind('@');
            let colon = plain.get(user..).and_then(|rest| rest.find(':')).map(|colon| user + colon + 1);
            colon.zip(end).filter(|(colon, end)| colon < end).map(|(colon, end)| colon..end)
        };
        if let Some(range) = password
            && plain.get(range.clone()).is_some_and(likely::is_password)
        {
            found.push(Found::live("a stored password", start + range.start, range.len()));
        }
    }
    found
}

/// A key of PuTTY: a line says how it is encrypted, and its private part is in base 64.
fn putty(text: &str, start: usize) -> Option<Found> {
    let rest = text.get(start..text.floor_char_boundary(start.saturating_add(KEY)))?;
    let encryption = rest.split_once("Encryption:")?.1.lines().next()?.trim();
    let at = rest.find("Private-Lines:")?;
    let body: String = rest.get(at..)?.lines().skip(1).take_while(|line| !line.contains(':')).collect();
    if body.len() < 32 || likely::is_dummy(&body) || likely::entropy(&body) < 3.5 {
        return None;
    }
    let end = rest.find("Private-MAC:").unwrap_or(rest.len());
    let standing = if encryption == "none" { Standing::Live } else { Standing::Encrypted };
    Some(Found { standing, private_key: true, shown: 20, ..Found::live("a private key of PuTTY", start, end) })
}

/// A private key in PEM that is written in base 64 once more.
fn encoded(text: &str, start: usize, length: usize) -> Option<Found> {
    // Another mark in the same run is looked at in what comes out.
    let whole = text.get(start..start + length / 4 * 4)?;
    let plain = STANDARD_NO_PAD.decode(whole).ok()?;
    let plain = String::from_utf8_lossy(&plain);
    let keys = plain.match_indices("-----BEGIN ").filter_map(|(at, mark)| plain.get(at + mark.len()..));
    let key =
        keys.take(64).find(|key| key.split("-----").next().is_some_and(|label| label.ends_with("PRIVATE KEY")))?;
    let label = key.split("-----").next()?;
    let body: String = key.lines().skip(1).take_while(|line| !line.starts_with("--")).collect();
    if body.len() < 56 || likely::is_dummy(&body) || likely::entropy(&body) < 3.5 {
        return None;
    }
    let standing =
        if label.contains("ENCRYPTED") || body.contains("ENCRYPTED") { Standing::Encrypted } else { Standing::Live };
    Some(Found { standing, private_key: true, ..Found::live("a private key in base 64", start, length) })
}

/// The value behind the name of a key of a service: letters and digits drawn by lot.
fn service(text: &str, from: usize) -> Option<Found> {
    let rest = text.get(from..text.floor_char_boundary(from.saturating_add(256)))?;
    let line = rest.lines().next()?;
    let value =
        line.trim_start_matches(['"', '\'', ')', ']', ' ']).strip_prefix(['=', ':'])?.trim_start_matches([' ', '=']);
    let quoted = value.starts_with(['"', '\'']);
    let value = value.trim_start_matches(['"', '\'']);
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || "-_./+=".contains(c))).unwrap_or(value.len());
    let (key, behind) = value.split_at_checked(end)?;
    let ended = if quoted {
        behind.starts_with(['"', '\''])
    } else {
        behind.trim_start().is_empty() || behind.starts_with([' ', ','])
    };
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    let letters = key.bytes().filter(u8::is_ascii_alphabetic).count();
    let known = ended && (20..=128).contains(&key.len()) && digits > 3 && letters > 3 && !key.contains('.');
    (known && likely::is_random(key))
        .then(|| Found::live("a key of a model service", from + (line.len() - value.len()), key.len()))
}
