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
        // A folder of the tree is no package of the registry.
        let kind = if package["name"] == "demo-server" { "pkg:generic/" } else { "pkg:cargo/" };
        assert!(package["purl"].as_str().unwrap().starts_with(kind), "{package}");
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

fn written(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

/// One tensor of so many half numbers.
fn safetensors(numbers: usize) -> Vec<u8> {
    let length = numbers * 2;
    let header = format!(r#"{{"a":{{"dtype":"F16","shape":[{numbers}],"data_offsets":[0,{length}]}}}}"#);
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(vec![0; length]);
    file
}

fn bom(folder: &Path) -> Value {
    let text = stdout(&mut run(&["sbom", folder.to_str().unwrap(), "--format", "cyclonedx-1.7"]), 0);
    serde_json::from_str(&text).unwrap()
}

fn component<'b>(bom: &'b Value, name: &str) -> &'b Value {
    bom["components"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

fn properties<'b>(component: &'b Value, name: &str) -> Vec<&'b str> {
    let all = component["properties"].as_array().unwrap().iter();
    all.filter(|one| one["name"] == name).map(|one| one["value"].as_str().unwrap()).collect()
}

#[test]
fn a_bill_beside_its_model_leaves_nothing_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    written(folder.path(), "model.safetensors", safetensors(4));
    written(folder.path(), "config.json", "{\"model_type\": \"bert\"}");
    written(folder.path(), "README.md", "---\nbase_model: acme/base\ndatasets: [allenai/c4]\n---\n# X\n\nIt is.\n");
    stdout(&mut run(&["verify", &path]), 0);
    for (name, format) in [("a.cdx.json", "cyclonedx-1.7"), ("b.spdx.json", "spdx-2.3"), ("c.spdx3.json", "spdx-3.0.1")]
    {
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join(name);
        stdout(&mut run(&["sbom", &path, "--format", format, "--output", file.to_str().unwrap()]), 0);
        std::fs::copy(file, folder.path().join(name)).unwrap();
        stdout(&mut run(&["verify", &path]), 0);
    }
}

#[test]
fn one_set_of_weights_is_counted_and_named() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "model.safetensors", safetensors(4));
    written(folder.path(), "model.fp16.safetensors", safetensors(4));
    let bom = bom(folder.path());
    let model = &bom["components"][0];
    assert_eq!(properties(model, "weighbridge:tensors:parameters"), ["4"]);
    assert_eq!(properties(model, "weighbridge:tensors:counted"), ["model.safetensors"]);
    assert_eq!(properties(model, "weighbridge:tensors:not-counted"), ["model.fp16.safetensors"]);
}

#[test]
fn the_tree_has_its_own_name_and_its_folders_no_registry() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), "Cargo.toml", "[package]\nname = \"scale\"\nversion = \"0.3.0\"\nlicense = \"MIT\"\n");
    written(
        folder.path(),
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"scale\"\nversion = \"0.3.0\"\ndependencies = [\n \"beam\",\n]\n\n\
         [[package]]\nname = \"beam\"\nversion = \"1.0.0\"\n\
         source = \"git+https://jane:s3cret@example.org/beam?branch=main#0123456789012345678901234567890123456789\"\n\n\
         [[package]]\nname = \"pan\"\nversion = \"1.0.0\"\nsource = \"git+http://jane:s3cret@example.org/pan#main\"\n",
    );
    written(
        folder.path(),
        "web/package-lock.json",
        "{\"lockfileVersion\": 3, \"packages\": {\"\": {\"name\": \"web\", \"devDependencies\": {\"lint\": \"1\"}}, \
         \"node_modules/lint\": {\"version\": \"1.0.0\", \"dev\": true}}}",
    );
    let out = run(&["sbom", folder.path().to_str().unwrap()]).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(!text.contains("s3cret"), "{text}");
    let bom: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&bom["metadata"]["component"]["name"], &bom["metadata"]["component"]["version"]),
        (&"scale".into(), &"0.3.0".into())
    );
    assert_eq!(component(&bom, "scale")["purl"], "pkg:generic/scale@0.3.0");
    let beam = component(&bom, "beam");
    let vcs = "git%2Bhttps:%2F%2Fexample.org%2Fbeam%400123456789012345678901234567890123456789";
    assert_eq!(beam["purl"], format!("pkg:cargo/beam@1.0.0?vcs_url={vcs}"));
    assert!(bom["vulnerabilities"].to_string().contains("http://example.org/pan"));
    let lint = component(&bom, "lint");
    assert_eq!((&lint["scope"], properties(lint, "weighbridge:needed-for")), (&"excluded".into(), vec!["development"]));
}
