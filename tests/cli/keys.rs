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

#[test]
fn a_key_is_described_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("k.pem");
    let path = key.to_str().unwrap().to_owned();
    stdout(run(&["key", "generate", &path, "--quiet", "--passphrase-env", "WORD"]).env("WORD", "open sesame"), 0);
    let inspect = |path: &str, more: &[&str]| {
        let mut command = run(&["key", "inspect", path, "--format", "json"]);
        let text = stdout(command.args(more).env("WORD", "open sesame"), 0);
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let closed = inspect(&path, &[]);
    assert_eq!(closed["half"], "private");
    assert_eq!(closed["encryption"], "scrypt (N 16384, r 8, p 5) with AES-256-CBC");
    assert_eq!(closed["mode"], "0600");
    assert!(closed.get("key-id").is_none());
    let (open, public) = (inspect(&path, &["--passphrase-env", "WORD"]), inspect(&format!("{path}.pub"), &[]));
    for name in ["kind", "key-id", "spki-sha256", "ssh"] {
        assert_eq!(open[name], public[name], "{name}");
    }
    assert_eq!((public["kind"].as_str(), public["half"].as_str()), (Some("p256"), Some("public")));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(stderr(&mut run(&["key", "inspect", &path]), 0).contains("others can read"));
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/trust/vectors");
    let cosign = inspect(&format!("{vectors}/cosign.key"), &[]);
    assert!(cosign["encryption"].as_str().unwrap().contains("NaCl secretbox"), "{cosign}");
    let fingerprint = inspect(&format!("{vectors}/ssh-ecdsab384.pub"), &[]);
    let mut keygen = Command::new("ssh-keygen");
    if let Ok(output) = keygen.args(["-lf", &format!("{vectors}/ssh-ecdsab384.pub")]).output() {
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains(fingerprint["ssh"].as_str().unwrap()), "{said}");
    }
    assert!(stderr(&mut run(&["key", "inspect", &format!("{vectors}/message")]), 2).contains("not a key"));
}

#[test]
fn a_key_gets_a_new_passphrase_and_stays_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let words = |command: &mut Command| {
        command.env("OLD", "open sesame").env("NEW", "close sesame");
    };
    let mut generate = run(&["key", "generate", &at("k"), "--kind", "ed25519", "--quiet", "--passphrase-env", "OLD"]);
    words(&mut generate);
    stdout(&mut generate, 0);
    let again = |more: &[&str], code| {
        let mut command = run(&["key", "re-encrypt", &at("k"), "--quiet"]);
        words(command.args(more));
        stderr(&mut command, code)
    };
    let passphrases = ["--passphrase-env", "OLD", "--new-passphrase-env", "NEW"];
    let into = |name: &str| {
        [&passphrases[..], &["--output", &at(name)]].concat().iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()
    };
    let into = |name: &str, code| again(&into(name).iter().map(String::as_str).collect::<Vec<_>>(), code);
    assert!(again(&passphrases, 2).contains("--output"));
    assert!(into("k", 2).contains("never overwritten"));
    into("other", 0);
    assert_eq!(fs::metadata(at("other")).unwrap().permissions().mode() & 0o777, 0o600);
    again(&[&passphrases[..], &["--in-place"]].concat(), 0);
    assert_eq!(fs::metadata(at("k")).unwrap().permissions().mode() & 0o777, 0o600);
    for name in ["k", "other"] {
        let mut public = run(&["key", "public", &at(name), "--passphrase-env", "NEW"]);
        words(&mut public);
        assert_eq!(stdout(&mut public, 0), fs::read_to_string(at("k.pub")).unwrap());
    }
    assert!(again(&[&passphrases[..], &["--in-place"]].concat(), 2).contains("passphrase is wrong"));
    std::os::unix::fs::symlink(at("k"), at("link")).unwrap();
    let mut link = run(&[
        "key",
        "re-encrypt",
        &at("link"),
        "--in-place",
        "--passphrase-env",
        "NEW",
        "--new-passphrase-env",
        "NEW",
    ]);
    words(&mut link);
    assert!(stderr(&mut link, 2).contains("not a plain file"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "no draft is left");
}

#[test]
fn a_pipe_that_nobody_writes_to_is_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    assert!(stderr(&mut run(&["verify", ".", "--key", pipe]), 2).contains("not a PEM key"));
    assert!(!stderr(&mut run(&["verify", ".", "--policy", pipe]), 2).is_empty());
    // With a writer it is read, as the shell's process substitution needs.
    let script = format!(
        "{} key inspect <(cat {}/tests/trust/vectors/cosign.pub)",
        env!("CARGO_BIN_EXE_weighbridge"),
        env!("CARGO_MANIFEST_DIR")
    );
    assert!(stdout(Command::new("bash").args(["-c", &script]), 0).contains("p256"));
}
