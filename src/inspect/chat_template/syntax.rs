//! Whether a template can be read at all: tags that end each other, brackets and operators.
//!
//! Source: `jinja2/parser.py` and `jinja2/lexer.py`. Only what Jinja refuses whatever its extensions are is reported.
//! Filters are known to whoever renders the template, so only those of conversations are asked for, and only where Jinja
//! itself refuses an unknown one: outside of conditions, behind which it may never be reached. Not looked at: whether
//! tests exist, and the order of what stands in an expression.

use super::blocks::{OPEN, assigns, word};
use super::tokens::{Code, Token};

/// Filters of Jinja, of transformers, and of the other programs that render templates of conversations.
const FILTERS: &str = "abs attr batch bool capitalize center chain count d default dict dictsort e endswith escape \
    filesizeformat first float forceescape format from_json fromjson groupby indent int items join keys last length \
    lines list lower lstrip map max min pprint random reject rejectattr replace reverse round rstrip safe select \
    selectattr slice sort split startswith strftime string strip striptags sum title to_json to_yaml tojson trim \
    truncate unique upper urlencode urlize values wordcount wordwrap xmlattr zip";

/// A filter of a template of conversations that does not exist, and where it stands.
pub fn unknown_filter(codes: &[Code]) -> Option<(usize, String)> {
    let mut conditions = 0usize;
    for code in codes {
        match word(code).0 {
            "if" => conditions += 1,
            "endif" => conditions = conditions.saturating_sub(1),
            _ => {}
        }
        let condition = |token: &Token| matches!(token, Token::Name(name, _) if name == "if" || name == "elif");
        if conditions > 0 || code.tokens.iter().any(condition) {
            continue;
        }
        let unknown = code.tokens.windows(2).find_map(|pair| match pair {
            [Token::Sign(b'|'), Token::Name(name, at)] if !FILTERS.split_whitespace().any(|known| known == name) => {
                Some((*at, name))
            }
            _ => None,
        });
        if let Some((at, name)) = unknown {
            let name: String = name.chars().take(40).collect();
            return Some((at, format!("it calls for the filter {name:?}, which Jinja and transformers do not have")));
        }
    }
    None
}

/// The first thing that keeps a template from being read, and where.
pub fn fault(template: &str, codes: &[Code]) -> Option<(usize, String)> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    for code in codes {
        let source = template.get(code.at..code.end).unwrap_or_default();
        if source.starts_with("{#") {
            continue;
        }
        if let Some(what) = code_fault(source, code) {
            return Some((code.at, what));
        }
        if !code.statement {
            continue;
        }
        let (word, _) = word(code);
        let inner = open.last().map(|(inner, _)| *inner);
        if let Some(ended) = word.strip_prefix("end").filter(|ended| OPEN.contains(ended)) {
            if inner != Some(ended) {
                return Some((code.at, format!("{word:?} stands where nothing is open that it ends")));
            }
            open.pop();
        } else if matches!(word, "else" | "elif") {
            let belongs = inner == Some("if") || (word == "else" && inner == Some("for"));
            if !belongs {
                return Some((code.at, format!("{word:?} stands outside of what it belongs to")));
            }
        } else if let Some(tag) = OPEN.iter().find(|tag| **tag == word).filter(|tag| **tag != "set" || !assigns(code)) {
            open.push((tag, code.at));
        }
    }
    open.last().map(|(tag, at)| (*at, format!("the tag {tag:?} has no end")))
}

/// What is wrong within one tag or expression.
fn code_fault(source: &str, code: &Code) -> Option<String> {
    let close = if code.statement { "%}" } else { "}}" };
    let Some(inner) = source.strip_suffix(close) else { return Some(format!("a tag is not closed by {close:?}")) };
    let mut tokens = code.tokens.as_slice();
    // Signs next to the marks say what becomes of the white space around.
    if let [Token::Sign(b'-'), rest @ ..] | [Token::Sign(b'+'), rest @ ..] = tokens
        && matches!(inner.as_bytes().get(2), Some(b'-' | b'+'))
    {
        tokens = rest;
    }
    if let [rest @ .., Token::Sign(b'-')] | [rest @ .., Token::Sign(b'+')] = tokens
        && inner.ends_with(['-', '+'])
    {
        tokens = rest;
    }
    if tokens.is_empty() {
        return Some("a tag is empty".to_owned());
    }
    let mut brackets = Vec::new();
    for token in tokens {
        let Token::Sign(sign) = token else { continue };
        match sign {
            b'(' | b'[' | b'{' => brackets.push(*sign),
            b')' | b']' | b'}' => {
                let opened = match sign {
                    b')' => b'(',
                    b']' => b'[',
                    _ => b'{',
                };
                if brackets.pop() != Some(opened) {
                    return Some("its brackets do not fit each other".to_owned());
                }
            }
            _ => {}
        }
    }
    if !brackets.is_empty() {
        return Some("a bracket is not closed".to_owned());
    }
    match tokens.last() {
        Some(Token::Sign(sign @ (b'+' | b'-' | b'*' | b'/' | b'%' | b'~' | b'|' | b'.' | b'=' | b'<' | b'>'))) => {
            Some(format!("nothing follows on the operator {:?}", char::from(*sign)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::read;
    use super::*;

    #[test]
    fn templates_that_jinja_refuses() {
        for template in [
            "{% for m in messages %}{{ m.content }}",
            "{% endif %}",
            "{{ a + }}",
            "{% if x %}{{ m }",
            "{% if x %}{% endfor %}",
            "{% else %}",
            "{{ (a }}",
            "{{ }}",
            "{{ a | }}",
        ] {
            assert!(fault(template, &read(template)).is_some(), "{template}");
        }
        for template in [
            "{%- if x -%}a{%- elif y +%}b{%- else -%}c{%- endif -%}",
            "{#- a {{ b #}{{- x -}}{% set a = {'b': [1, (2)]} %}{% set b %}c{% endset %}",
            "{% for a in b if a %}{% break %}{% else %}{% endfor %}{% generation %}x{% endgeneration %}",
            "{% raw %}{{ x + {% endraw %}{% macro f(a, b=1) %}{% endmacro %}{% call f(1) %}{% endcall %}",
            "{{ {'a': {'b': 1}} }}{{ '}}' ~ \"{%\" }}{{ x - 1 }}{{ x[-1:] }}{{ a, }}",
        ] {
            assert_eq!(fault(template, &read(template)), None, "{template}");
        }
    }

    #[test]
    fn filters_that_nobody_has() {
        for template in ["{{ messages | nofilter }}", "{% set x = y|nofilter(1) %}"] {
            assert!(unknown_filter(&read(template)).is_some(), "{template}");
        }
        for template in [
            "{{ messages | tojson(indent=4) | trim }}",
            "{% if x %}{{ y | mine }}{% endif %}{{ (y | mine) if mine else y }}",
            "{{ '| nofilter' }}",
        ] {
            assert_eq!(unknown_filter(&read(template)), None, "{template}");
        }
    }
}
