//! SPDX 3.0, taken apart into fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cyclonedx::hashed;
use super::{Fields, Foreign, Kind, Part, Trouble, Word, connect, list, note, said, sound, text, word};

/// Reads a document with `@context` and `@graph`.
pub(super) fn read(value: Value) -> Result<Foreign, Trouble> {
    let context = text(&value, "@context").unwrap_or_default();
    let Some(rest) = context.strip_prefix("https://spdx.org/rdf/") else { return Err(Trouble::Other) };
    let version = rest.split('/').next().unwrap_or_default().to_owned();
    if !version.starts_with("3.0") {
        return Err(Trouble::Version(format!("SPDX {}", super::super::sanitize::short(&version, 40))));
    }
    let mut bill = Foreign { format: "SPDX", version, syntax: "JSON-LD", ..Foreign::default() };
    bill.unsound = sound::spdx3(&value);
    let graph = Graph::of(&value);
    document(&mut bill.fields, &value, &graph);
    let mut connected = BTreeSet::new();
    for relation in graph.relations("").filter(|one| one.get("relationshipType").is_some()) {
        let kind = text(relation, "relationshipType").unwrap_or_default();
        let wanted = ["dependsOn", "contains", "descendantOf", "ancestorOf", "trainedOn", "hasStaticLink"];
        if wanted.contains(&kind) {
            connected.extend(text(relation, "from").map(str::to_owned));
            connected.extend(list(relation, "to").filter_map(Value::as_str).map(str::to_owned));
        }
    }
    bill.parts = list(&value, "@graph").filter_map(|element| part(element, &graph)).collect();
    connect(&mut bill.parts, &connected);
    note(&mut bill.fields, "dependency", said(!connected.is_empty()));
    bill.value = value;
    Ok(bill)
}

struct Graph<'v> {
    by_id: BTreeMap<&'v str, &'v Value>,
    from: BTreeMap<&'v str, Vec<&'v Value>>,
    all: Vec<&'v Value>,
}

impl<'v> Graph<'v> {
    fn of(value: &'v Value) -> Self {
        let mut graph = Self { by_id: BTreeMap::new(), from: BTreeMap::new(), all: Vec::new() };
        for element in list(value, "@graph") {
            let id = text(element, "spdxId").or(text(element, "@id"));
            graph.by_id.extend(id.map(|id| (id, element)));
            if let Some(from) = text(element, "from") {
                graph.from.entry(from).or_default().push(element);
                graph.all.push(element);
            }
        }
        graph
    }

    /// Relations from an element; of all elements for an empty address.
    fn relations(&self, from: &str) -> impl Iterator<Item = &'v Value> + use<'v, '_> {
        let found = if from.is_empty() { Some(&self.all) } else { self.from.get(from) };
        found.into_iter().flatten().copied()
    }

    /// What an agent, or whatever an address leads to, is called.
    fn name(&self, id: &str) -> Option<Word> {
        match self.by_id.get(id) {
            Some(element) => word(text(element, "name")),
            None => word(Some(id)),
        }
    }
}

fn document(fields: &mut Fields, value: &Value, graph: &Graph<'_>) {
    note(fields, "format-name", Some(Word::Said));
    note(fields, "format-version", Some(Word::Said));
    for element in list(value, "@graph") {
        match text(element, "type") {
            Some("CreationInfo") => {
                note(fields, "timestamp", word(text(element, "created")));
                for by in list(element, "createdBy").filter_map(Value::as_str) {
                    let kind = graph.by_id.get(by).and_then(|agent| text(agent, "type"));
                    let is_entity = matches!(kind, Some("Organization" | "Person" | "Agent") | None);
                    note(fields, "author", graph.name(by).filter(|_| is_entity));
                }
                for tool in list(element, "createdUsing").filter_map(Value::as_str) {
                    note(fields, "tool-name", graph.name(tool));
                    let name = graph.by_id.get(tool).and_then(|tool| text(tool, "name")).unwrap_or_default();
                    let version = name.rsplit_once(['-', ' ', '@', '/']).map(|(_, version)| version);
                    let version = version.filter(|version| version.contains(|c: char| c.is_ascii_digit()));
                    note(fields, "tool-version", word(version));
                }
            }
            Some("SpdxDocument") => {
                note(fields, "identifier", word(text(element, "spdxId")));
                note(fields, "version", word(text(element, "spdxId")));
                note(fields, "author-signature", said(list(element, "verifiedUsing").next().is_some()));
            }
            Some("software_Sbom" | "Bom") => {
                for kind in list(element, "software_sbomType").filter_map(Value::as_str) {
                    note(fields, "context", word(Some(kind)));
                }
            }
            Some(kind) if kind.starts_with("security_") => note(fields, "vulnerabilities", Some(Word::Said)),
            Some("build_Build") => note(fields, "infrastructure-software", Some(Word::Said)),
            _ => {}
        }
        let complete = text(element, "completeness");
        let known = if complete == Some("noAssertion") { Word::Unknown } else { Word::Said };
        note(fields, "coverage", complete.map(|_| known));
    }
}

fn part(element: &Value, graph: &Graph<'_>) -> Option<Part> {
    let kind = match text(element, "type")? {
        "ai_AIPackage" => Kind::Model,
        "dataset_DatasetPackage" => Kind::Dataset,
        "software_File" => Kind::File,
        "software_Package" => Kind::Package,
        _ => return None,
    };
    let mut fields = Fields::new();
    let id = text(element, "spdxId").unwrap_or_default();
    note(&mut fields, "name", word(text(element, "name")));
    note(&mut fields, "version", word(text(element, "software_packageVersion")));
    note(&mut fields, "description", word(text(element, "description").or(text(element, "summary"))));
    note(&mut fields, "identifier", word(text(element, "software_packageUrl")));
    note(&mut fields, "identifier", said(list(element, "externalIdentifier").next().is_some()));
    note(&mut fields, "identifier", said(list(element, "software_contentIdentifier").next().is_some()));
    note(&mut fields, "download", word(text(element, "software_downloadLocation")));
    note(&mut fields, "external-references", said(list(element, "externalRef").next().is_some()));
    for by in text(element, "suppliedBy").into_iter().chain(list(element, "originatedBy").filter_map(Value::as_str)) {
        note(&mut fields, "producer", graph.name(by));
    }
    for hash in list(element, "verifiedUsing") {
        let digest = text(hash, "hashValue").unwrap_or_default();
        hashed(&mut fields, text(hash, "algorithm").unwrap_or_default(), digest);
    }
    for relation in graph.relations(id) {
        let to = list(relation, "to").filter_map(Value::as_str);
        match text(relation, "relationshipType") {
            Some("hasDeclaredLicense" | "hasConcludedLicense") => {
                for license in to {
                    let expression = graph
                        .by_id
                        .get(license)
                        .and_then(|one| text(one, "simplelicensing_licenseExpression").or(text(one, "name")));
                    let unknown = license.ends_with("NoAssertion") || license.ends_with("NoAssertionLicense");
                    let known = if unknown { Some(Word::Unknown) } else { word(expression.or(Some(license))) };
                    note(&mut fields, "license", known);
                }
            }
            Some("trainedOn" | "testedOn") => note(&mut fields, "datasets", said(to.count() > 0)),
            Some("descendantOf") => note(&mut fields, "pedigree", said(to.count() > 0)),
            _ => {}
        }
    }
    super::model::spdx3(element, &mut fields);
    let name = text(element, "name").unwrap_or_default().to_owned();
    Some(Part { reference: id.to_owned(), name, kind, fields })
}
