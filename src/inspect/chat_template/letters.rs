//! What Python makes of a text that is known, letter by letter.

use super::value::{Kind, Value, concat};

/// Filters and methods that change the letters of a text, one text to one.
pub fn changed(text: &str, name: &str, given: &[&str]) -> Option<String> {
    let set: Vec<char> = given.first().map_or_else(|| " \t\r\n\x0b\x0c".chars().collect(), |set| set.chars().collect());
    Some(match name {
        "upper" => text.to_uppercase(),
        "lower" | "casefold" => text.to_lowercase(),
        "swapcase" => {
            let swap = |c: char| if c.is_uppercase() { c.to_lowercase().next() } else { c.to_uppercase().next() };
            text.chars().filter_map(swap).collect()
        }
        "capitalize" => {
            let mut letters = text.chars();
            letters.next().map(|c| c.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())?
        }
        "title" => {
            let mut inside = false;
            let mut all = String::new();
            for c in text.chars() {
                if inside {
                    all.extend(c.to_lowercase())
                } else {
                    all.extend(c.to_uppercase())
                }
                inside = c.is_alphabetic();
            }
            all
        }
        "strip" | "trim" => text.trim_matches(set.as_slice()).to_owned(),
        "lstrip" => text.trim_start_matches(set.as_slice()).to_owned(),
        "rstrip" => text.trim_end_matches(set.as_slice()).to_owned(),
        "removeprefix" => text.strip_prefix(given.first()?).unwrap_or(text).to_owned(),
        "removesuffix" => text.strip_suffix(given.first()?).unwrap_or(text).to_owned(),
        "replace" if given.first().is_some_and(|from| !from.is_empty()) => text.replace(given.first()?, given.get(1)?),
        "reverse" => text.chars().rev().collect(),
        "string" | "escape" | "e" | "safe" | "encode" | "decode" | "format_map" | "expandtabs" | "forceescape" => {
            text.to_owned()
        }
        "fromhex" => fromhex(given.first()?)?,
        _ => return None,
    })
}

fn fromhex(digits: &str) -> Option<String> {
    let digits: String = digits.split_whitespace().collect();
    let byte = |n: usize| u8::from_str_radix(digits.get(n..n + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(|n| byte(n).map(char::from)).collect()
}

/// A text in the middle of so many letters.
pub fn padded(text: &str, name: &str, width: i64, fill: char) -> Option<String> {
    let missing = usize::try_from(width).ok()?.saturating_sub(text.chars().count()).min(256);
    let left = match name {
        "center" => missing / 2,
        "rjust" | "zfill" => missing,
        _ => 0,
    };
    let filled = |count: usize| std::iter::repeat_n(fill, count);
    Some(filled(left).chain(text.chars()).chain(filled(missing - left)).collect())
}

/// The parts of a text.
pub fn parts(text: &str, name: &str, given: &[&str]) -> Option<Vec<String>> {
    let by = given.first().filter(|by| !by.is_empty());
    let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    Some(match (name, by) {
        ("split" | "rsplit", Some(by)) => text.split(by).map(str::to_owned).collect(),
        ("split" | "rsplit", None) => text.split_whitespace().map(str::to_owned).collect(),
        ("splitlines", _) => text.lines().map(str::to_owned).collect(),
        ("partition", Some(by)) => {
            text.split_once(by).map_or_else(|| owned(&[text, "", ""]), |(a, b)| owned(&[a, by, b]))
        }
        ("rpartition", Some(by)) => {
            text.rsplit_once(by).map_or_else(|| owned(&["", "", text]), |(a, b)| owned(&[a, by, b]))
        }
        ("list", _) => text.chars().map(|letter| letter.to_string()).collect(),
        _ => return None,
    })
}

/// The letter of a number.
pub fn character(value: &Value) -> Value {
    value.each(|kind| match kind {
        Kind::Number(number) => {
            let letter = u32::try_from(*number).ok().and_then(char::from_u32);
            letter.map_or_else(Value::made, |letter| Value::text(letter.to_string()))
        }
        Kind::Text(text) => Value::text(text),
        _ => Value::made(),
    })
}

/// Python's `%` on a text.
pub fn percent(text: &str, values: &[Value]) -> Value {
    let mut values = values.iter();
    let mut all = Value::text("");
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        all = concat(&all, &Value::text(before));
        let mut letters = after.chars();
        let value = match letters.next() {
            Some('%') => Value::text("%"),
            Some('s' | 'd') => values.next().cloned().unwrap_or_else(Value::made),
            Some('c') => values.next().map_or_else(Value::made, character),
            _ => Value::made(),
        };
        all = concat(&all, &value);
        rest = letters.as_str();
    }
    concat(&all, &Value::text(rest))
}
