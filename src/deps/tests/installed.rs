//! Installed environments, and lists that programs carry.

use super::{read_all, read_embedded};
use crate::model::{ArtifactPath, Limits, PackageSource};

fn installed(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files.iter().map(|(path, text)| (ArtifactPath::new(*path), text.as_bytes())).collect();
    let read = read_all(files.iter().map(|(path, bytes)| (path, Some(*bytes))), &Limits::default());
    let package = |package: &crate::model::Package| {
        let source = match &package.source {
            PackageSource::Git(url) => url.clone(),
            PackageSource::Local => "local".to_owned(),
            _ => "public".to_owned(),
        };
        let needs: Vec<&str> = package.dependencies.iter().map(|purl| purl.as_str()).collect();
        format!("{} {} {} {source} {}", package.lockfile, package.name, package.version, needs.join(" "))
    };
    let said = read.evidence.iter().map(|one| format!("{} {}", one.rule.id, one.fact.message));
    read.packages.iter().map(package).chain(said).collect()
}

#[test]
fn an_environment_is_one_list() {
    let metadata =
        "Metadata-Version: 2.1\nName: Torch\nVersion: 2.1.0\nRequires-Dist: numpy>=1; extra == 'x'\n\nName: no\n";
    let read = installed(&[
        ("venv/lib/site-packages/torch-2.1.0.dist-info/METADATA", metadata),
        ("venv/lib/site-packages/numpy-1.26.4.dist-info/METADATA", "Name: numpy\nVersion: 1.26.4\n"),
        ("venv/lib/site-packages/mine-1.dist-info/METADATA", "Name: mine\nVersion: 1\n"),
        ("venv/lib/site-packages/mine-1.dist-info/direct_url.json", "{\"url\":\"file:///x\",\"dir_info\":{}}"),
        ("venv/lib/site-packages/bad-1.dist-info/METADATA", "Name: bad\n"),
    ]);
    assert_eq!(
        read,
        [
            "venv/lib/site-packages mine 1 local ",
            "venv/lib/site-packages numpy 1.26.4 public ",
            "venv/lib/site-packages Torch 2.1.0 public pkg:pypi/numpy@1.26.4",
            "lockfile-malformed venv/lib/site-packages/bad-1.dist-info names no project and version",
        ]
    );
}

#[test]
fn an_unpacked_wheel_is_no_environment() {
    assert_eq!(installed(&[("model-1.dist-info/METADATA", "Name: model\nVersion: 1\n")]), Vec::<String>::new());
}

#[test]
fn a_program_carries_its_crates() {
    let text = r#"{"packages":[{"name":"a","version":"1.0.0","source":"crates.io"},{"name":"b","version":"0.1.0","source":"local","root":true,"dependencies":[0]},{"version":"1"}]}"#;
    let path = ArtifactPath::new("program");
    let read = read_embedded([(&path, text.as_bytes())], &Limits::default());
    let names: Vec<_> =
        read.packages.iter().map(|package| (package.name.as_str(), package.dependencies.len())).collect();
    assert_eq!(names, [("a", 0), ("b", 1)]);
    assert_eq!(read.evidence.len(), 1);
}
