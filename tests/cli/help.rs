use crate::{run, stdout};

#[test]
fn help_names_every_verb_and_the_exit_codes() {
    let help = stdout(&mut run(&["--help"]), 0);
    for verb in
        ["verify", "hash", "inspect", "scan", "audit", "db", "sbom", "sign", "attest", "key", "policy", "explain"]
    {
        assert!(help.contains(&format!("\n  {verb} ")), "{verb}: {help}");
    }
    assert!(help.contains("0 pass, 1 fail, 2 mistake in the call, 3 unknown"), "{help}");
}

#[test]
fn every_verb_explains_itself() {
    for verb in ["verify", "hash", "inspect", "scan", "audit", "db", "sbom", "sign", "attest", "explain"] {
        let help = stdout(&mut run(&[verb, "--help"]), 0);
        assert!(help.contains("Usage: weighbridge"), "{help}");
    }
}

#[test]
fn every_rule_is_explained() {
    let list = stdout(&mut run(&["explain"]), 0);
    assert_eq!(list.lines().count(), weighbridge::catalog::rules().len());
    for id in list.lines().filter_map(|line| line.split_whitespace().next()).step_by(7) {
        assert!(stdout(&mut run(&["explain", id]), 0).starts_with(&format!("# {id}\n")));
    }
}
