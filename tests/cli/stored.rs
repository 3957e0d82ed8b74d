//! Stored reports, judged again.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::sign::key;
use crate::{report, ruled, run, small_model, stderr, stdout};

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        small_model(&folder.path().join("model"));
        fs::write(folder.path().join("model/odd.pkl"), b"cfoo\nbar\n(tR.").unwrap();
        Self { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn path(&self, name: &str) -> String {
        self.at(name).to_str().unwrap().to_owned()
    }

    /// What `verify` says of the model, and what it says of its own report under another policy.
    fn both(&self, made: &[&str], policy: &str) -> (Value, Value) {
        let _ = fs::remove_file(self.at("report.json"));
        let (model, stored) = (self.path("model"), self.path("report.json"));
        let mut first = vec!["verify", &model, "--format", "json", "--output", &stored];
        first.extend(made);
        run(&first).output().unwrap();
        let again = |arguments: &[&str]| -> Value {
            let mut command = run(arguments);
            command.args(["--policy", policy, "--format", "json", "--now", "2026-11-23T00:00:00Z"]);
            serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
        };
        let (fresh, mut stored) = (again(&["verify", &model]), again(&["verify", "--report", &stored]));
        // A stored report cannot speak for the bytes, and says so; in all else the two agree.
        let open = stored["not_assessed"].as_array_mut().unwrap().pop();
        assert!(open.unwrap().as_str().unwrap().contains("taken at its word"));
        (fresh, stored)
    }
}

#[test]
fn a_stored_report_is_judged_as_a_fresh_look_is() {
    let scene = Scene::new();
    let own = scene.path("own.toml");
    fs::write(
        scene.at("own.toml"),
        "schema = 1\nname = 'own'\nextends = 'production'\ngaps = 'fail'\nchecks = ['scan', 'integrity']\n\
         [formats]\ndeny = ['pickle']\n[[scopes]]\nartifact = '*.pkl'\nrules = { pickle-unknown-call = 'fail' }\n\
         [[exceptions]]\nrule = 'format-not-allowed'\nreason = 'r'\nowner = 'o'\nuntil = 2999-01-01\n",
    )
    .unwrap();
    for policy in ["development", "production", "regulated", &own] {
        for made in
            [&[][..], &["--policy", "regulated"], &["--policy", &own, "--checks", "integrity,signature,scan,audit"]]
        {
            let (fresh, again) = scene.both(made, policy);
            assert_eq!(fresh, again, "{policy} {made:?}");
        }
    }
}

#[test]
fn what_was_not_looked_at_is_unknown() {
    let scene = Scene::new();
    let (_, again) = scene.both(&["--checks", "integrity"], "development");
    assert_eq!(again["verdict"], "unknown");
    assert_eq!(ruled(&again, "unknown"), ["report-check-missing"]);
}

#[test]
fn what_one_policy_vouched_for_another_does_not_take_from_it() {
    let scene = Scene::new();
    let lenient = scene.path("lenient.toml");
    let text = "schema = 1\nname = 'lenient'\nextends = 'development'\n[pickle]\nallow = ['foo.bar']\n";
    fs::write(scene.at("lenient.toml"), text).unwrap();
    let (fresh, again) = scene.both(&["--policy", &lenient], "development");
    assert_eq!(fresh["verdict"], "fail");
    assert_eq!(ruled(&again, "unknown"), ["report-terms-differ"]);
    let (fresh, again) = scene.both(&["--policy", &lenient], &lenient);
    assert_eq!(fresh["verdict"], again["verdict"]);
}

