//! Model signatures made here, and every way of bending them.

use serde_json::{Value, json};
use weighbridge::model::{Algorithm, Artifact};
use weighbridge::trust::TrustSettings;
use weighbridge::trust::dsse::{Envelope, IN_TOTO};
use weighbridge::trust::key::{KeyKind, PrivateKey};
use weighbridge::trust::model_signing::{Ignored, SignOptions, root_digest, sign, statement};

use crate::tree::{accepted, artifact, ids, verify};

fn key() -> PrivateKey {
    PrivateKey::generate(KeyKind::P256).unwrap()
}

fn trusting(key: &PrivateKey) -> TrustSettings {
    TrustSettings { keys: vec![key.public().clone()], ..TrustSettings::default() }
}

const FILES: [(&str, &[u8]); 6] = [
    ("a-b/c", b"first by text, second by components"),
    ("a.txt", b"third"),
    ("a/b", b"first by components"),
    ("a/ü ber", b"a name with a space and an umlaut"),
    ("config.json", b"{}"),
    ("weights.bin", &[7; 200]),
];

fn tree(shards: Option<(u64, Algorithm)>) -> Vec<Artifact> {
    FILES.iter().map(|(path, bytes)| artifact(path, bytes, shards)).collect()
}

fn options() -> SignOptions {
    SignOptions {
        name: "model".to_owned(),
        algorithm: Algorithm::Sha256,
        shard_size: None,
        ignored: Ignored::git().and(&Ignored::of(["model.sig"])),
        allow_symlinks: false,
    }
}

/// A bundle around any JSON, signed with the key; what a signer with a bad tool, or an attacker with the key, makes.
fn bundle(payload: &str, key: &PrivateKey) -> Value {
    let mut envelope = Envelope::sign(IN_TOTO, payload.as_bytes(), &[key]).to_json();
    envelope["signatures"][0]["keyid"] = json!("");
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": { "publicKey": { "hint": key.public().id().as_str() }, "tlogEntries": [] },
        "dsseEnvelope": envelope,
    })
}

fn bent(change: impl Fn(&mut Value)) -> Vec<&'static str> {
    let key = key();
    let mut value: Value = serde_json::from_slice(&statement(&tree(None), &options()).unwrap()).unwrap();
    change(&mut value);
    ids(&verify(&tree(None), "model", bundle(&value.to_string(), &key).to_string().as_bytes(), &trusting(&key)))
}

#[test]
fn every_key_hash_and_method_goes_round() {
    for kind in KeyKind::ALL {
        let key = PrivateKey::generate(kind).unwrap();
        for algorithm in [Algorithm::Sha256, Algorithm::Blake2b512, Algorithm::Blake3] {
            for shard_size in [None, Some(1), Some(64), Some(1 << 20)] {
                let tree = tree(shard_size.map(|size| (size, algorithm)));
                let options = SignOptions { algorithm, shard_size, ..options() };
                let signature = sign(&tree, &options, &key, &[]).unwrap();
                let evidence = verify(&tree, "renamed", signature.as_bytes(), &trusting(&key));
                assert_eq!(ids(&evidence), ["signature-valid"], "{kind} {algorithm} {shard_size:?}");
            }
        }
    }
}

