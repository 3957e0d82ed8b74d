//! Who may sign: the policy says it, and no flag says otherwise.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sign::{certified, key};
use crate::{report, ruled, run, small_model, stderr, stdout};

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        small_model(&folder.path().join("model"));
        key(folder.path(), "a", "p256");
        key(folder.path(), "b", "p256");
        Self { folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn policy(&self, name: &str, text: &str) -> String {
        fs::write(self.at(name), format!("schema = 1\nextends = 'development'\n{text}\n")).unwrap();
        self.at(name)
    }

    fn sign(&self, key: &str) {
        let output = self.at("model/model.sig");
        let _ = fs::remove_file(&output);
        stdout(&mut run(&["sign", &self.at("model"), "--key", &self.at(key), "--output", &output, "--quiet"]), 0);
    }

    fn verify(&self, policy: &str, more: &[&str], code: i32) -> Value {
        report(&[&["verify", &self.at("model"), "--policy", policy][..], more].concat(), code)
    }

    fn mistake(&self, policy: &str, more: &[&str]) -> String {
        stderr(&mut run(&[&["verify", &self.at("model"), "--policy", policy][..], more].concat()), 2)
    }

    fn digest(&self, policy: &str) -> String {
        let shown = stdout(&mut run(&["policy", "show", policy]), 0);
        shown.lines().next().unwrap().to_owned()
    }
}

#[test]
fn a_flag_names_no_signer_that_the_policy_does_not() {
    let scene = Scene::new();
    let policy = scene.policy("p.toml", "name = 'p'\n[signature]\nthreshold = 1\nkeys = ['a.pub']");
    scene.sign("b");
    key(scene.folder.path(), "leaf.key", "p256");
    certified(scene.folder.path());
    let b = scene.at("b.pub");
    assert_eq!(ruled(&scene.verify(&policy, &[], 1), "fail"), ["requirement-unmet", "signature-untrusted-key"]);
    for more in [
        &["--key", b.as_str()][..],
        &["--identity", "x@example.org", "--issuer", "https://example.org"],
        &["--identity-regexp", ".*"],
        &["--trusted-root", "staging"],
        &["--certificate-chain", &scene.at("ca.pem")],
    ] {
        let said = scene.mistake(&policy, more);
        assert!(said.contains("says who may sign"), "{more:?} {said}");
    }
    scene.sign("a");
    scene.verify(&policy, &["--key", &scene.at("a.pub"), "--trusted-root", "public-good"], 0);
    // A built-in policy names nobody: then flags do.
    scene.verify("production", &["--key", &scene.at("a.pub")], 0);
}

#[test]
fn a_policy_that_asks_for_a_signature_asks_for_one_over_every_file() {
    let scene = Scene::new();
    scene.sign("a");
    fs::write(scene.at("model/late.txt"), "added later").unwrap();
    let key = ["--key", &scene.at("a.pub")];
    assert!(ruled(&scene.verify("production", &key, 1), "fail").contains(&"unsigned-file".to_owned()));
    let said = scene.mistake("production", &[&key[..], &["--ignore-unsigned"]].concat());
    assert!(said.contains("asks for a signature"), "{said}");
    let policy = scene.policy("p.toml", "name = 'p'\nrequire = ['signature-valid']");
    assert!(scene.mistake(&policy, &["--ignore-unsigned"]).contains("asks for a signature"));
    scene.verify("development", &[&key[..], &["--ignore-unsigned"]].concat(), 0);
}

