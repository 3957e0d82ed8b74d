//! CycloneDX, taken apart into fields.

use std::collections::BTreeSet;

use serde_json::Value;

use super::marks::{Look, look};
use super::{Fields, Foreign, Kind, Part, Trouble, Word, connect, list, note, said, sound, text, word};

/// Components inside components that are entered.
const DEPTH: usize = 32;
const VERSIONS: [&str; 6] = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"];

/// Reads a document whose `bomFormat` is there.
pub(super) fn read(value: Value) -> Result<Foreign, Trouble> {
    let version = text(&value, "specVersion").unwrap_or_default().to_owned();
    if text(&value, "bomFormat") != Some("CycloneDX") {
        return Err(Trouble::Other);
    }
    if !VERSIONS.contains(&version.as_str()) {
        return Err(Trouble::Version(format!("CycloneDX {}", super::super::sanitize::short(&version, 40))));
    }
    let metadata = value.get("metadata").cloned().unwrap_or_default();
    let mut bill = Foreign { format: "CycloneDX", version, syntax: "JSON", ..Foreign::default() };
    bill.unsound = sound::cyclonedx(&value);
    document(&mut bill.fields, &value, &metadata);
    let mut connected = BTreeSet::new();
    for edge in list(&value, "dependencies") {
        connected.extend(text(edge, "ref").map(str::to_owned));
        connected.extend(list(edge, "dependsOn").filter_map(Value::as_str).map(str::to_owned));
    }
    let own = metadata.get("component").map(|component| (component, "/metadata/component".to_owned(), 0));
    let mut open: Vec<(&Value, String, usize)> = own.into_iter().collect();
    let components = |parent: &Value| parent.get("components").and_then(Value::as_array).map_or(0, Vec::len);
    for (index, component) in list(&value, "components").enumerate() {
        open.push((component, format!("/components/{index}"), 0));
    }
    open.reverse();
    while let Some((component, place, depth)) = open.pop() {
        bill.parts.push(part(component, &place));
        super::model::assurances(component, &mut bill.assurances);
        if depth < DEPTH {
            let inner = list(component, "components").enumerate();
            open.extend(inner.map(|(index, one)| (one, format!("{place}/components/{index}"), depth + 1)));
        } else if components(component) > 0 {
            let what = format!("components inside components more than {DEPTH} deep, which nothing reads");
            bill.unsound.push(super::Unsound { place, what });
        }
    }
    connect(&mut bill.parts, &connected);
    note(&mut bill.fields, "dependency", said(!connected.is_empty()));
    bill.value = value;
    Ok(bill)
}

/// What the document says of itself and of the whole system.
fn document(fields: &mut Fields, value: &Value, metadata: &Value) {
    note(fields, "format-name", Some(Word::Said));
    note(fields, "format-version", Some(Word::Said));
    note(fields, "identifier", word(text(value, "serialNumber")));
    note(fields, "version", said(value.get("version").is_some_and(Value::is_u64)));
    note(fields, "author-signature", said(value.get("signature").is_some_and(Value::is_object)));
    note(fields, "timestamp", word(text(metadata, "timestamp")));
    for author in list(metadata, "authors") {
        note(fields, "author", word(text(author, "name").or(text(author, "email"))));
    }
    for key in ["manufacturer", "manufacture", "supplier"] {
        note(fields, "author", metadata.get(key).and_then(|by| word(text(by, "name"))).filter(|_| key != "supplier"));
    }
    for phase in list(metadata, "lifecycles") {
        note(fields, "context", word(text(phase, "phase").or(text(phase, "name"))));
    }
    let tools = metadata.get("tools");
    let new = tools.into_iter().flat_map(|tools| list(tools, "components").chain(list(tools, "services")));
    let old = tools.and_then(Value::as_array).into_iter().flatten();
    for tool in new.chain(old) {
        note(fields, "tool-name", word(text(tool, "name")));
        note(fields, "tool-version", word(text(tool, "version")));
    }
    for composition in list(value, "compositions") {
        let aggregate = text(composition, "aggregate");
        let known = if matches!(aggregate, Some("unknown" | "not_specified")) { Word::Unknown } else { Word::Said };
        note(fields, "coverage", aggregate.map(|_| known));
    }
    note(fields, "vulnerabilities", said(value.get("vulnerabilities").is_some()));
    for reference in list(value, "externalReferences")
        .chain(metadata.get("component").into_iter().flat_map(|component| list(component, "externalReferences")))
    {
        match text(reference, "type") {
            Some("security-contact" | "rfc-9116") => note(fields, "security-policy", Some(Word::Said)),
            Some("vulnerability-assertion" | "exploitability-statement" | "advisories") => {
                note(fields, "vulnerabilities", Some(Word::Said));
            }
            Some("certification-report" | "attestation" | "pentest-report" | "static-analysis-report") => {
                note(fields, "security-controls", Some(Word::Said));
            }
            _ => {}
        }
    }
    note(
        fields,
        "compliance",
        said(list(value, "declarations").next().is_some() || value.get("declarations").is_some()),
    );
    note(fields, "infrastructure-software", said(value.get("formulation").is_some()));
    for service in list(value, "services") {
        note(fields, "data-flow", said(list(service, "data").any(|data| data.get("flow").is_some())));
        note(fields, "data-usage", said(list(service, "data").any(|data| data.get("classification").is_some())));
    }
}

