use std::fs;

use crate::{run, stderr, stdout};

#[test]
fn one_file_as_sha256sum_prints_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("abc"), "abc").unwrap();
    let list = stdout(run(&["hash", "abc"]).current_dir(folder.path()), 0);
    assert_eq!(list, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  abc\n");
}

#[test]
fn a_changed_or_missing_file_fails_the_check() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let list = stdout(run(&["hash", "."]).current_dir(folder.path()), 0);
    fs::write(folder.path().join("SUMS"), &list).unwrap();
    assert_eq!(stdout(run(&["hash", "--check", "SUMS"]).current_dir(folder.path()), 0).matches(": OK").count(), 3);
    fs::write(folder.path().join("a"), "x").unwrap();
    fs::remove_file(folder.path().join("b")).unwrap();
    let said = stdout(run(&["hash", "--check", "SUMS"]).current_dir(folder.path()), 1);
    assert!(said.contains("a: FAILED\n") && said.contains("b: FAILED open or read\n") && said.contains("c: OK\n"));
}

#[test]
fn a_list_without_digests_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("SUMS"), "nothing here\n").unwrap();
    let said = stderr(run(&["hash", "--check", "SUMS"]).current_dir(folder.path()), 2);
    assert!(said.contains("no digest"), "{said}");
}

#[test]
fn other_functions_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("abc"), "abc").unwrap();
    for (algorithm, begins) in
        [("sha512", "ddaf35a193617aba"), ("blake2b", "ba80a53f981c4d0d"), ("md5", "900150983cd24fb0")]
    {
        let list = stdout(run(&["hash", "--algorithm", algorithm, "abc"]).current_dir(folder.path()), 0);
        assert!(list.starts_with(begins), "{algorithm}: {list}");
    }
}

#[test]
fn several_functions_in_one_pass_say_which() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("abc"), "abc").unwrap();
    let list = stdout(run(&["hash", "--algorithm", "sha256,blake2b,md5", "abc"]).current_dir(folder.path()), 0);
    let tags: Vec<&str> = list.lines().filter_map(|line| line.split(" (abc) = ").next()).collect();
    assert_eq!(tags, ["SHA256", "BLAKE2b", "MD5"]);
    fs::write(folder.path().join("SUMS"), &list).unwrap();
    let said = stdout(run(&["hash", "--check", "SUMS"]).current_dir(folder.path()), 0);
    assert_eq!(said, "abc: OK\nabc: OK\nabc: OK (weak digest)\n");
}

#[test]
fn ranges_are_named_as_model_signatures_name_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("abc"), "abcde").unwrap();
    let list = stdout(run(&["hash", "--shard-size", "3", "abc"]).current_dir(folder.path()), 0);
    let names: Vec<&str> = list.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    assert_eq!(names, ["abc:0:3", "abc:3:5"]);
    assert!(list.starts_with("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    stderr(run(&["hash", "--shard-size", "3", "--algorithm", "sha256,md5", "abc"]).current_dir(folder.path()), 2);
}

#[test]
fn lists_of_files_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b\nc", "d"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let from = |list: &str, code: i32| {
        fs::write(folder.path().join("typed"), list).unwrap();
        let typed = fs::File::open(folder.path().join("typed")).unwrap();
        stdout(run(&["hash", "--files-from", "-"]).current_dir(folder.path()).stdin(typed), code)
    };
    assert_eq!(from("a\nd\n", 0).lines().count(), 2);
    let names = from("d\0b\nc\0a\0", 0);
    let names: Vec<&str> = names.lines().filter_map(|line| line.split("  ").nth(1)).collect();
    assert_eq!(names, ["d", "b\\nc", "a"], "in the order of the list");
    assert_eq!(from("a\ngone\n", 3).lines().count(), 1);
    fs::write(folder.path().join("list"), "a\nd\n").unwrap();
    assert_eq!(stdout(run(&["hash", "--files-from", "list"]).current_dir(folder.path()), 0).lines().count(), 2);
}

#[test]
fn json_follows_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../src/emit/hash-v1.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/abc"), "abc").unwrap();
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    fs::write(folder.path().join("SUMS"), format!("{digest}  sub/abc\n{digest}  SUMS\n{digest}  gone\n")).unwrap();
    let json = |args: &[&str], code| {
        let text = stdout(run(&[&["hash", "--format", "json"], args].concat()).current_dir(folder.path()), code);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(validator.is_valid(&document), "{text}");
        document
    };
    let hashed = json(&["sub"], 0);
    assert_eq!(hashed["schema"], "weighbridge/hash/v1");
    assert_eq!(hashed["files"][0]["path"], "sub/abc");
    assert_eq!(hashed["files"][0]["digests"]["sha256"], digest);
    assert_eq!(json(&["--shard-size", "2", "sub"], 0)["files"][0]["shards"][1]["end"], 3);
    let checked = json(&["--check", "SUMS"], 1);
    let results: Vec<&str> = checked["checked"].as_array().unwrap().iter().flat_map(|c| c["result"].as_str()).collect();
    assert_eq!(results, ["match", "mismatch", "unreadable"]);
}

#[test]
fn kernels_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("abc"), "abc").unwrap();
    let list = stdout(run(&["hash", "--kernel", "portable", "abc"]).current_dir(folder.path()), 0);
    assert!(list.starts_with("ba7816bf"));
    let said = stderr(run(&["hash", "--kernel", "abacus", "abc"]).current_dir(folder.path()), 2);
    assert!(said.contains("portable"), "{said}");
}

#[test]
fn a_pipe_without_a_writer_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for args in
        [&["hash", "pipe"][..], &["hash", "--check", "pipe"], &["verify", "pipe"], &["verify", ".", "--key", "pipe"]]
    {
        stderr(run(args).current_dir(folder.path()), 2);
    }
    let script = "\"$0\" hash --check <(\"$0\" hash pipe2)";
    fs::write(folder.path().join("pipe2"), "x").unwrap();
    let bash = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_weighbridge")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stdout), "pipe2: OK\n");
}