#[test]
fn licences_that_a_report_lists_are_held_against_another_policy() {
    let scene = Scene::new();
    fs::remove_file(scene.at("model/odd.pkl")).unwrap();
    fs::write(scene.at("model/README.md"), "---\nlicense: mit\n---\n# A model\n").unwrap();
    let policy = |name: &str, licence: &str| {
        let text = format!(
            "schema = 1\nname = '{name}'\nextends = 'development'\nchecks = ['audit']\n[licences]\nallow = ['{licence}']\n"
        );
        fs::write(scene.at(&format!("{name}.toml")), text).unwrap();
        scene.path(&format!("{name}.toml"))
    };
    let (mit, isc) = (policy("mit", "MIT"), policy("isc", "ISC"));
    let (fresh, again) = scene.both(&["--policy", &mit], &isc);
    assert_eq!(fresh, again);
    assert_eq!(ruled(&again, "fail"), ["licence-not-allowed"]);
    let (_, again) = scene.both(&["--policy", &isc], &mit);
    assert_eq!(again["verdict"], "pass");
    let (_, again) = scene.both(&["--checks", "audit"], &mit);
    assert_eq!(ruled(&again, "unknown"), ["report-terms-differ"]);
    let (_, again) = scene.both(&["--policy", &mit], "development");
    assert!(ruled(&again, "fail").is_empty() && !ruled(&again, "unknown").contains(&"report-terms-differ".to_owned()));
}

#[test]
fn a_report_that_contradicts_itself_is_refused() {
    let scene = Scene::new();
    scene.both(&[], "development");
    let stored = scene.path("report.json");
    let text = fs::read_to_string(&stored).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut changed = document.clone();
        change(&mut changed);
        fs::write(&stored, changed.to_string()).unwrap();
        stderr(&mut run(&["verify", "--report", &stored]), 2)
    };
    assert_eq!(document["verdict"], "fail");
    assert!(refused(&|report| report["verdict"] = "pass".into()).contains("its verdict is pass"));
    assert!(refused(&|report| report["root"] = format!("sha256:{}", "0".repeat(64)).into()).contains("digest"));
    refused(&|report| report["findings"][0]["severity"] = "critical".into());
    refused(&|report| report["findings"][0]["rule"] = "no-such-rule".into());
    refused(&|report| report["artifacts"].as_array_mut().unwrap().reverse());
    for text in ["", "{}", "[1", "\u{feff}{}", &"[".repeat(100_000)] {
        fs::write(&stored, text).unwrap();
        stderr(&mut run(&["verify", "--report", &stored]), 2);
    }
    stderr(&mut run(&["verify", "--report", &stored, &scene.path("model")]), 2);
}

#[test]
fn another_policy_says_what_it_would_change() {
    let scene = Scene::new();
    scene.both(&[], "development");
    let stored = scene.path("report.json");
    let said = stdout(&mut run(&["policy", "diff", "development", "production", &stored]), 1);
    assert!(said.contains("severity.fail: high -> medium") && said.contains("- -> fail  requirement-unmet"), "{said}");
    let said = stdout(&mut run(&["policy", "diff", "production", "production", &stored, "--format", "json"]), 0);
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["reports"][0]["changes"], serde_json::json!([]));
    stdout(&mut run(&["policy", "diff", "development", "development"]), 0);
}

#[test]
fn risks_are_assessed_or_not_and_never_guessed() {
    let scene = Scene::new();
    let document = report(&["verify", &scene.path("model")], 1);
    let risk = |id: &str| {
        let risks = document["risks"].as_array().unwrap();
        risks.iter().find(|risk| risk["dimension"] == id).unwrap().clone()
    };
    assert_eq!(risk("model-manipulation")["assessed"], true);
    assert_eq!(risk("training-data")["assessed"], false);
    assert_eq!(risk("staged-rollout")["assessed"], false);
    let shown = stdout(&mut run(&["verify", &scene.path("model"), "--risks"]), 1);
    assert!(shown.contains("staged roll-out") && shown.contains("not assessed"), "{shown}");
}

