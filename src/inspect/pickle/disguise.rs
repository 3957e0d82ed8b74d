//! Encodings that make a pickle look like any other text: what a constant is once one of them is taken off.
//!
//! Nearly every text can be read as base85 or backwards. So the first bytes are decoded and compared with how a pickle
//! begins before the rest is, and what comes out counts only if loading it would run something that is known to be
//! dangerous (`nested.rs`). Encodings inside each other are followed there to a depth. Not followed: ciphers with a key.

use super::opcode::opcode;

/// Bytes that are decoded for the first look; at least eight come out of every encoding.
const HEAD: usize = 48;

/// Bytes that tell most constants from anything encoded, and more that tell nearly all of them. Five bytes at least, by
/// which everything that runs is known, come out of the first.
const GLANCES: [usize; 2] = [10, 20];

/// Bytes that come out of a glance at least.
const SEEN: usize = 5;

/// How a pickle was made to look like something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disguise {
    /// Last byte first.
    Reversed,
    /// Letters moved by 13 places.
    Rot13,
    /// RFC 4648 section 4 or 5, in lines or with other characters strewn in, which Python's decoder passes over.
    Base64,
    /// Hexadecimal digits with blanks, colons or dashes between them.
    Hex,
    /// RFC 4648 section 6.
    Base32,
    /// RFC 4648 section 7.
    Base32Hex,
    /// The alphabet of RFC 1924 in groups of five (`base64.b85encode`).
    Base85,
    /// Adobe's (`base64.a85encode`).
    Ascii85,
    /// `ZeroMQ`'s (rfc.zeromq.org/spec/32).
    Z85,
    /// The lines of `uuencode`, with or without the one that begins them.
    Uuencode,
    /// This byte and two hexadecimal digits: quoted-printable (`=`), URLs (`%`), string literals (`\x`).
    Escapes(u8),
}

const ALL: [Disguise; 13] = [
    Disguise::Reversed,
    Disguise::Rot13,
    Disguise::Base64,
    Disguise::Hex,
    Disguise::Base32,
    Disguise::Base32Hex,
    Disguise::Base85,
    Disguise::Ascii85,
    Disguise::Z85,
    Disguise::Uuencode,
    Disguise::Escapes(b'='),
    Disguise::Escapes(b'%'),
    Disguise::Escapes(b'\\'),
];

/// The disguises under which some bytes may be a pickle, by their first and last few.
pub fn disguises<'a>(head: &'a [u8], tail: &'a [u8]) -> impl Iterator<Item = Disguise> + 'a {
    let mut out = Vec::new();
    ALL.into_iter().filter(move |disguise| {
        let bytes = match disguise {
            Disguise::Reversed => &tail[tail.len().saturating_sub(HEAD)..],
            _ => &head[..head.len().min(HEAD)],
        };
        disguise.fits(bytes)
            && disguise.may_be(bytes, &mut out)
            && disguise.reopen(bytes, &mut out).is_some()
            && (begins(&out) || (disguise.recodes() && is_text(&out)))
    })
}

/// True for letters that somebody encoded once more: what is read in an encoding that it is not in does not come out as
/// plain letters alone.
pub fn is_text(bytes: &[u8]) -> bool {
    bytes.len() >= 12 && bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// True if a pickle that can run anything, or a layer around one, begins like this.
pub fn begins(head: &[u8]) -> bool {
    match head {
        [0x80, 2..=5, next, ..] | [b'(' | b']' | b'}', next, ..] => opcode(*next).is_some(),
        [b'c', rest @ ..] => {
            let name = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
            !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'\r'))
        }
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]
        | [0x1f, 0x8b, 8, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', b'1', ..]
        | [0xfd, b'7', b'z', b'X', ..]
        | [0xc2, 0x80, 2..=5, ..]
        // The same in base64 and in hexadecimal.
        | [b'g', b'A', b'I' | b'J' | b'M' | b'N' | b'Q'..=b'X', ..]
        | [b'Y', b'2' | b'3', ..]
        | [b'e', b'J' | b'A' | b'N' | b'F', ..]
        | [b'H', b'4', b's', ..]
        | [b'8', b'0', b'0', b'2'..=b'5', ..]
        | [b'6', b'3', b'5'..=b'7', ..]
        | [b'7', b'8', b'9' | b'd' | b'0' | b'5', ..] => true,
        _ => false,
    }
}

