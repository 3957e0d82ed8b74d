//! Regular expressions of tokenizers, as far as Oniguruma refuses them for their shape.
//!
//! Source: Oniguruma, `doc/RE` and `doc/SYNTAX.md`, the syntax of Ruby, which the tokenizers library uses. Looked at are
//! groups, classes of characters, escapes at the end, and quantifiers of nothing. Not looked at: names of properties and
//! groups, ranges that are turned round, what looks behind, and patterns that may hold comments.

/// Classes in classes and groups in groups that are gone into.
const DEPTH: usize = 200;

/// What is wrong with the pattern.
pub fn fault(pattern: &str) -> Option<&'static str> {
    // Brackets in comments are none.
    let extended = |rest: &str| {
        rest.starts_with('#')
            || rest.split([':', ')']).next().is_some_and(|all| {
                all.contains('x') && all.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
            })
    };
    if pattern.split("(?").skip(1).any(extended) {
        return None;
    }
    let mut rest = pattern;
    let mut groups = 0usize;
    // True where a quantifier has nothing before it.
    let mut begins = true;
    while let Some(first) = rest.chars().next() {
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        (rest, begins) = match first {
            '\\' => {
                let Some(escaped) = behind.chars().next() else { return Some("it ends in a backslash") };
                (behind.get(escaped.len_utf8()..).unwrap_or_default(), false)
            }
            '[' => match class(behind) {
                Ok(behind) => (behind, false),
                Err(what) => return Some(what),
            },
            '(' => {
                groups += 1;
                (opened(behind), true)
            }
            ')' => {
                let Some(left) = groups.checked_sub(1) else { return Some("a bracket closes no group") };
                groups = left;
                (behind, false)
            }
            '|' => (behind, true),
            '*' | '+' | '?' if begins => return Some("a quantifier has nothing to repeat"),
            _ => (behind, false),
        };
    }
    (groups > 0).then_some("a group has no end")
}

/// What follows on the beginning of a group, which may say what kind of group it is.
fn opened(rest: &str) -> &str {
    let Some(kind) = rest.strip_prefix('?') else { return rest };
    let lookaround = ["<=", "<!", "=", "!", ">", ":", "~"];
    if let Some(behind) = lookaround.iter().find_map(|mark| kind.strip_prefix(mark)) {
        return behind;
    }
    let named =
        kind.strip_prefix('<').map(|name| (name, '>')).or_else(|| kind.strip_prefix('\'').map(|name| (name, '\'')));
    if let Some((name, end)) = named {
        return name.split_once(end).map_or("", |(_, behind)| behind);
    }
    // Options, up to the colon or the end of the group.
    kind.find([':', ')'])
        .and_then(|end| if kind[end..].starts_with(':') { kind.get(end + 1..) } else { kind.get(end..) })
        .unwrap_or_default()
}

/// What follows on a class of characters, whose bracket was opened before `rest`.
fn class(rest: &str) -> Result<&str, &'static str> {
    let cut = "a class of characters has no end";
    let start = |rest: &'_ str| rest.strip_prefix('^').map_or(0, |_| 1);
    let mut at = start(rest);
    let named = rest.rfind(":]");
    let mut depth = 1usize;
    let mut first = true;
    while let Some(next) = rest.get(at..).and_then(|rest| rest.chars().next()) {
        let behind = rest.get(at + next.len_utf8()..).unwrap_or_default();
        at += next.len_utf8();
        match next {
            '\\' => at += behind.chars().next().ok_or(cut)?.len_utf8(),
            // The first bracket stands for itself if another follows.
            ']' if first && behind.contains(']') => {}
            ']' if first => return Err("a class of characters is empty"),
            ']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(behind);
                }
            }
            '[' if behind.starts_with(':') && named.is_some_and(|named| named >= at) => {
                at += behind.find(":]").map_or(0, |end| end + 2);
            }
            '[' if depth < DEPTH => {
                depth += 1;
                at += start(behind);
                first = true;
                continue;
            }
            _ => {}
        }
        first = false;
    }
    Err(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_oniguruma_refuses_is_wrong() {
        for pattern in ["([", "*", "a|+b", "(?:*a)", "(a", "a)", "[", "a\\", "[^]", "[a[b]", "(?i:a"] {
            assert!(fault(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}]+(?i:'s)?",
            "[]a]",
            "[^]a]",
            "[[:alpha:]_]+",
            "[a-z&&[^aeiou]]",
            "]",
            "{",
            "a{2,}?",
            "(?<n>a)(?<=b)(?>c)",
            "",
            "(?i)a",
            "()",
            "\\(|\\[",
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]",
            "\u{3000}|[一-龥]+",
            " {2,}",
            "a++",
            "[\\[\\]]",
        ] {
            assert_eq!(fault(pattern), None, "{pattern}");
        }
    }
}
