use proptest::prelude::*;
use serde_json::json;

use super::super::{cyclonedx, sample, spdx};
use super::*;

fn read_value(value: &Value) -> Foreign {
    read(value.to_string().as_bytes()).unwrap()
}

fn what(bill: &Foreign) -> Vec<&str> {
    bill.unsound.iter().map(|one| one.what.as_str()).collect()
}

/// Places are written out for what is told alone: a long key around many values must not be held once for each.
#[test]
fn a_long_key_around_many_values_costs_no_more_than_itself() {
    let key = "k".repeat(100_000);
    let text = format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "{key}": [{}0]}}"#, "[1],".repeat(100_000));
    assert_eq!(read(text.as_bytes()).unwrap().unsound, []);
}

#[test]
fn what_is_of_another_kind_is_no_bill_that_is_sound() {
    for key in ["components", "dependencies", "services"] {
        let text = format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "{key}": {{"type": "library"}}}}"#);
        let bill = read(text.as_bytes()).unwrap();
        assert!(what(&bill).contains(&"no list"), "{key}: {:?}", bill.unsound);
    }
    let text =
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": ["a"]}]}"#;
    assert!(read(text.as_bytes()).unwrap().unsound.iter().any(|one| one.place == "/components/0/name"));
    let text = r#"{"spdxVersion": "SPDX-2.3", "packages": [{"name": "a", "checksums": {"algorithm": "SHA256"}}]}"#;
    assert!(what(&read(text.as_bytes()).unwrap()).contains(&"no list"));
    let text = r#"{"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": [{"type": "Bundle", "element": "a"}]}"#;
    assert!(what(&read(text.as_bytes()).unwrap()).contains(&"no list"));
}

#[test]
fn what_is_written_here_is_sound() {
    let report = sample::report();
    let time = "2026-11-23T00:00:00Z".to_owned();
    for spec in [cyclonedx::Spec::V1_6, cyclonedx::Spec::V1_7] {
        let options = cyclonedx::Options { spec, timestamp: Some(time.clone()), ..Default::default() };
        let bill = read(cyclonedx::render(&report, &options).as_bytes()).unwrap();
        assert_eq!(what(&bill), [""; 0]);
        assert_eq!(bill.parts.iter().filter(|part| part.kind == Kind::Model).count(), 1);
    }
    for spec in [spdx::Spec::V2_3, spdx::Spec::V3_0_1] {
        let options = spdx::Options { spec, timestamp: time.clone(), author: None, supplier: None };
        let bill = read(spdx::render(&report, &options).as_bytes()).unwrap();
        assert_eq!(what(&bill), [""; 0]);
        assert!(bill.parts.len() > report.artifacts.len());
    }
}

#[test]
fn what_does_not_hold_is_told() {
    let bill = read_value(&json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 0, "serialNumber": "urn:uuid:1",
        "metadata": {"timestamp": "yesterday"},
        "components": [
            {"type": "library", "name": "a", "bom-ref": "a", "hashes": [{"alg": "SHA-256", "content": "00"}]},
            {"type": "thing", "name": "b", "bom-ref": "a", "purl": "x", "licenses": [{"license": {"id": "mit"}}]},
            {"type": "file"},
        ],
        "dependencies": [{"ref": "a", "dependsOn": ["gone"]}, {"ref": "a"}],
        "vulnerabilities": [{"affects": [{"ref": "gone"}]}],
    }));
    let all = what(&bill).join("\n");
    for part in [
        "no urn:uuid:",
        "no number from 1",
        "no time",
        "2 digits",
        "no type",
        "taken twice",
        "no valid package URL",
        "not on the SPDX list",
        "without a name",
        "\"gone\" leads nowhere",
        "listed twice",
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
}

#[test]
fn a_key_given_twice_is_told() {
    let bill =
        read(b"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[],\"components\":[]}").unwrap();
    assert_eq!(bill.unsound[0].place, "/components");
}

