use std::fs;
use std::path::Path;

use crate::{report, ruled, run, small_model, stderr, stdout};

/// Makes a key pair in the folder without a passphrase.
pub fn key(folder: &Path, name: &str, kind: &str) {
    let mut command = run(&["key", "generate", name, "--kind", kind, "--unencrypted", "--quiet"]);
    stdout(command.current_dir(folder), 0);
}

#[test]
fn a_signed_model_verifies_under_its_key_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    small_model(&folder.path().join("model"));
    for kind in ["p256", "p384", "p521"] {
        key(folder.path(), kind, kind);
        let signature = at(&format!("{kind}.sig"));
        stdout(&mut run(&["sign", &at("model"), "--key", &at(kind), "--output", &signature, "--quiet"]), 0);
        let public = at(&format!("{kind}.pub"));
        let arguments = ["verify", &at("model"), "--checks", "signature", "--signature", &signature, "--key", &public];
        assert_eq!(ruled(&report(&arguments, 0), "ok"), ["signature-valid"]);
    }
    let arguments = ["verify", &at("model"), "--checks", "signature", "--signature", &at("p256.sig")];
    let mut other: Vec<&str> = arguments.to_vec();
    let wrong = at("p384.pub");
    other.extend(["--key", &wrong]);
    assert_eq!(ruled(&report(&other, 1), "fail"), ["signature-untrusted-key"]);
}

#[test]
fn every_kind_of_tampering_has_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model");
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    small_model(&model);
    key(folder.path(), "k", "p256");
    stdout(&mut run(&["sign", &at("model"), "--key", &at("k"), "--quiet"]), 0);
    let public = at("k.pub");
    let verify = |code| {
        let model = at("model");
        ruled(&report(&["verify", &model, "--checks", "signature", "--key", &public], code), "fail")
    };
    assert_eq!(verify(0), Vec::<String>::new());
    fs::write(model.join("extra.txt"), "x").unwrap();
    assert_eq!(verify(1), ["unsigned-file"]);
    fs::remove_file(model.join("extra.txt")).unwrap();
    let readme = fs::read(model.join("README.md")).unwrap();
    fs::write(model.join("README.md"), "changed").unwrap();
    assert_eq!(verify(1), ["digest-mismatch"]);
    fs::remove_file(model.join("README.md")).unwrap();
    assert_eq!(verify(1), ["missing-file"]);
    fs::write(model.join("README.md"), readme).unwrap();
    assert_eq!(verify(0), Vec::<String>::new());
    let signature = fs::read_to_string(model.join("model.sig")).unwrap();
    let bundle: serde_json::Value = serde_json::from_str(&signature).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let mut broken = payload.as_bytes().to_vec();
    broken[40] = if broken[40] == b'A' { b'B' } else { b'A' };
    let broken = signature.replace(payload, std::str::from_utf8(&broken).unwrap());
    fs::write(model.join("model.sig"), broken).unwrap();
    assert!(!verify(1).is_empty());
}

#[test]
fn a_single_file_is_signed_beside_itself() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    key(folder.path(), "k", "p256");
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    stdout(&mut run(&["sign", &at("model.safetensors"), "--key", &at("k"), "--quiet"]), 0);
    let signature = at("model.safetensors.sig");
    let arguments =
        ["verify", &at("model.safetensors"), "--checks", "signature", "--signature", &signature, "--key", &at("k.pub")];
    assert_eq!(ruled(&report(&arguments, 0), "ok"), ["signature-valid"]);
}

#[test]
fn an_encrypted_key_without_passphrase_is_said() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    let mut command = run(&["key", "generate", "k", "--passphrase-env", "WORD", "--quiet"]);
    stdout(command.current_dir(folder.path()).env("WORD", "x"), 0);
    let said = stderr(run(&["sign", ".", "--key", "k"]).current_dir(folder.path()), 2);
    assert!(said.contains("encrypted") && said.contains("--passphrase-env"), "{said}");
    assert!(!folder.path().join("model.sig").exists());
}

#[test]
fn a_threshold_without_signatures_fails() {
    let folder = tempfile::tempdir().unwrap();
    small_model(&folder.path().join("model"));
    key(folder.path(), "k", "p256");
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (model, public) = (at("model"), at("k.pub"));
    let unmet = vec!["signature-threshold-unmet".to_owned()];
    assert_eq!(ruled(&report(&["verify", &model, "--key", &public], 1), "fail"), unmet);
    assert_eq!(ruled(&report(&["verify", &model, "--threshold", "2"], 1), "fail"), unmet);
    let policy = at("policy.toml");
    fs::write(&policy, "schema = 1\nname = 'two'\nextends = 'development'\nsignature = { threshold = 2 }\n").unwrap();
    let scanned = report(&["verify", &model, "--policy", &policy, "--checks", "scan"], 1);
    assert_eq!(ruled(&scanned, "fail"), ["requirement-unmet"]);
}

#[test]
fn a_flag_cannot_ask_for_less_than_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    small_model(&folder.path().join("model"));
    key(folder.path(), "k", "p256");
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    stdout(&mut run(&["sign", &at("model"), "--key", &at("k"), "--quiet"]), 0);
    let arguments = ["verify", &at("model"), "--policy", "regulated", "--key", &at("k.pub"), "--threshold", "1"];
    assert!(ruled(&report(&arguments, 1), "fail").contains(&"signature-threshold-unmet".to_owned()));
}
