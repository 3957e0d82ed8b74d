//! The JSON report is a contract.

use std::fs;

use serde_json::Value;

use crate::{report, run, small_model, stdout};

fn schema() -> jsonschema::Validator {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emit/report-v1.schema.json");
    jsonschema::validator_for(&serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).unwrap()
}

fn fits(report: &Value) {
    let errors: Vec<_> =
        schema().iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn reports_fit_the_published_schema() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    fs::write(folder.path().join("data.pkl"), b"cposix\nsystem\n(S'true'\ntR.").unwrap();
    let path = folder.path().to_str().unwrap();
    fs::write(folder.path().join("Cargo.lock"), "version = 4\n").unwrap();
    for verb in ["verify", "scan", "audit"] {
        let code = if verb == "audit" { 3 } else { 1 };
        let report = report(&[verb, path], code);
        fits(&report);
        assert_eq!(report["schema"], "weighbridge/report/v1");
        for key in ["verdict", "policy", "artifacts", "packages", "findings"] {
            assert!(report.get(key).is_some(), "{verb}: {key}");
        }
    }
}

#[test]
fn the_same_bytes_give_the_same_report() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    for n in 0..200 {
        fs::write(folder.path().join(format!("{n}.txt")), format!("{n}\n")).unwrap();
    }
    let path = folder.path().to_str().unwrap();
    let once = |extra: &[&str]| {
        let mut arguments = vec!["verify", path, "--format", "json"];
        arguments.extend(extra);
        stdout(&mut run(&arguments), 0)
    };
    let first = once(&[]);
    assert_eq!(first, once(&["--threads", "1"]));
    assert_eq!(first, once(&["--threads", "7", "--mmap"]));
}

#[test]
fn fifty_thousand_small_files() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..50_000 {
        let below = folder.path().join(format!("{}", n / 1000));
        if n % 1000 == 0 {
            fs::create_dir(&below).unwrap();
        }
        fs::write(below.join(format!("{n}.txt")), n.to_string()).unwrap();
    }
    let report = report(&["verify", folder.path().to_str().unwrap()], 0);
    assert_eq!(report["artifacts"].as_array().unwrap().len(), 50_000);
}
