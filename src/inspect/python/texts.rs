//! Texts that are known although they are put together, and what methods and calls make of them.

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use super::expression::Argument;
use super::value::{GAP, ITEMS, Taint, Value};

/// Bytes up to which a text is put together by replacing.
const REPLACED: usize = 1 << 20;

/// Methods of texts and of lists of texts.
pub fn of_text(value: &Value, method: &str, arguments: &[Argument]) -> Value {
    let mut taint = arguments.iter().fold(value.taint, |taint, (_, argument)| taint.or(argument.taint));
    taint.decoded |= matches!(method, "translate" | "to_bytes");
    taint.pieced |= matches!(method, "join" | "replace");
    let first = arguments.first().map(|(_, value)| value);
    let given = first.and_then(Value::known);
    let mut partial = value.partial;
    let text = value.text.as_deref();
    let made = match (method, text) {
        ("decode" | "encode" | "expanduser" | "resolve" | "absolute" | "as_posix" | "expandvars", Some(text)) => {
            Some(text.to_owned())
        }
        ("strip" | "rstrip" | "lstrip", Some(text)) => stripped(text, method, first, given),
        ("lower" | "casefold", Some(text)) => Some(text.to_lowercase()),
        ("upper", Some(text)) => Some(text.to_uppercase()),
        ("swapcase", Some(text)) => Some(text.chars().map(swapped).collect()),
        ("split" | "rsplit" | "splitlines", Some(text)) => return split(text, method, given, taint),
        ("join", Some(text)) => match first {
            Some(Value { items: Some(items), .. }) if items.len().saturating_mul(text.len()) <= REPLACED => {
                Some(items.join(text))
            }
            Some(Value { text: Some(letters), .. }) if text.is_empty() => Some(letters.to_string()),
            _ => None,
        },
        ("joinpath", Some(text)) => {
            let more = arguments.iter().map(|(_, value)| value.piece().unwrap_or_default().into_owned());
            partial |= arguments.iter().any(|(_, value)| value.is_partial());
            Some(std::iter::once(text.to_owned()).chain(more).collect::<Vec<_>>().join("/"))
        }
        ("replace", Some(text)) => match (given, arguments.get(1).and_then(|(_, new)| new.known())) {
            (Some(old), Some(new)) if !old.is_empty() && text.len().saturating_mul(new.len() + 1) < REPLACED => {
                Some(text.replace(old, new))
            }
            _ => None,
        },
        ("format", Some(text)) => {
            let (made, whole) = formatted(text, arguments);
            partial |= !whole;
            Some(made)
        }
        ("removeprefix", Some(text)) => given.map(|given| text.strip_prefix(given).unwrap_or(text).to_owned()),
        ("removesuffix", Some(text)) => given.map(|given| text.strip_suffix(given).unwrap_or(text).to_owned()),
        _ => None,
    };
    Value { taint, partial, ..made.map(Value::text).unwrap_or_default() }
}

/// `text.strip()`, `text.strip(letters)`
fn stripped(text: &str, method: &str, first: Option<&Value>, letters: Option<&str>) -> Option<String> {
    let is_outer = |letter: char| letters.map_or_else(|| letter.is_whitespace(), |letters| letters.contains(letter));
    if first.is_some() && letters.is_none_or(|letters| letters.len() > 64) {
        return None;
    }
    let text = if method == "rstrip" { text } else { text.trim_start_matches(is_outer) };
    Some(if method == "lstrip" { text } else { text.trim_end_matches(is_outer) }.to_owned())
}

fn split(text: &str, method: &str, by: Option<&str>, taint: Taint) -> Value {
    let parts: Vec<Value> = match by.filter(|by| !by.is_empty()) {
        _ if method == "splitlines" => text.lines().map(Value::text).take(ITEMS + 1).collect(),
        Some(by) => text.split(by).map(Value::text).take(ITEMS + 1).collect(),
        None => text.split_whitespace().map(Value::text).take(ITEMS + 1).collect(),
    };
    if parts.len() > ITEMS { Value::tainted(taint) } else { Value { taint, ..Value::list(&parts, true) } }
}

