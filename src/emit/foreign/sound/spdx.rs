//! SPDX 2.3 and 3.0.

use serde_json::Value;

use super::super::Unsound;
use super::{Kinds, Sheet, cut, list, text, unique};

/// Keys of version 2 that hold lists wherever they stand.
const LISTS: [&str; 8] =
    ["checksums", "creators", "documentDescribes", "externalRefs", "files", "packages", "relationships", "snippets"];
/// Keys of version 2 that hold texts wherever they stand.
const TEXTS: [&str; 10] = [
    "SPDXID",
    "algorithm",
    "checksumValue",
    "created",
    "downloadLocation",
    "licenseConcluded",
    "licenseDeclared",
    "name",
    "relationshipType",
    "versionInfo",
];
/// Keys of version 3 that hold lists wherever they stand.
const LISTS_3: [&str; 7] =
    ["@graph", "createdBy", "element", "externalIdentifier", "rootElement", "to", "verifiedUsing"];
/// Keys of version 3 that hold texts wherever they stand.
const TEXTS_3: [&str; 7] =
    ["algorithm", "created", "from", "hashValue", "relationshipType", "software_packageUrl", "spdxId"];

/// Version 2.2 and 2.3.
pub(in super::super) fn second(bill: &Value) -> Vec<Unsound> {
    let mut sheet = Sheet::default();
    sheet.kinds(bill, &mut String::new(), &Kinds { lists: &LISTS, texts: &TEXTS });
    sheet.hold(text(bill, "dataLicense") == Some("CC0-1.0"), "document", "/dataLicense", "it is not CC0-1.0");
    sheet.hold(text(bill, "SPDXID") == Some("SPDXRef-DOCUMENT"), "document", "/SPDXID", "it is not SPDXRef-DOCUMENT");
    sheet.hold(text(bill, "name").is_some(), "document", "/name", "the document has no name");
    let namespace = text(bill, "documentNamespace").unwrap_or_default();
    let absolute = namespace.contains(':') && !namespace.contains('#');
    sheet.hold(absolute, "document", "/documentNamespace", "no absolute address without a fragment");
    let info = bill.get("creationInfo").cloned().unwrap_or_default();
    sheet.hold(text(&info, "created").is_some(), "document", "/creationInfo/created", "no time of creation");
    sheet.moment(text(&info, "created"), "/creationInfo/created");
    sheet.hold(list(&info, "creators").next().is_some(), "document", "/creationInfo/creators", "no creator");
    let lists = ["packages", "files", "snippets"];
    let elements: Vec<(&Value, String)> = lists
        .into_iter()
        .flat_map(|key| list(bill, key).enumerate().map(move |(index, one)| (one, format!("/{key}/{index}"))))
        .collect();
    let names = elements.iter().filter_map(|(one, place)| Some((text(one, "SPDXID")?, place.clone())));
    let known = unique(names, &mut sheet);
    for (element, place) in &elements {
        let id = text(element, "SPDXID").unwrap_or_default();
        let plain = id.strip_prefix("SPDXRef-").is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        });
        sheet.hold(plain, "identifier", place, "no SPDXID of letters, digits, dots and hyphens after SPDXRef-");
        if place.starts_with("/packages") {
            sheet.hold(text(element, "name").is_some(), "package name", place, "a package without a name");
            let from = text(element, "downloadLocation");
            sheet.hold(from.is_some(), "package", place, "a package without downloadLocation (NOASSERTION is a value)");
            for reference in list(element, "externalRefs").filter(|one| text(one, "referenceType") == Some("purl")) {
                sheet.purl(text(reference, "referenceLocator"), place);
            }
        }
        sheet.digests(element, place, ("checksums", "algorithm", "checksumValue"));
    }
    let mut described = list(bill, "documentDescribes").next().is_some();
    for (index, relation) in list(bill, "relationships").enumerate() {
        let place = format!("/relationships/{index}");
        let kind = text(relation, "relationshipType").unwrap_or_default();
        described |= kind == "DESCRIBES" || kind == "DESCRIBED_BY";
        for key in ["spdxElementId", "relatedSpdxElement"] {
            let end = text(relation, key).unwrap_or_default();
            let leads = known.contains(end)
                || ["SPDXRef-DOCUMENT", "NOASSERTION", "NONE"].contains(&end)
                || end.starts_with("DocumentRef-");
            if !leads {
                sheet.note("relation", &place, format!("{key} {:?} leads nowhere", cut(end)));
            }
        }
    }
    sheet.hold(described, "document", "/relationships", "the document describes nothing");
    sheet.close()
}

/// Version 3.0.
pub(in super::super) fn third(bill: &Value) -> Vec<Unsound> {
    let mut sheet = Sheet::default();
    sheet.kinds(bill, &mut String::new(), &Kinds { lists: &LISTS_3, texts: &TEXTS_3 });
    let elements: Vec<(&Value, String)> =
        list(bill, "@graph").enumerate().map(|(index, one)| (one, format!("/@graph/{index}"))).collect();
    let id = |element: &Value| text(element, "spdxId").or(text(element, "@id")).map(str::to_owned);
    let names: Vec<(String, String)> =
        elements.iter().filter_map(|(one, place)| Some((id(one)?, place.clone()))).collect();
    let known = unique(names.iter().map(|(name, place)| (name.as_str(), place.clone())), &mut sheet);
    let outside: Vec<&str> = elements
        .iter()
        .flat_map(|(one, _)| list(one, "import"))
        .filter_map(|one| text(one, "externalSpdxId"))
        .collect();
    let leads = |end: &str| {
        known.contains(end) || outside.contains(&end) || end.starts_with("https://spdx.org/rdf/") || !end.contains(':')
    };
    let count = |kind: &str| elements.iter().filter(|(one, _)| text(one, "type") == Some(kind)).count();
    sheet.hold(count("SpdxDocument") == 1, "document", "/@graph", "not exactly one SpdxDocument");
    for (element, place) in &elements {
        let Some(kind) = text(element, "type") else {
            sheet.note("type", place, "an element without a type");
            continue;
        };
        if kind == "CreationInfo" {
            sheet.hold(text(element, "created").is_some(), "creation", place, "no time of creation");
            sheet.moment(text(element, "created"), place);
            sheet.hold(list(element, "createdBy").next().is_some(), "creation", place, "no creator");
        } else {
            sheet.hold(text(element, "spdxId").is_some(), "identifier", place, "an element without spdxId");
            sheet.hold(element.get("creationInfo").is_some(), "creation", place, "an element without creationInfo");
        }
        for key in ["from", "to", "rootElement", "element", "suppliedBy", "originatedBy", "createdBy", "createdUsing"] {
            let ends = text(element, key).into_iter().chain(list(element, key).filter_map(Value::as_str));
            for end in ends.filter(|end| !leads(end)) {
                sheet.note("relation", place, format!("{key} {:?} leads nowhere", cut(end)));
            }
        }
        sheet.purl(text(element, "software_packageUrl"), place);
        sheet.digests(element, place, ("verifiedUsing", "algorithm", "hashValue"));
    }
    sheet.close()
}
