//! The code inside of a Jinja template as tokens. Never rendered, and never refused: a reader that gives up on a tag
//! it does not know would be led past whatever stands in it.

/// One token of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name, with its offset.
    Name(String, usize),
    /// A string, unescaped, with its offset.
    Text(String, usize),
    /// A whole number; the largest stands for all that are larger.
    Number(i64),
    /// Anything else, one byte at a time.
    Sign(u8),
}

/// A `{{ … }}`, a `{% … %}`, or a comment, which holds no tokens.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// True for `{% … %}`.
    pub statement: bool,
    /// Offset of its first byte.
    pub at: usize,
    /// Offset behind its last byte.
    pub end: usize,
    /// What stands in it.
    pub tokens: Vec<Token>,
}

/// Every piece of code in the template, in order. What stands in comments and `raw` blocks is left out, as Jinja does.
#[must_use]
pub fn read(template: &str) -> Vec<Code> {
    let bytes = template.as_bytes();
    let mut codes = Vec::new();
    let mut at = 0;
    let mut raw = false;
    while let Some(open) =
        bytes.get(at..).and_then(|rest| rest.windows(2).position(|w| w[0] == b'{' && b"{%#".contains(&w[1])))
    {
        let start = at + open;
        let kind = bytes[start + 1];
        if kind == b'#' && !raw {
            let Some(end) = template.get(start + 2..).and_then(|rest| rest.find("#}")) else { break };
            at = start + 2 + end + 2;
            codes.push(Code { statement: false, at: start, end: at, tokens: Vec::new() });
            continue;
        }
        let (tokens, end) = code(template, start + 2, if kind == b'%' { b'%' } else { b'}' });
        let word = match tokens.iter().find(|token| !matches!(token, Token::Sign(b'-' | b'+'))) {
            Some(Token::Name(name, _)) if kind == b'%' => name.as_str(),
            _ => "",
        };
        if raw {
            raw = word != "endraw";
            if raw {
                at = start + 2;
                continue;
            }
        } else {
            raw = word == "raw";
        }
        codes.push(Code { statement: kind == b'%', at: start, end, tokens });
        at = end;
    }
    codes
}

/// Tokens up to the end mark, and the offset behind it.
fn code(template: &str, start: usize, close: u8) -> (Vec<Token>, usize) {
    let bytes = template.as_bytes();
    let mut tokens = Vec::new();
    let mut at = start;
    let mut braces = 0usize;
    while let Some(&byte) = bytes.get(at) {
        if byte == close && bytes.get(at + 1) == Some(&b'}') && braces == 0 {
            return (tokens, at + 2);
        }
        match byte {
            b'\'' | b'"' => {
                let (text, end) = string(template, at + 1, byte);
                tokens.push(Token::Text(text, at));
                at = end;
                continue;
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => {
                let length =
                    bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_' || **b >= 0x80).count();
                tokens.push(Token::Name(template.get(at..at + length).unwrap_or_default().to_owned(), at));
                at += length;
                continue;
            }
            _ if byte.is_ascii_digit() => {
                let length = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                tokens.push(Token::Number(number(template.get(at..at + length).unwrap_or_default())));
                at += length;
                continue;
            }
            b'{' => braces += 1,
            b'}' => braces = braces.saturating_sub(1),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            tokens.push(Token::Sign(byte));
        }
        at += 1;
    }
    (tokens, bytes.len())
}

/// A number as Jinja writes it: in base ten, or behind `0x`, `0o` or `0b`, with underscores between the digits.
fn number(text: &str) -> i64 {
    let plain = text.replace('_', "").to_ascii_lowercase();
    let (digits, radix) = match plain.get(..2) {
        Some("0x") => (&plain[2..], 16),
        Some("0o") => (&plain[2..], 8),
        Some("0b") => (&plain[2..], 2),
        _ => (plain.as_str(), 10),
    };
    i64::from_str_radix(digits, radix).unwrap_or(i64::MAX)
}

/// The text of a string, unescaped as Jinja does, and the offset behind its end.
fn string(template: &str, start: usize, quote: u8) -> (String, usize) {
    let mut text = String::new();
    let mut characters = template.get(start..).unwrap_or_default().char_indices();
    while let Some((at, character)) = characters.next() {
        if character == char::from(quote) {
            return (text, start + at + 1);
        }
        if character != '\\' {
            text.push(character);
            continue;
        }
        let Some((_, escaped)) = characters.next() else { break };
        if escaped == 'N' {
            // A character by its name. Of those that names of Python are made of, this one is worth knowing.
            let name: String = characters.by_ref().skip(1).map(|(_, c)| c).take_while(|c| *c != '}').take(64).collect();
            text.push(if name.eq_ignore_ascii_case("low line") { '_' } else { '\u{fffd}' });
            continue;
        }
        let digits = match escaped {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0'..='7' => {
                text.push(octal(escaped, &mut characters));
                continue;
            }
            _ => 0,
        };
        if digits == 0 {
            text.push(match escaped {
                'n' => '\n',
                't' => '\t',
                other => other,
            });
            continue;
        }
        let hex: String = characters.by_ref().take(digits).map(|(_, digit)| digit).collect();
        text.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
    }
    (text, template.len())
}

fn octal(first: char, characters: &mut std::str::CharIndices<'_>) -> char {
    let mut value = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        let Some(digit) = characters.clone().next().and_then(|(_, digit)| digit.to_digit(8)) else { break };
        value = value * 8 + digit;
        characters.next();
    }
    char::from_u32(value).unwrap_or('\0')
}
