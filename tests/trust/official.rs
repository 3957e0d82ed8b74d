//! The reference's own compatibility signatures, releases 0.2 to 1.1.

use weighbridge::trust::key::PublicKey;
use weighbridge::trust::{Certificate, Identity, TrustSettings};

use crate::tree::{accepted, ids, shared, verify_on_disk};

#[test]
fn every_official_signature_verifies() {
    let Some(folder) = shared("oms/official") else { return };
    let key = std::fs::read(folder.join("keys/certificate/signing-key-pub.pem")).unwrap();
    let root = std::fs::read(folder.join("keys/certificate/ca-cert.pem")).unwrap();
    let settings = TrustSettings {
        keys: vec![PublicKey::from_pem(&key).unwrap()],
        certificates: Certificate::from_pem(&root).unwrap(),
        identities: vec![Identity::exact(
            "stefanb@us.ibm.com",
            Some("https://sigstore.verify.ibm.com/oauth2".to_owned()),
        )],
        ignore: vec!["ignore-me".to_owned()],
        ..TrustSettings::default()
    };
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !name.starts_with('v') {
            continue;
        }
        let single = ["v0.3.1-elliptic-key", "v1.0.0-elliptic-key"].contains(&name.as_str());
        let model = if single { entry.path().join("signme-1") } else { entry.path() };
        let evidence = verify_on_disk(&model, &entry.path().join("model.sig"), &settings);
        assert!(accepted(&evidence), "{name}: {evidence:#?}");
        let legacy = ids(&evidence).contains(&"signature-legacy-encoding");
        assert_eq!(legacy, name.starts_with("v0.2") || single || name == "v1.0.1-elliptic-key", "{name}");
        // Without trust the same signature is an inventory fact.
        let nobody = verify_on_disk(&model, &entry.path().join("model.sig"), &TrustSettings::default());
        assert!(ids(&nobody).contains(&"signature-unassessed"), "{name}: {nobody:#?}");
        assert!(!accepted(&nobody));
        seen += 1;
    }
    assert!(seen >= 13, "{seen}");
}
