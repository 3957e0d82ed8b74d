//! The demo of the README: what the first command prints is true.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{report, ruled, run, stdout};

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo")
}

fn policy() -> String {
    format!("{}.toml", demo().display())
}

/// A copy of the demo whose files a test may spoil.
fn copy(into: &Path) -> String {
    for entry in fs::read_dir(demo()).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), into.join(entry.file_name())).unwrap();
    }
    into.to_str().unwrap().to_owned()
}

#[test]
fn the_demo_passes_with_evidence_of_every_check() {
    let report = report(&["verify", demo().to_str().unwrap(), "--policy", &policy()], 0);
    let good = ruled(&report, "ok");
    for id in ["signature-valid", "index-match", "audit-clean"] {
        assert!(good.iter().any(|good| good == id), "{id}: {good:?}");
    }
    assert_eq!(ruled(&report, "warn"), Vec::<String>::new());
    assert_eq!(report["packages"].as_array().unwrap().len(), 31);
    let weights = report["artifacts"].as_array().unwrap().iter().filter(|file| file["formats"][0] == "safetensors");
    assert_eq!(weights.count(), 2);
    // As a reader would: at the present moment.
    let mut command = run(&["verify", demo().to_str().unwrap(), "--policy", &policy()]);
    let page = stdout(command.env_remove("SOURCE_DATE_EPOCH"), 0);
    assert!(page.lines().last().unwrap().starts_with("PASS"), "{page}");
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let shown = readme.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(page, shown, "what the README shows");
}

#[test]
fn one_changed_bit_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy(folder.path());
    let shard = folder.path().join("model-00002-of-00002.safetensors");
    let mut bytes = fs::read(&shard).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&shard, bytes).unwrap();
    let report = report(&["verify", &path, "--policy", &policy()], 1);
    assert!(ruled(&report, "fail").contains(&"digest-mismatch".to_owned()), "{:?}", ruled(&report, "fail"));
}

#[test]
fn a_removed_shard_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy(folder.path());
    fs::remove_file(folder.path().join("model-00001-of-00002.safetensors")).unwrap();
    let report = report(&["verify", &path, "--policy", &policy()], 1);
    assert!(ruled(&report, "fail").contains(&"missing-file".to_owned()), "{:?}", ruled(&report, "fail"));
}

#[test]
fn a_removed_signature_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy(folder.path());
    fs::remove_file(folder.path().join("model.sig")).unwrap();
    let report = report(&["verify", &path, "--policy", &policy()], 1);
    assert_eq!(ruled(&report, "fail"), ["requirement-unmet", "signature-threshold-unmet"]);
}

#[test]
fn a_planted_pickle_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy(folder.path());
    fs::write(folder.path().join("optimizer.bin"), b"\x80\x04cposix\nsystem\n\x8c\x04true\x85R.").unwrap();
    let report = report(&["verify", &path, "--policy", &policy()], 1);
    let failed = ruled(&report, "fail");
    for id in ["pickle-dangerous-call", "unsigned-file"] {
        assert!(failed.iter().any(|failed| failed == id), "{id}: {failed:?}");
    }
}

#[test]
fn without_a_database_the_audit_is_unknown() {
    let report = report(&["verify", demo().to_str().unwrap(), "--checks", "audit"], 3);
    assert_eq!(ruled(&report, "unknown"), ["advisory-database-missing"]);
}
