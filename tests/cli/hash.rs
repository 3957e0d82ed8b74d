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
