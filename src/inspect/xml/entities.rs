//! How much text the entities of a document type stand for (XML 1.0, section 4.4; CWE-776).

use std::collections::HashMap;

/// Bytes that entities of a document may come to. What people abbreviate so is a name or an address.
const BYTES: u64 = 64 << 10;

/// Entities made of others made of others.
const LEVELS: u32 = 3;

/// Entities of one document that are looked at.
const ENTITIES: usize = 10_000;

/// What an entity comes to.
#[derive(Clone, Copy)]
struct Size {
    bytes: u64,
    levels: u32,
}

/// Why the declared entities are more than a reader should be asked for: what the largest of them comes to, or that one is
/// made of itself.
pub fn grows(declaration: &str) -> Option<String> {
    let declared = declared(declaration);
    let mut known: HashMap<&str, Size> = HashMap::new();
    let mut worst: Option<(&str, Size)> = None;
    for name in declared.keys().copied() {
        let size = size(name, &declared, &mut known)?;
        if worst.is_none_or(|(other, most)| (size.bytes, other) > (most.bytes, name)) {
            worst = Some((name, size));
        }
    }
    let (name, size) = worst?;
    let much = size.bytes > BYTES || known.values().any(|size| size.levels >= LEVELS);
    let levels = known.values().map(|size| size.levels).max().unwrap_or(0);
    let shown: String = name.chars().take(40).collect();
    much.then(|| format!("the entity {shown:?} comes to {} bytes, through {levels} levels of entities", size.bytes))
}

/// Names and values of general entities that are declared in the text itself; of two of a name, the first holds.
fn declared(declaration: &str) -> HashMap<&str, &str> {
    let mut all = HashMap::new();
    for rest in declaration.split("<!ENTITY").skip(1).take(ENTITIES) {
        let rest = rest.trim_start();
        let Some((name, rest)) = rest.split_once(char::is_whitespace).filter(|(name, _)| *name != "%") else {
            continue;
        };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
        if let Some((value, _)) = rest.get(1..).and_then(|rest| rest.split_once(quote)) {
            all.entry(name).or_insert(value);
        }
    }
    all
}

/// Names that a value refers to, numbers of characters left out.
fn references(value: &str) -> impl Iterator<Item = &str> {
    value
        .split('&')
        .skip(1)
        .filter_map(|rest| rest.split_once(';'))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with('#'))
}

/// What an entity comes to, those that it is made of first; `None` if one is made of itself, which readers refuse.
fn size<'d>(name: &'d str, declared: &HashMap<&'d str, &'d str>, known: &mut HashMap<&'d str, Size>) -> Option<Size> {
    let mut open: Vec<&'d str> = vec![name];
    while let Some(name) = open.last().copied() {
        let value = declared.get(name).copied().unwrap_or_default();
        let inner = references(value).find(|inner| declared.contains_key(inner) && !known.contains_key(inner));
        if let Some((inner, _)) = inner.and_then(|inner| declared.get_key_value(inner)) {
            if open.contains(inner) {
                return None;
            }
            open.push(inner);
            continue;
        }
        let mut size = Size { bytes: value.len() as u64, levels: 0 };
        for inner in references(value).filter_map(|inner| known.get(inner)) {
            size.bytes = size.bytes.saturating_add(inner.bytes);
            size.levels = size.levels.max(inner.levels.saturating_add(1));
        }
        known.insert(name, size);
        open.pop();
    }
    known.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_of_entities_are_added_up() {
        let ten = |of: &str| format!("&{of};").repeat(10);
        let mut bomb = "PMML [<!ENTITY a \"lol\">".to_owned();
        for (name, of) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d")] {
            bomb.push_str(&format!("<!ENTITY {name} \"{}\">", ten(of)));
        }
        let said = grows(&bomb).unwrap();
        assert!(said.contains("\"e\"") && said.contains("4 levels"), "{said}");
        assert!(grows(&format!("x [<!ENTITY a \"{}\"><!ENTITY b \"{}\">]", "a".repeat(7000), ten("a"))).is_some());
        assert!(grows("svg [<!ENTITY ns \"http://www.w3.org/2000/svg\"><!ENTITY b '&ns;&#38;'>]").is_none());
        assert!(grows("x [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]").is_none());
        assert!(grows("x [<!ENTITY a SYSTEM \"y\"><!ENTITY % p \"&a;\"><!ENTITY").is_none());
    }
}
