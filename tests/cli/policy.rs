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

#[test]
fn a_mistake_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    let text = "schema = 1\nname = 'p'\nextends = 'development'\n[rules]\npickle-imprt = 'ok'\n";
    fs::write(&file, text).unwrap();
    let said = stderr(&mut run(&["policy", "check", file.to_str().unwrap()]), 2);
    assert!(said.contains("line 5, column 1"), "{said}");
}

#[test]
fn what_is_said_in_vain_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    let text = r#"schema = 1
name = 'p'
extends = 'development'
checks = ['scan']
[rules]
checksums-weak = 'fail'
pickle-dangerous-call = 'fail'
[[exceptions]]
rule = 'pickle-unknown-call'
reason = 'r'
owner = 'a'
until = 2999-01-01
[[exceptions]]
rule = 'pickle-unknown-call'
artifact = 'a.bin'
reason = 'r'
owner = 'b'
until = 2000-01-01
"#;
    fs::write(&file, text).unwrap();
    let name = file.to_str().unwrap();
    let said = stdout(&mut run(&["policy", "check", name, "--strict"]), 1);
    for remark in ["`rules.checksums-weak` can never fire", "`rules.pickle-dangerous-call` changes nothing"] {
        assert!(said.contains(remark), "{said}");
    }
    for remark in ["holds for every file", "ended on 2000-01-01", "is never reached"] {
        assert!(said.contains(remark), "{said}");
    }
    stdout(&mut run(&["policy", "check", name]), 0);
    stdout(&mut run(&["policy", "check", "production", "development", "regulated", "--strict"]), 0);
}

#[test]
fn cases_come_out_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cases.toml");
    let good = r#"policy = 'development'
now = '2026-11-23T00:00:00Z'
[[case]]
name = 'code that runs is refused'
evidence = [{ rule = 'pickle-dangerous-call', artifact = 'a.bin' }]
expect = { verdict = 'fail', rulings = { pickle-dangerous-call = 'fail', zip-malformed = 'none' } }
[[case]]
name = 'an unsigned model is no production model'
policy = 'production'
expect = { verdict = 'fail', rulings = { requirement-unmet = 'fail' } }
[[case]]
name = 'a flaw of low severity is said'
evidence = [{ rule = 'vulnerable-package', severity = 'low', advisory = { id = 'CVE-2025-1', purl = 'pkg:pypi/a@1' } }]
expect = { verdict = 'pass', rulings = { vulnerable-package = 'warn' } }
"#;
    fs::write(&file, good).unwrap();
    let name = file.to_str().unwrap();
    assert!(stdout(&mut run(&["policy", "test", name]), 0).contains("3 of 3 cases as expected"));
    fs::write(&file, good.replace("verdict = 'pass'", "verdict = 'fail'")).unwrap();
    let said = stdout(&mut run(&["policy", "test", name]), 1);
    assert!(said.contains("FAILED a flaw of low severity is said: the verdict is pass, not fail"), "{said}");
    for (from, to) in [
        ("[[case]]", "[[cose]]"),
        ("rule = 'vulnerable-package'", "rule = 'vulnerable-pakage'"),
        ("'development'", "'developmnt'"),
        ("now = '2026", "now = 'x2026"),
    ] {
        fs::write(&file, good.replace(from, to)).unwrap();
        stderr(&mut run(&["policy", "test", name]), 2);
    }
}
