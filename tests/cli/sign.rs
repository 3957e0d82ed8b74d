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

#[test]
fn hashes_and_shards_are_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    small_model(&folder.path().join("model"));
    key(folder.path(), "k", "p256");
    for (n, hash) in ["sha256", "blake2b", "blake3"].into_iter().enumerate() {
        for shard in [None, Some("7"), Some("1048576")] {
            let signature = at(&format!("{n}-{}.sig", shard.unwrap_or("files")));
            let mut sign =
                run(&["sign", &at("model"), "--key", &at("k"), "--output", &signature, "--hash", hash, "--quiet"]);
            if let Some(size) = shard {
                sign.args(["--shard-size", size]);
            }
            stdout(&mut sign, 0);
            let arguments =
                ["verify", &at("model"), "--checks", "signature", "--signature", &signature, "--key", &at("k.pub")];
            let found = report(&arguments, 0);
            let valid =
                found["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "signature-valid");
            let details = valid.unwrap().to_string();
            let method = if shard.is_some() { "shards" } else { "files" };
            assert!(details.contains(&format!("\"{method}\"")), "{details}");
            assert!(details.contains(if hash == "blake2b" { "blake2b-512" } else { hash }), "{details}");
        }
    }
    let said = stderr(&mut run(&["sign", &at("model"), "--key", &at("k"), "--output", &at("x"), "--hash", "md5"]), 2);
    assert!(said.contains("nothing was signed"), "{said}");
    stderr(&mut run(&["sign", &at("model"), "--key", &at("k"), "--shard-size", "0"]), 2);
}

/// Makes an authority and a certificate of it for `leaf.key`.
pub fn certified(folder: &Path) {
    fs::write(folder.join("ext"), "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n").unwrap();
    for call in [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=authority",
        "req -new -key leaf.key -subj /CN=signer -out leaf.csr",
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days 30 -out leaf.pem",
    ] {
        let mut command = std::process::Command::new("openssl");
        stdout(command.args(call.split(' ')).current_dir(folder), 0);
    }
}

#[test]
fn a_certificate_signs_with_its_own_key_only() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    small_model(&folder.path().join("model"));
    key(folder.path(), "leaf.key", "p384");
    certified(folder.path());
    let sign = |certificate: &str, output: &str| {
        run(&[
            "sign",
            &at("model"),
            "--key",
            &at("leaf.key"),
            "--certificate",
            &at(certificate),
            "--output",
            &at(output),
            "--quiet",
        ])
    };
    assert!(stderr(&mut sign("ca.pem", "wrong.sig"), 2).contains("does not belong to the private key"));
    stdout(&mut sign("leaf.pem", "right.sig"), 0);
    let verify = |chain: &str, code| {
        let (model, signature, chain) = (at("model"), at("right.sig"), at(chain));
        let now = jiff::Timestamp::now().to_string();
        report(
            &[
                "verify",
                &model,
                "--checks",
                "signature",
                "--signature",
                &signature,
                "--certificate-chain",
                &chain,
                "--now",
                &now,
            ],
            code,
        )
    };
    assert_eq!(ruled(&verify("ca.pem", 0), "ok"), ["signature-valid"]);
    assert_eq!(ruled(&verify("leaf.pem", 1), "fail"), ["certificate-untrusted"]);
}

#[test]
fn an_issuer_alone_trusts_nobody() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    let said = stderr(run(&["verify", ".", "--issuer", "https://example.org"]).current_dir(folder.path()), 2);
    assert!(said.contains("--identity"), "{said}");
}
