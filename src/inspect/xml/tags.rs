//! Whether tags and the declaration of a document are well-formed where a lenient reader does not care.
//!
//! Source: XML 1.0 (fifth edition), sections 2.3, 2.8 and 3.1; *Namespaces in XML 1.0*, section 5. Not looked at: letters of
//! names beyond those of ASCII.

use std::collections::BTreeSet;

/// What is wrong with a tag, what stands between its brackets being given, if anything.
pub fn fault(tag: &str) -> Option<String> {
    let name = tag.split(|letter: char| letter.is_ascii_whitespace()).next().unwrap_or_default();
    if !is_name(name.trim_end_matches('/')) {
        return Some(format!("the name {:?} is no name", short(name)));
    }
    let mut rest = tag.get(name.len()..).unwrap_or_default();
    loop {
        let next = rest.trim_ascii_start();
        if next.is_empty() || next == "/" {
            return None;
        }
        let Some((name, behind)) = next.split_once('=') else {
            return Some(format!("the attribute {:?} has no value", short(next)));
        };
        if next.len() == rest.len() {
            return Some(format!("no white space stands in front of the attribute {:?}", short(name)));
        }
        if !is_name(name.trim_ascii_end()) {
            return Some(format!("the name {:?} of an attribute is no name", short(name)));
        }
        let behind = behind.trim_ascii_start();
        let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let closed = quote.and_then(|quote| behind.get(1..)?.split_once(quote));
        let Some((value, after)) = closed else {
            return Some(format!("the value of the attribute {:?} is not in quotes", short(name)));
        };
        if value.contains('<') {
            return Some(format!("the value of the attribute {:?} holds a bracket", short(name)));
        }
        rest = after;
    }
}

/// What is wrong with the declaration of a document, what stands between `<?` and `?>` being given, if anything.
pub fn declaration(text: &str) -> Option<String> {
    if let Some(what) = fault(text.trim_ascii_end()) {
        return Some(format!("in the declaration, {what}"));
    }
    let mut left = ["version", "encoding", "standalone"].iter();
    let names = text.split('=').filter_map(|part| part.split_ascii_whitespace().last());
    let count = text.matches('=').count();
    for name in names.take(count) {
        if !left.any(|known| *known == name) {
            return Some(format!("the declaration says {:?}, which none does there", short(name)));
        }
    }
    (!text.contains("version")).then(|| "the declaration says no version".to_owned())
}

/// Prefixes of names that stand for a namespace.
pub struct Prefixes(BTreeSet<String>);

impl Default for Prefixes {
    fn default() -> Self {
        Self(["xml", "xmlns"].map(str::to_owned).into())
    }
}

impl Prefixes {
    /// Takes what the names of an element and its attributes declare; one that is not declared, if there is any. What an
    /// element declared is kept behind its end.
    pub fn unbound<'n>(
        &mut self,
        element: &'n str,
        attributes: impl Iterator<Item = &'n str> + Clone,
    ) -> Option<&'n str> {
        let declared = attributes.clone().filter_map(|name| name.strip_prefix("xmlns:"));
        self.0.extend(declared.take(1000).map(str::to_owned));
        let mut used = std::iter::once(element).chain(attributes).filter_map(|name| Some(name.split_once(':')?.0));
        used.find(|prefix| !self.0.contains(*prefix))
    }
}

fn is_name(name: &str) -> bool {
    let first = |letter: char| letter.is_ascii_alphabetic() || matches!(letter, '_' | ':') || !letter.is_ascii();
    let other = |letter: char| first(letter) || letter.is_ascii_digit() || matches!(letter, '-' | '.');
    name.starts_with(first) && name.chars().all(other)
}

fn short(text: &str) -> String {
    text.trim_ascii().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_held_to_the_standard() {
        for good in ["a", "a/", "a b='1' c = \"x>y=z\" /", "p:a\n p:b='it\"s'", "net name=\"=\""] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in ["a b='1'c='2'", "a b='1'!c='2'", "a b", "a b=1", "a b='<'", "1a", "a 2='b'", "a b='x"] {
            assert!(fault(bad).is_some(), "{bad}");
        }
        assert_eq!(declaration("xml version='1.0' encoding=\"UTF-8\" standalone = 'yes' "), None);
        for bad in ["xml encoding='UTF-8'", "xml version='1.0' encoeing='x'", "xml encoding='x' version='1.0'"] {
            assert!(declaration(bad).is_some(), "{bad}");
        }
        let mut prefixes = Prefixes::default();
        assert_eq!(prefixes.unbound("a", ["xmlns:b", "xml:lang"].into_iter()), None);
        assert_eq!(prefixes.unbound("b:a", ["c:d"].into_iter()), Some("c"));
    }
}