impl Disguise {
    /// Its name, as it stands in evidence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reversed => "reversed order",
            Self::Rot13 => "rot13",
            Self::Base64 => "base64 in pieces",
            Self::Hex => "hexadecimal in pieces",
            Self::Base32 => "base32",
            Self::Base32Hex => "base32hex",
            Self::Base85 => "base85",
            Self::Ascii85 => "Ascii85",
            Self::Z85 => "Z85",
            Self::Uuencode => "uuencode",
            Self::Escapes(b'=') => "quoted-printable",
            Self::Escapes(b'%') => "percent encoding",
            Self::Escapes(_) => "escape sequences",
        }
    }

    /// True if other bytes than letters come out of what is not in this encoding.
    pub const fn recodes(self) -> bool {
        !matches!(self, Self::Reversed | Self::Rot13 | Self::Escapes(_))
    }

    /// What it costs least to tell.
    fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::Reversed => true,
            Self::Rot13 => bytes.first().is_some_and(u8::is_ascii_graphic),
            Self::Hex => bytes.iter().all(|byte| byte.is_ascii_hexdigit() || is_gap(*byte)),
            Self::Escapes(mark) => bytes.contains(&mark),
            _ => bytes.is_ascii(),
        }
    }

    /// False if the first few bytes show that neither a pickle nor a text comes out.
    fn may_be(self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        if !self.is_in_groups() {
            return true;
        }
        let letters = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        GLANCES.into_iter().filter_map(|glance| bytes.get(..glance)).all(|glance| {
            self.reopen(glance, out).is_some() && (out.len() < SEEN || begins(out) || out.iter().all(letters))
        })
    }

    /// True if what comes out first does not hang on what follows.
    const fn is_in_groups(self) -> bool {
        matches!(self, Self::Base64 | Self::Base32 | Self::Base32Hex | Self::Base85 | Self::Ascii85 | Self::Z85)
    }

    fn reopen(self, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
        out.clear();
        self.decode(bytes, false, out)
    }

    /// Takes it off `bytes`; `whole` says that nothing follows them. `None` if they are not in this encoding.
    pub fn open(self, bytes: &[u8], whole: bool) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(bytes.len());
        self.decode(bytes, whole, &mut out)?;
        (!out.is_empty()).then_some(out)
    }

    fn decode(self, bytes: &[u8], whole: bool, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Reversed => reverse(bytes, out),
            Self::Rot13 => out.extend(bytes.iter().map(|byte| rotated(*byte))),
            Self::Base64 => bits(bytes.iter().filter_map(|byte| sixty_four(*byte)), 6, out),
            Self::Hex => bits(bytes.iter().filter_map(|byte| hex_digit(*byte)), 4, out),
            Self::Base32 | Self::Base32Hex => {
                let text = bytes.trim_ascii_end();
                let text = &text[..text.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1)];
                let digits: Option<Vec<u32>> =
                    text.iter().filter(|byte| !is_gap(**byte)).map(|byte| thirty_two(*byte, self)).collect();
                bits(digits?.into_iter(), 5, out);
            }
            Self::Base85 | Self::Ascii85 | Self::Z85 => groups(bytes, self, whole, out)?,
            Self::Uuencode => uudecode(bytes, out)?,
            Self::Escapes(mark) => unescape(bytes, mark, out),
        }
        Some(())
    }
}

/// Protocols below 3 write bytes as text, one character for each; then it is characters that were turned round.
fn reverse(bytes: &[u8], out: &mut Vec<u8>) {
    let cut = usize::from(bytes.first().is_some_and(|byte| byte & 0xc0 == 0x80));
    let text = std::str::from_utf8(bytes).or_else(|_| std::str::from_utf8(&bytes[cut..]));
    match text.ok().filter(|text| !text.is_ascii() && text.chars().all(|c| u32::from(c) < 256)) {
        Some(text) => out.extend(text.chars().rev().filter_map(|c| u8::try_from(c).ok())),
        None => out.extend(bytes.iter().rev()),
    }
}

const fn is_gap(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b':' | b'-' | b',')
}

const fn rotated(byte: u8) -> u8 {
    match byte {
        b'a'..=b'm' | b'A'..=b'M' => byte + 13,
        b'n'..=b'z' | b'N'..=b'Z' => byte - 13,
        _ => byte,
    }
}

const fn sixty_four(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    } as u32)
}

fn hex_digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