#[test]
fn unknown_is_not_absent() {
    let bill = read_value(&json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {"type": "library", "name": "a", "version": "UNKNOWN", "supplier": {"name": "NOASSERTION"}}],
    }));
    let fields = &bill.parts[0].fields;
    assert_eq!((fields.get("version"), fields.get("hash")), (Some(&Word::Unknown), None));
    assert_eq!(fields["producer"], Word::Unknown);
}

#[test]
fn xml_says_the_same() {
    let text = "<?xml version=\"1.0\"?><bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\" version=\"2\">\
        <metadata><timestamp>2026-11-23T00:00:00Z</timestamp><authors><author><name>Acme</name></author></authors>\
        </metadata><components><component type=\"library\" bom-ref=\"a\"><name>a</name><version>1</version>\
        <hashes><hash alg=\"SHA-1\">0000000000000000000000000000000000000000</hash></hashes>\
        <licenses><license><id>MIT</id></license></licenses><purl>pkg:cargo/a@1</purl></component></components>\
        <dependencies><dependency ref=\"a\"><dependency ref=\"b\"/></dependency></dependencies></bom>";
    let bill = read(text.as_bytes()).unwrap();
    assert_eq!((bill.version.as_str(), bill.syntax), ("1.6", "XML"));
    assert_eq!(bill.value["components"][0]["licenses"][0]["license"]["id"], "MIT");
    assert_eq!(what(&bill), ["\"b\" leads nowhere"]);
    assert_eq!(bill.fields["author"], Word::Said);
    assert!(matches!(read(b"<!DOCTYPE a [<!ENTITY x \"y\">]><a/>"), Err(Trouble::Malformed(_))));
    assert_eq!(read(b"<html/>"), Err(Trouble::Other));
}

#[test]
fn what_is_no_bill_is_said() {
    assert!(matches!(read(b"{"), Err(Trouble::Malformed(_))));
    assert!(matches!(read(b"\xff"), Err(Trouble::Malformed(_))));
    assert_eq!(read(b"{}"), Err(Trouble::Other));
    assert!(matches!(read(b"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"9\"}"), Err(Trouble::Version(_))));
    assert!(matches!(read(b"{\"spdxVersion\":\"SPDX-9\"}"), Err(Trouble::Version(_))));
    assert!(matches!(read("[".repeat(100_000).as_bytes()), Err(Trouble::Malformed(_))));
    let nested = format!("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.6\">{}", "<components>".repeat(100_000));
    assert!(read(nested.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn no_json_of_these_words_makes_it_panic(
        word in "bomFormat|spdxVersion|@graph|components|packages",
        value in "\\[\\]|\\{\\}|null|7|\"x\"|\\[7\\]|\\[\\{\\}\\]|\\[null\\]|\\[\\{\"type\":7}\\]",
        other in "metadata|dependencies|relationships|creationInfo|licenses|hashes|compositions|@context",
        second in "\\[\\]|\\{\\}|null|7|\"x\"|\\[7\\]|\\[\\{\\}\\]|\\{\"tools\":7\\}|\\[\\{\"ref\":\\[\\]}\\]",
    ) {
        for base in [
            "\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"", "\"spdxVersion\":\"SPDX-2.3\"",
            "\"@context\":\"https://spdx.org/rdf/3.0.1/x\",\"@graph\":[]",
        ] {
            let _ = read(format!("{{{base},\"{other}\":{second},\"{word}\":{value}}}").as_bytes());
        }
    }
}

#[test]
fn other_forms_of_spdx_are_named() {
    let texts = [
        ("# A comment\nSPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "tag-value"),
        ("SPDXID: SPDXRef-DOCUMENT\nspdxVersion: SPDX-2.3\n", "YAML"),
        ("<?xml version=\"1.0\"?>\n<rdf:RDF xmlns:spdx=\"http://spdx.org/rdf/terms#\"/>", "RDF/XML"),
    ];
    for (text, form) in texts {
        let trouble = read(text.as_bytes()).unwrap_err().to_string();
        assert!(trouble.contains(form) && trouble.contains("pyspdxtools"), "{trouble}");
    }
    assert_eq!(read(b"<svg/>"), Err(Trouble::Other));
}
