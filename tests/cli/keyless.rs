//! Keyless signing against services on this machine. No test touches the network.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::services::{BEARER, ISSUER, NAME, Services, token};
use crate::{report, ruled, run, small_model, stderr, stdout};

struct Scene {
    folder: tempfile::TempDir,
    services: Arc<Services>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        small_model(&folder.path().join("model"));
        let services = Services::start(folder.path());
        Self { folder, services }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn sign(&self, path: &str, output: &str, more: &[&str]) -> Command {
        let url = &self.services.url;
        let mut command =
            run(&["sign", &self.at(path), "--keyless", "--quiet", "--fulcio-url", url, "--rekor-url", url]);
        command.args(["--trusted-root", &self.at("root.json"), "--output", &self.at(output)]).args(more);
        command
    }

    fn verify(&self, path: &str, signature: &str, more: &[&str], code: i32) -> serde_json::Value {
        let (path, signature, root) = (self.at(path), self.at(signature), self.at("root.json"));
        let arguments = ["verify", &path, "--checks", "signature", "--signature", &signature, "--trusted-root", &root];
        report(&[&arguments[..], more].concat(), code)
    }
}

const SIGNER: [&str; 4] = ["--identity", NAME, "--issuer", ISSUER];

#[test]
fn a_model_is_signed_in_a_name_and_verifies_under_it() {
    let scene = Scene::new();
    let token = token(300);
    let url = format!("{}/timestamp", scene.services.url);
    for (output, more) in [
        ("one.sig", vec![]),
        ("stamped.sig", vec!["--timestamp-url", &url]),
        ("two.sig", vec!["--rekor-version", "2", "--timestamp-url", &url]),
        ("shards.sig", vec!["--shard-size", "64", "--hash", "blake3"]),
    ] {
        stdout(scene.sign("model", output, &more).args(["--identity-token", &token]), 0);
        assert_eq!(ruled(&scene.verify("model", output, &SIGNER, 0), "ok"), ["signature-valid"], "{output}");
        let other = scene.verify("model", output, &["--identity", "other@example.org", "--issuer", ISSUER], 1);
        assert_eq!(ruled(&other, "fail"), ["signature-untrusted-identity"], "{output}");
        let bundle = fs::read_to_string(scene.at(output)).unwrap();
        assert!(!bundle.contains(&token), "the token must not be published");
    }
    fs::write(Path::new(&scene.at("model")).join("README.md"), "changed").unwrap();
    assert_eq!(ruled(&scene.verify("model", "one.sig", &SIGNER, 1), "fail"), ["digest-mismatch"]);
    // Under the public instance's keys none of it holds.
    let (model, signature) = (scene.at("model"), scene.at("one.sig"));
    let public = ["verify", &model, "--checks", "signature", "--signature", &signature];
    assert_eq!(ruled(&report(&[&public[..], &SIGNER].concat(), 1), "fail").len(), 1);
}

#[test]
fn files_and_statements_are_signed_as_they_are() {
    let scene = Scene::new();
    let token = token(300);
    let file = "model/model.safetensors";
    let digest = stdout(&mut run(&["hash", &scene.at(file)]), 0)[..64].to_owned();
    let statement = serde_json::json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "m", "digest": { "sha256": digest } }],
        "predicateType": "https://example.org/p",
        "predicate": {},
    });
    fs::write(scene.at("statement.json"), statement.to_string()).unwrap();
    fs::write(scene.at("no-statement.json"), "{}").unwrap();
    for version in ["1", "2"] {
        let url = format!("{}/timestamp", scene.services.url);
        let more = ["--identity-token", &token, "--rekor-version", version, "--timestamp-url", &url];
        for (path, kind) in [(file, "file"), ("statement.json", "statement")] {
            let output = format!("{kind}-{version}.sigstore.json");
            stdout(scene.sign(path, &output, &more).args(["--content", kind]), 0);
            assert_eq!(ruled(&scene.verify(file, &output, &SIGNER, 0), "ok"), ["signature-valid"], "{output}");
            assert_ne!(ruled(&scene.verify("model/README.md", &output, &SIGNER, 1), "fail"), Vec::<String>::new());
        }
    }
    let said =
        stderr(scene.sign("no-statement.json", "x", &["--identity-token", &token]).args(["--content", "statement"]), 2);
    assert!(said.contains("no in-toto statement"), "{said}");
    assert!(!Path::new(&scene.at("x")).exists());
}

