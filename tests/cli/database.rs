//! `db import|status|update`, and audits that rest on what they made.

use std::fs;
#[cfg(feature = "online")]
use std::io::{BufRead as _, BufReader, Write as _};
#[cfg(feature = "online")]
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use crate::{report, ruled, run, stderr, stdout};

fn record(id: &str, package: &str, fixed: &str) -> String {
    json!({
        "id": id, "modified": "2026-09-01T00:00:00Z", "published": "2026-08-01T00:00:00Z", "aliases": [id.replace("GHSA", "CVE")],
        "summary": "An invented flaw", "database_specific": { "severity": "HIGH" },
        "affected": [{ "package": { "ecosystem": "npm", "name": package },
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": fixed }] }] }],
    })
    .to_string()
}

/// A folder of records and a lockfile with `left` and `right`, both at 1.0.0.
fn scene() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("dump")).unwrap();
    fs::create_dir_all(folder.path().join("tree")).unwrap();
    fs::write(folder.path().join("dump/GHSA-1.json"), record("GHSA-1", "left", "1.5.0")).unwrap();
    let entry = |name: &str| {
        json!({ "version": "1.0.0", "resolved": format!("https://registry.npmjs.org/{name}/-/{name}-1.0.0.tgz"),
        "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==" })
    };
    let lock = json!({ "name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
        "": { "name": "app", "version": "1.0.0", "dependencies": { "left": "^1.0.0" } },
        "node_modules/left": entry("left"), "node_modules/right": entry("right") } });
    fs::write(folder.path().join("tree/package-lock.json"), lock.to_string()).unwrap();
    folder
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

fn import(from: &str, db: &str) {
    stdout(&mut run(&["db", "import", from, "--db", db, "--quiet"]), 0);
}

/// Identifiers of the advisories that an audit of the tree tells.
fn told(folder: &Path, db: &str, more: &[&str], code: i32) -> Vec<String> {
    let tree = path(folder, "tree");
    let arguments = [&["audit", tree.as_str(), "--db", db, "--offline"], more].concat();
    let report = report(&arguments, code);
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter_map(|one| Some(one["advisory"]["id"].as_str()?.to_owned())).collect()
}

fn status(db: &str, more: &[&str], code: i32) -> Value {
    let text = stdout(run(&["db", "status", "--db", db, "--format", "json"]).args(more), code);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_is_imported_is_audited_against() {
    let scene = scene();
    let folder = scene.path();
    let db = path(folder, "a.db");
    import(&path(folder, "dump"), &db);
    let tree = path(folder, "tree");
    let report = report(&["audit", &tree, "--db", &db, "--offline"], 1);
    let found = report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "vulnerable-package").unwrap();
    assert_eq!(found["advisory"]["id"], "GHSA-1");
    assert_eq!(found["advisory"]["aliases"], json!(["CVE-1"]));
    assert_eq!(found["advisory"]["upgrade"], "1.5.0");
    assert_eq!(found["advisory"]["published"], "2026-08-01");
    let package = json!({ "name": "left", "version": "1.0.0", "ecosystem": "npm", "purl": "pkg:npm/left@1.0.0" });
    assert_eq!(found["package"], package);
    let fix = stdout(&mut run(&["audit", &tree, "--db", &db, "--fix"]), 1);
    assert!(fix.contains("\nnpm install left@1.5.0\n"), "{fix}");
    let vex = stdout(&mut run(&["audit", &tree, "--db", &db, "--format", "openvex", "--author", "Me"]), 1);
    let vex: Value = serde_json::from_str(&vex).unwrap();
    assert_eq!((&vex["author"], &vex["statements"][0]["status"]), (&json!("Me"), &json!("under_investigation")));
}

#[test]
fn a_second_import_adds_replaces_and_takes_back() {
    let scene = scene();
    let folder = scene.path();
    let db = path(folder, "a.db");
    import(&path(folder, "dump"), &db);
    fs::create_dir(folder.join("more")).unwrap();
    fs::write(folder.join("more/GHSA-2.json"), record("GHSA-2", "right", "2.0.0")).unwrap();
    import(&path(folder, "more"), &db);
    assert_eq!(told(folder, &db, &[], 1), ["GHSA-1", "GHSA-2"]);
    let gone = record("GHSA-1", "left", "1.5.0").replacen('{', "{\"withdrawn\": \"2026-09-02T00:00:00Z\",", 1);
    fs::write(folder.join("dump/GHSA-1.json"), gone).unwrap();
    import(&path(folder, "dump"), &db);
    assert_eq!(told(folder, &db, &[], 1), ["GHSA-2"]);
    stdout(&mut run(&["db", "import", &path(folder, "more"), "--db", &db, "--replace", "--quiet"]), 0);
    assert_eq!(status(&db, &[], 0)["origins"].as_array().unwrap().len(), 1);
    let said = stderr(&mut run(&["db", "import", &path(folder, "tree"), "--db", &db]), 2);
    assert!(said.contains("holds no advisory"), "{said}");
    assert_eq!(told(folder, &db, &[], 1), ["GHSA-2"]);
}

