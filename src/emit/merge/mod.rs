//! Several bills of material as one, in CycloneDX.
//!
//! Components are the same when they have the same package URL, whatever type a generator gave them; files when they
//! have the same path and a digest in common; others when type, name, version and digests are the same. References mean nothing across documents, so all are made anew where two clash. What is said twice and
//! alike stands once; what is said differently is kept as the first bill says it, and the other word stands beside it
//! in a property `weighbridge:conflict:<field>` and in [`Merged::conflicts`]. The order of the inputs decides who is
//! first. Not carried over, and said in [`Merged::left_out`]: what speaks of a document as a whole or points into it.

mod reconcile;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::model::Tool;

use super::cyclonedx::Spec;
use super::foreign::Foreign;
use super::foreign::convert::{self, Sheet};
use super::identity;

/// One bill and what it is called.
pub struct Input {
    /// Name of its file.
    pub name: String,
    /// What it says.
    pub bill: Foreign,
}

/// What the merged bill says beyond its inputs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Version of CycloneDX.
    pub spec: Spec,
    /// What the whole is called.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// When, as RFC 3339; left out when nothing is given.
    pub timestamp: Option<String>,
    /// Who answers for the document.
    pub author: Option<String>,
}

/// A merged bill, and what did not fit together.
pub struct Merged {
    /// The document.
    pub document: Value,
    /// What bills say differently, a sentence each.
    pub conflicts: Vec<String>,
    /// What is not carried over, a sentence each.
    pub left_out: Vec<String>,
}

/// Parts of a document that are not carried over.
const LEFT_OUT: [&str; 8] = [
    "annotations",
    "citations",
    "declarations",
    "definitions",
    "externalReferences",
    "formulation",
    "properties",
    "signature",
];

/// Reference of the whole.
const WHOLE: &str = "merged";

/// The merged bill while it grows.
#[derive(Default)]
struct Whole {
    components: Vec<Value>,
    by_key: BTreeMap<String, usize>,
    /// Names that references inside of a component got, by the component and what its bill calls them.
    inside: BTreeMap<(usize, String), String>,
    services: Vec<Value>,
    vulnerabilities: BTreeMap<String, Value>,
    compositions: Vec<Value>,
    tools: Vec<Value>,
    edges: BTreeMap<String, BTreeSet<String>>,
    taken: BTreeSet<String>,
    conflicts: Vec<String>,
    left_out: Vec<String>,
}

/// Makes one bill of several.
#[must_use]
pub fn merge(inputs: &[Input], options: &Options) -> Merged {
    let mut whole = Whole::default();
    whole.taken.insert(WHOLE.to_owned());
    for (index, input) in inputs.iter().enumerate() {
        let sheet = convert::sheet(&input.bill);
        for key in LEFT_OUT.iter().filter(|key| input.bill.value.get(**key).is_some()) {
            whole.left_out.push(format!("{}: {key}", input.name));
        }
        whole.add(sheet, index, &input.name);
    }
    whole.close(options)
}

impl Whole {
    fn add(&mut self, sheet: Sheet, index: usize, name: &str) {
        let mut sheet = sheet;
        let names = self.names(&mut sheet, index);
        for mut component in sheet.components {
            rewrite(&mut component, &names);
            property(&mut component, "weighbridge:merged-from", name);
            let known = self.place(&component);
            match known.and_then(|at| self.components.get_mut(at)) {
                Some(known) => reconcile::component(known, &component, name, &mut self.conflicts),
                None => self.components.push(component.clone()),
            }
            let at = known.unwrap_or_else(|| self.components.len().saturating_sub(1));
            for key in reconcile::keys(&component) {
                self.by_key.entry(key).or_insert(at);
            }
        }
        for mut service in sheet.services {
            rewrite(&mut service, &names);
            match self.services.iter_mut().find(|known| same_service(known, &service)) {
                Some(known) => reconcile::component(known, &service, name, &mut self.conflicts),
                None => self.services.push(service),
            }
        }
        for mut flaw in sheet.vulnerabilities {
            rewrite(&mut flaw, &names);
            let key = flaw_key(&flaw);
            match self.vulnerabilities.get_mut(&key) {
                Some(known) => reconcile::flaw(known, &flaw, name, &mut self.conflicts),
                None => {
                    self.vulnerabilities.insert(key, flaw);
                }
            }
        }
        for mut composition in sheet.compositions {
            rewrite(&mut composition, &names);
            if !self.compositions.contains(&composition) {
                self.compositions.push(composition);
            }
        }
        for mut tool in sheet.tools {
            rewrite(&mut tool, &names);
            if !self.tools.iter().any(|known| same_tool(known, &tool)) {
                self.tools.push(tool);
            }
        }
        let renamed = |name: &String| names.get(name).unwrap_or(name).clone();
        for (from, to) in &sheet.edges {
            self.edges.entry(renamed(from)).or_default().extend(to.iter().map(renamed));
        }
        self.edges.entry(WHOLE.to_owned()).or_default().extend(sheet.root.iter().map(renamed));
    }

