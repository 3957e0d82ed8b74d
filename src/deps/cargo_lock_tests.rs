//! Cargo.lock: every way it can be written, and broken.

use crate::model::{ArtifactPath, Limits, PackageSource};

use super::super::tests::about_sources;
use super::super::{Dependencies, read_all};

fn read(bytes: &[u8]) -> Dependencies {
    let path = ArtifactPath::new("Cargo.lock");
    read_all([(&path, Some(bytes))], &Limits::default())
}

fn rules(read: &Dependencies) -> Vec<&'static str> {
    let evidence = read.evidence.iter().filter(|one| !about_sources(one));
    evidence.map(|evidence| evidence.rule.id).collect()
}

const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn entry(name: &str, version: &str, rest: &str) -> String {
    format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{rest}\n")
}

#[test]
fn entries_have_lines_checksums_and_edges() {
    let sum = "ab".repeat(32);
    let text = format!(
        "version = 4\n\n{}{}{}",
        entry("app", "0.1.0", "dependencies = [\n \"a 1.0.0\",\n]\n"),
        entry("a", "1.0.0", &format!("source = \"{INDEX}\"\nchecksum = \"{sum}\"\n")),
        entry("a", "2.0.0", &format!("source = \"{INDEX}\"\n")),
    );
    let read = read(text.as_bytes());
    assert_eq!(rules(&read), [""; 0]);
    let [app, first, _] = read.packages.as_slice() else { panic!("{read:?}") };
    assert_eq!((app.line, &app.source), (Some(3), &PackageSource::Local));
    assert_eq!(app.dependencies, std::slice::from_ref(&first.purl));
    assert_eq!((first.line, first.purl.as_str()), (Some(10), "pkg:cargo/a@1.0.0"));
    assert_eq!(first.checksums.first().map(|digest| digest.hex()), Some(sum));
}

#[test]
fn both_spellings_of_the_public_registry_are_the_public_registry() {
    for spelling in [INDEX, "sparse+https://index.crates.io/", "sparse+https://index.crates.io"] {
        let read = read(entry("a", "1.0.0", &format!("source = \"{spelling}\"\n")).as_bytes());
        assert_eq!(read.packages.first().map(|p| &p.source), Some(&PackageSource::PublicRegistry), "{spelling}");
    }
    let other = "sparse+https://index.crates.io.example.org/";
    let read = read(entry("a", "1.0.0", &format!("source = \"{other}\"\n")).as_bytes());
    assert_eq!(read.packages.first().map(|p| &p.source), Some(&PackageSource::Registry(other.into())));
}

#[test]
fn a_git_dependency_is_found_without_its_commit() {
    let text = format!(
        "{}{}",
        entry("app", "0.1.0", "dependencies = [\n \"a 1.0.0 (git+https://example.org/a?branch=x)\",\n]\n"),
        entry("a", "1.0.0", "source = \"git+https://example.org/a?branch=x#0123\"\n"),
    );
    let read = read(text.as_bytes());
    assert_eq!(rules(&read), [""; 0]);
    assert!(matches!(read.packages.get(1).map(|p| &p.source), Some(PackageSource::Git(url)) if url.ends_with("#0123")));
    assert_eq!(read.packages.first().map(|p| p.dependencies.len()), Some(1));
}

#[test]
fn version_one_keeps_checksums_apart() {
    let sum = "cd".repeat(32);
    let text = format!(
        "{}\n[metadata]\n\"checksum a 1.0.0 ({INDEX})\" = \"{sum}\"\n",
        entry("a", "1.0.0", &format!("source = \"{INDEX}\"\n"))
    );
    let read = read(text.as_bytes());
    assert_eq!(read.packages.first().and_then(|p| p.checksums.first()).map(|digest| digest.hex()), Some(sum));
}

#[test]
fn damage_is_said_and_the_rest_is_read() {
    let good = entry("a", "1.0.0", &format!("source = \"{INDEX}\"\n"));
    let truncated = format!("{good}[[package]]\nname = \"b");
    for (text, packages) in [
        (truncated.into_bytes(), 1),
        ([b"\xff\xfe\n".as_slice(), good.as_bytes()].concat(), 1),
        (format!("{}{good}", entry("b", "1.0.0", "dependencies = 7\n")).into_bytes(), 1),
        (format!("version = 99\n{good}").into_bytes(), 1),
        (entry("a", "1.0.0", "dependencies = [\"nobody\"]\n").into_bytes(), 1),
        (entry("a", "1.0.0", "checksum = \"00\"\n").into_bytes(), 1),
    ] {
        let read = read(&text);
        assert!(rules(&read).contains(&"lockfile-malformed"), "{}", String::from_utf8_lossy(&text));
        assert_eq!(read.packages.len(), packages, "{}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn empty_and_repeated_are_said() {
    for text in ["", "version = 4\n", "# nothing\n"] {
        assert_eq!(rules(&read(text.as_bytes())), ["lockfile-empty"]);
    }
    let twice = entry("a", "1.0.0", &format!("source = \"{INDEX}\"\n")).repeat(2);
    let read = read(twice.as_bytes());
    assert_eq!((rules(&read), read.packages.len()), (vec!["package-duplicate"], 1));
}

#[test]
fn surplus_evidence_is_counted() {
    let text: String = (0..50).map(|i| entry(&format!("p{i}"), "1.0.0", "dependencies = [\"nobody\"]\n")).collect();
    let read = read(text.as_bytes());
    assert_eq!(rules(&read).len(), 21);
    assert_eq!(read.evidence.last().map(|e| e.fact.message.as_str()), Some("30 more of the same kind in this file"));
}

#[test]
fn the_crate_cargo_lock_reads_the_same() {
    let text = include_str!("../../Cargo.lock");
    let ours = read(text.as_bytes());
    assert_eq!(rules(&ours), [""; 0]);
    let theirs: cargo_lock::Lockfile = text.parse().unwrap();
    assert_eq!(ours.packages.len(), theirs.packages.len());
    for (own, their) in ours.packages.iter().zip(&theirs.packages) {
        assert_eq!((own.name.as_str(), own.version.clone()), (their.name.as_str(), their.version.to_string()));
        assert_eq!(own.dependencies.len(), their.dependencies.len(), "{}", own.name);
        let sum = their.checksum.as_ref().map(ToString::to_string);
        assert_eq!(own.checksums.first().map(|digest| digest.hex()), sum);
    }
}

#[test]
fn a_large_file_is_read_in_parts_as_if_whole() {
    let many = |from: usize| (from..from + 4000).map(|i| entry(&format!("p{i}"), "1.0.0", "")).collect::<String>();
    let sound = format!("version = 4\n\n{}", many(0));
    let whole = read(sound.as_bytes());
    assert_eq!((whole.packages.len(), rules(&whole).len()), (4000, 0));
    let lines: Vec<u64> = whole.packages.iter().filter_map(|package| package.line).collect();
    assert_eq!((lines.first(), lines.last()), (Some(&3), Some(&(3 + 3999 * 4))));
    // An entry's text inside of a string is no entry, wherever the file is cut.
    let hidden = entry("hidden", "1.0.0", "").repeat(12_000);
    let quoted = format!("{}odd = '''\n{hidden}'''\n{}", many(0), many(4000));
    let quoted = read(quoted.as_bytes());
    assert_eq!((quoted.packages.len(), rules(&quoted).len()), (8000, 0));
}
