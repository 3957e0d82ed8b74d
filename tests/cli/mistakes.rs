//! The caller's mistakes: exit 2, what happened, what to do, and nothing on standard output.

use std::fs;

use crate::{report, ruled, run, small_model, stderr};

fn mistake(arguments: &[&str]) -> String {
    let mut command = run(arguments);
    let output = command.output().unwrap();
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    stderr(&mut command, 2)
}

#[test]
fn a_path_that_is_not_there() {
    let said = mistake(&["verify", "/no/such/folder"]);
    assert!(said.contains("cannot read /no/such/folder"), "{said}");
}

#[test]
fn a_policy_that_is_not_there_or_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    assert!(mistake(&["verify", path, "--policy", "prodction"]).contains("built-in policies are development"));
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, "schema = 1\nname = 'x'\nextends = 'development'\n[severity]\nfial = 'high'\n").unwrap();
    let said = mistake(&["verify", path, "--policy", policy.to_str().unwrap()]);
    assert!(said.contains("line 5") && said.contains("did you mean `fail`"), "{said}");
}

#[test]
fn a_check_that_does_not_exist() {
    let said = mistake(&["verify", ".", "--checks", "integrity,smell"]);
    assert!(said.contains("integrity, signature, scan, audit"), "{said}");
}

#[test]
fn a_folder_or_rubbish_instead_of_a_key() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    let path = folder.path().to_str().unwrap();
    let said = mistake(&["sign", path, "--key", path]);
    assert!(said.contains("folder"), "{said}");
    let rubbish = folder.path().join("README.md");
    let said = mistake(&["sign", path, "--key", rubbish.to_str().unwrap()]);
    assert!(said.contains("not a PEM key"), "{said}");
}

#[test]
fn output_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    let path = folder.path().to_str().unwrap();
    let there = folder.path().join("README.md");
    let said = mistake(&["scan", path, "--output", there.to_str().unwrap()]);
    assert!(said.contains("File exists") || said.contains("exists"), "{said}");
    assert_eq!(fs::read_to_string(there).unwrap(), "# A model\n");
}

#[test]
fn an_empty_folder_is_unknown_not_clean() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(&["verify", folder.path().to_str().unwrap()], 3);
    assert_eq!(ruled(&report, "unknown"), ["empty-tree"]);
}

#[test]
fn an_audit_of_nothing_is_no_pass() {
    let folder = tempfile::tempdir().unwrap();
    small_model(folder.path());
    let said = mistake(&["audit", folder.path().to_str().unwrap()]);
    assert!(said.contains("no lockfile"), "{said}");
}

#[test]
fn a_policy_that_looks_at_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, "schema = 1\nname = 'x'\nextends = 'development'\nchecks = []\n").unwrap();
    assert!(mistake(&["policy", "check", policy.to_str().unwrap()]).contains("looks at nothing"));
}
