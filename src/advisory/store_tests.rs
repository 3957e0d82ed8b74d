//! The compiled database: what goes in comes out, and a changed byte is seen.

use std::fs;

use super::super::Database;
use crate::model::Ecosystem;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..300 {
        let record = format!(
            r#"{{"id": "GHSA-{number}", "modified": "2099-01-02T00:00:00Z", "affected": [{{"package": {{"ecosystem": "npm", "name": "p{}"}},
                "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.0.{number}"}}]}}]}}]}}"#,
            number / 2
        );
        fs::write(folder.path().join(format!("GHSA-{number}.json")), record).unwrap();
    }
    folder
}

#[test]
fn what_goes_in_comes_out() {
    let folder = folder();
    let read = Database::open(folder.path()).unwrap();
    let target = folder.path().join("compiled.db");
    let digest = read.compile(&target).unwrap();
    let compiled = Database::open(&target).unwrap();
    assert_eq!(compiled.about().digest, digest);
    assert_eq!((compiled.about().advisories, compiled.about().newest.as_deref()), (300, Some("2099-01-02")));
    compiled.check().unwrap();
    for number in 0..160 {
        let name = format!("p{number}");
        assert_eq!(
            compiled.about_package(Ecosystem::Npm, &name).unwrap(),
            read.about_package(Ecosystem::Npm, &name).unwrap(),
            "{name}"
        );
    }
    let again = folder.path().join("again.db");
    read.compile(&again).unwrap();
    assert_eq!(fs::read(&target).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn a_changed_byte_is_seen() {
    let folder = folder();
    let target = folder.path().join("compiled.db");
    Database::open(folder.path()).unwrap().compile(&target).unwrap();
    let bytes = fs::read(&target).unwrap();
    let torn = folder.path().join("torn.db");
    for at in (0..bytes.len()).step_by(97) {
        let mut other = bytes.clone();
        other[at] ^= 0x40;
        fs::write(&torn, &other).unwrap();
        let seen = Database::open(&torn).map_err(|error| error.to_string()).and_then(|database| database.check());
        assert!(seen.is_err(), "byte {at} of {}", bytes.len());
    }
    for length in [0, 7, 8, 40, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&torn, &bytes[..length]).unwrap();
        assert!(Database::open(&torn).is_err(), "{length} bytes");
    }
}
