//! Whether a template can be read at all: tags that end each other, brackets and operators.
//!
//! Source: `jinja2/parser.py` and `jinja2/lexer.py`. Filters are known to whoever renders the template, so only those of
//! conversations are asked for, and only where Jinja itself refuses an unknown one: outside of conditions, behind which
//! it may never be reached. Tests stand in conditions, so those are asked for everywhere. Behind a tag that is of no
//! program that renders conversations, only brackets and ends are looked at.

use super::blocks::{OPEN, assigns, word};
use super::grammar::{DEPTH, Fault, Parser};
use super::tokens::{self, Code, Token};

/// Filters of Jinja, of transformers, and of the other programs that render templates of conversations.
const FILTERS: &str = "abs attr batch bool capitalize center chain count d default dict dictsort e endswith escape \
    filesizeformat first float forceescape format from_json fromjson groupby indent int items join keys last length \
    lines list lower lstrip map max min pprint random reject rejectattr replace reverse round rstrip safe select \
    selectattr slice sort split startswith strftime string strip striptags sum title to_json to_yaml tojson trim \
    truncate unique upper urlencode urlize values wordcount wordwrap xmlattr zip";

/// Tests of Jinja, and of the other programs that render templates of conversations.
const TESTS: &str = "boolean callable containing defined divisibleby endingwith eq equalto escaped even false filter \
    float ge greaterthan gt in integer iterable le lessthan lower lt mapping matching ne none number odd safe sameas \
    sequence startingwith string test true undefined upper";

/// True for a filter that programs which render conversations have.
pub fn is_filter(name: &str) -> bool {
    FILTERS.split_whitespace().any(|known| known == name)
}

/// True for a test that programs which render conversations have.
pub fn is_test(name: &str) -> bool {
    TESTS.split_whitespace().any(|known| known == name)
}

/// What keeps Jinja from reading a template.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing does.
    Read,
    /// That, there.
    Broken(usize, String),
    /// It is nested deeper than is read.
    Deep,
}

/// Reads a template; `chat` says that it is that of a conversation.
pub fn read(template: &str, chat: bool) -> Outcome {
    let mut parser = Parser::new(template, chat);
    let unknown = |kind: &str, (at, name): (usize, &str)| {
        let name: String = name.chars().take(40).collect();
        Outcome::Broken(at, format!("it calls for the {kind} {name:?}, which Jinja and transformers do not have"))
    };
    match parser.template() {
        Err(Fault::Broken(at, what)) => return Outcome::Broken(at, what),
        Err(Fault::Deep) => return Outcome::Deep,
        Err(Fault::Foreign) => {
            return fault(template, &tokens::read(template))
                .map_or(Outcome::Read, |(at, what)| Outcome::Broken(at, what));
        }
        Ok(()) => {}
    }
    match (parser.filter, parser.test) {
        (Some(filter), _) if chat => unknown("filter", filter),
        (_, Some(test)) if chat => unknown("test", test),
        _ => Outcome::Read,
    }
}

/// The most that templates may be nested to be read.
pub const MOST: u64 = DEPTH as u64;

/// What breaks brackets and ends of a template that has tags of its own, and where.
fn fault(template: &str, codes: &[Code]) -> Option<(usize, String)> {
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
            // It may belong to a tag of that program.
            let belongs = matches!(inner, None | Some("if")) || (word == "else" && inner == Some("for"));
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
    use super::*;

    fn outcome(template: &str) -> Outcome {
        super::read(template, true)
    }

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
            "{% if a && b %}{% endif %}",
            "{% if a = b %}{% endif %}",
            "{% if a === b %}{% endif %}",
            "{% if !a %}{% endif %}",
            "{{ a ? b : c }}",
            "{% if a %}{% elseif b %}{% endif %}",
            "{% if a %}{% else %}{% elif b %}{% endif %}",
            "{# open",
            "{{ \u{2018}a\u{2019} }}",
            "{% break %}",
            "{% for a in b %}{% generation %}{% break %}{% endgeneration %}{% endfor %}",
            "{% set a += 1 %}",
            "{% for a of b %}{% endfor %}",
            "{% for %}{% endfor %}",
            "{% if %}{% endif %}",
            "{% end %}",
            "{% while a %}{% endwhile %}",
            "{{ a..b }}",
            "{{ f'{a}' }}",
            "{{ a|map(lambda m: m) }}",
            "{{ [m for m in a] }}",
            "{{ {'a': 1 }}",
            "{% macro a %}{% endmacro %}",
            "{% macro a(b, b) %}{% endmacro %}",
            "{% call a %}{% endcall %}",
            "{% block a %}{% endblock %}{% block a %}{% endblock %}",
            "{{ '\\x4' }}",
            "{{ f(a=1, a=2) }}",
            "{{ a b }}",
            "{% endraw %}",
            "{% raw %}",
        ] {
            assert!(matches!(outcome(template), Outcome::Broken(..)), "{template}");
        }
        assert_eq!(outcome(&"{{ ".chars().chain("(".repeat(500).chars()).collect::<String>()), Outcome::Deep);
    }

    #[test]
    fn templates_that_jinja_reads() {
        for template in [
            "{%- if x -%}a{%- elif y +%}b{%- else -%}c{%- endif -%}",
            "{#- a {{ b #}{{- x -}}{% set a = {'b': [1, (2)]} %}{% set b %}c{% endset %}",
            "{% for a in b if a %}{% break %}{% else %}{% endfor %}{% generation %}x{% endgeneration %}",
            "{% raw %}{{ x + {% endraw %}{% macro f(a, b=1) %}{% endmacro %}{% call f(1) %}{% endcall %}",
            "{{ {'a': {'b': 1}} }}{{ '}}' ~ \"{%\" }}{{ x - 1 }}{{ x[-1:] }}{{ a, }}{{ a[] }}",
            "{% set ns.a = b if c else d %}{% for (a, b), c in d recursive %}{{ loop(a) }}{% endfor %}",
            "{{ a is not none and b not in c or not d is defined }}{{ -1e-5 ** 2 // 0x_f }}{{ a.0.b('c' 'd', *e, **f) }}",
            "{% if a: %}{% endif %}{% set x | trim %}y{% endset %}{% filter upper | lower %}{% endfilter %}",
            "{% with a = 1, b = 2 %}{% endwith %}{% block a scoped %}{% endblock a %}{% do a.append(1) %}",
        ] {
            assert_eq!(outcome(template), Outcome::Read, "{template}");
        }
    }

    #[test]
    fn tags_of_other_programs() {
        let read = |template: &str| super::read(template, false);
        assert_eq!(read("{% ifequal a b %}{% else %}{% endifequal %}{{ x ? y }}"), Outcome::Read);
        assert!(matches!(read("{% trans %}{% endtrans %}{{ (x }}"), Outcome::Broken(..)));
        assert!(matches!(read("{% if a %}{% elsif b %}{% endif %}"), Outcome::Broken(..)));
    }

    #[test]
    fn filters_and_tests_that_nobody_has() {
        for template in ["{{ messages | nofilter }}", "{% set x = y|nofilter(1) %}", "{% if x is truthy %}{% endif %}"]
        {
            assert!(matches!(outcome(template), Outcome::Broken(..)), "{template}");
        }
        for template in [
            "{{ messages | tojson(indent=4) | trim }}",
            "{% if x %}{{ y | mine }}{% endif %}{{ (y | mine) if mine else y }}",
            "{{ '| nofilter' }}",
        ] {
            assert_eq!(outcome(template), Outcome::Read, "{template}");
        }
    }
}
