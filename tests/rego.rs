//! Policies in Rego: `cargo test --features rego --test rego`.

#![cfg(feature = "rego")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The report of a plain folder under a policy with this Rego, and how long it took.
fn under(rego: &str) -> (Value, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("model")).unwrap();
    fs::write(at("model/config.json"), r#"{"model_type":"bert"}"#).unwrap();
    fs::write(at("extra.rego"), rego).unwrap();
    let policy = "schema = 1\nname = 'extra'\nextends = 'development'\nrego = ['extra.rego']\n";
    fs::write(at("policy.toml"), policy).unwrap();
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_weighbridge"))
        .arg("verify")
        .arg(at("model"))
        .args(["--format", "json", "--policy"])
        .arg(at("policy.toml"))
        .env_clear()
        .output()
        .unwrap();
    (serde_json::from_slice(&output.stdout).unwrap(), started.elapsed())
}

fn said(report: &Value, rule: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule);
    findings.map(|finding| finding["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_policy_sees_the_report_and_adds_objections() {
    let (report, _) = under(
        r#"package weighbridge
deny contains sprintf("%s is a %s", [file.path, file.formats[0]]) if {
    some file in input.artifacts
    file.formats[0] == "json"
}
deny contains "never" if input.verdict == "fail"
"#,
    );
    assert_eq!(report["verdict"], "fail", "{report}");
    assert_eq!(said(&report, "policy-denied"), ["config.json is a json"]);
}

#[test]
fn nothing_denied_is_nothing_said() {
    let (report, _) = under("package weighbridge\ndeny contains \"x\" if input.verdict == \"fail\"\n");
    assert_eq!(report["verdict"], "pass", "{report}");
}

#[test]
fn an_endless_loop_ends_at_its_limit_as_unknown() {
    let (report, took) = under(
        r#"package weighbridge
deny contains "found" if {
    some i in numbers.range(1, 20000)
    some j in numbers.range(1, 20000)
    some k in numbers.range(1, 20000)
    i * j * k == -1
}
"#,
    );
    assert_eq!(report["verdict"], "unknown", "{report}");
    assert_eq!(said(&report, "policy-not-evaluated").len(), 1);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_glutton_ends_at_its_limit_as_unknown() {
    let (report, took) =
        under("package weighbridge\ndeny contains \"x\" if count(numbers.range(1, 100000000000)) == 1\n");
    assert_eq!(report["verdict"], "unknown", "{report}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn what_cannot_be_heard_is_unknown() {
    for rego in [
        "package weighbridge\ndeny contains \"x",
        "package elsewhere\ndeny contains \"x\"",
        "package weighbridge\ndeny := 7",
        "package weighbridge\ndeny contains 7",
        "package weighbridge\ndeny contains \"x\" if http.send({\"url\": \"http://127.0.0.1\", \"method\": \"get\"})",
        "package weighbridge\ndeny contains \"x\" if time.now_ns() > 0",
        "package weighbridge\ndeny contains \"x\" if rand.intn(\"a\", 2) == 0",
    ] {
        let (report, _) = under(rego);
        assert_eq!(report["verdict"], "unknown", "{rego}\n{report}");
    }
}