#[test]
fn tokens_come_from_the_environment_of_ci() {
    let scene = Scene::new();
    stdout(scene.sign("model", "env.sig", &[]).env("SIGSTORE_ID_TOKEN", token(300)), 0);
    let mut github = scene.sign("model", "github.sig", &[]);
    github.env("GITHUB_ACTIONS", "true");
    assert!(stderr(&mut github, 2).contains("id-token: write"));
    let url = format!("{}/github?api-version=2", scene.services.url);
    github.env("ACTIONS_ID_TOKEN_REQUEST_URL", &url).env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER);
    stdout(&mut github, 0);
    github.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "other");
    fs::remove_file(scene.at("github.sig")).unwrap();
    assert!(stderr(&mut github, 2).contains("403 not so"));
    for name in ["buildkite-agent", "circleci"] {
        let program = scene.folder.path().join(name);
        fs::write(&program, format!("#!/bin/sh\necho {}\n", token(300))).unwrap();
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    for (variable, output) in [("BUILDKITE", "b.sig"), ("CIRCLECI", "c.sig")] {
        stdout(scene.sign("model", output, &[]).env("PATH", scene.folder.path()).env(variable, "true"), 0);
        assert_eq!(ruled(&scene.verify("model", output, &SIGNER, 0), "ok"), ["signature-valid"]);
    }
}

#[test]
fn nothing_is_signed_without_leave() {
    let scene = Scene::new();
    let said = |command: &mut Command| {
        let said = stderr(command, 2);
        assert!(!Path::new(&scene.at("x")).exists());
        said
    };
    assert!(said(&mut scene.sign("model", "x", &[])).contains("no identity token"));
    assert!(said(&mut scene.sign("model", "x", &["--identity-token", &token(-1)])).contains("expired"));
    assert!(said(&mut scene.sign("model", "x", &["--identity-token", "nonsense"])).contains("no identity token"));
    let token = token(300);
    assert!(said(&mut scene.sign("model", "x", &["--identity-token", &token, "--offline"])).contains("forbidden"));
    assert!(
        said(&mut scene.sign("model", "x", &["--identity-token", &token, "--rekor-version", "2"]))
            .contains("--timestamp-url")
    );
    assert!(
        said(&mut scene.sign("model", "x", &["--identity-token", &token, "--key", "k"]))
            .contains("cannot be used with")
    );
    // Services that the trusted root does not know.
    let other = Scene::new();
    fs::copy(other.at("root.json"), scene.at("root.json")).unwrap();
    assert!(said(&mut scene.sign("model", "x", &["--identity-token", &token])).contains("does not hold"));
    let mut clear =
        run(&["sign", &scene.at("model"), "--keyless", "--identity-token", &token, "--output", &scene.at("x")]);
    assert!(said(clear.args(["--fulcio-url", "http://fulcio.example.org"])).contains("not HTTPS"));
}

