//! The corpus: what is malicious is seen, what is malformed is said, and what the real libraries write is let through.
//!
//! ```sh
//! cargo test --test corpus
//! WEIGHBRIDGE_CORPUS=FOLDER cargo test --test corpus -- --ignored     # writes the files out, for peers.py
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

mod recipe;

use std::collections::BTreeMap;
use std::path::Path;

use recipe::corpus::{Kind, lay};
use recipe::{stdout, weighbridge};
use serde_json::Value;

/// What is said of one case: the worst severity of a defect or gap, and the rules.
#[derive(Debug, Default)]
struct Said {
    worst: usize,
    gap: bool,
    rules: Vec<String>,
}

/// Scans the folder of a kind and returns what is said by case.
fn scan(folder: &Path, exit: i32) -> BTreeMap<String, Said> {
    let report = stdout(weighbridge().arg("scan").arg(folder).args(["--format", "json"]), exit);
    let report: Value = serde_json::from_str(&report).unwrap();
    let mut cases: BTreeMap<String, Said> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        let class = finding["class"].as_str().unwrap();
        let Some(artifact) = finding["artifact"].as_str() else { continue };
        if !["defect", "gap"].contains(&class) {
            continue;
        }
        let said = cases.entry(artifact.split('/').next().unwrap().to_owned()).or_default();
        let severity = finding["severity"].as_str().unwrap();
        let order = ["info", "low", "medium", "high", "critical"].iter().position(|name| *name == severity).unwrap();
        said.worst = said.worst.max(order);
        said.gap |= class == "gap";
        said.rules.push(format!("{severity} {}", finding["rule"].as_str().unwrap()));
    }
    cases
}

/// Holds every case of a kind; `at_least` many there are.
fn hold(kind: Kind, exit: i32, at_least: usize) {
    let folder = tempfile::tempdir().unwrap();
    let laid = lay(kind, folder.path());
    assert!(laid.len() >= at_least, "{} {} cases", laid.len(), kind.name());
    let said = scan(&folder.path().join(kind.name()), exit);
    let silent = Said::default();
    let wrong: Vec<_> = laid
        .iter()
        .map(|(case, folder)| (case, said.get(folder.file_name().unwrap().to_str().unwrap()).unwrap_or(&silent)))
        .filter(|(_, said)| match kind {
            Kind::Malicious => said.worst < 3,
            Kind::Malformed => said.worst < 2 && !said.gap,
            Kind::Benign => said.worst > 1 || said.gap,
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), laid.len());
}

#[test]
fn what_is_malicious_is_seen() {
    hold(Kind::Malicious, 1, 200);
}

#[test]
fn what_is_malformed_is_said() {
    hold(Kind::Malformed, 1, 100);
}

#[test]
fn what_libraries_write_is_let_through() {
    hold(Kind::Benign, 0, 150);
}

#[test]
#[ignore = "writes the corpus out"]
fn lay_the_corpus() {
    let target = std::env::var_os("WEIGHBRIDGE_CORPUS").expect("WEIGHBRIDGE_CORPUS names a folder");
    Kind::ALL.iter().for_each(|kind| drop(lay(*kind, Path::new(&target))));
}
