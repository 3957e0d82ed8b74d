//! File names are the attacker's to choose.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::{report, ruled, run, stdout};

const CLEAR_SCREEN: &str = "a\u{1b}[2J\u{202e}b.txt";

#[test]
fn control_characters_never_reach_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(CLEAR_SCREEN), "x\n").unwrap();
    fs::write(folder.path().join("new\nline.txt"), "x\n").unwrap();
    let mut command = run(&["verify", folder.path().to_str().unwrap(), "--verbose", "--color", "never"]);
    let page = stdout(&mut command, 0);
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}') && !page.contains("new\nline"), "{page:?}");
}

#[test]
fn names_that_are_not_utf8_are_weighed_and_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(OsStr::from_bytes(b"a\xff.txt")), "x\n").unwrap();
    let report = report(&["verify", folder.path().to_str().unwrap()], 0);
    assert_eq!(report["artifacts"][0]["path"], "a\\xff.txt");
    assert_eq!(ruled(&report, "warn"), ["undecodable-name"]);
}

#[test]
fn sha256sum_reads_our_lists_whatever_the_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in [&b"plain.txt"[..], b"new\nline", b"back\\slash", b"a\xff", b" space ", "\u{202e}".as_bytes()] {
        fs::write(folder.path().join(OsStr::from_bytes(name)), name).unwrap();
    }
    let mut command = run(&["hash", "."]);
    let list = command.current_dir(folder.path()).output().unwrap();
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let sums = tempfile::NamedTempFile::new().unwrap();
    fs::write(sums.path(), &list.stdout).unwrap();
    let checked = std::process::Command::new("sha256sum")
        .args(["--check", "--strict"])
        .arg(sums.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(String::from_utf8_lossy(&checked.stdout).matches(": OK").count(), 6);
    let mut ours = run(&["hash", "--check", sums.path().to_str().unwrap()]);
    assert!(ours.current_dir(folder.path()).output().unwrap().status.success());
}
