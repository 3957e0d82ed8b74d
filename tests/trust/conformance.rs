//! The official Sigstore bundles: a folder ending in `_fail` must be refused.

use std::fs;

use weighbridge::trust::{Identity, SignatureFile, Subject, TrustSettings, TrustedRoot, check, public_key};

use crate::tree::{accepted, artifact, ids, now, shared};

pub const IDENTITY: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
pub const ISSUER: &str = "https://token.actions.githubusercontent.com";

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
            let evidence =
                check(std::slice::from_ref(&file), Subject { name: "a.txt", artifacts: &artifacts }, &settings, now());
            if accepted(&evidence) != expected {
                let why: Vec<String> = evidence.iter().map(|evidence| evidence.fact.message.clone()).collect();
                wrong.push(format!("{name}: {:?} {why:?}", ids(&evidence)));
            }
            let nobody = check(
                std::slice::from_ref(&file),
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

#[test]
fn who_signed_and_when_is_held_against_what_is_expected() {
    let Some(folder) = shared("sigstore-conformance/bundle-verify") else { return };
    let bundle = fs::read(folder.join("happy-path-v0.3/bundle.sigstore.json")).unwrap();
    let artifacts = [artifact(".", &fs::read(folder.join("a.txt")).unwrap(), None)];
    let file = SignatureFile { path: None, name: "bundle.sigstore.json".to_owned(), bytes: &bundle };
    let with = |name: &str, settings: TrustSettings| {
        let identities = vec![Identity::exact(name, Some(ISSUER.to_owned()))];
        let settings = TrustSettings { identities, ..settings };
        ids(&check(std::slice::from_ref(&file), Subject { name: "a.txt", artifacts: &artifacts }, &settings, now()))
    };
    let since = |time: &str| TrustSettings { not_before: Some(time.parse().unwrap()), ..TrustSettings::default() };
    assert_eq!(with(IDENTITY, TrustSettings::default()), ["signature-valid"]);
    assert_eq!(with("a@example.org", TrustSettings::default()), ["signature-untrusted-identity"]);
    assert_eq!(with(IDENTITY, since("2020-01-01T00:00:00Z")), ["signature-valid"]);
    assert_eq!(with(IDENTITY, since("2026-01-01T00:00:00Z")), ["signature-too-old"]);
    let bad = fs::read(folder.join("rekor2-timestamp-payload-mismatch_fail/bundle.sigstore.json")).unwrap();
    let root = fs::read_to_string(folder.join("rekor2-timestamp-payload-mismatch_fail/trusted_root.json")).unwrap();
    let file = SignatureFile { bytes: &bad, ..file.clone() };
    let settings = TrustSettings { trusted_root: TrustedRoot::from_json(&root).ok(), ..TrustSettings::default() };
    let seen = ids(&check(&[file], Subject { name: "a.txt", artifacts: &artifacts }, &settings, now()));
    assert_eq!(seen, ["timestamp-invalid"]);
}

/// Every signed part of a good bundle, some bits of it: none may be changed, and nothing panics wherever a bit flips.
#[test]
fn no_flipped_bit_of_a_sigstore_bundle_is_accepted() {
    let Some(folder) = shared("sigstore-conformance/bundle-verify") else { return };
    for name in [
        "happy-path-v0.1",
        "happy-path-v0.3",
        "happy-path-intoto-in-dsse-v3",
        "rekor2-happy-path",
        "rekor2-dsse-happy-path",
    ] {
        let case = folder.join(name);
        let bytes = fs::read(case.join("artifact")).or_else(|_| fs::read(folder.join("a.txt"))).unwrap();
        let artifacts = [artifact(".", &bytes, None)];
        let root = fs::read_to_string(case.join("trusted_root.json")).ok();
        let settings = TrustSettings {
            identities: vec![Identity::exact(IDENTITY, Some(ISSUER.to_owned()))],
            trusted_root: root.and_then(|root| TrustedRoot::from_json(&root).ok()),
            ..TrustSettings::default()
        };
        let bundle = fs::read_to_string(case.join("bundle.sigstore.json")).unwrap();
        let parts = ["\"payload\"", "\"sig\"", "\"signature\"", "\"rawBytes\"", "\"canonicalizedBody\"", "\"digest\""];
        let mut signed = Vec::new();
        for (at, _) in parts.iter().flat_map(|part| bundle.match_indices(part)) {
            let open = at + bundle[at..].find(':').unwrap();
            let begin = open + bundle[open..].find('"').unwrap() + 1;
            signed.push(begin..begin + bundle[begin..].find('"').unwrap());
        }
        assert!(signed.len() >= 3, "{name}");
        let answer = |bytes: &[u8]| {
            let file = SignatureFile { path: None, name: "bundle.sigstore.json".to_owned(), bytes };
            accepted(&check(&[file], Subject { name: "a.txt", artifacts: &artifacts }, &settings, now()))
        };
        assert!(answer(bundle.as_bytes()), "{name}");
        for at in (0..bundle.len()).step_by(13) {
            let mut flipped = bundle.as_bytes().to_vec();
            flipped[at] ^= 1 << (at % 7);
            let accepted = answer(&flipped);
            if signed.iter().any(|span| span.contains(&at)) {
                assert!(
                    !accepted,
                    "{name}: byte {at}, {:?}",
                    &bundle[at.saturating_sub(20)..(at + 20).min(bundle.len())]
                );
            }
        }
    }
}