    /// What each reference of a document is called in the whole: the same as before, unless it is taken by something
    /// else, or the component is there already.
    fn names(&mut self, sheet: &mut Sheet, index: usize) -> BTreeMap<String, String> {
        let mut names = BTreeMap::new();
        for (number, component) in sheet.components.iter_mut().enumerate() {
            if component["bom-ref"].as_str().is_none() {
                component["bom-ref"] = format!("component-{number}").into();
            }
        }
        // Places of components that are new: those of this bill that are the same as each other have one.
        let mut next = self.components.len();
        let mut new: BTreeMap<String, usize> = BTreeMap::new();
        let mut inside = Vec::new();
        for component in &sheet.components {
            let own = reference(component);
            let keys = reconcile::keys(component);
            let found = keys.iter().find_map(|key| self.by_key.get(key).or_else(|| new.get(key)).copied());
            let at = found.unwrap_or(next);
            if found.is_none() {
                next = next.saturating_add(1);
            }
            new.extend(keys.into_iter().map(|key| (key, at)));
            if let Some(known) = self.components.get(at) {
                names.insert(own.to_owned(), reference(known).to_owned());
            }
            let mut within = BTreeSet::new();
            references(component, &mut within);
            within.remove(own);
            for within in within {
                match self.inside.get(&(at, within.clone())) {
                    Some(name) => drop(names.insert(within, name.clone())),
                    None => inside.push((at, within)),
                }
            }
        }
        self.others_that_are_known(sheet, &mut names);
        let lists = [&sheet.components, &sheet.services, &sheet.vulnerabilities, &sheet.compositions, &sheet.tools];
        let mut all = BTreeSet::new();
        for value in lists.into_iter().flatten() {
            references(value, &mut all);
        }
        for own in all {
            if names.contains_key(&own) {
                continue;
            }
            let mut name = own.clone();
            let mut number = index;
            while self.taken.contains(&name) {
                number = number.saturating_add(1);
                name = format!("{own}#{number}");
            }
            self.taken.insert(name.clone());
            names.insert(own, name);
        }
        self.inside.extend(inside.into_iter().filter_map(|(at, own)| {
            let name = names.get(&own)?.clone();
            Some(((at, own), name))
        }));
        names
    }

    /// Services, flaws and tools that are there already keep their names.
    fn others_that_are_known(&self, sheet: &Sheet, names: &mut BTreeMap<String, String>) {
        let services = sheet
            .services
            .iter()
            .map(|service| (service, self.services.iter().find(|known| same_service(known, service))));
        let flaws = sheet.vulnerabilities.iter().map(|flaw| (flaw, self.vulnerabilities.get(&flaw_key(flaw))));
        let tools = sheet.tools.iter().map(|tool| (tool, self.tools.iter().find(|known| same_tool(known, tool))));
        for (other, known) in services.chain(flaws).chain(tools) {
            let (own, known) = (reference(other), known.map(reference).unwrap_or_default());
            if !own.is_empty() && !known.is_empty() {
                names.insert(own.to_owned(), known.to_owned());
            }
        }
    }

    /// Where the same component stands already.
    fn place(&self, component: &Value) -> Option<usize> {
        reconcile::keys(component).iter().find_map(|key| self.by_key.get(key).copied())
    }