fn part(component: &Value, place: &str) -> Part {
    let mut fields = Fields::new();
    let kind = match text(component, "type") {
        Some("machine-learning-model") => Kind::Model,
        Some("data") => Kind::Dataset,
        Some("file") => Kind::File,
        // A model that is not said to be one is held to what models are held to.
        _ if component.get("modelCard").is_some() => Kind::Model,
        _ => Kind::Package,
    };
    note(&mut fields, "name", word(text(component, "name")));
    note(&mut fields, "version", word(text(component, "version").or(text(component, "versionRange"))));
    note(&mut fields, "description", word(text(component, "description")));
    for key in ["supplier", "manufacturer"] {
        note(&mut fields, "producer", component.get(key).and_then(|by| word(text(by, "name"))));
    }
    for author in list(component, "authors") {
        note(&mut fields, "producer", word(text(author, "name")));
    }
    for key in ["author", "publisher"] {
        note(&mut fields, "producer", word(text(component, key)));
    }
    for key in ["purl", "cpe"] {
        note(&mut fields, "identifier", word(text(component, key)));
    }
    for key in ["swhid", "omniborId"] {
        note(&mut fields, "identifier", said(list(component, key).next().is_some()));
    }
    note(&mut fields, "identifier", said(component.get("swid").is_some()));
    for hash in list(component, "hashes") {
        let (algorithm, digest) = (text(hash, "alg").unwrap_or_default(), text(hash, "content").unwrap_or_default());
        hashed(&mut fields, algorithm, digest);
    }
    for license in list(component, "licenses") {
        let inner = license.get("license");
        let name = inner.and_then(|inner| text(inner, "id").or(text(inner, "name")));
        note(&mut fields, "license", word(text(license, "expression").or(name)));
    }
    for reference in list(component, "externalReferences") {
        note(&mut fields, "external-references", word(text(reference, "url")));
        let download = matches!(text(reference, "type"), Some("distribution" | "website" | "vcs"));
        note(&mut fields, "download", word(text(reference, "url")).filter(|_| download));
    }
    super::model::cyclonedx(component, kind, &mut fields);
    Part {
        reference: text(component, "bom-ref").unwrap_or(place).to_owned(),
        name: text(component, "name").unwrap_or_default().to_owned(),
        kind,
        fields,
    }
}

/// Notes a digest, and what it is worth.
pub(super) fn hashed(fields: &mut Fields, algorithm: &str, digest: &str) {
    let plain: String = algorithm.chars().filter(char::is_ascii_alphanumeric).collect();
    match look(algorithm, digest) {
        Look::Approved => {
            note(fields, "hash", Some(Word::Said));
            note(fields, "hash-algorithm", Some(Word::Said));
            note(fields, "hash-sha512", said(plain.eq_ignore_ascii_case("sha512")));
        }
        Look::Sound => note(fields, "hash", Some(Word::Said)),
        Look::Unknown => {
            note(fields, "hash", Some(Word::Unknown));
            note(fields, "hash-algorithm", Some(Word::Unknown));
        }
        Look::Broken(_) => {}
    }
}
