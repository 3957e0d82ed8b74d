//! What a tree may hold.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::model::{Algorithm, ArtifactPath, Evidence, Limits};

use super::super::observe::{Inspect, Inspection, Observer};
use super::super::view::View;
use super::super::{Named, Plan, Silent, read_small, weigh, weigh_files};
use super::{SEEN, artifact, folder, hash, ids, noise};

#[test]
fn a_single_file_keeps_its_name() {
    let folder = folder(&[("a.bin", b"abc")]);
    let weighing = hash(&folder.path().join("a.bin"), &Plan::default());
    assert_eq!(weighing.artifacts[0].path.as_str(), "a.bin");
    assert!(weighing.evidence.is_empty());
}

#[test]
fn files_that_were_named() {
    let folder = folder(&[("a.bin", b"abc"), ("sub/b.bin", b"b")]);
    let named = |name: &str, algorithm| Named {
        path: folder.path().join(name),
        algorithms: std::collections::BTreeSet::from([algorithm]),
    };
    let files = [
        named("sub/b.bin", Algorithm::Md5),
        named("a.bin", Algorithm::Md5),
        named("a.bin", Algorithm::Blake3),
        named("sub", Algorithm::Md5),
        named("gone", Algorithm::Md5),
    ];
    let weighing = weigh_files(&files, &Plan::default(), &super::Nothing, &Silent);
    assert_eq!(ids(&weighing), ["unreadable-file", "unreadable-file"]);
    let digests: Vec<usize> = weighing.artifacts.iter().map(|file| file.digests.iter().count()).collect();
    assert_eq!(digests, [3, 2], "what was asked for of all files and of each");
}

#[test]
fn nothing_and_nowhere() {
    let folder = folder(&[]);
    assert_eq!(ids(&hash(folder.path(), &Plan::default())), ["empty-tree"]);
    assert!(weigh(&folder.path().join("gone"), &Plan::default(), &super::Nothing, &Silent).is_err());
    assert!(weigh("/dev/null".as_ref(), &Plan::default(), &super::Nothing, &Silent).is_err());
}

#[test]
fn links_stay_inside() {
    let folder = folder(&[("a.bin", b"abc"), ("sub/b.bin", b"b")]);
    let at = |name: &str| folder.path().join(name);
    symlink("a.bin", at("inside")).unwrap();
    symlink("/etc/hostname", at("outside")).unwrap();
    symlink("round", at("round")).unwrap();
    symlink("..", at("sub/up")).unwrap();
    symlink("nowhere", at("broken")).unwrap();
    let weighing = hash(folder.path(), &Plan::default());
    assert_eq!(ids(&weighing), ["link-refused"; 5]);
    assert_eq!(weighing.artifacts.len(), 2);
    let weighing = hash(folder.path(), &Plan { follow_links: true, ..Plan::default() });
    assert_eq!(ids(&weighing), ["link-refused"; 4]);
    assert_eq!(artifact(&weighing, "inside").digests, artifact(&weighing, "a.bin").digests);
}

#[test]
fn links_to_what_is_looked_at() {
    let folder = folder(&[("AGENTS.md", b"a"), ("a.py", b"a"), ("b.txt", b"b"), ("sub/c.md", b"c")]);
    let at = |name: &str| folder.path().join(name);
    symlink("AGENTS.md", at("CLAUDE.md")).unwrap();
    symlink("../AGENTS.md", at("sub/README.md")).unwrap();
    let weighing = hash(folder.path(), &Plan::default());
    assert_eq!(ids(&weighing), ["link-within"; 2]);
    assert_eq!(weighing.artifacts.len(), 4);
    // A file that another name makes something else, one that is not looked at, and a way around the folder.
    symlink("b.txt", at("setup.py")).unwrap();
    symlink("a.py", at("setup2.py")).unwrap();
    symlink(at("AGENTS.md"), at("absolute.md")).unwrap();
    let weighing = hash(folder.path(), &Plan::default());
    assert_eq!(ids(&weighing).iter().filter(|id| **id == "link-refused").count(), 3);
    let hidden = Plan { ignore: Box::new(|path| path.name() == "AGENTS.md"), ..Plan::default() };
    let weighing = hash(folder.path(), &hidden);
    assert_eq!(ids(&weighing).iter().filter(|id| **id == "link-refused").count(), 5);
}

