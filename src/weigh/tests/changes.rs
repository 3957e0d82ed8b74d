//! Files that change while they are read: evidence, never a crash, never digests that look good.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::{Mapping, Plan, Silent, weigh};
use super::{Meddler, Moment, artifact, folder, ids, noise};

const SIZE: usize = 1 << 20;

/// Does the deed to a file of a mebibyte, mapped and read, and expects to be told.
fn expect_change(moment: Moment, deed: fn(&Path)) {
    for mapping in [Mapping::Always, Mapping::Never] {
        let folder = folder(&[("model.bin", &noise(SIZE)), ("other.bin", &noise(70_000))]);
        let path = folder.path().join("model.bin");
        let meddler = Meddler::new("model.bin", moment, move || deed(&path));
        let plan = Plan { mapping, keep: Box::new(|_| true), ..Plan::default() };
        let weighing = weigh(folder.path(), &plan, &meddler, &Silent).unwrap();
        assert_eq!(ids(&weighing), ["changed-underfoot", "seen"], "structural evidence stays, the observer's does not");
        let changed = artifact(&weighing, "model.bin");
        assert!(changed.digests.is_empty() && changed.kept.is_none());
        assert_eq!(artifact(&weighing, "other.bin").digests.iter().count(), 1);
    }
}

fn write_at(path: &Path, at: u64) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(std::io::SeekFrom::Start(at)).unwrap();
    file.write_all(b"evil").unwrap();
}

#[test]
fn written_between_inspection_and_hash() {
    expect_change(Moment::AfterReading, |path| write_at(path, 8));
}

#[test]
fn written_behind_the_hash() {
    expect_change(Moment::LaterChunk, |path| write_at(path, 8));
}

#[test]
fn written_with_the_times_put_back() {
    expect_change(Moment::AfterReading, |path| {
        let times = fs::metadata(path).unwrap();
        write_at(path, 8);
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(times.modified().unwrap()).unwrap();
    });
}

#[test]
fn cut_before_inspection() {
    expect_change(Moment::BeforeReading, |path| drop(File::create(path).unwrap()));
}

#[test]
fn cut_while_it_is_hashed() {
    expect_change(Moment::FirstChunk, |path| File::options().write(true).open(path).unwrap().set_len(4096).unwrap());
    expect_change(Moment::LaterChunk, |path| drop(File::create(path).unwrap()));
}

#[test]
fn grown() {
    expect_change(Moment::LaterChunk, |path| {
        File::options().append(true).open(path).unwrap().write_all(b"more").unwrap();
    });
}

#[test]
fn replaced_by_another_file_with_the_same_bytes() {
    expect_change(Moment::LaterChunk, |path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    });
}

#[test]
fn removed() {
    expect_change(Moment::LaterChunk, |path| fs::remove_file(path).unwrap());
}

#[test]
fn cut_by_another_process() {
    expect_change(Moment::LaterChunk, |path| {
        let status = Command::new("sh").args(["-c", ": > \"$0\""]).arg(path).status().unwrap();
        assert!(status.success());
    });
}

/// The big file is taken first; while it is inspected, the small one, not yet open, becomes something else.
fn swap_unopened(deed: fn(&PathBuf)) -> Vec<&'static str> {
    let folder = folder(&[("big.bin", &noise(SIZE)), ("small.bin", b"small")]);
    let small = folder.path().join("small.bin");
    let meddler = Meddler::new("big.bin", Moment::BeforeReading, move || {
        fs::remove_file(&small).unwrap();
        deed(&small);
    });
    let plan = Plan { threads: Some(1), ..Plan::default() };
    ids(&weigh(folder.path(), &plan, &meddler, &Silent).unwrap())
}

#[test]
fn a_pipe_in_its_place_does_not_block() {
    let made = |path: &PathBuf| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    };
    assert_eq!(swap_unopened(made), ["seen", "seen", "unreadable-file"]);
}

#[test]
fn a_link_in_its_place_is_not_followed() {
    let linked = |path: &PathBuf| std::os::unix::fs::symlink("/etc/hostname", path).unwrap();
    assert_eq!(swap_unopened(linked), ["seen", "seen", "unreadable-file"]);
}

#[test]
fn gone_before_it_is_opened() {
    assert_eq!(swap_unopened(|_| {}), ["seen", "seen", "unreadable-file"]);
}
