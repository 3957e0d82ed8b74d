//! Signatures over one file: minisign, OpenSSH, cosign, plain bundles, envelopes with several signatures.

use serde_json::{Value, json};
use weighbridge::model::{Algorithm, Artifact};
use weighbridge::trust::dsse::{Envelope, IN_TOTO};
use weighbridge::trust::key::{KeyError, KeyKind, PrivateKey};
use weighbridge::trust::{
    Identity, SignatureFile, Subject, TrustSettings, TrustedRoot, check, private_key, public_key, requirements,
};

use crate::tree::{artifact, digest, ids, now};

const MESSAGE: &[u8] = include_bytes!("vectors/message");

fn trusting(keys: &[&[u8]]) -> TrustSettings {
    let keys = keys.iter().map(|key| public_key(key).unwrap()).collect();
    TrustSettings { keys, ..TrustSettings::default() }
}

fn verify(name: &str, signature: &[u8], bytes: &[u8], settings: &TrustSettings) -> Vec<&'static str> {
    let file = SignatureFile { path: None, name: name.to_owned(), bytes: signature };
    let artifacts = [artifact("SHA256SUMS", bytes, None), artifact("other", b"", None)];
    ids(&check(&[file], Subject { name: "model", artifacts: &artifacts }, settings, now()))
}

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("vectors/", $name)).as_slice()
    };
}

#[test]
fn signatures_of_other_tools_verify() {
    let cases = [
        ("SHA256SUMS.sig", vector!("ssh-ed25519.sig"), vector!("ssh-ed25519.pub")),
        ("SHA256SUMS.sig", vector!("ssh-ecdsab256.sig"), vector!("ssh-ecdsab256.pub")),
        ("SHA256SUMS.sig", vector!("ssh-ecdsab384.sig"), vector!("ssh-ecdsab384.pub")),
        ("SHA256SUMS.sig", vector!("ssh-ecdsab521.sig"), vector!("ssh-ecdsab521.pub")),
        ("SHA256SUMS.minisig", vector!("minisign.minisig"), vector!("minisign.pub")),
        ("SHA256SUMS.minisig", vector!("minisign-legacy.minisig"), vector!("minisign.pub")),
        ("SHA256SUMS.sig", vector!("cosign.sig"), vector!("cosign.pub")),
    ];
    for (n, (name, signature, key)) in cases.into_iter().enumerate() {
        let settings = trusting(&[key]);
        assert_eq!(verify(name, signature, MESSAGE, &settings), ["signature-valid"], "{n}");
        let changed = verify(name, signature, b"weightz\n", &settings);
        assert!(changed == ["signature-invalid"] || changed == ["signature-untrusted-key"], "{n} {changed:?}");
        let other = PrivateKey::generate(KeyKind::Ed25519).unwrap();
        let settings = TrustSettings { keys: vec![other.public().clone()], ..TrustSettings::default() };
        assert_eq!(verify(name, signature, MESSAGE, &settings), ["signature-untrusted-key"], "{n}");
        assert_eq!(verify("unrelated.sig", signature, MESSAGE, &trusting(&[key])), ["signature-unchecked"], "{n}");
        let nobody = verify(name, signature, MESSAGE, &TrustSettings::default());
        assert_eq!(nobody, ["signature-unassessed"], "{n}");
        for at in 0..signature.len() {
            let mut flipped = signature.to_vec();
            flipped[at] ^= 1 << (at % 8);
            verify(name, &flipped, MESSAGE, &trusting(&[key]));
        }
    }
}

#[test]
fn what_else_is_signed_or_claimed_is_refused() {
    let ssh = trusting(&[vector!("ssh-ed25519.pub")]);
    assert_eq!(verify("SHA256SUMS.sig", vector!("ssh-git.sig"), MESSAGE, &ssh), ["signature-other-subject"]);
    let pgp = b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";
    assert_eq!(verify("SHA256SUMS.asc", pgp, MESSAGE, &ssh), ["signature-unchecked"]);
    assert_eq!(verify("SHA256SUMS.sig", b"not a signature", MESSAGE, &ssh), ["signature-malformed"]);
    // A trusted comment is signed too.
    let minisign = trusting(&[vector!("minisign.pub")]);
    let changed = String::from_utf8(vector!("minisign.minisig").to_vec()).unwrap().replace("release 1", "release 2");
    assert_eq!(verify("SHA256SUMS.minisig", changed.as_bytes(), MESSAGE, &minisign), ["signature-untrusted-key"]);
    let file = SignatureFile { path: None, name: "x.minisig".into(), bytes: vector!("minisign.minisig") };
    assert!(requirements(&file).algorithms.contains(&Algorithm::Blake2b512));
    let file = SignatureFile { path: None, name: "x.minisig".into(), bytes: vector!("minisign-legacy.minisig") };
    assert_eq!(requirements(&file).keep.unwrap().as_str(), "x");
}

