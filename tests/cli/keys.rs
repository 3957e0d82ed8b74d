use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::{run, stderr, stdout};

#[test]
fn keys_are_encrypted_private_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let generate = || {
        let mut command = run(&["key", "generate", "k.pem", "--passphrase-env", "WORD", "--quiet"]);
        command.current_dir(folder.path()).env("WORD", "open sesame");
        command
    };
    stdout(&mut generate(), 0);
    let key = folder.path().join("k.pem");
    let pem = fs::read_to_string(&key).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{pem}");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(stderr(&mut generate(), 2).contains("never overwritten"));
    assert_eq!(fs::read_to_string(&key).unwrap(), pem);

    let public = fs::read_to_string(folder.path().join("k.pem.pub")).unwrap();
    let mut right = run(&["key", "public", "k.pem", "--passphrase-env", "WORD"]);
    assert_eq!(stdout(right.current_dir(folder.path()).env("WORD", "open sesame"), 0), public);
    let mut wrong = run(&["key", "public", "k.pem", "--passphrase-env", "WORD"]);
    assert!(stderr(wrong.current_dir(folder.path()).env("WORD", "sesame"), 2).contains("passphrase is wrong"));
    let mut none = run(&["key", "public", "k.pem"]);
    assert!(stderr(none.current_dir(folder.path()), 2).contains("--passphrase-env"));
}

#[test]
fn a_passphrase_comes_from_a_descriptor() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("word"), "open sesame\nnot this").unwrap();
    let program = env!("CARGO_BIN_EXE_weighbridge");
    let script = format!(
        "{program} key generate k.pem --kind ed25519 --quiet --passphrase-fd 3 3< word && \
         {program} key public k.pem --passphrase-env WORD"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder.path()).env("WORD", "open sesame");
    assert_eq!(stdout(&mut shell, 0), fs::read_to_string(folder.path().join("k.pem.pub")).unwrap());
}

#[test]
fn openssl_reads_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["p256", "p384", "p521", "ed25519"] {
        let mut command = run(&["key", "generate", kind, "--kind", kind, "--quiet", "--passphrase-env", "WORD"]);
        stdout(command.current_dir(folder.path()).env("WORD", "open sesame"), 0);
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-in", kind, "-passin", "pass:open sesame", "-pubout"]).current_dir(folder.path());
        let public = stdout(&mut openssl, 0);
        assert_eq!(public, fs::read_to_string(folder.path().join(format!("{kind}.pub"))).unwrap());
    }
}

#[test]
fn nobody_to_ask_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = stderr(run(&["key", "generate", "k.pem"]).current_dir(folder.path()), 2);
    assert!(said.contains("--unencrypted"), "{said}");
    assert!(!folder.path().join("k.pem").exists());
}
