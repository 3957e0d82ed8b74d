use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sign::{certified, key};
use crate::{report, ruled, run, small_model, stdout};

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        small_model(&folder.path().join("model"));
        key(folder.path(), "a", "ed25519");
        key(folder.path(), "b", "p256");
        Self { folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn attest(&self, extra: &[&str], code: i32) {
        let _ = fs::remove_file(self.at("vsa.json"));
        let (model, key, output) = (self.at("model"), self.at("a"), self.at("vsa.json"));
        let mut arguments = vec!["attest", &model, "--key", &key, "--output", &output, "--quiet"];
        arguments.extend(extra);
        stdout(&mut run(&arguments), code);
    }

    fn verify(&self, extra: &[&str], code: i32) -> Value {
        let (file, model) = (self.at("vsa.json"), self.at("model"));
        let mut arguments = vec!["attest", "verify", &file, "--subject", &model];
        arguments.extend(extra);
        report(&arguments, code)
    }

    fn refusal(&self, extra: &[&str]) -> Vec<String> {
        ruled(&self.verify(extra, 1), "fail")
    }
}

pub fn statement(path: &str) -> Value {
    let envelope: Value = serde_json::from_str(&fs::read_to_string(Path::new(path)).unwrap()).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    let payload = envelope["payload"].as_str().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_passed_summary_is_true_of_its_bytes() {
    let scene = Scene::new();
    scene.attest(&[], 0);
    let statement = statement(&scene.at("vsa.json"));
    assert_eq!(statement["predicateType"], "https://slsa.dev/verification_summary/v1");
    assert_eq!(statement["predicate"]["verificationResult"], "PASSED");
    let good = scene.verify(&["--key", &scene.at("a.pub")], 0);
    assert!(ruled(&good, "ok").contains(&"attestation-valid".to_owned()), "{good}");
}

#[test]
fn a_failed_summary_is_written_and_refused() {
    let scene = Scene::new();
    fs::write(scene.folder.path().join("model/evil.pkl"), b"cposix\nsystem\n(S'true'\ntR.").unwrap();
    scene.attest(&[], 1);
    assert_eq!(statement(&scene.at("vsa.json"))["predicate"]["verificationResult"], "FAILED");
    assert_eq!(scene.refusal(&["--key", &scene.at("a.pub")]), ["attestation-failed"]);
}

#[test]
fn every_refusal_has_a_name() {
    let scene = Scene::new();
    scene.attest(&[], 0);
    let (a, b) = (scene.at("a.pub"), scene.at("b.pub"));
    assert_eq!(scene.refusal(&["--key", &b]), ["attestation-signature-invalid"]);
    assert_eq!(scene.refusal(&["--key", &a, "--key", &a, "--threshold", "2"]), ["attestation-threshold-unmet"]);
    assert_eq!(scene.refusal(&["--key", &a, "--key", &b, "--threshold", "2"]), ["attestation-threshold-unmet"]);
    assert_eq!(
        scene.refusal(&["--key", &a, "--max-age", "1h", "--now", "2099-01-01T00:00:00Z"]),
        ["attestation-stale"]
    );
    assert_eq!(scene.refusal(&["--key", &a, "--policy", "production"]), ["attestation-policy-mismatch"]);
    let level = ["--key", &a, "--level", "WEIGHBRIDGE_TIER_REGULATED"];
    assert_eq!(scene.refusal(&level), ["attestation-level-missing"]);
    let at = |name: &str| scene.folder.path().join("model").join(name);
    fs::rename(at("README.md"), at("README.txt")).unwrap();
    assert_eq!(scene.refusal(&["--key", &a]), ["attestation-subject-mismatch"]);
    fs::write(at("README.md"), "changed").unwrap();
    fs::remove_file(at("README.txt")).unwrap();
    assert_eq!(scene.refusal(&["--key", &a]), ["attestation-subject-mismatch"]);
}

#[test]
fn two_keys_make_two() {
    let scene = Scene::new();
    scene.attest(&["--key", &scene.at("b")], 0);
    let (a, b) = (scene.at("a.pub"), scene.at("b.pub"));
    scene.verify(&["--key", &a, "--key", &b, "--threshold", "2"], 0);
}

#[test]
fn only_what_the_summary_rests_on_is_no_part_of_the_subject() {
    let scene = Scene::new();
    let bill = scene.at("bill.json");
    stdout(&mut run(&["sbom", &scene.at("model"), "--output", &bill, "--quiet"]), 0);
    scene.attest(&["--input", &bill], 0);
    let (a, model) = (scene.at("a.pub"), scene.folder.path().join("model"));
    let inside = |name: &str| model.join(name).to_str().unwrap().to_owned();
    fs::copy(&bill, model.join("bill.json")).unwrap();
    assert_eq!(scene.refusal(&["--key", &a]), ["attestation-subject-mismatch"]);
    scene.verify(&["--key", &a, "--input", &inside("bill.json")], 0);
    fs::write(model.join("evil.bin"), "evil").unwrap();
    let more = ["--key", &a, "--input", &inside("bill.json"), "--input", &inside("evil.bin")];
    assert_eq!(scene.refusal(&more), ["attestation-subject-mismatch"]);
    // One that was there when the summary was made is a part of it.
    fs::remove_file(model.join("evil.bin")).unwrap();
    scene.attest(&["--input", &inside("bill.json")], 0);
    scene.verify(&["--key", &a, "--input", &inside("bill.json")], 0);
}

#[test]
fn what_was_left_out_stands_in_the_summary() {
    let scene = Scene::new();
    scene.attest(&["--ignore", "README.md"], 0);
    let statement = statement(&scene.at("vsa.json"));
    let inputs = statement["predicate"]["https://weighbridge.dev/ns/verdict/v1"]["inputs"].as_array().unwrap();
    let named: Vec<&str> = inputs.iter().filter_map(|input| input["name"].as_str()).collect();
    assert_eq!(named, ["ignore README.md", "2026-09-21T14:13:20Z (SOURCE_DATE_EPOCH)"]);
    scene.attest(&["--ignore", "README.md", "--predicate", "svr"], 0);
    let annotations = self::statement(&scene.at("vsa.json"))["subject"][0]["annotations"].clone();
    assert_eq!(annotations["weighbridge:reading"], serde_json::json!(["ignore README.md"]));
    assert_eq!(annotations["weighbridge:moment"], serde_json::json!(["2026-09-21T14:13:20Z (SOURCE_DATE_EPOCH)"]));
}

#[test]
fn a_certificate_vouches_for_a_summary() {
    let scene = Scene::new();
    key(scene.folder.path(), "leaf.key", "p256");
    certified(scene.folder.path());
    let (model, leaf, output) = (scene.at("model"), scene.at("leaf.key"), scene.at("vsa.json"));
    let certificate = scene.at("leaf.pem");
    let now = jiff::Timestamp::now().to_string();
    let attest = ["attest", &model, "--key", &leaf, "--certificate", &certificate, "--output", &output, "--quiet"];
    stdout(run(&attest).args(["--now", &now]), 0);
    let good = scene.verify(&["--certificate-chain", &scene.at("ca.pem"), "--now", &now], 0);
    assert!(ruled(&good, "ok").contains(&"attestation-valid".to_owned()), "{good}");
    let refused = |more: &[&str]| scene.refusal(&[more, &["--now", &now]].concat());
    assert_eq!(refused(&["--certificate-chain", &scene.at("leaf.pem")]), ["attestation-signature-invalid"]);
    scene.verify(&["--key", &scene.at("leaf.key.pub"), "--now", &now], 0);
    assert_eq!(refused(&["--key", &scene.at("a.pub")]), ["attestation-signature-invalid"]);
}
