//! Bytes that are no lockfile, under the name of one.

use super::super::{Kind, read_all, recognise};
use crate::model::{ArtifactPath, Limits};

const NAMES: [&str; 19] = [
    "Cargo.lock",
    "Gemfile.lock",
    "Pipfile.lock",
    "bom.json",
    "bun.lock",
    "composer.lock",
    "conda-lock.yml",
    "go.mod",
    "go.sum",
    "gradle.lockfile",
    "package-lock.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pom.xml",
    "pylock.toml",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
];

/// Hostile texts: any reader may be handed any of them.
fn texts() -> Vec<Vec<u8>> {
    let deep = |open: &str| open.repeat(100_000).into_bytes();
    vec![
        b"\xff\xfe\x00a\x00".to_vec(),
        b"\0".repeat(1000),
        deep("["),
        deep("{\"packages\":"),
        deep("{\"dependencies\":{\"a\":"),
        deep("a:\n "),
        deep("- "),
        b"&a [*a, *a]\n".to_vec(),
        b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\npackages: *c\n"
            .to_vec(),
        b"{\"packages\": [1, null, {\"name\": 7}], \"components\": {}, \"bomFormat\": 1}".to_vec(),
        b"[[package]]\nname = 1\n[[packages]]\nversion = []\n".to_vec(),
        b"==1.0\n--hash\n-r\n-e\n@\n[x]\n\\\n\\".to_vec(),
        "é\u{202e}@é: \"é\n  é é\n \u{feff}require é é\n".as_bytes().to_vec(),
    ]
}

#[test]
fn no_reader_falls_over() {
    for name in NAMES {
        let path = ArtifactPath::new(name);
        assert!(!matches!(recognise(&path), None | Some(Kind::NotRead(_))), "{name}");
        for text in texts() {
            let read = read_all([(&path, Some(text.as_slice()))], &Limits::default());
            assert!(read.evidence.len() < 100, "{name}");
        }
    }
}

#[test]
fn a_lockfile_that_is_not_kept_is_a_gap() {
    let path = ArtifactPath::new("uv.lock");
    let read = read_all([(&path, None)], &Limits::default());
    assert_eq!(read.evidence.first().map(|one| one.rule.id), Some("lockfile-not-read"));
}

#[test]
fn no_content_is_never_silence() {
    for name in NAMES.iter().filter(|name| **name != "requirements.txt") {
        for text in ["", "\n", "\u{feff} \n"] {
            let path = ArtifactPath::new(*name);
            let read = read_all([(&path, Some(text.as_bytes()))], &Limits::default());
            assert_eq!(read.evidence.first().map(|one| one.rule.id), Some("lockfile-empty"), "{name}");
        }
    }
    let path = ArtifactPath::new("yarn.lock");
    let read = read_all([(&path, Some(b"# yarn lockfile v1\n".as_slice()))], &Limits::default());
    assert_eq!(read.evidence.first().map(|one| one.rule.id), Some("lockfile-empty"));
}

/// A file that ends too early is not taken for a shorter one.
#[test]
fn a_missing_end_is_told() {
    let cut = [
        ("yarn.lock", "a@^1:\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com/a/-/a-1.0.0.t"),
        ("yarn.lock", "a@^1:\n  version \"1.0.0\"\n\nb@^1:\n"),
        ("yarn.lock", "__metadata:\n  version: 8\n\n\"a@npm:^1\":\n  version: 1.0.0\n\n\"b@npm:^1\":\n"),
        ("gradle.lockfile", "org.a:b:1.0=compileClasspath\n"),
        ("gradle.lockfile", "org.a:b:1.0=\nempty=\n"),
        ("gradle.lockfile", "org.a:b:1.0\nempty=\n"),
        ("go.mod", "module a\nrequire (\n\ta.b/c v1.0.0\n"),
        ("go.mod", "module a\nreplace a.b/c =>\n"),
        ("poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\n"),
        (
            "poetry.lock",
            "[[package]]\nname = \"a\"\n[package.source]\ntype = \"git\"\n[metadata]\nlock-version = \"2\"\n",
        ),
    ];
    for (name, text) in cut {
        let path = ArtifactPath::new(name);
        let read = read_all([(&path, Some(text.as_bytes()))], &Limits::default());
        assert!(read.evidence.iter().any(|one| one.rule.id == "lockfile-malformed"), "{name}: {text}");
    }
}

/// What a reader leaves out is said, in a document that is otherwise whole.
#[test]
fn parts_of_the_wrong_kind_are_told() {
    let odd: [(&str, &str); 18] = [
        (
            "package-lock.json",
            r#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1"}}, "packages": {}}"#,
        ),
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": [{"version": "1"}]}"#),
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {"node_modules/a": "1.0.0"}}"#),
        ("package-lock.json", r#"{"lockfileVersion": 1, "dependencies": {"a": ["1.0.0"]}}"#),
        ("composer.lock", r#"{"packages": {"0": {"name": "a/b", "version": "1"}}}"#),
        ("composer.lock", r#"{"packages": ["a/b"]}"#),
        ("Pipfile.lock", r#"{"_meta": {}, "default": ["a"]}"#),
        ("Pipfile.lock", r#"{"_meta": {}, "default": {"a": "==1"}}"#),
        ("bun.lock", r#"{"lockfileVersion": 1, "packages": ["a"]}"#),
        ("bom.json", r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {"purl": "pkg:npm/a@1"}}"#),
        ("bom.json", r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ["pkg:npm/a@1"]}"#),
        (
            "bom.json",
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "a", "version": "1"}]}"#,
        ),
        ("a.spdx.json", r#"{"spdxVersion": "SPDX-2.3", "packages": {"name": "a"}}"#),
        ("bom.xml", "<bom/>"),
        ("model.spdx", "SPDXVersion: SPDX-2.3"),
        ("pnpm-lock.yaml", "lockfileVersion: '10.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-a}\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: {}\nsnapshots:\n  a@1.0.0: {}\n"),
        ("Gemfile.lock", "GEM\n  remote: https://rubygems.org/\n  specs:\n\t rack (3.0)\n"),
    ];
    for (name, text) in odd {
        let path = ArtifactPath::new(name);
        let read = read_all([(&path, Some(text.as_bytes()))], &Limits::default());
        let told = read
            .evidence
            .iter()
            .any(|one| one.rule.class == crate::model::Class::Gap || one.rule.id == "lockfile-malformed");
        assert!(told, "{name}: {text}");
    }
}

/// pip splits lines as Python does.
#[test]
fn a_carriage_return_alone_hides_no_requirement() {
    let path = ArtifactPath::new("requirements.txt");
    let read = read_all([(&path, Some(b"# harmless\rpickle5==0.0.1\r\nnumpy==2.0\n".as_slice()))], &Limits::default());
    let names: Vec<&str> = read.packages.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["pickle5", "numpy"]);
}