#[test]
fn odd_names_and_odd_files() {
    let folder = folder(&[("line\nbreak", b"1"), ("\u{1b}[2Jwipe", b"2")]);
    fs::write(folder.path().join(OsStr::from_bytes(b"not \xff utf-8")), b"3").unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let weighing = hash(folder.path(), &Plan::default());
    assert_eq!(ids(&weighing), ["undecodable-name", "undecodable-name", "undecodable-name", "special-file"]);
    assert_eq!(artifact(&weighing, "not \\xff utf-8").size, 1);
}

#[test]
fn limits_say_so() {
    let folder = folder(&[("a/b/c/d.bin", b"d"), ("e.bin", b"e"), ("f.bin", b"f")]);
    let limited = |limits: Limits| {
        let plan = Plan { keep: Box::new(|_| true), limits, ..Plan::default() };
        let weighing = hash(folder.path(), &plan);
        (weighing.artifacts.len(), ids(&weighing))
    };
    assert_eq!(limited(Limits { directory_depth: 2, ..Limits::default() }), (2, vec!["limit-reached"]));
    assert_eq!(limited(Limits { files: 2, ..Limits::default() }), (2, vec!["limit-reached"]));
    assert_eq!(limited(Limits { kept_bytes: 0, ..Limits::default() }), (3, vec!["limit-reached"; 3]));
    let plan = Plan {
        shards: Some((1, crate::model::Algorithm::Sha256)),
        limits: Limits { entries: 0, ..Limits::default() },
        ..Plan::default()
    };
    assert_eq!(ids(&hash(folder.path(), &plan)), ["limit-reached"; 3]);
}

#[test]
fn thousands_of_small_files() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3_000 {
        fs::write(folder.path().join(number.to_string()), number.to_string()).unwrap();
    }
    let weighing = hash(folder.path(), &Plan { keep: Box::new(|_| true), ..Plan::default() });
    assert_eq!((weighing.artifacts.len(), weighing.evidence.len()), (3_000, 0));
    assert!(
        weighing.artifacts.iter().all(|artifact| artifact.kept.as_deref() == Some(artifact.path.name().as_bytes()))
    );
}

#[test]
fn sparse_files() {
    let folder = folder(&[]);
    File::create(folder.path().join("hole")).unwrap().set_len(48 << 20).unwrap();
    let weighing = hash(folder.path(), &Plan::default());
    let digest = weighing.artifacts[0].digests.iter().next().unwrap().hex();
    let mut expected = <sha2::Sha256 as digest::Digest>::new();
    (0..48).for_each(|_| digest::Digest::update(&mut expected, vec![0; 1 << 20]));
    assert_eq!(digest, hex::encode(digest::Digest::finalize(expected)));
}

/// Panics where it is told to.
struct Broken(&'static str);

impl Inspect for Broken {
    fn inspect(&self, path: &ArtifactPath, _: &View<'_>, _: &Limits) -> Inspection {
        assert!(self.0 != "inspect", "on purpose");
        let evidence = vec![Evidence::new(&SEEN, "kept").of(path)];
        Inspection { evidence, observers: vec![Box::new(Self(self.0)), Box::new(Self(""))], ..Inspection::default() }
    }
}

impl Observer for Broken {
    fn observe(&mut self, _: u64, _: &[u8]) {
        assert!(self.0 != "observe", "on purpose");
    }

    fn close(self: Box<Self>, path: &ArtifactPath) -> Vec<Evidence> {
        assert!(self.0 != "close", "on purpose");
        vec![Evidence::new(&SEEN, "kept too").of(path)]
    }
}

#[test]
fn a_broken_inspector_loses_only_its_own_work() {
    let folder = folder(&[("a.bin", &noise(300_000))]);
    let plain = hash(folder.path(), &Plan::default());
    for (place, expected) in [
        ("inspect", vec!["inspector-failed"]),
        ("observe", vec!["inspector-failed", "seen", "seen"]),
        ("close", vec!["inspector-failed", "seen", "seen"]),
        ("", vec!["seen", "seen", "seen"]),
    ] {
        let weighing = weigh(folder.path(), &Plan::default(), &Broken(place), &Silent).unwrap();
        assert_eq!(ids(&weighing), expected, "{place}");
        assert_eq!(weighing.artifacts[0].digests, plain.artifacts[0].digests);
    }
}

#[test]
fn small_files_are_read_up_to_a_limit() {
    let folder = folder(&[("key", b"12345")]);
    let key = folder.path().join("key");
    assert_eq!(read_small(&key, 5).unwrap(), b"12345");
    assert!(read_small(&key, 4).is_err());
    assert!(read_small(folder.path(), 5).is_err());
}
