//! CycloneDX.

use serde_json::Value;

use super::super::Unsound;
use super::{Kinds, Sheet, cut, list, text, unique};

/// Types of components up to 1.7.
const TYPES: [&str; 14] = [
    "application",
    "container",
    "cryptographic-asset",
    "data",
    "device",
    "device-driver",
    "file",
    "firmware",
    "framework",
    "library",
    "machine-learning-model",
    "operating-system",
    "platform",
    "snippet",
];

/// Keys that hold lists wherever they stand.
const LISTS: [&str; 11] = [
    "components",
    "compositions",
    "dependencies",
    "dependsOn",
    "externalReferences",
    "hashes",
    "licenses",
    "properties",
    "services",
    "signatories",
    "vulnerabilities",
];
/// Keys that hold texts wherever they stand.
const TEXTS: [&str; 8] = ["alg", "bom-ref", "cpe", "name", "purl", "serialNumber", "timestamp", "type"];

/// Values inside values that are entered in search of references.
const DEPTH: usize = 64;

pub(in super::super) fn check(bill: &Value) -> Vec<Unsound> {
    let mut sheet = Sheet::default();
    sheet.kinds(bill, &mut String::new(), &Kinds { lists: &LISTS, texts: &TEXTS });
    if let Some(serial) = text(bill, "serialNumber") {
        let uuid = serial.strip_prefix("urn:uuid:").unwrap_or_default();
        let plain = uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
        sheet.hold(plain && uuid.len() == 36, "serial number", "/serialNumber", "no urn:uuid: with a UUID");
    }
    if let Some(version) = bill.get("version") {
        sheet.hold(version.as_u64().is_some_and(|one| one > 0), "version", "/version", "no number from 1");
    }
    sheet.moment(bill.pointer("/metadata/timestamp").and_then(Value::as_str), "/metadata/timestamp");
    let mut seen = Seen { sheet, references: Vec::new() };
    walk(bill, &mut String::new(), 0, &mut seen);
    let Seen { mut sheet, mut references } = seen;
    references.sort();
    let known = unique(references.into_iter(), &mut sheet);
    let leads = |reference: &str| known.contains(reference) || reference.starts_with("urn:cdx:");
    let mut from = std::collections::BTreeSet::new();
    for (index, edge) in list(bill, "dependencies").enumerate() {
        let place = format!("/dependencies/{index}");
        let Some(reference) = text(edge, "ref") else {
            sheet.note("dependency", &place, "a dependency without ref");
            continue;
        };
        if !from.insert(reference) {
            sheet.note("dependency", &place, format!("the dependencies of {:?} are listed twice", cut(reference)));
        }
        for end in std::iter::once(reference).chain(list(edge, "dependsOn").filter_map(Value::as_str)) {
            if !leads(end) {
                sheet.note("dependency", &place, format!("{:?} leads nowhere", cut(end)));
            }
        }
    }
    for (index, flaw) in list(bill, "vulnerabilities").enumerate() {
        for end in list(flaw, "affects").filter_map(|affected| text(affected, "ref")) {
            if !leads(end) {
                let place = format!("/vulnerabilities/{index}/affects");
                sheet.note("affected", &place, format!("{:?} leads nowhere", cut(end)));
            }
        }
    }
    sheet.close()
}

/// Looks at every component, and notes every reference with its place. One place is held at a time: a document of
/// many small values must not cost more than itself.
fn walk<'b>(value: &'b Value, place: &mut String, depth: usize, seen: &mut Seen<'b>) {
    if let Some(reference) = text(value, "bom-ref") {
        seen.references.push((reference, place.clone()));
    }
    let parent = place.rsplit('/').nth(1).unwrap_or_default();
    if parent == "data"
        && let Some(flow) = text(value, "flow")
    {
        let known = ["inbound", "outbound", "bi-directional", "unknown"].contains(&flow);
        seen.sheet.hold(known, "data flow", place, "a data flow of no direction that the format knows");
    }
    if parent == "components" || place.ends_with("/component") {
        component(&mut seen.sheet, value, place);
    }
    if depth >= DEPTH {
        return;
    }
    let length = place.len();
    let mut enter = |name: &str, inner: &'b Value| {
        if inner.is_object() || inner.is_array() || parent_of_components(name) {
            place.push('/');
            place.push_str(name);
            walk(inner, place, depth + 1, seen);
            place.truncate(length);
        }
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, inner)| enter(key, inner)),
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                enter(&index.to_string(), inner);
            }
        }
        _ => {}
    }
}

/// Scalars are entered where an object must stand.
fn parent_of_components(name: &str) -> bool {
    name == "component" || name.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a walk gathers.
struct Seen<'b> {
    sheet: Sheet,
    references: Vec<(&'b str, String)>,
}

fn component(sheet: &mut Sheet, component: &Value, place: &str) {
    if !component.is_object() {
        return sheet.note("component", place, "a component that is no object");
    }
    let kind = text(component, "type").unwrap_or_default();
    sheet.hold(TYPES.contains(&kind), "component type", place, "a component of no type that the format knows");
    sheet.hold(text(component, "name").is_some(), "component name", place, "a component without a name");
    sheet.purl(text(component, "purl"), place);
    sheet.digests(component, place, ("hashes", "alg", "content"));
    let licenses: Vec<&Value> = list(component, "licenses").collect();
    let expressions = licenses.iter().filter(|license| license.get("expression").is_some()).count();
    let mixed = expressions > 0 && expressions < licenses.len();
    sheet.hold(!mixed && expressions < 2, "licence", place, "a licence expression beside other licences");
    for license in licenses {
        let inner = license.get("license");
        let named = inner.is_some_and(|inner| inner.get("id").is_some() != inner.get("name").is_some());
        let one = named || text(license, "expression").is_some();
        sheet.hold(one, "licence", place, "a licence with neither an id nor a name nor an expression, or with two");
        let id = inner.and_then(|inner| text(inner, "id"));
        let listed = id.is_none_or(|id| spdx::identifiers::LICENSES.iter().any(|known| known.name == id));
        sheet.hold(listed, "licence id", place, "a licence id that is not on the SPDX list");
    }
}
