//! Instructions that a template adds when the conversation has certain words: a backdoor that no weight holds. And
//! pictures whose address takes along what was said.
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

/// The first branch that waits for words of the conversation to add instructions: where, and what is to be said of it.
pub fn find(nodes: &[Node<'_>]) -> Option<(usize, String)> {
    within(nodes, DEPTH)
}

/// The first picture whose address does not end in the text it begins in: what is put behind it goes to that server as
/// soon as somebody's program shows the answer.
pub fn picture(template: &str, codes: &[Code]) -> Option<(usize, String)> {
    let texts = codes.iter().flat_map(|code| &code.tokens).filter_map(|token| match token {
        Token::Text(text, at) => Some((*at, text.as_str())),
        _ => None,
    });
    // What stands between two codes is text, too.
    let starts = codes.iter().map(|code| code.end);
    let between =
        starts.zip(codes.iter().skip(1)).filter_map(|(from, next)| Some((from, template.get(from..next.at)?)));
    texts.chain(between).find_map(|(at, text)| {
        let (_, behind) = text.rsplit_once("![")?;
        let (_, address) = behind.split_once("](http")?;
        let open = !address.contains(')') && address.starts_with(['s', ':']);
        let shown: String = address.chars().take(60).collect();
        open.then(|| (at, format!("it sends what is said to the address http{shown}, as the picture of an answer")))
    })
}

fn within(nodes: &[Node<'_>], depth: usize) -> Option<(usize, String)> {
    nodes.iter().find_map(|node| match node {
        Node::Block(block) if depth > 0 => of_block(block, depth - 1),
        _ => None,
    })
}

fn of_block(block: &Block<'_>, depth: usize) -> Option<(usize, String)> {
    block.parts.iter().find_map(|(code, body)| {
        let words = awaited(code).filter(|_| block.word == "if");
        let said = words.and_then(|words| {
            let mut text = String::new();
            gather(body, depth, &mut text);
            let text = text.to_lowercase();
            let order = ORDERS.into_iter().find(|order| text.contains(order))?;
            let words: String = words.chars().take(60).collect();
            Some((code.at, format!("where {words:?} is said, it adds a text of its own with {order:?}")))
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