#[test]
fn status_knows_age_and_every_byte() {
    let scene = scene();
    let folder = scene.path();
    let db = path(folder, "a.db");
    fs::write(folder.join("dump/GHSA-9.json"), "{").unwrap();
    import(&path(folder, "dump"), &db);
    let now = ["--now", "2026-09-11T00:00:00Z"];
    let said = status(&db, &now, 0);
    assert_eq!((&said["advisories"], &said["age_days"], &said["malformed"]), (&json!(1), &json!(10), &json!(1)));
    assert_eq!((&said["integrity"], &said["ecosystems"]["npm"]), (&json!("whole"), &json!(1)));
    assert_eq!(status(&db, &[&now[..], &["--max-age", "9d"]].concat(), 3)["stale"], true);
    stdout(&mut run(&["db", "import", &path(folder, "dump"), "--db", &db, "--as-of", "2026-09-10", "--quiet"]), 0);
    assert_eq!(status(&db, &now, 0)["age_days"], 1);
    let early = ["--now", "2026-09-01T00:00:00Z"];
    assert_eq!(status(&db, &early, 0)["age_days"], -9);
    assert_eq!(status(&db, &[&early[..], &["--max-age", "9d"]].concat(), 3)["stale"], true);
    assert!(stdout(&mut run(&["db", "status", "--db", &db, early[0], early[1]]), 0).contains("yet to come"));
    let said = stderr(&mut run(&["db", "import", &path(folder, "dump"), "--db", &db, "--as-of", "2026-09-30"]), 2);
    assert!(said.contains("yet to come; today is 2026-09-21"), "{said}");
    let mut bytes = fs::read(&db).unwrap();
    bytes[12] ^= 1;
    fs::write(&db, bytes).unwrap();
    assert!(status(&db, &[], 1)["integrity"].as_str().unwrap().starts_with("broken"));
    assert!(stdout(&mut run(&["db", "status", "--db", &db]), 1).contains("broken"));
}

#[test]
fn exploitation_is_known_and_judged() {
    let scene = scene();
    let folder = scene.path();
    let db = path(folder, "a.db");
    let low = record("GHSA-1", "left", "1.5.0").replace("HIGH", "LOW");
    fs::write(folder.join("dump/GHSA-1.json"), low).unwrap();
    import(&path(folder, "dump"), &db);
    assert_eq!(told(folder, &db, &[], 0), ["GHSA-1"]);
    let list = json!({ "catalogVersion": "1", "dateReleased": "2026-09-01T00:00:00Z",
        "vulnerabilities": [{ "cveID": "CVE-1", "dateAdded": "2026-08-20" }] });
    fs::write(folder.join("known_exploited_vulnerabilities.json"), list.to_string()).unwrap();
    fs::write(
        folder.join("epss.csv"),
        "#model_version:v1,score_date:2026-09-01T00:00:00Z\ncve,epss,percentile\nCVE-1,0.9,0.99\n",
    )
    .unwrap();
    let files = [path(folder, "known_exploited_vulnerabilities.json"), path(folder, "epss.csv")];
    stdout(&mut run(&["db", "import", &files[0], &files[1], "--db", &db, "--quiet"]), 0);
    let policy = |urgency: &str| {
        let text = format!("schema = 1\nname = 'p'\nextends = 'development'\n[audit.urgency]\n{urgency}\n");
        fs::write(folder.join("p.toml"), text).unwrap();
        path(folder, "p.toml")
    };
    for (urgency, code) in
        [("exploited = 'fail'", 1), ("epss-fail-per-mille = 900", 1), ("epss-fail-per-mille = 901", 0)]
    {
        assert_eq!(told(folder, &db, &["--policy", &policy(urgency)], code), ["GHSA-1"], "{urgency}");
    }
    let tree = path(folder, "tree");
    let report = report(&["audit", &tree, "--db", &db], 0);
    let found = report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "vulnerable-package").unwrap();
    assert_eq!(found["advisory"]["exploited"], "2026-08-20");
    assert_eq!(found["advisory"]["epss"]["score"], 0.9);
}

