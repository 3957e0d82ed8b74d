use std::path::Path;

use serde_json::Value;

use crate::{run, stdout};

#[test]
fn every_file_has_its_hash_and_every_package_its_purl() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo");
    let once = || stdout(&mut run(&["sbom", demo.to_str().unwrap()]), 0);
    let text = once();
    assert_eq!(text, once(), "the same bytes give the same document");
    let bom: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&bom["bomFormat"], &bom["specVersion"]), (&Value::from("CycloneDX"), &Value::from("1.6")));
    let components = bom["components"].as_array().unwrap();
    assert_eq!(components[0]["type"], "machine-learning-model");
    for name in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "config.json"] {
        let file = components.iter().find(|component| component["name"] == name).unwrap();
        assert_eq!(file["type"], "file");
        let sum = std::process::Command::new("sha256sum").arg(demo.join(name)).output().unwrap();
        let sum = String::from_utf8(sum.stdout).unwrap();
        let sha256 = file["hashes"].as_array().unwrap().iter().find(|hash| hash["alg"] == "SHA-256").unwrap();
        assert_eq!(sha256["content"], sum[..64]);
    }
    let packages: Vec<_> = components.iter().filter(|component| component["type"] == "library").collect();
    assert!(packages.len() >= 30, "{}", packages.len());
    for package in packages {
        assert!(package["purl"].as_str().unwrap().starts_with("pkg:cargo/"), "{package}");
    }
}

fn demo() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo").display().to_string()
}

#[test]
fn neither_threads_nor_maps_change_a_byte() {
    let (demo, now) = (demo(), "2026-11-23T00:00:00Z");
    for format in ["cyclonedx-1.7", "cyclonedx-1.7-xml", "spdx-2.3", "spdx-3.0.1"] {
        let once = |more: &[&str]| {
            let mut arguments = vec!["sbom", demo.as_str(), "--format", format, "--now", now];
            arguments.extend(more);
            stdout(&mut run(&arguments), 0)
        };
        let first = once(&["--threads", "1"]);
        assert_eq!(first, once(&["--threads", "7"]), "{format}");
        assert_eq!(first, once(&["--no-mmap"]), "{format}");
    }
}

#[test]
fn the_name_of_the_output_asks_for_xml() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bill.xml");
    stdout(&mut run(&["sbom", &demo(), "--output", file.to_str().unwrap()]), 0);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("<?xml") && text.contains("http://cyclonedx.org/schema/bom/1.6"), "{text}");
    let mut check = run(&["sbom", "check", file.to_str().unwrap(), "--require", "none", "--format", "json"]);
    let answer: Value = serde_json::from_str(&stdout(&mut check, 0)).unwrap();
    assert_eq!((&answer["format"]["syntax"], &answer["sound"]), (&Value::from("XML"), &Value::from(true)));
}

#[test]
fn a_bill_is_complete_incomplete_or_no_bill() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    let bare = write("bare.json", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[]}");
    let text = stdout(&mut run(&["sbom", "check", &bare]), 1);
    assert!(text.contains("not met  cisa-2026") && text.contains("weighbridge sbom --author NAME"), "{text}");
    stdout(&mut run(&["sbom", "check", &bare, "--require", "none"]), 0);
    let later = write("later.json", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"9.9\"}");
    assert!(stdout(&mut run(&["sbom", "check", &later]), 3).contains("CycloneDX 9.9, which is not read here"));
    for text in ["{", "\u{1b}[2J", "<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>", "[]"] {
        let file = write("hostile", text);
        assert!(stdout(&mut run(&["sbom", "check", &file]), 3).contains("not assessed"), "{text}");
        std::fs::remove_file(file).unwrap();
    }
    let odd = run(&["sbom", "check", &bare, "--require", "iso-9001"]).output().unwrap();
    assert_eq!(odd.status.code(), Some(2));
}

#[test]
fn bills_are_merged_into_one_that_holds_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (name, format) in [("a.cdx.json", "cyclonedx-1.6"), ("b.spdx.json", "spdx-2.3")] {
        stdout(&mut run(&["sbom", &demo(), "--format", format, "--output", &path(name)]), 0);
    }
    let merged = path("merged.cdx.json");
    stdout(&mut run(&["sbom", "merge", &path("a.cdx.json"), &path("b.spdx.json"), "--output", &merged, "--quiet"]), 0);
    let answer = stdout(&mut run(&["sbom", "check", &merged, "--require", "none", "--format", "json"]), 0);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let packages = answer["components"]["packages"].as_u64().unwrap();
    let alone = stdout(&mut run(&["sbom", "check", &path("a.cdx.json"), "--require", "none", "--format", "json"]), 0);
    let alone: Value = serde_json::from_str(&alone).unwrap();
    let named = run(&["sbom", "merge", &path("a.cdx.json"), "--output", &path("merged.xml")]).output().unwrap();
    assert_eq!(named.status.code(), Some(2));
    assert!(!folder.path().join("merged.xml").exists());
    // The demo's packages stand once; what is new is the root of the merged bill.
    assert!(packages <= alone["components"]["packages"].as_u64().unwrap() + 2, "{packages}");
}

#[test]
fn licences_of_vendored_packages_and_bills_inside_them_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write(
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
         checksum = \"0000000000000000000000000000000000000000000000000000000000000000\"\n",
    );
    write("vendor/a/Cargo.toml", "[package]\nname = \"a\"\nversion = \"1.0.0\"\nlicense = \"MIT\"\n");
    write(
        "site-packages/x-1.dist-info/sboms/x.cyclonedx.json",
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[{\"type\":\"library\",\"name\":\"b\",\
         \"version\":\"2.0.0\",\"purl\":\"pkg:cargo/b@2.0.0\",\"licenses\":[{\"license\":{\"id\":\"ISC\"}}]}]}",
    );
    let bom = run(&["sbom", folder.path().to_str().unwrap()]).output().unwrap();
    let bom: Value = serde_json::from_slice(&bom.stdout).unwrap();
    let license = |name: &str| {
        let found = bom["components"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
        found["licenses"][0]["license"]["id"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!((license("a").as_str(), license("b").as_str()), ("MIT", "ISC"));
}
