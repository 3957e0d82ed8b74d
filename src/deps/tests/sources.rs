//! Where packages come from, and names that look alike.

use super::about_sources;
use crate::deps::read_all;
use crate::model::{ArtifactPath, Limits};

fn said(path: &str, text: &str) -> Vec<String> {
    let path = ArtifactPath::new(path);
    let read = read_all([(&path, Some(text.as_bytes()))], &Limits::default());
    let evidence = read.evidence.iter().filter(|one| about_sources(one));
    evidence.map(|one| format!("{}: {}", one.rule.id, one.fact.message)).collect()
}

#[test]
fn sources_that_do_not_hold_still() {
    let commit = "0123456789012345678901234567890123456789";
    let text = format!(
        "--index-url http://own.example/simple\na==1.0\ngit+https://example.org/b.git@{commit}#egg=b\ngit+git://example.org/c.git@main#egg=c\nd @ http://example.org/d-1-py3-none-any.whl\n"
    );
    assert_eq!(
        said("requirements.txt", &text),
        [
            "transport-insecure: a comes from http://own.example/simple",
            "transport-insecure: c comes from git+git://example.org/c.git@main",
            "git-unpinned: c comes from git+git://example.org/c.git@main, which names no commit",
            "transport-insecure: d comes from http://example.org/d-1-py3-none-any.whl",
            "registry-other: packages come from http://own.example/simple",
            "checksum-missing: 1 packages have no checksum, such as a 1.0",
        ]
    );
}

#[test]
fn names_that_look_alike() {
    let hash = format!("--hash=sha256:{}", "ab".repeat(32));
    let text: String = ["torch", "torrch", "Sklearn", "huggingfacehub", "nunpy", "psycopg"]
        .map(|name| format!("{name}==1.0 {hash}\n"))
        .concat();
    assert_eq!(
        said("requirements.txt", &text),
        [
            "package-lookalike: torrch is one slip away from torch",
            "package-lookalike: huggingfacehub is one slip away from huggingface-hub",
            "package-lookalike: nunpy is one slip away from numpy",
        ]
    );
}