#[test]
fn the_digest_of_a_policy_is_also_that_of_its_signers() {
    let scene = Scene::new();
    let policy = scene.policy("p.toml", "name = 'p'\n[signature]\nkeys = ['k.pub']\ntrusted-root = 'root.json'");
    let said = stderr(&mut run(&["policy", "check", &policy]), 2);
    assert!(said.contains("k.pub"), "{said}");
    fs::copy(scene.at("a.pub"), scene.at("k.pub")).unwrap();
    let policy = scene.policy("p.toml", "name = 'p'\n[signature]\nkeys = ['k.pub']");
    let before = scene.digest(&policy);
    assert_eq!(before, scene.digest(&policy));
    fs::copy(scene.at("b.pub"), scene.at("k.pub")).unwrap();
    assert_ne!(before, scene.digest(&policy));
    // The same of certificates and roots.
    key(scene.folder.path(), "leaf.key", "p256");
    let policy = scene.policy("p.toml", "name = 'p'\n[signature]\ncertificate-chains = ['ca.pem']");
    certified(scene.folder.path());
    let before = scene.digest(&policy);
    certified(scene.folder.path());
    assert_ne!(before, scene.digest(&policy), "another authority of the same name");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sigstore/trusted_root.json");
    let root = fs::read_to_string(root).unwrap();
    let policy = scene.policy("p.toml", "name = 'p'\n[signature]\ntrusted-root = 'root.json'");
    fs::write(scene.at("root.json"), &root).unwrap();
    let before = scene.digest(&policy);
    fs::write(scene.at("root.json"), root.replace("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")).unwrap();
    assert_ne!(before, scene.digest(&policy));
}

#[test]
fn who_names_a_signer_wants_that_one() {
    let scene = Scene::new();
    let both = "name = 'p'\n[signature]\nkeys = ['a.pub', 'b.pub']\nthreshold =";
    let policy = scene.policy("p.toml", &format!("{both} 1"));
    scene.sign("b");
    scene.verify(&policy, &["--key", &scene.at("b.pub")], 0);
    assert!(
        ruled(&scene.verify(&policy, &["--key", &scene.at("a.pub")], 1), "fail").contains(&"requirement-unmet".into())
    );
    let policy = scene.policy("p.toml", &format!("{both} 2"));
    let said = scene.mistake(&policy, &["--key", &scene.at("b.pub")]);
    assert!(said.contains("flags name 1 signer(s)") && said.contains("asks for 2"), "{said}");
}

#[test]
fn a_root_that_a_policy_pins_stays() {
    let scene = Scene::new();
    let policy = scene.policy("p.toml", "name = 'p'\n[signature]\ntrusted-root = 'staging'");
    let who = ["--identity", "x@example.org", "--issuer", "https://example.org"];
    let said = scene.mistake(&policy, &[&who[..], &["--trusted-root", "public-good"]].concat());
    assert!(said.contains("--trusted-root names") && said.contains("does not name it"), "{said}");
}

#[test]
fn no_policy_takes_the_name_of_a_tier_that_it_is_not() {
    let scene = Scene::new();
    for text in ["name = 'regulated'", "name = 'Production'", "[severity]\nfail = 'critical'"] {
        let policy = scene.policy("p.toml", text);
        let said = stderr(&mut run(&["policy", "check", &policy]), 2);
        assert!(said.contains("like the built-in policy") && said.contains("WEIGHBRIDGE_TIER_"), "{text} {said}");
        let said = stderr(&mut run(&["attest", &scene.at("model"), "--policy", &policy, "--key", &scene.at("a")]), 2);
        assert!(said.contains("like the built-in policy"), "{said}");
    }
    scene.verify(&scene.policy("p.toml", "name = 'acme-regulated'"), &[], 0);
}

#[test]
fn what_a_scope_relaxes_is_said() {
    let scene = Scene::new();
    let policy = scene.policy(
        "p.toml",
        "name = 'p'\n[rules]\nzip-malformed = 'fail'\n[formats]\nallow = ['safetensors', 'text']\n\
         [[scopes]]\nmodel = 'trusted-*'\nseverity = { fail = 'critical' }\n\
         rules = { pickle-dangerous-call = 'ok', zip-malformed = 'warn', checksums-weak = 'fail' }\n\
         formats = { allow = ['pickle', 'text'] }",
    );
    let said = stdout(&mut run(&["policy", "check", &policy, "--strict"]), 1);
    let scope = "scope 1 (model = \"trusted-*\") relaxes";
    for what in [
        "`severity.fail` from high to critical",
        "`pickle-dangerous-call` from fail to ok",
        "`zip-malformed` from fail to warn",
        "`formats.allow` by pickle",
    ] {
        assert!(said.contains(&format!("{scope} {what}")), "{what}: {said}");
    }
    assert!(!said.contains("relaxes `checksums-weak`"), "{said}");
}