fn thirty_two(byte: u8, disguise: Disguise) -> Option<u32> {
    let byte = byte.to_ascii_uppercase();
    Some(u32::from(match (byte, disguise) {
        (b'A'..=b'Z', Disguise::Base32) => byte - b'A',
        (b'2'..=b'7', Disguise::Base32) => byte - b'2' + 26,
        (b'0'..=b'9', Disguise::Base32Hex) => byte - b'0',
        (b'A'..=b'V', Disguise::Base32Hex) => byte - b'A' + 10,
        _ => return None,
    }))
}

/// Digits of a few bits each, joined; bits left over at the end are dropped.
fn bits(digits: impl Iterator<Item = u32>, width: u32, out: &mut Vec<u8>) {
    let (mut held, mut count) = (0_u32, 0);
    for digit in digits {
        held = (held << width | digit) & 0xffff;
        count += width;
        if count >= 8 {
            count -= 8;
            out.push((held >> count) as u8);
        }
    }
}

const BASE85: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const Z85: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// The place of each byte in an alphabet; 85 if it has none.
const fn places(alphabet: &[u8]) -> [u8; 256] {
    let mut places = [85; 256];
    let mut at = 0;
    while at < 85 {
        places[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    places
}

static BASE85_PLACES: [u8; 256] = places(BASE85);
static Z85_PLACES: [u8; 256] = places(Z85);

/// Five digits to the base of 85 make four bytes; the last group may be shorter by as many as its bytes are.
fn groups(bytes: &[u8], disguise: Disguise, whole: bool, out: &mut Vec<u8>) -> Option<()> {
    let ascii = disguise == Disguise::Ascii85;
    let bytes = if ascii { bytes.strip_prefix(b"<~").unwrap_or(bytes) } else { bytes };
    let (mut held, mut count) = (0_u64, 0_u32);
    for byte in bytes {
        let digit = match (disguise, *byte) {
            (_, byte) if byte.is_ascii_whitespace() => continue,
            (Disguise::Ascii85, b'~') => break,
            (Disguise::Ascii85, b'z' | b'y') if count == 0 => {
                out.extend([if *byte == b'y' { b' ' } else { 0 }; 4]);
                continue;
            }
            (Disguise::Ascii85, b'!'..=b'u') => byte - b'!',
            (Disguise::Ascii85, _) => 85,
            (Disguise::Z85, _) => Z85_PLACES[usize::from(*byte)],
            _ => BASE85_PLACES[usize::from(*byte)],
        };
        if digit >= 85 {
            return None;
        }
        held = held * 85 + u64::from(digit);
        count += 1;
        if count == 5 {
            out.extend(u32::try_from(held).ok()?.to_be_bytes());
            (held, count) = (0, 0);
        }
    }
    if whole && count > 1 {
        let filled = (count..5).fold(held, |held, _| held * 85 + 84);
        out.extend(&u32::try_from(filled).ok()?.to_be_bytes()[..count as usize - 1]);
    }
    Some(())
}

/// Each line begins with the number of its bytes; four characters of six bits make three of them.
fn uudecode(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let [first, digits @ ..] = line else { continue };
        if line.starts_with(b"begin ") && out.is_empty() {
            continue;
        }
        if line == b"end" || matches!(first, b' ' | b'`') {
            break;
        }
        if !(b'!'..=b'M').contains(first) || !digits.iter().all(|byte| (b' '..=b'`').contains(byte)) {
            return None;
        }
        let (len, before) = (usize::from(first - b' '), out.len());
        // Blanks at the end of a line may have been trimmed; a line is never much longer than its number says.
        if digits.len() > len.div_ceil(3) * 4 + 2 {
            return None;
        }
        bits(digits.iter().map(|byte| u32::from((byte - b' ') & 0x3f)), 6, out);
        out.truncate(before + len);
    }
    Some(())
}

/// Replaces what is escaped; the rest stays.
fn unescape(bytes: &[u8], mark: u8, out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != mark {
            out.push(*byte);
            continue;
        }
        let (digits, short) = match after {
            [b'x' | b'X', digits @ ..] if mark == b'\\' => (digits, false),
            _ => (after, mark == b'\\'),
        };
        match (digits, short) {
            ([b'n', after @ ..], true) => {
                out.push(b'\n');
                rest = after;
            }
            // A break that quoted-printable puts in to keep lines short.
            ([b'\r', b'\n', after @ ..] | [b'\n', after @ ..], _) if mark == b'=' => rest = after,
            ([high, low, after @ ..], false) => match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push((high << 4 | low) as u8);
                    rest = after;
                }
                _ => out.push(*byte),
            },
            _ => out.push(*byte),
        }
    }
}