fn swapped(letter: char) -> char {
    if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
}

/// `text.format(…)`, and whether nothing in it is unknown. Of what stands in braces only numbers and names are followed.
fn formatted(text: &str, arguments: &[Argument]) -> (String, bool) {
    let mut made = String::with_capacity(text.len());
    let mut whole = true;
    let mut next = 0usize;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        made.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if after.starts_with(brace) {
            made.push_str(brace);
            rest = &after[1..];
            continue;
        }
        let end = after.find('}').filter(|_| brace == "{");
        let Some(end) = end else {
            rest = after;
            continue;
        };
        let field = after[..end].split(['!', ':']).next().unwrap_or_default();
        let value = match field.parse::<usize>() {
            Ok(at) => arguments.get(at),
            Err(_) if field.is_empty() => {
                next += 1;
                arguments.get(next - 1)
            }
            Err(_) => arguments.iter().find(|(key, _)| key.as_deref() == Some(field)),
        };
        let value = value.map(|(_, value)| value);
        whole &= value.is_some_and(|value| !value.is_partial());
        made.push_str(&value.and_then(Value::piece).unwrap_or_else(|| GAP.to_string().into()));
        rest = &after[end + 1..];
        if made.len() > REPLACED {
            return (made, false);
        }
    }
    made.push_str(rest);
    (made, whole)
}

/// `text % value`: every field that is not `%s`, `%d` or `%r` is unknown, and so is what is missing.
pub fn percent(text: &str, value: &Value) -> Value {
    let list: Vec<String> = match &value.items {
        Some(items) => items.to_vec(),
        None => value.piece().map(|piece| vec![piece.into_owned()]).unwrap_or_default(),
    };
    let mut made = String::with_capacity(text.len());
    let mut partial = false;
    let mut items = list.iter();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        made.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let kind = after.chars().next();
        match (kind, kind.filter(|kind| matches!(kind, 's' | 'd' | 'r')).and_then(|_| items.next())) {
            (Some('%'), _) => made.push('%'),
            (_, Some(item)) if !item.is_empty() => made.push_str(item),
            _ => {
                partial = true;
                made.push(GAP);
            }
        }
        rest = after.get(kind.map_or(0, char::len_utf8)..).unwrap_or_default();
        if made.len() > REPLACED {
            return Value::tainted(value.taint);
        }
    }
    made.push_str(rest);
    partial |= value.partial || (value.items.is_none() && value.is_partial());
    Value { taint: value.taint, partial, ..Value::text(made) }
}