/// The browser of this test: asks for nothing and comes back as the identity provider would send it.
#[test]
fn a_browser_can_log_in() {
    let scene = Scene::new();
    for (wrong, code) in [(false, 0), (true, 2)] {
        let url = scene.services.url.clone();
        let mut child = scene
            .sign("model", "browser.sig", &["--browser", "--oidc-url", &url])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let page = lines.by_ref().map(Result::unwrap).find(|line| line.contains("code_challenge=")).unwrap();
        let value =
            |name: &str| page.split(['&', '?']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap();
        let back = value("redirect_uri").replace("%3A", ":").replace("%2F", "/");
        let (host, path) = back.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let host = host.replace("localhost", "127.0.0.1");
        let get = |target: String| {
            let mut stream = TcpStream::connect(&host).unwrap();
            write!(stream, "GET /{target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(get("favicon.ico".to_owned()).starts_with("HTTP/1.1 404"));
        let state = if wrong { "another" } else { value("state") };
        assert!(get(format!("{path}?code={}&state={state}", value("code_challenge"))).contains("can be closed"));
        let said: Vec<String> = lines.map(Result::unwrap).collect();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{said:?}");
        if wrong {
            assert!(said.concat().contains("another log-in"), "{said:?}");
        } else {
            assert_eq!(ruled(&scene.verify("model", "browser.sig", &SIGNER, 0), "ok"), ["signature-valid"]);
            fs::remove_file(scene.at("browser.sig")).unwrap();
        }
    }
}

#[test]
fn a_verdict_is_signed_in_a_name_and_holds_under_it() {
    let scene = Scene::new();
    let (token, url) = (token(300), &scene.services.url);
    let (model, root, output) = (scene.at("model"), scene.at("root.json"), scene.at("verdict.json"));
    let services = ["--fulcio-url", url.as_str(), "--rekor-url", url, "--trusted-root", &root];
    let attest = [&["attest", model.as_str(), "--keyless", "--quiet", "--output", &output], &services[..]].concat();
    assert!(stderr(&mut run(&attest), 2).contains("no identity token"));
    stdout(run(&attest).args(["--identity-token", &token]), 0);
    let verify = |more: &[&str], code: i32| {
        let arguments = ["attest", "verify", &output, "--subject", &model];
        report(&[&arguments[..], more].concat(), code)
    };
    let signer = [&SIGNER[..], &["--trusted-root", &root]].concat();
    let good = verify(&signer, 0);
    assert!(ruled(&good, "ok").contains(&"attestation-valid".to_owned()), "{good}");
    for wrong in [
        &["--identity", "other@example.org", "--issuer", ISSUER, "--trusted-root", &root][..],
        &["--identity", NAME, "--issuer", "https://other.example.org", "--trusted-root", &root],
        &SIGNER,
    ] {
        assert_eq!(ruled(&verify(wrong, 1), "fail"), ["attestation-signature-invalid"], "{wrong:?}");
    }
    let two = [&signer[..], &["--threshold", "2"]].concat();
    assert_eq!(ruled(&verify(&two, 1), "fail"), ["attestation-threshold-unmet"]);
    fs::write(scene.at("model/README.md"), "changed").unwrap();
    assert_eq!(ruled(&verify(&signer, 1), "fail"), ["attestation-subject-mismatch"]);
    stderr(&mut run(&["attest", "verify", &output, "--subject", &model]), 2);
    stderr(&mut run(&["attest", "verify", &output, "--subject", &model, "--issuer", ISSUER]), 2);
}

/// Staged deployment: production asks for what the pipeline said of the same files a while ago, in its own name.
#[test]
fn a_policy_asks_for_a_statement_in_a_name() {
    let scene = Scene::new();
    let (token, url) = (token(300), &scene.services.url);
    let (model, root, output) = (scene.at("model"), scene.at("root.json"), scene.at("verdict.json"));
    let attest = ["attest", &model, "--keyless", "--quiet", "--output", &output, "--trusted-root", &root];
    stdout(run(&attest).args(["--fulcio-url", url, "--rekor-url", url, "--identity-token", &token]), 0);
    let under = |identities: &str, more: &str, code: i32| {
        let text = format!(
            "schema = 1\nname = 'p'\nextends = 'development'\n{more}\n[[require.attestations]]\nkind = 'summary'\n\
             level = 'development'\nidentities = [{identities}]\n"
        );
        fs::write(scene.at("p.toml"), text).unwrap();
        report(&["verify", &model, "--policy", &scene.at("p.toml"), "--attestation", &output], code)
    };
    let (root, named) = ("[signature]\ntrusted-root = 'root.json'", format!("issuer = '{ISSUER}'"));
    let exact = format!("{{ identity = '{NAME}', {named} }}");
    let good = under(&exact, root, 0);
    assert!(ruled(&good, "ok").contains(&"statement-signed".to_owned()), "{good}");
    under(&format!("{{ regexp = '.*', {named} }}"), root, 0);
    let refused = ["attestation-signature-invalid", "requirement-unmet"];
    assert_eq!(ruled(&under(&exact, "", 1), "fail"), refused);
    let other = format!("{{ identity = 'other@example.org', {named} }}");
    assert_eq!(ruled(&under(&other, root, 1), "fail"), refused);
    // Somebody whom one requirement names is nobody to another.
    let both = format!("{root}\n[[require.attestations]]\nkind = 'svr'\nidentities = [{exact}]");
    assert_eq!(ruled(&under(&other, &both, 1), "fail"), ["requirement-unmet"]);
    fs::write(
        scene.at("none.toml"),
        "schema = 1\nname = 'p'\nextends = 'development'\n[[require.attestations]]\nkind = 'svr'\n",
    )
    .unwrap();
    assert!(stderr(&mut run(&["policy", "check", &scene.at("none.toml")]), 2).contains("names no signer"));
}
