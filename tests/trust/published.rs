//! Attestations as PyPI and npm publish them: <https://peps.python.org/pep-0740/>,
//! <https://docs.npmjs.com/generating-provenance-statements>. The files are known by their digests.

use serde_json::Value;
use weighbridge::model::{Algorithm, Artifact, Digest, Digests};
use weighbridge::trust::{Identity, SignatureFile, Subject, TrustSettings, check, public_key};

use crate::tree::{artifact, ids, now};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
/// npm's registry key of that time, as <https://registry.npmjs.org/-/npm/v1/keys> lists it.
const NPM: &[u8] = b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==\n-----END PUBLIC KEY-----\n";

fn known(algorithm: Algorithm, hex: &str) -> Artifact {
    let mut file = artifact(".", b"", None);
    file.digests = [Digest::from_hex(algorithm, hex).unwrap()].into_iter().collect::<Digests>();
    file
}

fn by(name: &str, issuer: &str) -> TrustSettings {
    TrustSettings { identities: vec![Identity::exact(name, Some(issuer.to_owned()))], ..TrustSettings::default() }
}

fn verify(file: &str, artifact: &Artifact, signature: &[u8], settings: &TrustSettings) -> Vec<&'static str> {
    let signature = SignatureFile { path: None, name: "x.publish.attestation".to_owned(), bytes: signature };
    ids(&check(&[signature], Subject { name: file, artifacts: std::slice::from_ref(artifact) }, settings, now()))
}

#[test]
fn attestations_of_pypi_verify_for_the_file_of_their_name() {
    let sdist = "pypi_attestations-0.0.19.tar.gz";
    let document = include_bytes!("vectors/published/pypi_attestations-0.0.19.tar.gz.provenance").as_slice();
    let release =
        by("https://github.com/trailofbits/pypi-attestations/.github/workflows/release.yml@refs/tags/v0.0.19", GITHUB);
    let file = known(Algorithm::Sha256, "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3");
    assert_eq!(verify(sdist, &file, document, &release), ["signature-valid"]);
    assert_eq!(verify("PyPI-attestations-0.0.19.tar.gz", &file, document, &release), ["signature-valid"]);
    for other in ["pypi_attestations-0.0.18.tar.gz", "other-0.0.19.tar.gz", "pypi_attestations-0.0.19.zip", "x"] {
        assert_eq!(verify(other, &file, document, &release), ["subject-name-mismatch"], "{other}");
    }
    let elsewhere = known(Algorithm::Sha256, &"00".repeat(32));
    assert_eq!(verify(sdist, &elsewhere, document, &release), ["signature-other-subject"]);
    assert_eq!(verify(sdist, &file, document, &by("someone@example.org", GITHUB)), ["signature-untrusted-identity"]);

    let wheel = "rfc8785-0.1.2-py3-none-any.whl";
    let single = include_bytes!("vectors/published/rfc8785-0.1.2-py3-none-any.whl.publish.attestation").as_slice();
    let file = known(Algorithm::Sha256, "c4e92e9ecc828bef2aa7dba1de8ac983511f7532a0df11c770d39099a25cf201");
    let staging = TrustSettings {
        trusted_root: weighbridge::trust::TrustedRoot::embedded("staging").ok(),
        ..by("william@yossarian.net", "https://github.com/login/oauth")
    };
    assert_eq!(verify(wheel, &file, single, &staging), ["signature-valid"]);
    let mut changed: Value = serde_json::from_slice(single).unwrap();
    changed["version"] = 2.into();
    assert_eq!(verify(wheel, &file, changed.to_string().as_bytes(), &staging), ["signature-malformed"]);
}

#[test]
fn provenance_of_npm_verifies_by_workflow_and_by_registry_key() {
    let document = include_bytes!("vectors/published/npm-sigstore-0.4.0.json").as_slice();
    let digest = "282c0c5fa936d264321643581b65d3de5c0af6ed4fdfac12f5851115df39cc25cfaf0ad22d908487bfef30114d61c25746206d1834be4f8fd1659178f77cc004";
    let file = known(Algorithm::Sha512, digest);
    let workflow = by("https://github.com/sigstore/sigstore-js/.github/workflows/publish.yml@refs/tags/v0.4.0", GITHUB);
    let registry = TrustSettings { keys: vec![public_key(NPM).unwrap()], ..TrustSettings::default() };
    let both = TrustSettings { keys: registry.keys.clone(), threshold: 2, ..workflow.clone() };
    let name = "sigstore-0.4.0.tgz";
    assert_eq!(verify(name, &file, document, &workflow), ["signature-valid"]);
    assert_eq!(verify(name, &file, document, &registry), ["signature-valid"]);
    assert_eq!(verify(name, &file, document, &both), ["signature-valid", "signature-valid"]);
    let elsewhere = known(Algorithm::Sha512, &"00".repeat(64));
    let two = ["signature-other-subject", "signature-other-subject"];
    assert_eq!(verify(name, &elsewhere, document, &workflow), two);
    // Each bundle alone is one, too.
    let value: Value = serde_json::from_slice(document).unwrap();
    let alone = value["attestations"][0]["bundle"].to_string();
    assert_eq!(verify(name, &file, alone.as_bytes(), &workflow), ["signature-valid"]);
}
