//! Bundles as an attacker without the key, or a careless tool, would bend them. The references refuse each of these;
//! `tests/interop` asks them about every field.

use serde_json::{Value, json};
use weighbridge::trust::{Identity, SignatureFile, Subject, TrustSettings, TrustedRoot, check};

use crate::tree::{artifact, ids, now};

fn answer(bundle: &Value, content: &[u8]) -> Vec<&'static str> {
    let settings = TrustSettings {
        identities: vec![Identity::exact("someone@example.org", Some("https://accounts.example.org".to_owned()))],
        trusted_root: TrustedRoot::from_json(include_str!("../../testdata/sigstore/trusted_root.json")).ok(),
        ..TrustSettings::default()
    };
    let text = bundle.to_string();
    let file = SignatureFile { path: None, name: "weights.txt.sigstore.json".to_owned(), bytes: text.as_bytes() };
    let artifacts = [artifact(".", content, None)];
    ids(&check(&[file], Subject { name: "weights.txt", artifacts: &artifacts }, &settings, now()))
}

fn good() -> Value {
    serde_json::from_slice(include_bytes!("../../testdata/sigstore/logged.json")).unwrap()
}

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

#[test]
fn an_entry_must_say_one_thing() {
    assert_eq!(answer(&good(), b"weights\n"), ["signature-valid"]);
    assert_eq!(answer(&good(), b"other"), ["signature-other-subject"]);
    let entry = good().pointer(ENTRY).unwrap().clone();
    let with = |at: &str, value: Value| {
        let mut bundle = good();
        *bundle.pointer_mut(at).unwrap() = value;
        answer(&bundle, b"weights\n")
    };
    for (at, value) in [
        ("/logIndex", json!("1")),
        ("/logIndex", json!("-1")),
        ("/integratedTime", json!("1")),
        ("/logId/keyId", json!("")),
        ("/logId/keyId", json!("AAAA")),
        ("/kindVersion/kind", json!("dsse")),
        ("/kindVersion/version", json!("0.0.2")),
        ("/inclusionPromise", Value::Null),
        ("/inclusionProof", Value::Null),
        ("/inclusionProof/logIndex", json!("1")),
        ("/inclusionProof/treeSize", json!("2")),
        ("/inclusionProof/hashes", json!([entry["inclusionProof"]["rootHash"]])),
        ("/inclusionProof/rootHash", json!("AAAA")),
        ("/inclusionProof/checkpoint", Value::Null),
        ("/canonicalizedBody", json!("")),
    ] {
        let seen = with(&format!("{ENTRY}{at}"), value.clone());
        assert!(!seen.contains(&"signature-valid"), "{at} {value}: {seen:?}");
    }
    assert_eq!(with("/verificationMaterial/tlogEntries", json!([entry, entry])), ["log-proof-invalid"]);
    assert_eq!(with("/verificationMaterial/tlogEntries", json!([])), ["signature-unchecked"]);
}

#[test]
fn a_bundle_has_the_fields_of_bundles() {
    let with = |at: &str, name: &str, value: Value| {
        let mut bundle = good();
        bundle.pointer_mut(at).unwrap()[name] = value;
        answer(&bundle, b"weights\n")
    };
    for at in ["", "/verificationMaterial", "/messageSignature", ENTRY, &format!("{ENTRY}/inclusionProof")] {
        assert_eq!(with(at, "unknown", json!("x")), ["signature-malformed"], "{at}");
    }
    for (at, name, value) in [
        ("", "mediaType", json!("application/vnd.dev.sigstore.bundle+json;version=0.4")),
        ("", "mediaType", json!("application/json")),
        ("", "dsseEnvelope", json!({ "payloadType": "x", "payload": "", "signatures": [{ "sig": "" }] })),
        ("", "messageSignature", Value::Null),
        ("/verificationMaterial", "publicKey", json!({ "hint": "x" })),
        ("/verificationMaterial", "certificate", Value::Null),
        (ENTRY, "logIndex", json!(0)),
    ] {
        assert_eq!(with(at, name, value.clone()), ["signature-malformed"], "{name} {value}");
    }
    // The digest beside the signature must be the file's, under its own name.
    for (name, value) in [("algorithm", json!("SHA2_512")), ("algorithm", json!("MD5")), ("digest", json!("AAAA"))] {
        let seen = with("/messageSignature/messageDigest", name, value);
        assert!(!seen.contains(&"signature-valid"), "{name}: {seen:?}");
    }
}

/// Versions before 0.3 carry chains; an empty one names nobody.
#[test]
fn an_old_bundle_carries_a_chain() {
    let mut bundle = good();
    let leaf = bundle["verificationMaterial"].as_object_mut().unwrap().remove("certificate").unwrap();
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.2");
    bundle["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": [leaf] });
    assert_eq!(answer(&bundle, b"weights\n"), ["signature-valid"]);
    bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] = json!([]);
    assert_eq!(answer(&bundle, b"weights\n"), ["signature-malformed"]);
}
