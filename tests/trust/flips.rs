//! One flipped bit anywhere inside what is signed, in every bundle at hand: refused, and nothing panics.
//!
//! Bits are flipped in what the base64 stands for. Small parts are flipped bit by bit, long ones at places spread
//! evenly. Not signed, and so not tried: hints (log identifiers, key hints), certificates beside the signer's own, the
//! copies of certificates inside timestamps, and signatures of other witnesses in a log's head.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use weighbridge::model::Artifact;
use weighbridge::trust::{
    Certificate, Identity, SignatureFile, Subject, TrustSettings, TrustedRoot, check, public_key, requirements,
};

use crate::conformance::{IDENTITY, ISSUER};
use crate::tree::{accepted, artifact, now, read, shared};

/// Flips of one part of one bundle; an answer of Sigstore's verifier takes about a millisecond.
const MOST: usize = 96;

struct Case {
    name: String,
    bundle: Value,
    subject: String,
    artifacts: Vec<Artifact>,
    settings: TrustSettings,
}

impl Case {
    fn accepts(&self, bundle: &Value) -> bool {
        let text = bundle.to_string();
        let file = SignatureFile { path: None, name: "x.sigstore.json".to_owned(), bytes: text.as_bytes() };
        let subject = Subject { name: &self.subject, artifacts: &self.artifacts };
        accepted(&check(&[file], subject, &self.settings, now()))
    }

    /// Where signed bytes stand. Of a timestamp everything counts but the certificates it may carry, which lie in the
    /// middle; a flip there is only asked not to panic.
    fn parts(&self) -> Vec<String> {
        let all = [
            "/dsseEnvelope/payload",
            "/dsseEnvelope/signatures/0/sig",
            "/messageSignature/signature",
            "/messageSignature/messageDigest/digest",
            "/verificationMaterial/certificate/rawBytes",
            "/verificationMaterial/x509CertificateChain/certificates/0/rawBytes",
            "/verificationMaterial/tlogEntries/0/canonicalizedBody",
            "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp",
            "/verificationMaterial/tlogEntries/0/inclusionProof/rootHash",
            "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0",
        ];
        all.iter()
            .filter(|at| self.bundle.pointer(at).is_some_and(Value::is_string))
            .map(|at| (*at).to_owned())
            .collect()
    }

    /// How many flips were tried.
    fn run(&self, wrong: &mut Vec<String>) -> usize {
        assert!(self.accepts(&self.bundle), "{}", self.name);
        let mut tried = 0;
        for at in self.parts() {
            let bytes = STANDARD.decode(self.bundle.pointer(&at).unwrap().as_str().unwrap()).unwrap();
            let bits = bytes.len() * 8;
            let step = bits.div_ceil(MOST).max(1);
            // Never a multiple of eight, so that every bit of a byte has its turn.
            let step = if step.is_multiple_of(8) { step + 1 } else { step };
            for bit in (0..bits).step_by(step) {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let mut bundle = self.bundle.clone();
                *bundle.pointer_mut(&at).unwrap() = STANDARD.encode(flipped).into();
                tried += 1;
                if self.accepts(&bundle) {
                    wrong.push(format!("{} {at} bit {bit} of {bits}", self.name));
                }
            }
        }
        // Numbers that the log vouches for, and timestamps wherever they are flipped.
        for number in ["logIndex", "integratedTime", "inclusionProof/treeSize", "inclusionProof/logIndex"] {
            let at = format!("/verificationMaterial/tlogEntries/0/{number}");
            let Some(value) = self.bundle.pointer(&at).and_then(Value::as_str).filter(|value| *value != "0") else {
                continue;
            };
            let mut bundle = self.bundle.clone();
            *bundle.pointer_mut(&at).unwrap() = (value.parse::<i64>().unwrap() ^ 1).to_string().into();
            tried += 1;
            // The index in the whole log is only vouched for by the promise of version 1.
            let promised = self.bundle.pointer("/verificationMaterial/tlogEntries/0/inclusionPromise").is_some();
            if self.accepts(&bundle) && (promised || number != "logIndex") {
                wrong.push(format!("{} {number}", self.name));
            }
        }
        tried
    }
}