    fn close(self, options: &Options) -> Merged {
        let unknown = super::cyclonedx::UNKNOWN;
        let this = Tool::this();
        let mut tools = vec![json!({ "type": "application", "name": this.name, "version": this.version })];
        tools.extend(self.tools);
        let mut metadata = json!({
            "lifecycles": [{ "phase": "post-build" }],
            "tools": { "components": tools },
            "authors": [{ "name": options.author.as_deref().unwrap_or(unknown) }],
            "component": {
                "type": "application",
                "bom-ref": WHOLE,
                "name": options.name,
                "version": options.version.as_deref().unwrap_or(unknown),
                "purl": identity::content_purl(&options.name, options.version.as_deref(), None),
                "supplier": { "name": unknown },
                "licenses": [{ "license": { "name": "NOASSERTION" } }],
            },
        });
        if let Some(timestamp) = &options.timestamp {
            metadata["timestamp"] = timestamp.as_str().into();
        }
        let known: BTreeSet<&str> = self.components.iter().filter_map(|one| one["bom-ref"].as_str()).collect();
        let leads = |name: &String| name == WHOLE || known.contains(name.as_str()) || self.taken.contains(name);
        let edge = |(from, to): (&String, &BTreeSet<String>)| {
            let on: Vec<&String> = to.iter().filter(|name| leads(name) && *name != from).collect();
            if on.is_empty() { json!({ "ref": from }) } else { json!({ "ref": from, "dependsOn": on }) }
        };
        let edges: Vec<Value> = self.edges.iter().filter(|(from, _)| leads(from)).map(edge).collect();
        let version = options.spec.number();
        let mut document = json!({
            "$schema": format!("http://cyclonedx.org/schema/bom-{version}.schema.json"),
            "bomFormat": "CycloneDX",
            "specVersion": version,
            "version": 1,
            "metadata": metadata,
            "components": self.components,
            "dependencies": edges,
        });
        let vulnerabilities: Vec<Value> = self.vulnerabilities.into_values().collect();
        for (key, list) in
            [("services", self.services), ("compositions", self.compositions), ("vulnerabilities", vulnerabilities)]
        {
            if !list.is_empty() {
                document[key] = list.into();
            }
        }
        document["serialNumber"] = format!("urn:uuid:{}", identity::uuid(document.to_string().as_bytes())).into();
        Merged { document, conflicts: self.conflicts, left_out: self.left_out }
    }
}

fn reference(value: &Value) -> &str {
    value["bom-ref"].as_str().unwrap_or_default()
}

fn same_service(one: &Value, other: &Value) -> bool {
    ["name", "group", "version"].iter().all(|key| one[*key] == other[*key])
        && one["provider"]["name"] == other["provider"]["name"]
}

fn same_tool(one: &Value, other: &Value) -> bool {
    one["name"] == other["name"] && one["version"] == other["version"]
}

fn flaw_key(flaw: &Value) -> String {
    let source = flaw["source"]["name"].as_str().unwrap_or_default();
    format!("{}\0{source}", flaw["id"].as_str().unwrap_or_default())
}

/// Adds a property.
fn property(component: &mut Value, name: &str, value: &str) {
    if let Value::Object(map) = component
        && let Value::Array(list) = map.entry("properties").or_insert_with(|| json!([]))
    {
        list.push(json!({ "name": name, "value": value }));
    }
}

/// All references that a value gives itself or what is in it. The reader bounds how deep it is.
fn references(value: &Value, all: &mut BTreeSet<String>) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                all.extend(map.get("bom-ref").and_then(Value::as_str).map(str::to_owned));
                open.extend(map.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

/// Keys whose text, or texts in a list, are references.
const REFERRING: [&str; 10] = [
    "assemblies",
    "attributedTo",
    "bom-ref",
    "dependencies",
    "dependsOn",
    "process",
    "provides",
    "ref",
    "target",
    "vulnerabilities",
];

/// Puts new names for old ones, wherever one refers.
fn rewrite(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(map) => rewrite_map(map, names),
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, names)),
        _ => {}
    }
}

fn rewrite_map(map: &mut Map<String, Value>, names: &BTreeMap<String, String>) {
    let renamed = |value: &mut Value| {
        if let Some(name) = value.as_str().and_then(|name| names.get(name)) {
            *value = name.as_str().into();
        }
    };
    for (key, value) in map.iter_mut() {
        match value {
            Value::String(_) if REFERRING.contains(&key.as_str()) => renamed(value),
            Value::Array(items) if REFERRING.contains(&key.as_str()) => {
                for item in items {
                    if item.is_string() { renamed(item) } else { rewrite(item, names) }
                }
            }
            value => rewrite(value, names),
        }
    }
}

#[cfg(test)]
mod tests;