#[test]
fn cosign_keys_open_with_their_passphrase() {
    let read = |passphrase: Option<&[u8]>| private_key(vector!("cosign.key"), passphrase);
    assert_eq!(read(Some(b"secret")).unwrap().public(), &public_key(vector!("cosign.pub")).unwrap());
    assert_eq!(read(Some(b"other")).unwrap_err(), KeyError::PassphraseWrong);
    assert_eq!(read(None).unwrap_err(), KeyError::PassphraseMissing);
}

fn statement(files: &[&Artifact]) -> String {
    let subject: Vec<Value> = files
        .iter()
        .map(|file| json!({ "name": file.path.as_str(), "digest": { "sha256": file.digests.get(Algorithm::Sha256).unwrap().hex() } }))
        .collect();
    json!({ "_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": "https://example.org/p" })
        .to_string()
}

#[test]
fn thresholds_count_distinct_keys_over_all_files() {
    let keys: Vec<PrivateKey> = KeyKind::ALL.iter().map(|kind| PrivateKey::generate(*kind).unwrap()).collect();
    let files = [artifact("model.bin", MESSAGE, None)];
    let payload = statement(&[&files[0]]);
    let envelope = |signers: &[&PrivateKey]| Envelope::sign(IN_TOTO, payload.as_bytes(), signers).to_json().to_string();
    let (one, two) = (envelope(&[&keys[0], &keys[0]]), envelope(&[&keys[1], &keys[2]]));
    let with = |threshold: usize, envelopes: &[&str]| {
        let keys = keys[..3].iter().map(|key| key.public().clone()).collect();
        let settings = TrustSettings { keys, threshold, ..TrustSettings::default() };
        let list: Vec<SignatureFile<'_>> = envelopes
            .iter()
            .map(|text| SignatureFile { path: None, name: "model.bin.att".into(), bytes: text.as_bytes() })
            .collect();
        ids(&check(&list, Subject { name: "model", artifacts: &files }, &settings, now()))
    };
    assert_eq!(with(1, &[&one]), ["signature-valid"]);
    assert_eq!(with(2, &[&one]), ["signature-threshold-unmet", "signature-valid"]);
    assert_eq!(with(2, &[&two]), ["signature-valid"]);
    assert_eq!(with(3, &[&one, &two]), ["signature-valid", "signature-valid"]);
    assert_eq!(with(4, &[&one, &two]), ["signature-threshold-unmet", "signature-valid", "signature-valid"]);
    let other = envelope(&[&keys[3]]);
    assert_eq!(with(2, &[&one, &other]), ["signature-threshold-unmet", "signature-untrusted-key", "signature-valid"]);
    let elsewhere = Envelope::sign(IN_TOTO, statement(&[&artifact("x", b"x", None)]).as_bytes(), &[&keys[0]]);
    assert_eq!(with(1, &[&elsewhere.to_json().to_string()]), ["signature-other-subject"]);
}

#[test]
fn bundles_of_a_plain_key_verify_without_a_log() {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    for kind in [KeyKind::Ed25519, KeyKind::P256] {
        let key = PrivateKey::generate(kind).unwrap();
        let settings = TrustSettings { keys: vec![key.public().clone()], ..TrustSettings::default() };
        let bundle = |said: &[u8]| {
            json!({
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": { "publicKey": { "hint": "any" }, "tlogEntries": [] },
                "messageSignature": {
                    "messageDigest": { "algorithm": "SHA2_256", "digest": encode(digest(Algorithm::Sha256, said).bytes()) },
                    "signature": encode(&key.sign(MESSAGE)),
                },
            })
            .to_string()
        };
        let name = "SHA256SUMS.sigstore.json";
        assert_eq!(verify(name, bundle(MESSAGE).as_bytes(), MESSAGE, &settings), ["signature-valid"]);
        assert_eq!(verify(name, bundle(b"x").as_bytes(), MESSAGE, &settings), ["signature-other-subject"]);
        assert_eq!(verify(name, bundle(b"x").as_bytes(), b"x", &settings), ["signature-untrusted-key"]);
    }
}

#[test]
fn a_time_that_the_log_vouches_for_can_be_too_old() {
    let bundle = include_bytes!("../../testdata/sigstore/logged.json");
    let root = include_str!("../../testdata/sigstore/trusted_root.json");
    let since = |time: &str| {
        let settings = TrustSettings {
            identities: vec![Identity::exact("someone@example.org", None)],
            trusted_root: Some(TrustedRoot::from_json(root).unwrap()),
            not_before: Some(time.parse().unwrap()),
            ..TrustSettings::default()
        };
        verify("SHA256SUMS.sigstore.json", bundle, b"weights\n", &settings)
    };
    assert_eq!(since("2026-02-01T00:01:00Z"), ["signature-valid"]);
    assert_eq!(since("2026-02-01T00:01:01Z"), ["signature-too-old"]);
}
