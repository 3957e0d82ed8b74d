use std::fs;

use crate::{run, stderr, stdout};

#[test]
fn a_resolved_policy_is_a_policy_with_the_same_digest() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["development", "production", "regulated"] {
        let shown = stdout(&mut run(&["policy", "show", name]), 0);
        let digest = shown.lines().next().unwrap().strip_prefix("# digest: ").unwrap().to_owned();
        let file = folder.path().join(format!("{name}.toml"));
        fs::write(&file, &shown).unwrap();
        let checked = stdout(&mut run(&["policy", "check", file.to_str().unwrap()]), 0);
        assert!(checked.trim_end().ends_with(&digest), "{checked}{digest}");
    }
}

#[test]
fn the_source_has_its_comments() {
    assert!(stdout(&mut run(&["policy", "show", "--source"]), 0).contains("# Lowest severity of a defect"));
}

#[test]
fn every_wrong_policy_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    fs::write(&file, "schema = 1\nname = 'p'\nextends = 'development'\nrules = { pickle-imprt = 'ok' }\n").unwrap();
    let said = stderr(&mut run(&["policy", "check", "production", file.to_str().unwrap()]), 2);
    assert!(said.contains("rule that does not exist"), "{said}");
    for (line, wanted) in [
        ("formats = { deny = ['pikle'] }", "did you mean `pickle`?"),
        ("formats = { allow = ['model-signature'] }", "format that does not exist"),
        ("pickle = { allow = ['os.system'] }", "cannot be vouched for"),
        ("pickle = { deny = ['Net'] }", "no name of a callable"),
    ] {
        fs::write(&file, format!("schema = 1\nname = 'p'\nextends = 'development'\n{line}\n")).unwrap();
        let said = stderr(&mut run(&["policy", "check", file.to_str().unwrap()]), 2);
        assert!(said.contains(wanted), "{line}: {said}");
    }
}