/// Calls that give a text which is known, whatever else they do.
pub fn known_text(path: &str, arguments: &[Argument]) -> Option<Value> {
    let first = arguments.first().map(|(_, value)| value);
    let text = first.and_then(Value::known);
    let taint = first.map(|value| value.taint).unwrap_or_default();
    let decoded = Taint { decoded: true, ..taint };
    let value = match path {
        "chr" => Value::text(first?.number.and_then(char::from_u32)?.to_string()),
        "bytes" | "bytearray" if first?.numbers.is_some() => Value { taint: decoded, ..Value::text(letters(first?)?) },
        "map" if first?.path.as_deref() == Some("chr") => {
            let letters: Vec<Value> =
                letters(&arguments.get(1)?.1)?.chars().map(|letter| Value::text(letter.to_string())).collect();
            Value { taint: decoded, ..Value::list(&letters, true) }
        }
        "list" | "tuple" if first?.items.is_some() => first?.clone(),
        "reversed" if text.is_some() => Value { taint, ..Value::text(text?.chars().rev().collect::<String>()) },
        "reversed" if first?.items.is_some() => {
            let items: Vec<Value> =
                first?.items.as_ref()?.iter().rev().map(|item| Value::text(item.as_str())).collect();
            Value { taint, ..Value::list(&items, true) }
        }
        "str" | "bytes" | "repr" | "bytearray" | "codecs.encode" | "compile" | "textwrap.dedent"
        | "inspect.cleandoc" | "ast.parse" | "os.path.expanduser" | "os.path.expandvars" | "os.path.abspath"
        | "os.path.realpath" | "os.path.normpath" | "os.fspath" | "sys.intern" | "memoryview"
            if first?.text.is_some() =>
        {
            Value { path: None, ..first?.clone() }
        }
        "os.path.join" | "pathlib.Path" | "pathlib.PosixPath" | "pathlib.PurePath" => {
            let pieces = arguments.iter().map(|(_, value)| value.piece().unwrap_or_default().into_owned());
            let taint = arguments.iter().fold(taint, |taint, (_, value)| taint.or(value.taint));
            if arguments.iter().all(|(_, value)| value.text.is_none()) {
                return None;
            }
            let partial = arguments.iter().any(|(_, value)| value.is_partial());
            Value { taint, partial, ..Value::text(pieces.collect::<Vec<_>>().join("/")) }
        }
        "base64.b64decode"
        | "base64.urlsafe_b64decode"
        | "base64.standard_b64decode"
        | "base64.decodebytes"
        | "binascii.a2b_base64" => Value { taint: decoded, ..Value::text(base64(text?)?) },
        "bytes.fromhex" | "bytearray.fromhex" | "binascii.unhexlify" | "binascii.a2b_hex" | "base64.b16decode" => {
            Value { taint: decoded, ..Value::text(hexadecimal(text?)?) }
        }
        "codecs.decode" => match arguments.get(1).and_then(|(_, how)| how.text.as_deref()) {
            Some("rot13" | "rot_13") => {
                Value { taint: decoded, ..Value::text(text?.chars().map(rotated).collect::<String>()) }
            }
            Some("base64" | "base64_codec") => Value { taint: decoded, ..Value::text(base64(text?)?) },
            Some("hex" | "hex_codec") => Value { taint: decoded, ..Value::text(hexadecimal(text?)?) },
            _ => return None,
        },
        _ => return None,
    };
    Some(value)
}

/// The letters that a list of numbers stands for.
fn letters(value: &Value) -> Option<String> {
    value.numbers.as_ref()?.iter().map(|number| char::from_u32(*number)).collect()
}

fn rotated(letter: char) -> char {
    let turn = |first: u8| char::from((letter as u8 - first + 13) % 26 + first);
    match letter {
        'a'..='z' => turn(b'a'),
        'A'..='Z' => turn(b'A'),
        other => other,
    }
}

/// Base64 as lenient readers take it.
fn base64(text: &str) -> Option<String> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let plain: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let standard = plain.replace('-', "+").replace('_', "/");
    engine.decode(standard).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Pairs of hexadecimal digits.
fn hexadecimal(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    hex::decode(plain).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::python::value::Slice;

    #[test]
    fn texts_are_put_together_as_python_does() {
        let text = |text: &str| (None, Value::text(text));
        let made = |value: &Value, method: &str, arguments: &[Argument]| of_text(value, method, arguments);
        assert_eq!(made(&Value::text("{}{1}{{{a}"), "format", &[text("x"), text("y")]).text.as_deref(), Some("xy{…"));
        assert_eq!(
            made(&Value::text("a-b"), "split", &[text("-")]).items.as_deref(),
            Some(&["a".into(), "b".into()][..])
        );
        assert_eq!(
            percent("%s%%%d", &Value::list(&[Value::text("a"), Value::default()], true)).text.as_deref(),
            Some("a%…")
        );
        let slice = |from, to, step| Value::text("abcdef").slice(Slice { from, to, step }).text;
        assert_eq!(slice(Some(1), Some(3), None).as_deref(), Some("bc"));
        assert_eq!(slice(None, None, Some(-1)).as_deref(), Some("fedcba"));
        assert_eq!(slice(Some(-2), None, None).as_deref(), Some("ef"));
        assert_eq!(slice(Some(9), Some(-9), Some(-2)).as_deref(), Some("fdb"));
    }
}
