//! Folders as their sources lay them out.

use std::fs;
use std::os::unix::fs::symlink;

use digest::Digest as _;

use crate::model::Severity;

use super::super::Plan;
use super::{artifact, folder, hash, ids};

fn sha256(bytes: &[u8]) -> String {
    hex::encode(sha2::Sha256::digest(bytes))
}

fn git_blob(bytes: &[u8]) -> String {
    hex::encode(sha1::Sha1::digest([format!("blob {}\0", bytes.len()).as_bytes(), bytes].concat()))
}

/// A cache with a large file and a small one; the bytes of the large one are those given.
fn cache(weights: &[u8]) -> tempfile::TempDir {
    let (large, small) = (sha256(b"weights"), git_blob(b"{}"));
    let cache = folder(&[("models--a--b/refs/main", b"1")]);
    let repository = cache.path().join("models--a--b");
    fs::create_dir_all(repository.join("snapshots/1/sub")).unwrap();
    fs::create_dir(repository.join("blobs")).unwrap();
    fs::write(repository.join("blobs").join(&large), weights).unwrap();
    fs::write(repository.join("blobs").join(&small), "{}").unwrap();
    symlink(format!("../../blobs/{large}"), repository.join("snapshots/1/weights.bin")).unwrap();
    symlink(format!("../../../blobs/{small}"), repository.join("snapshots/1/sub/config.json")).unwrap();
    cache
}

#[test]
fn a_hub_cache_from_each_of_its_folders() {
    let cache = cache(b"weights");
    for (root, files) in [("", 5), ("models--a--b", 5), ("models--a--b/snapshots/1", 2)] {
        let weighing = hash(&cache.path().join(root), &Plan::default());
        assert_eq!(ids(&weighing), ["source-digest-match", "source-digest-match"], "{root}");
        assert_eq!(weighing.artifacts.len(), files);
    }
    let weighing = hash(&cache.path().join("models--a--b/snapshots/1"), &Plan::default());
    assert_eq!(artifact(&weighing, "sub/config.json").size, 2);
}

#[test]
fn a_changed_blob() {
    let cache = cache(b"weights!");
    let weighing = hash(&cache.path().join("models--a--b/snapshots/1"), &Plan::default());
    assert_eq!(ids(&weighing), ["source-digest-match", "source-digest-mismatch"]);
    assert_eq!(weighing.evidence[1].severity(), Severity::High);
}

#[test]
fn links_out_of_the_repository_are_refused_in_a_snapshot_too() {
    let cache = cache(b"weights");
    let snapshot = cache.path().join("models--a--b/snapshots/1");
    symlink("../../../outside", snapshot.join("gone")).unwrap();
    symlink("/etc/hostname", snapshot.join("host")).unwrap();
    symlink("../../refs/main", snapshot.join("ref")).unwrap();
    let weighing = hash(&snapshot, &Plan::default());
    assert_eq!(ids(&weighing).iter().filter(|id| **id == "link-refused").count(), 3);
    assert_eq!(weighing.artifacts.len(), 2);
}

#[test]
fn records_and_lists_beside_files() {
    let md5 = hex::encode(md5::Md5::digest(b"data"));
    let dvc = format!("outs:\n- md5: {md5}\n  size: 4\n  hash: md5\n  path: data.bin\n");
    let record = |etag: &str| format!("commit\n{etag}\n1712656091.1\n").into_bytes();
    let (good, bad) = (record(&git_blob(b"{}")), record(&sha256(b"other")));
    let folder = folder(&[
        ("data.bin", b"data"),
        ("data.bin.dvc", dvc.as_bytes()),
        ("config.json", b"{}"),
        (".cache/huggingface/download/config.json.metadata", &good),
        ("weights.bin", b"weights"),
        (".cache/huggingface/download/weights.bin.metadata", &bad),
        ("net-deadbeef.pth", b"x"),
    ]);
    let weighing = hash(folder.path(), &Plan::default());
    let expected = ["source-digest-match", "source-digest-match", "source-digest-mismatch", "source-digest-mismatch"];
    assert_eq!(ids(&weighing), expected);
    assert_eq!(weighing.evidence[2].severity(), Severity::Low, "torch.hub's names are not certain");
    assert!(weighing.artifacts.iter().all(|artifact| artifact.kept.is_none()));
}
