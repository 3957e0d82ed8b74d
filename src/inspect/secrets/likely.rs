//! Telling secrets from examples of them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Words that nobody's random letters spell.
static WORDS: [&str; 21] = [
    "example",
    "placeholder",
    "your",
    "xxxx",
    "dummy",
    "changeme",
    "insert",
    "replace",
    "redacted",
    "secret",
    "token",
    "password",
    "abcdef",
    "123456",
    "qwerty",
    "deadbeef",
    "foobar",
    "sample",
    "0000",
    "....",
    "****",
];

/// Those of them that stand for no word.
static ROWS: [&str; 3] = ["abcdef", "123456", "qwerty"];

/// True for texts made for people to see where a secret would stand.
pub fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word)) || runs(lower.as_bytes())
}

/// The same for the body of a key, which has long runs of one letter by its nature.
pub fn is_dummy(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["example", "placeholder", "xxxxxx", "yourkey", "redacted"].iter().any(|word| lower.contains(word))
}

/// Five of the same letter in a row, or six that count up.
fn runs(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|five| five.iter().all(|byte| *byte == five[0]))
        || bytes.windows(6).any(|six| six.windows(2).all(|two| two[1] == two[0].wrapping_add(1)))
}

/// True if the letters, without the digits between them, mostly follow on each other in the alphabet.
pub fn counts_up(text: &str) -> bool {
    let letters: Vec<u8> =
        text.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect();
    let next = letters.windows(2).filter(|two| two[1] == two[0].wrapping_add(1)).count();
    next * 2 > letters.len()
}

/// SHA-256 of tokens that their owners published: that of the hub's test instance, in the tests of transformers.
static PUBLISHED: [&str; 1] = ["5de261506c0ff857b7c1af7059f842fb0a36d1ca2e4895da542c5eb726f2c802"];

/// True for a token that opens nothing but a test instance.
pub fn is_published(token: &[u8]) -> bool {
    PUBLISHED.contains(&hex::encode(Sha256::digest(token)).as_str())
}

/// Bits a letter, by how often each occurs.
pub fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = text.len().max(1) as f64;
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length).map(|p| -p * p.log2()).sum()
}

/// True if the letters look drawn by lot.
pub fn is_random(text: &str) -> bool {
    let enough = if text.bytes().all(|byte| byte.is_ascii_hexdigit()) { 3.0 } else { 3.4 };
    !is_placeholder(text) && entropy(text) >= enough
}

/// True for letters that look drawn by lot but for a row of the alphabet, of digits or of the keyboard: somebody who shows
/// where a token goes writes them, and so does somebody who makes one up.
pub fn is_row(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let said = WORDS.iter().any(|word| !ROWS.contains(word) && lower.contains(word));
    let same = lower.as_bytes().windows(5).any(|five| five.iter().all(|byte| *byte == five[0]));
    !said && !same && entropy(text) >= 3.4
}

/// True for a value that could be somebody's password: no placeholder, no reference, not empty.
pub fn is_password(text: &str) -> bool {
    let reference =
        text.starts_with(['$', '<', '{', '%', '(', '/', '.']) || text.starts_with("http") || text.contains("${");
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "none" | "null" | "test" | "localhost" | "todo" | "postgres" | "admin"
    );
    let lower = text.to_ascii_lowercase();
    let placeholder = [
        "example",
        "placeholder",
        "your",
        "xxx",
        "dummy",
        "changeme",
        "change_me",
        "replace",
        "redacted",
        "insert",
        "...",
    ]
    .iter()
    .any(|word| lower.contains(word));
    text.len() >= 8 && !reference && !word && !placeholder && entropy(text) > 2.0
}

/// GitHub's and npm's tokens end in the CRC-32 of what is before, in base 62 and six letters.
pub fn checksum_holds(body: &str) -> bool {
    let Some((random, check)) = body.len().checked_sub(6).and_then(|at| body.split_at_checked(at)) else {
        return false;
    };
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut value = crc32fast::hash(random.as_bytes());
    let mut said = [b'0'; 6];
    for digit in said.iter_mut().rev() {
        *digit = digits[(value % 62) as usize];
        value /= 62;
    }
    check.as_bytes() == said
}

/// Three parts, of which the first says how the last was made; the example of jwt.io is none.
pub fn is_web_token(token: &[u8]) -> bool {
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = parts.as_slice() else { return false };
    let decode = |part: &[u8]| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let has = |bytes: &[u8], word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    let (header, payload) = (decode(header), decode(payload));
    has(&header, b"\"alg\"") && payload.starts_with(b"{") && signature.len() >= 20 && !has(&payload, b"John Doe")
}

/// An OpenSSH key names its cipher in the beginning; `none` means that it is open.
pub fn is_locked_openssh(letters: &str) -> bool {
    let head = letters.get(..64).and_then(|head| STANDARD_NO_PAD.decode(head).ok()).unwrap_or_default();
    head.starts_with(b"openssh-key-v1\0") && head.get(19..23) != Some(b"none")
}