/// The good conformance bundles.
fn conformance() -> Vec<Case> {
    let Some(folder) = shared("sigstore-conformance/bundle-verify") else { return Vec::new() };
    let mut cases = Vec::new();
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let (case, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if name.ends_with("_fail") {
            continue;
        }
        let text = |file: &str| fs::read_to_string(case.join(file)).ok().map(|text| text.trim().to_owned());
        let mut settings = TrustSettings {
            trusted_root: text("trusted_root.json").map(|root| TrustedRoot::from_json(&root).unwrap()),
            ..TrustSettings::default()
        };
        match fs::read(case.join("key.pub")) {
            Ok(key) => settings.keys.push(public_key(&key).unwrap()),
            Err(_) => settings.identities.push(Identity::exact(
                text("identity").unwrap_or_else(|| IDENTITY.to_owned()),
                Some(text("issuer").unwrap_or_else(|| ISSUER.to_owned())),
            )),
        }
        let bytes = fs::read(case.join("artifact")).or_else(|_| fs::read(folder.join("a.txt"))).unwrap();
        let bundle = serde_json::from_str(&text("bundle.sigstore.json").unwrap()).unwrap();
        cases.push(Case {
            name,
            bundle,
            subject: "a.txt".to_owned(),
            artifacts: vec![artifact(".", &bytes, None)],
            settings,
        });
    }
    cases
}

/// The official model signatures.
fn models() -> Vec<Case> {
    let Some(folder) = shared("oms/official") else { return Vec::new() };
    let key = fs::read(folder.join("keys/certificate/signing-key-pub.pem")).unwrap();
    let root = fs::read(folder.join("keys/certificate/ca-cert.pem")).unwrap();
    let settings = TrustSettings {
        keys: vec![public_key(&key).unwrap()],
        certificates: Certificate::from_pem(&root).unwrap(),
        identities: vec![Identity::exact(
            "stefanb@us.ibm.com",
            Some("https://sigstore.verify.ibm.com/oauth2".to_owned()),
        )],
        ignore: vec!["ignore-me".to_owned(), "model.sig".to_owned()],
        ..TrustSettings::default()
    };
    let mut cases = Vec::new();
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if !name.starts_with('v') {
            continue;
        }
        let single = ["v0.3.1-elliptic-key", "v1.0.0-elliptic-key"].contains(&name.as_str());
        let model = if single { entry.path().join("signme-1") } else { entry.path() };
        let bytes = fs::read(entry.path().join("model.sig")).unwrap();
        let file = SignatureFile { path: None, name: "model.sig".to_owned(), bytes: &bytes };
        let artifacts = read(&model, requirements(&file).shards);
        let subject = model.file_name().unwrap().to_str().unwrap().to_owned();
        cases.push(Case {
            name,
            bundle: serde_json::from_slice(&bytes).unwrap(),
            subject,
            artifacts,
            settings: settings.clone(),
        });
    }
    cases
}

/// The bundle of our own test instance.
fn own() -> Case {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sigstore");
    let root = fs::read_to_string(folder.join("trusted_root.json")).unwrap();
    let settings = TrustSettings {
        identities: vec![Identity::exact("someone@example.org", None)],
        trusted_root: Some(TrustedRoot::from_json(&root).unwrap()),
        ..TrustSettings::default()
    };
    let bundle = serde_json::from_slice(&fs::read(folder.join("logged.json")).unwrap()).unwrap();
    let artifacts = vec![artifact(".", b"weights\n", None)];
    Case { name: "own".to_owned(), bundle, subject: "weights.txt".to_owned(), artifacts, settings }
}

#[test]
fn no_flipped_bit_of_any_bundle_is_accepted() {
    let cases: Vec<Case> = conformance().into_iter().chain(models()).chain([own()]).collect();
    let mut wrong = Vec::new();
    let tried: usize = cases.iter().map(|case| case.run(&mut wrong)).sum();
    eprintln!("{tried} flips in {} bundles", cases.len());
    assert!(wrong.is_empty(), "{} of {tried}: {wrong:#?}", wrong.len());
    // The shared bundles are not at hand everywhere.
    assert!(tried >= 400 * cases.len(), "{tried}");
}

/// Timestamps carry copies of certificates that nobody signed for this use, so some flips are fine; none may panic.
#[test]
fn flipped_timestamps_never_panic() {
    let at = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
    for case in conformance() {
        let Some(stamp) = case.bundle.pointer(at).and_then(Value::as_str) else { continue };
        let bytes = STANDARD.decode(stamp).unwrap();
        for bit in (0..bytes.len() * 8).step_by(97) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut bundle = case.bundle.clone();
            *bundle.pointer_mut(at).unwrap() = STANDARD.encode(flipped).into();
            case.accepts(&bundle);
        }
    }
}
