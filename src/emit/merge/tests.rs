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

#[test]
fn a_bill_with_itself_is_itself() {
    let report = sample::report();
    let own = cyclonedx::document(&report, &cyclonedx::Options { spec: Spec::V1_7, ..cyclonedx::Options::default() });
    let once = merge(&[input("a", &own)], &options());
    let twice = merge(&[input("a", &own), input("a", &own)], &options());
    assert_eq!(twice.conflicts, Vec::<String>::new());
    assert_eq!(once.document, twice.document);
}

#[test]
fn files_and_models_of_two_formats_stand_once() {
    let report = sample::report();
    let cyclone = input("a", &cyclonedx::document(&report, &cyclonedx::Options::default()));
    for spec in [spdx::Spec::V2_3, spdx::Spec::V3_0_1] {
        let timestamp = "2026-11-23T00:00:00Z".to_owned();
        let other = spdx::document(&report, &spdx::Options { spec, timestamp, author: None, supplier: None });
        let other = input("b", &other);
        let files = |inputs: &[Input]| {
            let merged = merge(inputs, &options()).document;
            let components = merged["components"].as_array().unwrap();
            components.iter().filter(|one| one["type"] == "file").count()
        };
        let inputs = [cyclone_again(&cyclone), other];
        assert_eq!(files(&inputs[..1]), files(&inputs));
        let turned = [cyclone_again(&inputs[1]), cyclone_again(&inputs[0])];
        assert_eq!(files(&turned), files(&inputs));
    }
}

fn cyclone_again(of: &Input) -> Input {
    input(&of.name, &of.bill.value)
}

#[test]
fn the_same_licence_in_another_order_is_no_conflict() {
    let of = |kind: &str, licence: Value| json!([{"type": kind, "name": "x", "version": "1", "purl": "pkg:cargo/x@1", "bom-ref": "x", "licenses": licence}]);
    let edges = json!([]);
    let pairs = [
        (json!([{"expression": "MIT OR Apache-2.0"}]), json!([{"expression": "Apache-2.0 OR MIT"}])),
        (json!([{"license": {"id": "MIT"}}, {"license": {"id": "ISC"}}]), json!([{"expression": "ISC AND MIT"}])),
        (json!([{"license": {"id": "MIT", "acknowledgement": "declared"}}]), json!([{"license": {"name": "MIT"}}])),
    ];
    for (one, two) in pairs {
        let inputs = [
            input("a", &bill(of("library", one), edges.clone())),
            input("b", &bill(of("application", two), edges.clone())),
        ];
        let merged = merge(&inputs, &options());
        assert_eq!(merged.conflicts, Vec::<String>::new());
        let components = merged.document["components"].as_array().unwrap();
        assert_eq!(components.iter().filter(|one| one["name"] == "x").count(), 1);
    }
    let inputs = [
        input("a", &bill(of("library", json!([{"license": {"id": "MIT"}}])), edges.clone())),
        input("b", &bill(of("library", json!([{"license": {"id": "ISC"}}])), edges)),
    ];
    assert_eq!(merge(&inputs, &options()).conflicts.len(), 1);
}
