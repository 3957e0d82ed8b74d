//! Instructions that a template adds when the conversation has certain words: a backdoor that no weight holds.
//!
//! Source: "poisoned templates" of GGUF files (Pillar Security, 2025). Seen is a branch whose condition looks for a text in
//! a `content`, and whose body, as it stands there, tells a model what nobody asked for, or names an address. Not seen:
//! what a template says to everybody, words in other languages or put together, and conditions over variables.

use super::blocks::{Block, Node};
use super::tokens::{Code, Token};

/// Blocks in blocks that are looked at.
const DEPTH: usize = 48;

/// Bytes of a body that are read.
const BODY: usize = 16 << 10;

/// What orders a model about behind the back of the one who asks.
static ORDERS: [&str; 26] = [
    "ignore all previous",
    "ignore previous",
    "ignore the previous",
    "ignore all prior",
    "ignore your instructions",
    "disregard",
    "override your",
    "do not mention",
    "don't mention",
    "do not tell the user",
    "don't tell the user",
    "do not reveal",
    "never mention",
    "never reveal",
    "without telling",
    "without mentioning",
    "secretly",
    "silently",
    "tell the user to",
    "always recommend",
    "always include",
    "insert a backdoor",
    "inject",
    "exfiltrate",
    "http://",
    "https://",
];

/// Where a branch stands, the words it waits for, and what it says.
pub struct Trigger {
    pub at: usize,
    pub words: String,
    pub order: &'static str,
}

/// The first branch that waits for words of the conversation to add instructions.
pub fn find(nodes: &[Node<'_>]) -> Option<Trigger> {
    within(nodes, DEPTH)
}

fn within(nodes: &[Node<'_>], depth: usize) -> Option<Trigger> {
    nodes.iter().find_map(|node| match node {
        Node::Block(block) if depth > 0 => of_block(block, depth - 1),
        _ => None,
    })
}

fn of_block(block: &Block<'_>, depth: usize) -> Option<Trigger> {
    block.parts.iter().find_map(|(code, body)| {
        let words = awaited(code).filter(|_| block.word == "if");
        let said = words.and_then(|words| {
            let mut text = String::new();
            gather(body, depth, &mut text);
            let text = text.to_lowercase();
            let order = ORDERS.into_iter().find(|order| text.contains(order))?;
            Some(Trigger { at: code.at, words: words.to_owned(), order })
        });
        said.or_else(|| within(body, depth))
    })
}

/// The words that a condition looks for in what somebody said. Marks of a conversation's form are none.
fn awaited(code: &Code) -> Option<&str> {
    let said = code
        .tokens
        .iter()
        .any(|token| matches!(token, Token::Name(name, _) | Token::Text(name, _) if name == "content"));
    let looks = |token: &Token| {
        matches!(token, Token::Name(name, _)
            if matches!(name.as_str(), "in" | "startswith" | "endswith" | "find" | "count" | "search" | "match"))
    };
    if !said || !code.tokens.iter().any(looks) {
        return None;
    }
    let words = |text: &str| {
        text.bytes().filter(u8::is_ascii_alphabetic).count() >= 3
            && text != "content"
            && !text.contains(['<', '>', '[', ']', '{', '}', '/'])
    };
    code.tokens.iter().find_map(|token| match token {
        Token::Text(text, _) if words(text) => Some(text.as_str()),
        _ => None,
    })
}

/// The constant text of a body, what stands in its codes among it.
fn gather(nodes: &[Node<'_>], depth: usize, text: &mut String) {
    for node in nodes {
        if text.len() >= BODY {
            return;
        }
        match node {
            Node::Text(plain) => text.extend(plain.chars().take(BODY)),
            Node::Code(code) => constants(code, text),
            Node::Block(block) if depth > 0 => {
                for (code, body) in &block.parts {
                    constants(code, text);
                    gather(body, depth - 1, text);
                }
            }
            Node::Block(_) => {}
        }
    }
}

fn constants(code: &Code, text: &mut String) {
    for token in &code.tokens {
        if let Token::Text(constant, _) = token
            && text.len() < BODY
        {
            text.extend(constant.chars().take(BODY));
        }
    }
}
