//! Elements of an SPDX 3 document while they are gathered.

use serde_json::{Map, Value, json};

/// The one node that says who made the document and when.
pub(super) const CREATION: &str = "_:creation";

/// Elements in order, and what their addresses begin with.
pub(super) struct Graph<'n> {
    pub(super) namespace: &'n str,
    pub(super) elements: Vec<Value>,
    pub(super) relations: usize,
}

impl Graph<'_> {
    /// The address of a name.
    pub(super) fn id(&self, name: &str) -> String {
        format!("{}#{name}", self.namespace)
    }

    /// Addresses of all elements.
    pub(super) fn ids(&self) -> Vec<String> {
        self.elements.iter().filter_map(|element| element["spdxId"].as_str()).map(str::to_owned).collect()
    }

    /// Adds an element with texts as fields and gives back its address.
    pub(super) fn add(&mut self, kind: &str, name: &str, fields: &[(&str, String)]) -> String {
        let id = self.id(name);
        let mut element = Map::new();
        element.insert("type".to_owned(), kind.into());
        element.insert("spdxId".to_owned(), id.as_str().into());
        element.insert("creationInfo".to_owned(), CREATION.into());
        for (key, value) in fields {
            element.insert((*key).to_owned(), value.as_str().into());
        }
        self.elements.push(element.into());
        id
    }

    /// Sets a field of the element that was added last.
    pub(super) fn set(&mut self, key: &str, value: Value) {
        let empty = value.as_array().is_some_and(Vec::is_empty) || value.is_null();
        if let (false, Some(element)) = (empty, self.elements.last_mut()) {
            element[key] = value;
        }
    }

    /// Relates one element to others; nothing is written where there are none.
    pub(super) fn relate(&mut self, from: &str, how: &str, to: &[String], completeness: &str) {
        if to.is_empty() {
            return;
        }
        self.relations += 1;
        let name = format!("relation-{}", self.relations);
        let fields = [("from", from), ("relationshipType", how), ("completeness", completeness)];
        self.add("Relationship", &name, &fields.map(|(key, value)| (key, value.to_owned())));
        self.set("to", json!(to));
    }
}
