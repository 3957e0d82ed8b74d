//! Bills of every format in the shape of CycloneDX. Of SPDX: packages, files, what depends on what or contains it;
//! annotations, snippets and security elements stay behind.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::license::{self, License};
use super::Foreign;

/// One bill in the shape that all are merged in.
#[derive(Default)]
pub(in super::super) struct Sheet {
    /// Reference of what the bill is of.
    pub root: Option<String>,
    /// Components, what the bill is of among them.
    pub components: Vec<Value>,
    /// Hosted services.
    pub services: Vec<Value>,
    /// Known flaws.
    pub vulnerabilities: Vec<Value>,
    /// How complete each part is.
    pub compositions: Vec<Value>,
    /// What made the bill.
    pub tools: Vec<Value>,
    /// What depends on what, by reference.
    pub edges: Vec<(String, Vec<String>)>,
}

/// Takes a bill apart.
pub(in super::super) fn sheet(bill: &Foreign) -> Sheet {
    let value = &bill.value;
    if value.get("bomFormat").is_some() {
        cyclonedx(value)
    } else if value.get("@graph").is_some() {
        third(value)
    } else {
        second(value)
    }
}

fn items(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn texts(value: &Value, key: &str) -> Vec<String> {
    items(value, key).iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

fn cyclonedx(value: &Value) -> Sheet {
    let metadata = value.get("metadata").cloned().unwrap_or_default();
    let tools = metadata.get("tools").cloned().unwrap_or_default();
    let old = tools.as_array().into_iter().flatten().map(|tool| {
        let mut new = json!({ "type": "application", "name": tool["name"].as_str().unwrap_or("unknown") });
        if let Some(version) = tool["version"].as_str() {
            new["version"] = version.into();
        }
        new
    });
    let mut sheet = Sheet {
        components: items(value, "components"),
        services: items(value, "services"),
        vulnerabilities: items(value, "vulnerabilities"),
        compositions: items(value, "compositions"),
        tools: items(&tools, "components").into_iter().chain(old).collect(),
        ..Sheet::default()
    };
    if let Some(root) = metadata.get("component") {
        let mut root = root.clone();
        if root["bom-ref"].as_str().is_none() {
            root["bom-ref"] = "root".into();
        }
        sheet.root = root["bom-ref"].as_str().map(str::to_owned);
        sheet.components.insert(0, root);
    }
    sheet.components.retain(|component| component["name"].is_string() && component["type"].is_string());
    for edge in items(value, "dependencies") {
        if let Some(from) = edge["ref"].as_str() {
            sheet.edges.push((from.to_owned(), texts(&edge, "dependsOn")));
        }
    }
    sheet
}

/// Names of hash functions as CycloneDX writes them.
const ALGORITHMS: [(&str, &str); 13] = [
    ("md5", "MD5"),
    ("sha1", "SHA-1"),
    ("sha256", "SHA-256"),
    ("sha384", "SHA-384"),
    ("sha512", "SHA-512"),
    ("sha3256", "SHA3-256"),
    ("sha3384", "SHA3-384"),
    ("sha3512", "SHA3-512"),
    ("blake2b256", "BLAKE2b-256"),
    ("blake2b384", "BLAKE2b-384"),
    ("blake2b512", "BLAKE2b-512"),
    ("blake3", "BLAKE3"),
    ("streebog256", "Streebog-256"),
];

fn hashes(element: &Value, keys: (&str, &str, &str)) -> Vec<Value> {
    let one = |hash: &Value| {
        let plain = hash[keys.1].as_str()?.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let plain = plain.to_ascii_lowercase();
        let name = ALGORITHMS.iter().find(|(name, _)| *name == plain)?.1;
        let content = hash[keys.2].as_str()?.to_ascii_lowercase();
        let is_hex = content.len() >= 32 && content.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| json!({ "alg": name, "content": content }))
    };
    items(element, keys.0).iter().filter_map(one).collect()
}

fn licenses(text: Option<&str>) -> Value {
    match license::read(text.unwrap_or("NOASSERTION")) {
        License::Expression(expression) => json!([{ "expression": expression }]),
        License::Id(name) => json!([{ "license": { "name": name } }]),
        License::Named(name) => json!([{ "license": { "name": name } }]),
    }
}

/// A component with what all elements have.
fn component(kind: &str, reference: &str, name: &str) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in [("type", kind), ("bom-ref", reference), ("name", name)] {
        map.insert(key.to_owned(), value.into());
    }
    map
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        map.insert(key.to_owned(), value.into());
    }
}

