//! How much text the entities of a document type stand for (XML 1.0, section 4.4; CWE-776).

use std::collections::{BTreeMap, HashMap, HashSet};

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

impl Size {
    /// Another entity is put in.
    fn add(&mut self, inner: Self) {
        self.bytes = self.bytes.saturating_add(inner.bytes);
        self.levels = self.levels.max(inner.levels.saturating_add(1));
    }
}

/// Why the declared entities are more than a reader should be asked for: how many there are, or what the largest of them
/// comes to.
pub fn grows(declaration: &str) -> Option<String> {
    if declaration.matches("<!ENTITY").nth(ENTITIES).is_some() {
        return Some(format!("more than {ENTITIES} entities are declared"));
    }
    let declared = declared(declaration);
    let mut known: HashMap<&str, Size> = HashMap::new();
    let mut worst: Option<(&str, Size)> = None;
    for name in declared.keys().copied() {
        let Some(size) = size(name, &declared, &mut known) else { continue };
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
fn declared(declaration: &str) -> BTreeMap<&str, &str> {
    let mut all = BTreeMap::new();
    for rest in declaration.split("<!ENTITY").skip(1) {
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

/// What an entity comes to, those that it is made of first. One that is made of itself, which readers refuse once it is
/// used, counts as nothing there. Each reference is followed once.
fn size<'d>(name: &'d str, declared: &BTreeMap<&'d str, &'d str>, known: &mut HashMap<&'d str, Size>) -> Option<Size> {
    let begin = |name: &'d str| {
        let value = declared.get(name).copied().unwrap_or_default();
        (name, Size { bytes: value.len() as u64, levels: 0 }, references(value))
    };
    let mut inside: HashSet<&str> = HashSet::from([name]);
    let mut open = vec![begin(name)];
    while let Some((name, size, rest)) = open.last_mut() {
        let Some(inner) = rest.next() else {
            known.insert(*name, *size);
            inside.remove(*name);
            let done = *size;
            open.pop();
            if let Some((_, outer, _)) = open.last_mut() {
                outer.add(done);
            }
            continue;
        };
        if let Some(inner) = known.get(inner) {
            size.add(*inner);
        } else if let Some((inner, _)) = declared.get_key_value(inner)
            && inside.insert(*inner)
        {
            open.push(begin(inner));
        }
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
        assert!(grows(&format!("{bomb}<!ENTITY x \"&x;\">")).is_some(), "a circle beside it hides nothing");
        assert!(grows(&format!("x [<!ENTITY a \"{}\"><!ENTITY b \"{}\">]", "a".repeat(7000), ten("a"))).is_some());
        assert!(grows("svg [<!ENTITY ns \"http://www.w3.org/2000/svg\"><!ENTITY b '&ns;&#38;'>]").is_none());
        assert!(grows("x [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]").is_none());
        assert!(grows("x [<!ENTITY a SYSTEM \"y\"><!ENTITY % p \"&a;\"><!ENTITY").is_none());
    }
}
