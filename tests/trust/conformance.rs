//! The official Sigstore bundles: a folder ending in `_fail` must be refused.

use std::fs;

use weighbridge::trust::{Identity, SignatureFile, Subject, TrustSettings, TrustedRoot, check, public_key};

use crate::tree::{accepted, artifact, ids, now, shared};

const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

#[test]
fn every_conformance_bundle_is_answered_as_expected() {
    let Some(folder) = shared("sigstore-conformance/bundle-verify") else { return };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let (case, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let text = |file: &str| fs::read_to_string(case.join(file)).ok().map(|text| text.trim().to_owned());
        let mut settings = TrustSettings::default();
        match fs::read(case.join("key.pub")) {
            Ok(key) => match public_key(&key) {
                Ok(key) => settings.keys.push(key),
                Err(_) if name.ends_with("_fail") => {
                    seen += 1;
                    continue;
                }
                Err(error) => panic!("{name}: {error}"),
            },
            Err(_) => settings.identities.push(Identity::exact(
                text("identity").unwrap_or_else(|| IDENTITY.to_owned()),
                Some(text("issuer").unwrap_or_else(|| ISSUER.to_owned())),
            )),
        }
        seen += 1;
        let expected = !name.ends_with("_fail");
        if let Some(root) = text("trusted_root.json") {
            match TrustedRoot::from_json(&root) {
                Ok(root) => settings.trusted_root = Some(root),
                Err(_) if !expected => continue,
                Err(error) => panic!("{name}: {error}"),
            }
        }
        let bytes = fs::read(case.join("artifact")).or_else(|_| fs::read(folder.join("a.txt"))).unwrap();
        let bundle = fs::read(case.join("bundle.sigstore.json")).unwrap();
        let file = SignatureFile { path: None, name: "bundle.sigstore.json".to_owned(), bytes: &bundle };
        for kept in [true, false] {
            let mut artifact = artifact(".", &bytes, None);
            artifact.kept = artifact.kept.filter(|_| kept);
            let artifacts = [artifact];
            let evidence = check(&[file.clone()], Subject { name: "a.txt", artifacts: &artifacts }, &settings, now());
            if accepted(&evidence) != expected {
                let why: Vec<String> = evidence.iter().map(|evidence| evidence.fact.message.clone()).collect();
                wrong.push(format!("{name}: {:?} {why:?}", ids(&evidence)));
            }
            let nobody = check(
                &[file.clone()],
                Subject { name: "a.txt", artifacts: &artifacts },
                &TrustSettings::default(),
                now(),
            );
            assert!(!accepted(&nobody), "{name}");
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}: {wrong:#?}", wrong.len());
    assert!(seen >= 70, "{seen}");
}

#[test]
fn an_identity_pattern_matches_the_whole_name() {
    let identity = Identity::matching("https://example\\.org/.*|a", None).unwrap();
    assert!(identity.is("https://example.org/x", "any"));
    assert!(identity.is("a", "any"));
    for other in ["xhttps://example.org/x", "ab", "ba", "https://exampleXorg/", "a\n"] {
        assert!(!identity.is(other, "any"), "{other:?}");
    }
    assert!(Identity::matching("a)|(b", None).is_err());
    assert!(!Identity::exact("a", Some("i".to_owned())).is("a", "j"));
}