#[test]
fn the_root_digest_is_the_subject_and_in_the_order_of_components() {
    let value: Value = serde_json::from_slice(&statement(&tree(None), &options()).unwrap()).unwrap();
    let names: Vec<&str> =
        value["predicate"]["resources"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a/b", "a/ü ber", "a-b/c", "a.txt", "config.json", "weights.bin"]);
    assert_eq!(value["subject"][0]["digest"]["sha256"], root_digest(&tree(None), &Ignored::git()).unwrap().hex());
    assert_eq!(value["predicate"]["serialization"]["ignore_paths"][4], "model.sig");
    assert_eq!(root_digest(&[], &Ignored::git()), None);
}

#[test]
fn every_change_of_the_tree_is_named() {
    let key = key();
    let signature = sign(&tree(None), &options(), &key, &[]).unwrap();
    let after = |change: fn(&mut Vec<Artifact>)| {
        let mut tree = tree(None);
        change(&mut tree);
        ids(&verify(&tree, "model", signature.as_bytes(), &trusting(&key)))
    };
    assert_eq!(after(|tree| tree[4] = artifact("config.json", b"[]", None)), ["digest-mismatch"]);
    assert_eq!(after(|tree| drop(tree.remove(0))), ["missing-file"]);
    assert_eq!(after(|tree| tree.push(artifact("x.py", b"", None))), ["unsigned-file"]);
    assert_eq!(after(|tree| tree.push(artifact("model.sig", b"", None))), ["signature-valid"]);
    assert_eq!(after(|tree| tree.push(artifact(".git/hooks/x", b"", None))), ["ignored-file", "signature-valid"]);
    assert_eq!(after(|tree| tree[0].digests = [].into_iter().collect()), ["signature-unchecked"]);
    let swapped = after(|tree| {
        (tree[1], tree[4]) = (artifact("a.txt", b"{}", None), artifact("config.json", b"third", None));
    });
    assert_eq!(swapped, ["digest-mismatch", "digest-mismatch"]);
}

#[test]
fn what_the_caller_ignores_is_said() {
    let key = key();
    let signature = sign(&tree(None), &options(), &key, &[]).unwrap();
    let mut grown = tree(None);
    grown.push(artifact("extra/notes", b"", None));
    let with = |change: fn(&mut TrustSettings)| {
        let mut settings = trusting(&key);
        change(&mut settings);
        ids(&verify(&grown, "model", signature.as_bytes(), &settings))
    };
    assert_eq!(with(|_| ()), ["unsigned-file"]);
    assert_eq!(with(|settings| settings.ignore = vec!["extra".into()]), ["ignored-file", "signature-valid"]);
    assert_eq!(with(|settings| settings.ignore_unsigned = true), ["ignored-file", "signature-valid"]);
    let signed = with(|settings| settings.ignore = vec!["a".into(), "extra".into()]);
    assert_eq!(signed, ["ignored-file", "missing-file", "missing-file"]);
}

#[test]
fn shards_cover_every_byte() {
    let key = key();
    let shards = Some((64, Algorithm::Sha256));
    let options = SignOptions { shard_size: Some(64), ..options() };
    let signature = sign(&tree(shards), &options, &key, &[]).unwrap();
    let after = |path: &str, bytes: &[u8]| {
        let mut tree = tree(shards);
        tree.retain(|artifact| artifact.path.as_str() != path);
        tree.push(artifact(path, bytes, shards));
        ids(&verify(&tree, "model", signature.as_bytes(), &trusting(&key)))
    };
    assert_eq!(after("weights.bin", &[7; 200]), ["signature-valid"]);
    assert_eq!(after("weights.bin", &[7; 192]), ["digest-mismatch"]);
    assert_eq!(after("weights.bin", &[7; 201]), ["digest-mismatch", "digest-mismatch"]);
    assert_eq!(after("weights.bin", &[7; 320]), ["digest-mismatch", "digest-mismatch"]);
    assert_eq!(after("__init__.py", b""), ["unsigned-file"]);
    assert_eq!(
        sign(&[artifact("empty", b"", shards)], &options, &key, &[]).unwrap_err().to_string(),
        "the empty file \"empty\" would not be covered by a signature by shards. Sign whole files, or ignore it"
    );
}

#[test]
fn one_file_is_named_by_a_dot_or_by_itself() {
    let key = key();
    let file = [artifact(".", b"weights", None)];
    let signature = sign(&file, &options(), &key, &[]).unwrap();
    assert_eq!(ids(&verify(&file, "any.bin", signature.as_bytes(), &trusting(&key))), ["signature-valid"]);
    let named = sign(&[artifact("model.bin", b"weights", None)], &options(), &key, &[]).unwrap();
    assert_eq!(ids(&verify(&file, "model.bin", named.as_bytes(), &trusting(&key))), ["signature-valid"]);
    let other = verify(&file, "other.bin", named.as_bytes(), &trusting(&key));
    assert_eq!(ids(&other), ["missing-file", "unsigned-file"]);
}

#[test]
fn only_the_trusted_key_counts() {
    let (key, other) = (key(), key());
    let signature = sign(&tree(None), &options(), &key, &[]).unwrap();
    let with = |settings: &TrustSettings| ids(&verify(&tree(None), "model", signature.as_bytes(), settings));
    assert_eq!(with(&trusting(&other)), ["signature-untrusted-key"]);
    assert_eq!(with(&TrustSettings::default()), ["signature-unassessed"]);
    let two = TrustSettings { keys: vec![other.public().clone(), key.public().clone()], ..TrustSettings::default() };
    assert_eq!(with(&two), ["signature-valid"]);
    assert_eq!(with(&TrustSettings { threshold: 2, ..two }), ["signature-threshold-unmet", "signature-valid"]);
    // The hint of a trusted key on another's signature.
    let mut forged: Value = serde_json::from_str(&sign(&tree(None), &options(), &other, &[]).unwrap()).unwrap();
    forged["verificationMaterial"]["publicKey"]["hint"] = json!(key.public().id().as_str());
    let evidence = verify(&tree(None), "model", forged.to_string().as_bytes(), &trusting(&key));
    assert_eq!(ids(&evidence), ["signature-invalid"]);
}

#[test]
fn statements_that_say_two_things_are_refused() {
    assert_eq!(bent(|_| ()), ["signature-valid"]);
    let resources = |value: &mut Value| value["predicate"]["resources"].as_array_mut().unwrap().clone();
    let malformed: [fn(&mut Value); 10] = [
        |value| value["predicate"]["serialization"]["method"] = json!("tensors"),
        |value| value["predicate"]["serialization"]["hash_type"] = json!("md5"),
        |value| value["predicate"]["serialization"]["allow_symlinks"] = json!("false"),
        |value| value["predicate"]["resources"] = json!([]),
        |value| value["predicate"]["resources"][0]["name"] = json!("../a/b"),
        |value| value["predicate"]["resources"][0]["name"] = json!("/a/b"),
        |value| value["predicate"]["resources"][0]["algorithm"] = json!("blake3"),
        |value| value["predicate"]["serialization"]["ignore_paths"] = json!(["a"]),
        |value| value["predicate"]["serialization"]["ignore_paths"] = json!(["."]),
        |value| value["subject"] = json!([value["subject"][0], value["subject"][0]]),
    ];
    for (n, change) in malformed.iter().enumerate() {
        assert_eq!(bent(change), ["signature-malformed"], "{n}");
    }
    let upper = |value: &mut Value| {
        let digest = value["predicate"]["resources"][0]["digest"].as_str().unwrap().to_uppercase();
        value["predicate"]["resources"][0]["digest"] = json!(digest);
    };
    assert_eq!(bent(upper), ["signature-malformed"]);
    let twice = |value: &mut Value| {
        let mut list = resources(value);
        list.push(list[0].clone());
        value["predicate"]["resources"] = json!(list);
    };
    assert!(["root-digest-mismatch", "signature-malformed"].contains(&bent(twice)[0]));
    assert_eq!(
        bent(|value| value["predicate"]["resources"][0]["digest"] = json!("00".repeat(32))),
        ["root-digest-mismatch"]
    );
    assert_eq!(
        bent(|value| value["subject"][0]["digest"]["sha256"] = json!("00".repeat(32))),
        ["root-digest-mismatch"]
    );
}

#[test]
fn ambiguous_bundles_are_refused() {
    let key = key();
    let payload = String::from_utf8(statement(&tree(None), &options()).unwrap()).unwrap();
    let check = |text: &str| ids(&verify(&tree(None), "model", text.as_bytes(), &trusting(&key)));
    let good = bundle(&payload, &key).to_string();
    assert_eq!(check(&good), ["signature-valid"]);
    assert_eq!(check(&format!("\u{feff}{good}")), ["signature-malformed"]);
    assert_eq!(check(&format!("{good}{{}}")), ["signature-malformed"]);
    assert_eq!(check(&good.replacen('{', "{\"mediaType\":\"\",", 1)), ["signature-malformed"]);
    assert_eq!(check(&good.replace("bundle.v0.3", "bundle.v0.9")), ["signature-malformed"]);
    // Two statements in one: the reference reads the last key.
    let double = payload.replacen('{', "{\"predicateType\":\"https://model_signing/signature/v1.0\",", 1);
    assert_eq!(check(&bundle(&double, &key).to_string()), ["signature-malformed"]);
}

#[test]
fn the_encoding_of_release_0_2_is_for_its_own_statements_only() {
    let key = key();
    let tree: Vec<Artifact> = tree(None);
    let subjects: Vec<Value> = tree
        .iter()
        .map(|a| json!({ "name": a.path.as_str(), "digest": { "sha256": a.digests.get(Algorithm::Sha256).unwrap().hex() } }))
        .collect();
    let old = json!({
        "_type": "https://in-toto.io/Statement/v1", "subject": subjects,
        "predicateType": "https://model_signing/Digests/v0.1", "predicate": { "unused": "" },
    });
    let new: Value = serde_json::from_slice(&statement(&tree, &options()).unwrap()).unwrap();
    for (value, expected) in
        [(old, vec!["signature-legacy-encoding", "signature-valid"]), (new, vec!["signature-invalid"])]
    {
        let payload = value.to_string();
        let mut bundle = bundle(&payload, &key);
        // No quote or backslash stands in the payload, so Python's text form is the text itself.
        let message = format!("DSSEV1 28 {IN_TOTO} {} b'{payload}'", payload.len()).replace('ü', "\\xc3\\xbc");
        let signature = key.sign(message.as_bytes());
        use base64::Engine as _;
        bundle["dsseEnvelope"]["signatures"][0]["sig"] =
            json!(base64::engine::general_purpose::STANDARD.encode(signature));
        assert_eq!(ids(&verify(&tree, "model", bundle.to_string().as_bytes(), &trusting(&key))), expected);
    }
}

#[test]
fn rollback_is_evidence() {
    let key = key();
    let tree = tree(None);
    let signature = sign(&tree, &options(), &key, &[]).unwrap();
    let with = |settings: TrustSettings| ids(&verify(&tree, "model", signature.as_bytes(), &settings));
    let named = |name: &str| TrustSettings { expected_name: Some(name.to_owned()), ..trusting(&key) };
    assert_eq!(with(named("model")), ["signature-valid"]);
    assert_eq!(with(named("another")), ["subject-name-mismatch"]);
    let root = root_digest(&tree, &Ignored::git()).unwrap();
    assert_eq!(with(TrustSettings { revoked: [root].into(), ..trusting(&key) }), ["digest-revoked"]);
    let file = tree[0].digests.get(Algorithm::Sha256).unwrap().clone();
    assert_eq!(with(TrustSettings { revoked: [file].into(), ..trusting(&key) }), ["digest-revoked"]);
    let since = Some("2025-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(with(TrustSettings { not_before: since, ..trusting(&key) }), ["signature-unchecked"]);
}

#[test]
fn no_flipped_bit_of_a_bundle_is_accepted() {
    let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    let tree = tree(None);
    let signature = sign(&tree, &options(), &key, &[]).unwrap().into_bytes();
    let value: Value = serde_json::from_slice(&signature).unwrap();
    let text = std::str::from_utf8(&signature).unwrap();
    let span = |part: &str| text.find(part).map(|at| at..at + part.len()).unwrap();
    let payload = span(value["dsseEnvelope"]["payload"].as_str().unwrap());
    let sig = span(value["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap());
    let settings = trusting(&key);
    for at in 0..signature.len() {
        for bit in 0..8 {
            let mut flipped = signature.clone();
            flipped[at] ^= 1 << bit;
            let evidence = verify(&tree, "model", &flipped, &settings);
            if payload.contains(&at) || sig.contains(&at) {
                assert!(!accepted(&evidence), "byte {at} bit {bit}: {:?}", ids(&evidence));
            }
        }
    }
}

/// The bundle of a recipe, with the chain that it is checked against.
#[test]
fn no_flipped_bit_of_a_certificate_bundle_is_accepted() {
    let case = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/certificate-untrusted");
    let recipe: toml::Table = toml::from_str(&std::fs::read_to_string(case.join("good-chain.toml")).unwrap()).unwrap();
    let files: Vec<(&str, &str)> = recipe["file"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["path"].as_str().unwrap(), file["text"].as_str().unwrap()))
        .collect();
    let tree: Vec<Artifact> = files.iter().map(|(path, text)| artifact(path, text.as_bytes(), None)).collect();
    let signature = files.iter().find(|(path, _)| *path == "model.sig").unwrap().1;
    let root = std::fs::read(case.join("root.pem")).unwrap();
    let settings = TrustSettings {
        certificates: weighbridge::trust::Certificate::from_pem(&root).unwrap(),
        ..TrustSettings::default()
    };
    assert!(accepted(&verify(&tree, "model", signature.as_bytes(), &settings)));
    let value: Value = serde_json::from_str(signature).unwrap();
    let span = |part: &Value| {
        let part = part.as_str().unwrap();
        signature.find(part).map(|at| at..at + part.len()).unwrap()
    };
    let signed = [
        span(&value["dsseEnvelope"]["payload"]),
        span(&value["dsseEnvelope"]["signatures"][0]["sig"]),
        span(&value["verificationMaterial"]["x509CertificateChain"]["certificates"][0]["rawBytes"]),
    ];
    for at in 0..signature.len() {
        let mut flipped = signature.as_bytes().to_vec();
        flipped[at] ^= 1 << (at % 7);
        let evidence = verify(&tree, "model", &flipped, &settings);
        if signed.iter().any(|span| span.contains(&at)) {
            assert!(!accepted(&evidence), "byte {at}");
        }
    }
}
