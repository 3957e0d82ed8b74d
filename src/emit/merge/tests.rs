use super::super::{cyclonedx, foreign, sample, spdx};
use super::*;

fn input(name: &str, value: &Value) -> Input {
    Input { name: name.to_owned(), bill: foreign::read(value.to_string().as_bytes()).unwrap() }
}

fn bill(components: Value, dependencies: Value) -> Value {
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "application", "name": "app", "bom-ref": "root"}},
        "components": components, "dependencies": dependencies,
    })
}

fn options() -> Options {
    Options { spec: Spec::V1_7, name: "all".to_owned(), ..Options::default() }
}

#[test]
fn the_same_package_stands_once_and_other_words_beside_it() {
    let a = json!([{"type": "library", "name": "x", "version": "1", "purl": "pkg:cargo/x@1", "bom-ref": "x",
        "description": "one", "supplier": {"name": "UNKNOWN"}}]);
    let b = json!([{"type": "library", "name": "x", "version": "1", "purl": "pkg:cargo/x@1", "bom-ref": "1",
        "description": "two", "supplier": {"name": "Acme"}, "author": "me"}]);
    let one = bill(a, json!([{"ref": "root", "dependsOn": ["x"]}]));
    let two = bill(b, json!([{"ref": "root", "dependsOn": ["1"]}]));
    let merged = merge(&[input("a", &one), input("b", &two)], &options());
    let components = merged.document["components"].as_array().unwrap();
    let x: Vec<&Value> = components.iter().filter(|one| one["name"] == "x").collect();
    assert_eq!(x.len(), 1);
    assert_eq!((&x[0]["supplier"]["name"], &x[0]["author"]), (&json!("Acme"), &json!("me")));
    assert_eq!(merged.conflicts, ["x: b says another description: two"]);
    assert!(x[0]["properties"].to_string().contains("weighbridge:conflict:description"));
    let again = foreign::read(merged.document.to_string().as_bytes()).unwrap();
    assert_eq!(again.unsound, []);
}

#[test]
fn references_that_clash_are_made_anew() {
    let of = |name: &str| json!([{"type": "library", "name": name, "version": "1", "bom-ref": "1"}]);
    let edges = json!([{"ref": "root", "dependsOn": ["1"]}, {"ref": "1"}]);
    let merged = merge(&[input("a", &bill(of("x"), edges.clone())), input("b", &bill(of("y"), edges))], &options());
    let again = foreign::read(merged.document.to_string().as_bytes()).unwrap();
    assert_eq!(again.unsound, []);
    let edges = merged.document["dependencies"].to_string();
    assert!(edges.contains("\"1\"") && edges.contains("1#"), "{edges}");
}

#[test]
fn every_format_can_be_merged_and_twice_is_once() {
    let report = sample::report();
    let time = "2026-11-23T00:00:00Z".to_owned();
    let cyclone = cyclonedx::document(&report, &cyclonedx::Options::default());
    let mut inputs = vec![input("a.cdx.json", &cyclone), input("a.cdx.json", &cyclone)];
    for spec in [spdx::Spec::V2_3, spdx::Spec::V3_0_1] {
        let options = spdx::Options { spec, timestamp: time.clone(), author: None, supplier: None };
        inputs.push(input("a.spdx.json", &spdx::document(&report, &options)));
    }
    let count = |inputs: &[Input]| merge(inputs, &options()).document["components"].as_array().unwrap().len();
    assert_eq!(count(&inputs[..1]), count(&inputs[..2]));
    let merged = merge(&inputs, &options());
    assert_eq!(foreign::read(merged.document.to_string().as_bytes()).unwrap().unsound, []);
    let celery = merged.document["components"].as_array().unwrap().iter().filter(|one| one["name"] == "celery");
    assert_eq!(celery.count(), 1);
    sample::published("merged-1.7.cdx.json", &super::super::encode::pretty(&merged.document));
    assert!(merged.left_out.is_empty());
}
