//! Verification summaries: sealed, checked, and refused by name.

use serde_json::{Value, json};
use weighbridge::model::{Algorithm, Artifact};
use weighbridge::trust::TrustSettings;
use weighbridge::trust::key::{KeyKind, PrivateKey};
use weighbridge::trust::model_signing::{Ignored, root_digest};
use weighbridge::trust::summary::{Expectation, VERIFICATION_SUMMARY, seal, verify};

use crate::tree::{artifact, ids, now};

fn tree() -> Vec<Artifact> {
    vec![artifact("a", b"a", None), artifact("b", b"b", None)]
}

fn statement(tree: &[Artifact]) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "model", "digest": { "sha256": root_digest(tree, &Ignored::git()).unwrap().hex() } }],
        "predicateType": VERIFICATION_SUMMARY,
        "predicate": {
            "verifier": { "id": "https://weighbridge.dev" },
            "timeVerified": "2025-12-31T00:00:00Z",
            "resourceUri": "pkg:huggingface/a/b",
            "policy": { "uri": "urn:policy:production", "digest": { "sha256": "aa" } },
            "verificationResult": "PASSED",
            "verifiedLevels": ["WEIGHBRIDGE_PRODUCTION"],
        },
    })
}

fn expectation(key: &PrivateKey) -> Expectation {
    Expectation {
        trust: TrustSettings { keys: vec![key.public().clone()], ..TrustSettings::default() },
        resource_uri: Some("pkg:huggingface/a/b".to_owned()),
        verifier: Some("https://weighbridge.dev".to_owned()),
        levels: ["WEIGHBRIDGE_PRODUCTION".to_owned()].into(),
        policy_uri: Some("urn:policy:production".to_owned()),
        policy_sha256: Some("aa".to_owned()),
        max_age: Some(jiff::SignedDuration::from_hours(48)),
        ..Expectation::default()
    }
}

#[test]
fn a_good_summary_holds_and_each_bad_one_is_named() {
    let key = PrivateKey::generate(KeyKind::P256).unwrap();
    let tree = tree();
    let root = root_digest(&tree, &Ignored::git());
    let check = |change: &dyn Fn(&mut Value)| {
        let mut value = statement(&tree);
        change(&mut value);
        let envelope = seal(value.to_string().as_bytes(), &[&key]).unwrap();
        ids(&verify(envelope.as_bytes(), &tree, root.as_ref(), &expectation(&key), now()))
    };
    assert_eq!(check(&|_| ()), ["attestation-valid"]);
    let set = |path: &str, to: Value| {
        let path = path.to_owned();
        check(&move |value: &mut Value| *value.pointer_mut(&path).unwrap() = to.clone())
    };
    assert_eq!(set("/predicate/verificationResult", json!("FAILED")), ["attestation-failed"]);
    assert_eq!(set("/predicate/verificationResult", json!("passed")), ["attestation-failed"]);
    assert_eq!(set("/predicate/timeVerified", json!("2025-12-29T00:00:00Z")), ["attestation-stale"]);
    assert_eq!(set("/predicate/timeVerified", json!("2026-01-02T00:00:00Z")), ["attestation-stale"]);
    assert_eq!(set("/predicate/timeVerified", json!("yesterday")), ["attestation-malformed"]);
    assert_eq!(set("/predicate/resourceUri", json!("pkg:other")), ["attestation-resource-mismatch"]);
    assert_eq!(set("/predicate/verifier/id", json!("other")), ["attestation-verifier-mismatch"]);
    assert_eq!(set("/predicate/verifiedLevels", json!(["SLSA_BUILD_LEVEL_3"])), ["attestation-level-missing"]);
    assert_eq!(set("/predicate/policy/uri", json!("urn:other")), ["attestation-policy-mismatch"]);
    assert_eq!(set("/predicate/policy/digest/sha256", json!("bb")), ["attestation-policy-mismatch"]);
    assert_eq!(set("/predicateType", json!("https://example.org")), ["attestation-malformed"]);
    assert_eq!(set("/subject/0/digest/sha256", json!("00".repeat(32))), ["attestation-subject-mismatch"]);
    let each = |value: &mut Value| {
        let digest =
            |file: &Artifact| json!({ "digest": { "sha256": file.digests.get(Algorithm::Sha256).unwrap().hex() } });
        value["subject"] = tree.iter().map(digest).collect();
    };
    assert_eq!(check(&each), ["attestation-valid"]);
    let one = |value: &mut Value| {
        each(value);
        value["subject"].as_array_mut().unwrap().truncate(1);
    };
    assert_eq!(check(&one), ["attestation-subject-mismatch"]);
}

#[test]
fn only_enough_trusted_keys_count() {
    let (key, other) = (PrivateKey::generate(KeyKind::P256).unwrap(), PrivateKey::generate(KeyKind::Ed25519).unwrap());
    let tree = tree();
    let root = root_digest(&tree, &Ignored::git());
    let text = statement(&tree).to_string();
    let with = |keys: &[&PrivateKey], expected: &Expectation| {
        ids(&verify(seal(text.as_bytes(), keys).unwrap().as_bytes(), &tree, root.as_ref(), expected, now()))
    };
    assert_eq!(with(&[&other], &expectation(&key)), ["attestation-signature-invalid"]);
    let both = vec![key.public().clone(), other.public().clone()];
    let trust = TrustSettings { keys: both, threshold: 2, ..TrustSettings::default() };
    let two = Expectation { trust, ..expectation(&key) };
    assert_eq!(with(&[&other, &key], &two), ["attestation-valid"]);
    assert_eq!(with(&[&key, &key], &two), ["attestation-threshold-unmet"]);
    assert!(seal(b"{}", &[&key]).is_err());
    assert!(seal(text.as_bytes(), &[]).is_err());
}