/// Signed statements that a policy requires: each refusal, and the one that is enough.
#[test]
fn required_statements() {
    let scene = Scene::new();
    fs::remove_file(scene.at("model/odd.pkl")).unwrap();
    key(scene.folder.path(), "dev", "ed25519");
    key(scene.folder.path(), "other", "p256");
    fs::write(
        scene.at("staged.toml"),
        "schema = 1\nname = 'staged'\nextends = 'development'\n[[require.attestations]]\nkind = 'summary'\n\
         keys = ['dev.pub']\nlevel = 'development'\nmin-age = '7d'\nmax-age = '30d'\n",
    )
    .unwrap();
    let (model, staged) = (scene.path("model"), scene.path("staged.toml"));
    let attest = |key: &str, file: &str, extra: &[&str]| {
        let (key, file) = (scene.path(key), scene.path(file));
        let mut arguments = vec!["attest", &model, "--key", &key, "--output", &file, "--quiet"];
        arguments.extend(["--now", "2026-11-01T00:00:00Z"]);
        arguments.extend(extra);
        stdout(&mut run(&arguments), 0);
    };
    attest("dev", "dev.json", &[]);
    attest("other", "other.json", &[]);
    attest("dev", "svr.json", &["--predicate", "svr"]);
    let under = |file: &str, day: &str, code: i32| {
        let (file, now) = (scene.path(file), format!("2026-11-{day}T00:00:00Z"));
        report(&["verify", &model, "--policy", &staged, "--attestation", &file, "--now", &now], code)
    };
    under("dev.json", "10", 0);
    assert_eq!(ruled(&under("dev.json", "05", 1), "fail"), ["requirement-unmet"]);
    assert_eq!(ruled(&under("svr.json", "10", 1), "fail"), ["requirement-unmet"]);
    let other = ruled(&under("other.json", "10", 1), "fail");
    assert_eq!(other, ["attestation-signature-invalid", "requirement-unmet"]);
    let late = ["verify", &model, "--policy", &staged, "--attestation", &scene.path("dev.json")];
    let mut late = late.to_vec();
    late.extend(["--now", "2027-01-01T00:00:00Z"]);
    assert_eq!(ruled(&report(&late, 1), "fail"), ["requirement-unmet"]);
    fs::write(scene.at("model/README.md"), "changed").unwrap();
    let changed = ruled(&under("dev.json", "10", 1), "fail");
    assert_eq!(changed, ["attestation-subject-mismatch", "requirement-unmet"]);
}

#[test]
fn what_flags_left_out_another_call_does_not_take_for_seen() {
    let scene = Scene::new();
    let stored = scene.path("report.json");
    for made in [&["--ignore", "odd.pkl"][..], &["--allow-symlinks"], &["--ignore-unsigned"]] {
        let (_, again) = scene.both(made, "development");
        let unknown = ruled(&again, "unknown");
        assert_eq!(unknown, ["report-terms-differ"], "{made:?}");
        let known = [&["verify", "--report", &stored][..], made].concat();
        let known = run(&known).args(["--format", "json"]).output().unwrap();
        let known: Value = serde_json::from_slice(&known.stdout).unwrap();
        assert_eq!(ruled(&known, "unknown"), Vec::<String>::new(), "{made:?}");
    }
    let model = scene.path("model");
    fs::remove_file(&stored).unwrap();
    let scan = ["scan", &model, "--structure-only", "--format", "json", "--output", &stored];
    stdout(&mut run(&scan), 1);
    let again = report(&["verify", "--report", &stored, "--checks", "scan"], 1);
    assert_eq!(ruled(&again, "unknown"), ["report-terms-differ"]);
}

