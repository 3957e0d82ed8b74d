//! SPDX 2.2 and 2.3, taken apart into fields.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cyclonedx::hashed;
use super::{Fields, Foreign, Kind, Part, Trouble, Word, connect, list, note, said, sound, text, word};

/// Reads a document whose `spdxVersion` is there.
pub(super) fn read(value: Value) -> Result<Foreign, Trouble> {
    let said_version = text(&value, "spdxVersion").unwrap_or_default();
    let version = said_version.strip_prefix("SPDX-").unwrap_or_default().to_owned();
    if !["2.2", "2.2.1", "2.2.2", "2.3", "2.3.1"].contains(&version.as_str()) {
        return Err(Trouble::Version(super::super::sanitize::short(said_version, 40).into_owned()));
    }
    let mut bill = Foreign { format: "SPDX", version, syntax: "JSON", ..Foreign::default() };
    bill.unsound = sound::spdx2(&value);
    document(&mut bill.fields, &value);
    let mut connected = BTreeSet::new();
    for relation in list(&value, "relationships") {
        let kind = text(relation, "relationshipType").unwrap_or_default();
        if kind.contains("DEPEND") || kind.contains("CONTAIN") || kind.contains("DESCENDANT") || kind == "OTHER" {
            connected.extend(text(relation, "spdxElementId").map(str::to_owned));
            connected.extend(text(relation, "relatedSpdxElement").map(str::to_owned));
        }
    }
    bill.parts = list(&value, "packages").map(package).chain(list(&value, "files").map(file)).collect();
    connect(&mut bill.parts, &connected);
    note(&mut bill.fields, "dependency", said(!connected.is_empty()));
    let advised = bill.parts.iter().any(|part| part.fields.contains_key("advisory"));
    note(&mut bill.fields, "vulnerabilities", said(advised));
    bill.value = value;
    Ok(bill)
}

fn document(fields: &mut Fields, value: &Value) {
    note(fields, "format-name", Some(Word::Said));
    note(fields, "format-version", Some(Word::Said));
    note(fields, "identifier", word(text(value, "documentNamespace")));
    // A namespace is of one state of the document: it is the format's version.
    note(fields, "version", word(text(value, "documentNamespace")));
    let info = value.get("creationInfo").cloned().unwrap_or_default();
    note(fields, "timestamp", word(text(&info, "created")));
    for creator in list(&info, "creators").filter_map(Value::as_str) {
        match creator.split_once(':') {
            Some(("Tool", name)) => {
                note(fields, "tool-name", word(Some(name)));
                let version = name.trim().rsplit_once(['-', ' ', '@', '/']).map(|(_, version)| version);
                let version = version.filter(|version| version.contains(|c: char| c.is_ascii_digit()));
                note(fields, "tool-version", word(version));
            }
            Some(("Organization" | "Person", name)) => note(fields, "author", word(Some(name))),
            _ => {}
        }
    }
    let comments = [text(&info, "comment"), text(value, "comment")].into_iter().flatten().collect::<String>();
    let comments = comments.to_ascii_lowercase();
    let named = ["generation context", "sbom type", "lifecycle", "design", "source", "build", "analyzed", "deployed"];
    note(fields, "context", said(named.iter().any(|name| comments.contains(name))));
    note(fields, "coverage", said(comments.contains("complete")));
}

fn package(package: &Value) -> Part {
    let mut fields = Fields::new();
    note(&mut fields, "name", word(text(package, "name")));
    note(&mut fields, "version", word(text(package, "versionInfo")));
    note(&mut fields, "description", word(text(package, "description").or(text(package, "summary"))));
    for key in ["supplier", "originator"] {
        note(&mut fields, "producer", word(text(package, key)));
    }
    for key in ["licenseDeclared", "licenseConcluded"] {
        note(&mut fields, "license", word(text(package, key)));
    }
    note(&mut fields, "download", word(text(package, "downloadLocation")));
    let mut is_model = false;
    let mut is_dataset = false;
    for reference in list(package, "externalRefs") {
        let locator = text(reference, "referenceLocator");
        match text(reference, "referenceType") {
            Some("purl" | "cpe22Type" | "cpe23Type" | "swh" | "gitoid") => {
                note(&mut fields, "identifier", word(locator));
                is_dataset |= locator.is_some_and(|purl| purl.starts_with("pkg:huggingface/datasets/"));
                is_model |= locator.is_some_and(|purl| purl.starts_with("pkg:huggingface/"));
            }
            Some("advisory" | "fix" | "url") => note(&mut fields, "advisory", word(locator)),
            _ => {}
        }
        note(&mut fields, "external-references", word(locator));
    }
    checksums(package, &mut fields);
    let kind = match text(package, "primaryPackagePurpose") {
        _ if is_dataset => Kind::Dataset,
        _ if is_model => Kind::Model,
        Some("FILE") => Kind::File,
        _ => Kind::Package,
    };
    part(package, kind, text(package, "name"), fields)
}

fn file(file: &Value) -> Part {
    let mut fields = Fields::new();
    note(&mut fields, "name", word(text(file, "fileName")));
    checksums(file, &mut fields);
    part(file, Kind::File, text(file, "fileName"), fields)
}

fn part(element: &Value, kind: Kind, name: Option<&str>, fields: Fields) -> Part {
    let reference = text(element, "SPDXID").unwrap_or_default().to_owned();
    Part { reference, name: name.unwrap_or_default().to_owned(), kind, fields }
}

fn checksums(element: &Value, fields: &mut Fields) {
    for sum in list(element, "checksums") {
        let digest = text(sum, "checksumValue").unwrap_or_default();
        hashed(fields, text(sum, "algorithm").unwrap_or_default(), digest);
    }
}
