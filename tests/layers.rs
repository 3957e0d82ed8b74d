//! The picture of the house, held by reading the `use` lines, and the size of its rooms.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms it may import.
const MAY: [(&str, &[&str]); 11] = [
    ("model", &[]),
    ("weigh", &["model"]),
    ("inspect", &["model", "weigh"]),
    ("trust", &["model"]),
    ("deps", &["model"]),
    ("advisory", &["model"]),
    ("service", &["model"]),
    ("policy", &["model"]),
    ("emit", &["model"]),
    ("catalog", &["model", "weigh", "inspect", "trust", "deps", "advisory", "service", "policy", "emit"]),
    ("cli", &["model", "weigh", "inspect", "trust", "deps", "advisory", "service", "policy", "emit", "catalog"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Unit tests that lie in a file or folder of their own.
fn is_test(path: &Path) -> bool {
    let inside = path.strip_prefix(source()).unwrap();
    inside.iter().any(|part| {
        part.to_str().is_some_and(|part| part == "tests" || part.ends_with("tests.rs") || part == "sample.rs")
    })
}

/// The code of a file without its tests, comments and strings.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn room(path: &Path) -> String {
    let inside = path.strip_prefix(source()).unwrap();
    inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn rooms_import_only_what_the_picture_allows() {
    let names: BTreeSet<&str> = MAY.iter().map(|(name, _)| *name).collect();
    for path in files(&source()) {
        let room = room(&path);
        if room == "lib" || room == "main" {
            continue;
        }
        let may =
            MAY.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{room} is not in the picture")).1;
        for imported in code(&path).split("crate::").skip(1) {
            let braces = imported.strip_prefix('{').map(|list| list.split_once('}').unwrap().0);
            let imports: Vec<&str> = match braces {
                Some(list) => list.split(',').map(str::trim).collect(),
                None => vec![imported],
            };
            for import in imports {
                let name: String = import.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                assert!(
                    name == room || may.contains(&name.as_str()) || !names.contains(name.as_str()),
                    "{}: {room} may not import {name}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn only_the_right_rooms_open_print_and_look_at_the_clock() {
    let open = ["File::open", "fs::read", "OpenOptions", "File::create", "fs::write"];
    let cli = ["println!", "eprintln!", "std::env", "env::var", "SystemTime::now", "Timestamp::now", "process::exit"];
    for path in files(&source()) {
        let (room, text) = (room(&path), code(&path));
        if !["weigh", "cli", "advisory"].contains(&room.as_str()) {
            for word in open {
                assert!(!text.contains(word), "{}: {word} belongs to weigh", path.display());
            }
        }
        if !["cli", "main"].contains(&room.as_str()) {
            for word in cli {
                assert!(!text.contains(word), "{}: {word} belongs to cli", path.display());
            }
        }
        if !path.components().any(|part| part.as_os_str() == "network") {
            for word in ["ureq::", "TcpStream", "TcpListener", "UdpSocket", "UnixStream", "ToSocketAddrs"] {
                assert!(!text.contains(word), "{}: {word} belongs to cli::network", path.display());
            }
        }
        let lanes = path.components().any(|part| part.as_os_str() == "lanes");
        if !(room == "weigh" && (path.ends_with("map.rs") || path.ends_with("sigbus.rs") || lanes)) {
            assert!(!text.contains("unsafe {"), "{}: unsafe belongs to weigh::map and weigh::lanes", path.display());
        }
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let long: Vec<String> = files(&source())
        .into_iter()
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > 450)
        .map(|(lines, path)| format!("{lines} {}", path.display()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn rooms_do_not_lend_what_is_not_theirs() {
    for path in files(&source()) {
        for line in code(&path).lines().filter(|line| line.trim_start().starts_with("pub use crate::")) {
            let room = room(&path);
            assert!(line.contains(&format!("crate::{room}::")), "{}: {line}", path.display());
        }
    }
}