fn second(value: &Value) -> Sheet {
    let mut sheet = Sheet::default();
    for package in items(value, "packages") {
        let (Some(id), Some(name)) = (package["SPDXID"].as_str(), package["name"].as_str()) else { continue };
        let kind = match package["primaryPackagePurpose"].as_str() {
            Some("APPLICATION") => "application",
            Some("FILE") => "file",
            Some("CONTAINER") => "container",
            Some("FIRMWARE") => "firmware",
            Some("OPERATING-SYSTEM") => "operating-system",
            _ => "library",
        };
        let mut map = component(kind, id, name);
        put(&mut map, "version", package["versionInfo"].as_str());
        put(&mut map, "description", package["description"].as_str());
        let references = items(&package, "externalRefs");
        let purl = references.iter().find(|one| one["referenceType"] == "purl");
        put(&mut map, "purl", purl.and_then(|one| one["referenceLocator"].as_str()));
        let supplier = package["supplier"].as_str().unwrap_or("NOASSERTION");
        let supplier = supplier.split_once(": ").map_or(supplier, |(_, name)| name);
        map.insert("supplier".to_owned(), json!({ "name": supplier }));
        map.insert("licenses".to_owned(), licenses(package["licenseDeclared"].as_str()));
        map.insert("hashes".to_owned(), hashes(&package, ("checksums", "algorithm", "checksumValue")).into());
        sheet.components.push(map.into());
    }
    for file in items(value, "files") {
        let (Some(id), Some(name)) = (file["SPDXID"].as_str(), file["fileName"].as_str()) else { continue };
        let mut map = component("file", id, name);
        map.insert("hashes".to_owned(), hashes(&file, ("checksums", "algorithm", "checksumValue")).into());
        sheet.components.push(map.into());
    }
    for relation in items(value, "relationships") {
        let ends = (relation["spdxElementId"].as_str(), relation["relatedSpdxElement"].as_str());
        let (Some(from), Some(to)) = ends else { continue };
        match relation["relationshipType"].as_str().unwrap_or_default() {
            "DESCRIBES" if sheet.root.is_none() => sheet.root = Some(to.to_owned()),
            "DEPENDS_ON" | "CONTAINS" | "DESCENDANT_OF" => sheet.edges.push((from.to_owned(), vec![to.to_owned()])),
            "DEPENDENCY_OF" | "CONTAINED_BY" => sheet.edges.push((to.to_owned(), vec![from.to_owned()])),
            _ => {}
        }
    }
    sheet
}

fn third(value: &Value) -> Sheet {
    let mut sheet = Sheet::default();
    let graph = items(value, "@graph");
    let by_id: BTreeMap<&str, &Value> =
        graph.iter().filter_map(|element| Some((element["spdxId"].as_str()?, element))).collect();
    let mut declared: BTreeMap<&str, &str> = BTreeMap::new();
    for relation in graph.iter().filter(|one| one["relationshipType"].is_string()) {
        let Some(from) = relation["from"].as_str() else { continue };
        let to = texts(relation, "to");
        match relation["relationshipType"].as_str().unwrap_or_default() {
            "dependsOn" | "contains" | "descendantOf" | "trainedOn" => sheet.edges.push((from.to_owned(), to)),
            "hasDeclaredLicense" => {
                let expression = to.first().and_then(|to| by_id.get(to.as_str()));
                let text = expression.and_then(|one| one["simplelicensing_licenseExpression"].as_str());
                declared.extend(text.map(|text| (from, text)));
            }
            _ => {}
        }
    }
    for element in &graph {
        let kind = match element["type"].as_str() {
            Some("ai_AIPackage") => "machine-learning-model",
            Some("dataset_DatasetPackage") => "data",
            Some("software_File") => "file",
            Some("software_Package") => "library",
            Some("software_Sbom" | "Bom") => {
                sheet.root = texts(element, "rootElement").into_iter().next();
                continue;
            }
            _ => continue,
        };
        let (Some(id), Some(name)) = (element["spdxId"].as_str(), element["name"].as_str()) else { continue };
        let mut map = component(kind, id, name);
        put(&mut map, "version", element["software_packageVersion"].as_str());
        put(&mut map, "description", element["description"].as_str());
        put(&mut map, "purl", element["software_packageUrl"].as_str());
        if kind != "file" {
            let supplier = element["suppliedBy"].as_str().and_then(|by| by_id.get(by)?["name"].as_str());
            map.insert("supplier".to_owned(), json!({ "name": supplier.unwrap_or("UNKNOWN") }));
            map.insert("licenses".to_owned(), licenses(declared.get(id).copied()));
        }
        map.insert("hashes".to_owned(), hashes(element, ("verifiedUsing", "algorithm", "hashValue")).into());
        sheet.components.push(map.into());
    }
    sheet
}
