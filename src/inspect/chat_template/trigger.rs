//! Instructions that a template adds when the conversation has certain words: a backdoor that no weight holds. And
//! pictures whose address takes along what was said.
//!
//! Source: "poisoned templates" of GGUF files (Pillar Security, 2025). Seen is a branch whose condition looks for words in
//! a `content`, and that tells a model what nobody asked for, or names an address. Not seen: what a template says to
//! everybody, words in other languages or put together, and conditions over variables.

use super::blocks::word;
use super::tokens::{Code, Token};

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

/// All constant text of a template in small letters, as far as it was read, and the branches that wait for words.
#[derive(Default)]
struct Said<'c> {
    text: String,
    /// The branch that is open in each `if` and `for` that is.
    open: Vec<Option<Branch<'c>>>,
    closed: Vec<(Branch<'c>, usize)>,
}

/// Where a branch stands, the words it waits for, and where its text begins.
struct Branch<'c> {
    at: usize,
    words: &'c str,
    begin: usize,
}

/// The first branch that waits for words of the conversation to add instructions: where, and what is to be said of it.
pub fn find(template: &str, codes: &[Code]) -> Option<(usize, String)> {
    if !codes.iter().any(|code| awaited(code).is_some()) {
        return None;
    }
    let mut said = Said::default();
    let mut end = 0;
    for code in codes {
        said.add(template.get(end..code.at).unwrap_or_default());
        end = code.end;
        said.read(code);
    }
    said.add(template.get(end..).unwrap_or_default());
    while let Some(branch) = said.open.pop() {
        said.close(branch);
    }
    let orders = ORDERS.iter().flat_map(|order| said.text.match_indices(order));
    let mut orders: Vec<(usize, &str)> = orders.collect();
    orders.sort_unstable();
    let (branch, order) = said.closed.iter().find_map(|(branch, end)| {
        let first = orders.partition_point(|(at, _)| *at < branch.begin);
        let (at, order) = orders.get(first)?;
        (at + order.len() <= *end).then_some((branch, order))
    })?;
    let words: String = branch.words.chars().take(60).collect();
    Some((branch.at, format!("where {words:?} is said, it adds a text of its own with {order:?}")))
}

impl<'c> Said<'c> {
    fn add(&mut self, text: &str) {
        self.text.extend(text.chars().flat_map(char::to_lowercase));
    }

    fn close(&mut self, branch: Option<Branch<'c>>) {
        let end = self.text.len();
        self.closed.extend(branch.map(|branch| (branch, end)));
    }

    fn read(&mut self, code: &'c Code) {
        let tag = word(code).0;
        if matches!(tag, "elif" | "else" | "endif" | "endfor")
            && let Some(branch) = self.open.pop()
        {
            self.close(branch);
        }
        let words = awaited(code);
        let branch = |begin| words.map(|words| Branch { at: code.at, words, begin });
        if matches!(tag, "if" | "elif" | "else" | "for") {
            return self.open.push(branch(self.text.len()));
        }
        // A value with a condition of its own: `{{ 'text' if 'word' in content }}`.
        let inner = branch(self.text.len());
        for token in &code.tokens {
            if let Token::Text(text, _) = token
                && words != Some(text.as_str())
            {
                self.add(text);
            }
        }
        self.close(inner);
    }
}

/// The words that a condition looks for in what somebody said. Marks of a conversation's form are none.
fn awaited(code: &Code) -> Option<&str> {
    let tokens = &code.tokens;
    let is = |token: Option<&Token>, names: &[&str]| matches!(token, Some(Token::Name(name, _)) if names.contains(&name.as_str()));
    let condition = tokens.iter().any(|token| is(Some(token), &["if", "elif"]));
    let content = tokens.iter().any(|token| match token {
        Token::Name(name, _) | Token::Text(name, _) => name == "content",
        _ => false,
    });
    if !condition || !content {
        return None;
    }
    let words = |text: &str| {
        text.bytes().filter(u8::is_ascii_alphabetic).count() >= 3
            && text != "content"
            && !text.contains(['<', '>', '[', ']', '{', '}', '/'])
    };
    tokens.iter().enumerate().find_map(|(n, token)| {
        let Token::Text(text, _) = token else { return None };
        let back = |steps: usize| n.checked_sub(steps).and_then(|n| tokens.get(n));
        let inside = is(tokens.get(n + 1), &["in"]) && !is(back(1), &["for"]);
        let method = back(1) == Some(&Token::Sign(b'('))
            && is(back(2), &["startswith", "endswith", "find", "count", "search", "match"]);
        let equal = back(1) == Some(&Token::Sign(b'=')) && back(2) == Some(&Token::Sign(b'=')) && {
            is(back(3), &["content"]) || matches!(back(4), Some(Token::Text(name, _)) if name == "content")
        };
        ((inside || method || equal) && words(text)).then_some(text.as_str())
    })
}

/// The first picture whose address does not end in the text it begins in: what is put behind it goes to that server as
/// soon as somebody's program shows the answer.
pub fn picture(template: &str, codes: &[Code]) -> Option<(usize, String)> {
    let texts = codes.iter().flat_map(|code| &code.tokens).filter_map(|token| match token {
        Token::Text(text, at) => Some((*at, text.as_str())),
        _ => None,
    });
    // What stands in front of a code is text, too.
    let ends = std::iter::once(0).chain(codes.iter().map(|code| code.end));
    let between = ends.zip(codes).filter_map(|(from, next)| Some((from, template.get(from..next.at)?)));
    texts.chain(between).find_map(|(at, text)| {
        let (_, behind) = text.rsplit_once("![")?;
        let (_, address) = behind.split_once("](http")?;
        let open = !address.contains(')') && address.starts_with(['s', ':']);
        let shown: String = address.chars().take(60).collect();
        open.then(|| (at, format!("it sends what is said to the address http{shown}, as the picture of an answer")))
    })
}
