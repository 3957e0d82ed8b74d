//! The blocks of a template: which text and code stand between a tag and the one that ends it.
//!
//! Source: Jinja, "Template Designer Documentation". A tag without its end reaches to the end of what it stands in.

use super::tokens::{Code, Token};

/// Blocks in blocks that are told apart.
const DEPTH: usize = 48;

/// Tags that another one ends.
pub static OPEN: [&str; 12] =
    ["for", "if", "macro", "call", "filter", "set", "with", "block", "autoescape", "trans", "generation", "raw"];

/// A part of a template.
#[derive(Debug)]
pub enum Node<'t> {
    /// Text that is written as it stands.
    Text(&'t str),
    /// An expression that is written, or a tag without an end of its own.
    Code(&'t Code),
    /// A tag with an end.
    Block(Block<'t>),
}

/// A tag, and what stands behind it and behind each `elif` and `else` that belongs to it.
#[derive(Debug)]
pub struct Block<'t> {
    /// The tag's name.
    pub word: &'t str,
    /// The tags, each with what follows it.
    pub parts: Vec<(&'t Code, Vec<Node<'t>>)>,
}

/// The first word of a tag, and how many tokens stand before what follows it.
pub fn word(code: &Code) -> (&str, usize) {
    let at = usize::from(matches!(code.tokens.first(), Some(Token::Sign(b'-' | b'+'))));
    match code.tokens.get(at) {
        Some(Token::Name(name, _)) if code.statement => (name.as_str(), at + 1),
        _ => ("", at),
    }
}

/// Reads the template into its parts.
pub fn read<'t>(template: &'t str, codes: &'t [Code]) -> Vec<Node<'t>> {
    let mut done: Vec<Node<'t>> = Vec::new();
    let mut open: Vec<Block<'t>> = Vec::new();
    let mut at = 0;
    for code in codes {
        let between = template.get(at..code.at).unwrap_or_default();
        let between = trimmed(between, template.get(..at).unwrap_or_default(), template.get(code.at..code.end));
        if !between.is_empty() {
            push(Node::Text(between), &mut open, &mut done);
        }
        at = code.end;
        let (word, _) = word(code);
        let opens = OPEN.iter().find(|open| **open == word).filter(|word| **word != "set" || !assigns(code));
        if let Some(word) = opens.filter(|_| open.len() < DEPTH) {
            open.push(Block { word, parts: vec![(code, Vec::new())] });
        } else if let Some(ended) = word.strip_prefix("end").filter(|ended| OPEN.contains(ended)) {
            if open.iter().any(|block| block.word == ended) {
                while let Some(block) = open.pop() {
                    let last = block.word == ended;
                    push(Node::Block(block), &mut open, &mut done);
                    if last {
                        break;
                    }
                }
            }
        } else if let (true, Some(block)) = (matches!(word, "else" | "elif"), open.last_mut()) {
            block.parts.push((code, Vec::new()));
        } else {
            push(Node::Code(code), &mut open, &mut done);
        }
    }
    if let Some(rest) = template.get(at..).filter(|rest| !rest.is_empty()) {
        push(Node::Text(rest), &mut open, &mut done);
    }
    while let Some(block) = open.pop() {
        push(Node::Block(block), &mut open, &mut done);
    }
    done
}

fn push<'t>(node: Node<'t>, open: &mut [Block<'t>], done: &mut Vec<Node<'t>>) {
    match open.last_mut().and_then(|block| block.parts.last_mut()) {
        Some((_, nodes)) => nodes.push(node),
        None => done.push(node),
    }
}

/// True for `{% set name = … %}`, which has no end.
pub fn assigns(code: &Code) -> bool {
    let mut depth = 0usize;
    code.tokens.iter().any(|token| {
        match token {
            Token::Sign(b'(' | b'[' | b'{') => depth += 1,
            Token::Sign(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == Token::Sign(b'=')
    })
}

/// Text without the white space that the codes around it take away: at a minus sign all of it, and behind a tag the
/// end of its line, as the loaders of chat templates have it.
fn trimmed<'t>(text: &'t str, before: &str, after: Option<&str>) -> &'t str {
    let mut text = text;
    if before.ends_with("-%}") || before.ends_with("-}}") || before.ends_with("-#}") {
        text = text.trim_start();
    } else if before.ends_with("%}") {
        text = text.strip_prefix('\n').unwrap_or(text);
    }
    let after = after.unwrap_or_default();
    if after.get(2..3) == Some("-") {
        text = text.trim_end();
    } else if after.starts_with("{%") && text.rsplit('\n').next().is_some_and(|line| line.trim().is_empty()) {
        text = text.trim_end_matches([' ', '\t']);
    }
    text
}