#[test]
fn vex_excuses_with_a_reason_and_in_a_name() {
    let scene = scene();
    let folder = scene.path();
    let db = path(folder, "a.db");
    import(&path(folder, "dump"), &db);
    let file = path(folder, "a.openvex.json");
    let write = |status: &str| {
        let document = json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": "x", "author": "Security", "version": 1,
            "timestamp": "2026-09-01T00:00:00Z", "statements": [{ "vulnerability": { "name": "CVE-1" }, "status": status,
            "justification": "vulnerable_code_not_in_execute_path", "products": [{ "@id": "pkg:npm/left@1.0.0" }] }] });
        fs::write(&file, document.to_string()).unwrap();
    };
    write("not_affected");
    assert_eq!(told(folder, &db, &["--vex", &file], 0), ["GHSA-1"]);
    let report = report(&["audit", &path(folder, "tree"), "--db", &db, "--vex", &file], 0);
    let found = report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "vulnerable-package").unwrap();
    assert_eq!((&found["ruling"], &found["exception"]["owner"]), (&json!("excused"), &json!("Security")));
    let args = ["audit", &path(folder, "tree"), "--db", &db, "--vex", &file, "--format", "openvex"];
    let vex: Value = serde_json::from_str(&stdout(&mut run(&args), 0)).unwrap();
    let statement = &vex["statements"][0];
    assert_eq!(
        (&statement["status"], &statement["status_notes"]),
        (&json!("not_affected"), &json!("stated by Security"))
    );
    assert_eq!(statement["justification"], "vulnerable_code_not_in_execute_path");
    let bill = stdout(&mut run(&["sbom", &path(folder, "tree"), "--db", &db, "--vex", &file]), 0);
    let bill: Value = serde_json::from_str(&bill).unwrap();
    let analysis = &bill["vulnerabilities"][0]["analysis"];
    assert_eq!(
        (&analysis["state"], &analysis["justification"]),
        (&json!("not_affected"), &json!("code_not_reachable"))
    );
    // Also where the policy would say nothing: it stays known that it is not affected.
    let lenient = path(folder, "lenient.toml");
    let text =
        "schema = 1\nname = 'l'\nextends = 'development'\n[audit.severity]\nfail = 'critical'\nwarn = 'critical'\n";
    fs::write(&lenient, text).unwrap();
    let report = self::report(&["audit", &path(folder, "tree"), "--db", &db, "--vex", &file, "--policy", &lenient], 0);
    let found = report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "vulnerable-package").unwrap();
    assert_eq!(found["ruling"], "excused");
    assert!(ruled(&report, "warn").is_empty());
    write("affected");
    told(folder, &db, &["--vex", &file], 1);
}

#[cfg(feature = "online")]
#[test]
fn an_update_fetches_what_is_new_once() {
    let scene = scene();
    let folder = scene.path();
    let db = path(folder, "a.db");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/GHSA-1.json", listener.local_addr().unwrap());
    let body = record("GHSA-1", "left", "1.5.0");
    let server = std::thread::spawn(move || {
        let mut conditions = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let asked: Vec<String> =
                lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
            let known = asked.iter().any(|line| line == "if-none-match: \"one\"");
            conditions.push(known);
            let answer = if known {
                "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_owned()
            } else {
                format!(
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nETag: \"one\"\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            };
            stream.write_all(answer.as_bytes()).unwrap();
        }
        conditions
    });
    let source = format!("own={url}");
    // The name of the download tells what a single record is.
    let update = |more: &[&str]| {
        stdout(run(&["db", "update", "--db", &db, "--quiet"]).args(more).env("SOURCE_DATE_EPOCH", "1790000000"), 0)
    };
    update(&["--source", &source]);
    assert_eq!(told(folder, &db, &[], 1), ["GHSA-1"]);
    update(&[]);
    assert_eq!(server.join().unwrap(), [false, true]);
    let origin = &status(&db, &[], 0)["origins"][0];
    assert_eq!((&origin["name"], &origin["etag"], &origin["url"]), (&json!("own"), &json!("\"one\""), &json!(url)));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3, "only the tree, the dump and the database are left");
}

#[cfg(feature = "online")]
#[test]
fn offline_means_offline() {
    let folder = tempfile::tempdir().unwrap();
    let db = path(folder.path(), "a.db");
    let source = "own=http://127.0.0.1:9/x.zip";
    let said = stderr(&mut run(&["db", "update", "--db", &db, "--source", source, "--offline"]), 2);
    assert!(said.contains("forbidden"), "{said}");
    let said = stderr(run(&["db", "update", "--db", &db, "--source", source]).env("WEIGHBRIDGE_OFFLINE", "1"), 2);
    assert!(said.contains("forbidden"), "{said}");
    let said = stderr(&mut run(&["db", "update", "--db", &db, "--source", "own=http://example.org/x.zip"]), 2);
    assert!(said.contains("not HTTPS"), "{said}");
}
