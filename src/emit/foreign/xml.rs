//! CycloneDX in XML, as the JSON of the same meaning.
//!
//! Document types and their entities are refused, and with them the small text that expands to gigabytes and the
//! entity that reads a file. Elements of other namespaces are left out.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value, json};

use super::Trouble;

/// Elements of one document.
const NODES: u32 = 20_000_000;
/// Elements inside elements.
const DEPTH: usize = 64;
/// Elements that JSON has a list of, though there is no element around them.
const REPEATED: [&str; 4] = ["data", "omniborId", "sensitiveData", "swhid"];
const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

/// Elements that are lists in JSON, though their children may be of different names.
const LISTS: [&str; 36] = [
    "advisories",
    "affects",
    "ancestors",
    "annotations",
    "assemblies",
    "authors",
    "citations",
    "commits",
    "components",
    "compositions",
    "cwes",
    "datasets",
    "dependencies",
    "descendants",
    "endpoints",
    "ethicalConsiderations",
    "externalReferences",
    "hashes",
    "inputs",
    "licenses",
    "lifecycles",
    "outputs",
    "owners",
    "patches",
    "pointers",
    "performanceMetrics",
    "performanceTradeoffs",
    "properties",
    "ratings",
    "references",
    "services",
    "tags",
    "technicalLimitations",
    "useCases",
    "users",
    "vulnerabilities",
];

/// The document as JSON.
///
/// # Errors
/// [`Trouble`] for what is no XML, declares a document type, or is no CycloneDX.
pub fn to_json(text: &str) -> Result<Value, Trouble> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, options).map_err(|error| Trouble::Malformed(error.to_string()))?;
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or_default().to_owned();
    let Some(version) = namespace.strip_prefix(NAMESPACE) else { return Err(Trouble::Other) };
    let mut value = element(root, &namespace, 0).ok_or_else(deep)?;
    if !value.is_object() {
        value = json!({});
    }
    value["bomFormat"] = "CycloneDX".into();
    value["specVersion"] = version.into();
    if let Some(number) = value["version"].as_str().and_then(|number| number.parse::<u64>().ok()) {
        value["version"] = number.into();
    }
    Ok(value)
}

fn deep() -> Trouble {
    Trouble::Malformed(format!("elements inside each other more than {DEPTH} deep"))
}

/// One element; `None` below the depth that is read.
fn element(node: Node<'_, '_>, namespace: &str, depth: usize) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    let children: Vec<Node<'_, '_>> = node
        .children()
        .filter(|child| child.is_element() && child.tag_name().namespace().unwrap_or_default() == namespace)
        .collect();
    let name = node.tag_name().name();
    if LISTS.contains(&name) || (name == "tools" && children.iter().all(|child| child.tag_name().name() == "tool")) {
        let items: Option<Vec<Value>> = children.iter().map(|child| item(*child, namespace, depth + 1)).collect();
        return Some(items?.into());
    }
    let mut map = Map::new();
    for attribute in node.attributes() {
        map.insert(attribute.name().to_owned(), attribute.value().into());
    }
    for child in &children {
        let value = element(*child, namespace, depth + 1)?;
        let key = child.tag_name().name();
        if !REPEATED.contains(&key) {
            map.insert(key.to_owned(), value);
        } else if let Value::Array(items) = map.entry(key).or_insert_with(|| json!([])) {
            items.push(value);
        }
    }
    if name == "composition" {
        for list in map.values_mut().filter_map(Value::as_array_mut) {
            *list = list.iter().map(|one| one["ref"].clone()).collect();
        }
    }
    if name == "service" {
        flows(&mut map);
    }
    let text: String = node.children().filter(Node::is_text).filter_map(|child| child.text()).collect();
    let text = text.trim();
    if children.is_empty() && map.is_empty() {
        return Some(text.into());
    }
    if children.is_empty() && !text.is_empty() {
        let key = if map.contains_key("alg") || name == "text" { "content" } else { "value" };
        map.insert(key.to_owned(), text.into());
    }
    Some(map.into())
}

/// What stands otherwise in the XML of a service: flows of data by their class, and truths as text.
fn flows(service: &mut Map<String, Value>) {
    for key in ["authenticated", "x-trust-boundary"] {
        if let Some(truth) = service.get(key).and_then(Value::as_str).and_then(|text| text.parse::<bool>().ok()) {
            service.insert(key.to_owned(), truth.into());
        }
    }
    let one = |data: &Value| {
        let outer = data.get("dataflow").unwrap_or(data);
        let class = outer.get("classification")?;
        let mut flow = json!({ "flow": class.get("flow")?, "classification": class.get("value")? });
        for key in ["name", "description"] {
            if let Some(text) = outer.get(key) {
                flow[key] = text.clone();
            }
        }
        Some(flow)
    };
    if let Some(data) = service.get_mut("data").and_then(Value::as_array_mut) {
        *data = data.iter().map(|item| one(item).unwrap_or_else(|| item.clone())).collect();
    }
}

/// One item of a list, in the shape that JSON gives it.
fn item(node: Node<'_, '_>, namespace: &str, depth: usize) -> Option<Value> {
    let inner = element(node, namespace, depth)?;
    let value = match node.tag_name().name() {
        "license" => json!({ "license": inner }),
        "expression" => json!({ "expression": inner.get("value").cloned().unwrap_or(inner) }),
        "dependency" => {
            let on = node.children().filter(|child| child.tag_name().name() == "dependency");
            let on: Vec<Value> = on.filter_map(|child| child.attribute("ref")).map(Into::into).collect();
            json!({ "ref": node.attribute("ref"), "dependsOn": on })
        }
        "ref" => json!({ "ref": inner }),
        "cwe" => inner.as_str().and_then(|number| number.parse::<u64>().ok()).map_or(inner, Into::into),
        _ => inner,
    };
    Some(value)
}
