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
