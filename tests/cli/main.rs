//! The program as a person or a pipeline meets it: real runs in a scrubbed environment.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

#[path = "../recipe/mod.rs"]
mod recipe;

mod attest;
mod database;
mod demo;
mod hash;
mod help;
#[cfg(feature = "keyless")]
mod keyless;
mod keys;
mod mistakes;
mod names;
mod policy;
mod report;
mod sbom;
#[cfg(feature = "keyless")]
mod services;
mod sign;
mod signers;
mod stored;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use recipe::{stdout, weighbridge};

/// `weighbridge ARGS…` with paths and texts mixed.
fn run(arguments: &[&str]) -> Command {
    let mut command = weighbridge();
    command.args(arguments);
    command
}

/// Standard error, after a run that must end with that code.
fn stderr(command: &mut Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{}{said}", String::from_utf8_lossy(&stdout));
    said
}

/// The report of a run as JSON, after a run that must end with that code.
fn report(arguments: &[&str], code: i32) -> Value {
    let mut command = run(arguments);
    command.args(["--format", "json"]);
    serde_json::from_str(&stdout(&mut command, code)).unwrap()
}

/// Ids of the findings with that ruling.
fn ruled(report: &Value, ruling: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let mut ids: Vec<String> = findings
        .filter(|finding| finding["ruling"] == ruling)
        .map(|finding| finding["rule"].as_str().unwrap().to_owned())
        .collect();
    ids.dedup();
    ids
}

/// A folder with a safetensors file and a text.
fn small_model(folder: &Path) {
    let header = br#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend([1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|value| value.to_le_bytes()));
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
    std::fs::write(folder.join("README.md"), "# A model\n").unwrap();
}