#[test]
fn a_moment_that_somebody_gave_is_not_taken_for_the_clock() {
    let scene = Scene::new();
    let model = scene.path("model");
    let moments = |arguments: &[&str]| -> Vec<String> {
        let document = report(arguments, 1);
        let inputs = document["inputs"].as_array().unwrap().iter();
        inputs.filter(|one| one["role"] == "moment").map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let epoch = ["2026-09-21T14:13:20Z (SOURCE_DATE_EPOCH)"];
    assert_eq!(moments(&["verify", &model]), epoch);
    let given = ["2026-11-01T00:00:00Z (--now)"];
    assert_eq!(moments(&["verify", &model, "--now", "2026-11-01T00:00:00Z"]), given);
    let stored = scene.path("report.json");
    run(&["verify", &model, "--format", "json", "--output", &stored]).output().unwrap();
    assert_eq!(moments(&["verify", "--report", &stored, "--now", "2026-11-01T00:00:00Z"]), given);
    let by_clock = run(&["verify", &model, "--format", "json"]).env_remove("SOURCE_DATE_EPOCH").output().unwrap();
    assert!(!String::from_utf8(by_clock.stdout).unwrap().contains("moment"));
}

/// A statement whose signer is known, but who did not say that all went well, or is nobody independent.
#[test]
fn a_required_statement_says_passed_and_an_independent_one_needs_a_known_signer() {
    let scene = Scene::new();
    fs::remove_file(scene.at("model/odd.pkl")).unwrap();
    key(scene.folder.path(), "dev", "p256");
    key(scene.folder.path(), "maker", "p256");
    let (model, statement) = (scene.path("model"), scene.path("statement.json"));
    let policy = |kind: &str, more: &str| {
        let text = format!(
            "schema = 1\nname = 'p'\nextends = 'development'\n[[require.attestations]]\nkind = '{kind}'\n\
             keys = ['dev.pub']\n{more}\n"
        );
        fs::write(scene.at("p.toml"), text).unwrap();
    };
    let attest = |kind: &str| {
        let _ = fs::remove_file(&statement);
        let key = scene.path("dev");
        stdout(&mut run(&["attest", &model, "--predicate", kind, "--key", &key, "--output", &statement, "--quiet"]), 0);
    };
    let verify = |file: &str, more: &[&str], code: i32| {
        let arguments = ["verify", &model, "--policy", &scene.path("p.toml"), "--attestation", file];
        ruled(&report(&[&arguments[..], more].concat(), code), "fail")
    };
    for (kind, field, words) in [
        ("summary", "verificationResult", &["ERROR", "passed", "WARNED", ""][..]),
        ("test-result", "result", &["failed", "ERROR", ""]),
        ("svr", "properties", &[""]),
    ] {
        policy("audit", "");
        attest(kind);
        assert!(verify(&statement, &[], 0).is_empty(), "{kind}");
        let text = crate::attest::statement(&statement);
        for word in words {
            let mut bent = text.clone();
            let predicate = bent["predicate"].as_object_mut().unwrap();
            match word {
                &"" => predicate.remove(field),
                word => predicate.insert(field.to_owned(), (*word).into()),
            };
            let sealed = scene.path("bent.sig");
            fs::write(scene.at("bent.json"), bent.to_string()).unwrap();
            let _ = fs::remove_file(&sealed);
            let sign = ["sign", &scene.path("bent.json"), "--content", "statement", "--key", &scene.path("dev")];
            stdout(&mut run(&[&sign[..], &["--output", &sealed, "--quiet"]].concat()), 0);
            assert_eq!(verify(&sealed, &[], 1), ["requirement-unmet"], "{kind} {word}");
        }
    }
    policy("summary", "independent = true");
    attest("summary");
    assert_eq!(verify(&statement, &[], 1), ["requirement-unmet"]);
    let signature = scene.path("model.sig");
    stdout(&mut run(&["sign", &model, "--key", &scene.path("maker"), "--output", &signature, "--quiet"]), 0);
    let by_maker = ["--signature", &signature, "--key", &scene.path("maker.pub")];
    assert!(verify(&statement, &by_maker, 0).is_empty());
    fs::remove_file(&signature).unwrap();
    stdout(&mut run(&["sign", &model, "--key", &scene.path("dev"), "--output", &signature, "--quiet"]), 0);
    let by_dev = ["--signature", &signature, "--key", &scene.path("dev.pub")];
    assert_eq!(verify(&statement, &by_dev, 1), ["requirement-unmet"]);
}
