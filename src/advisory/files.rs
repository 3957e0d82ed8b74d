//! The files of an advisory database.
//!
//! A database is not an artifact: the person who audits chose it, and it is read here and not by `weigh`. This is the
//! only file of the room that opens anything.

use std::fs;
use std::path::Path;

use super::record::Advisory;
use super::{Error, rustsec};

/// Bytes of one advisory that are read.
const FILE: u64 = 64 << 20;
/// Folders in folders that are entered.
const DEPTH: usize = 8;

/// What one file of a database is.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// Nothing of a database.
    Nothing,
    /// Advisories, one for each package; none when it was withdrawn.
    Advisories {
        /// Them.
        advisories: Vec<Advisory>,
        /// Day of the last change, if it says so.
        modified: Option<String>,
        /// What is odd about the file although it can be read.
        odd: Option<String>,
    },
    /// It lies where advisories lie and is none.
    Malformed(String),
}

/// Calls `take` with the relative name and the bytes of every file below `root`, in the order of the names.
///
/// # Errors
/// The folder, or a file in it, cannot be read.
pub fn each(root: &Path, take: &mut dyn FnMut(&str, &[u8])) -> Result<(), Error> {
    let unreadable = |path: &Path, source| Error::Unreadable { path: path.display().to_string(), source };
    let mut stack = vec![(root.to_owned(), String::new(), 0usize)];
    while let Some((path, name, depth)) = stack.pop() {
        let data = fs::metadata(&path).map_err(|source| unreadable(&path, source))?;
        if data.is_file() {
            if data.len() <= FILE {
                take(&name, &fs::read(&path).map_err(|source| unreadable(&path, source))?);
            }
            continue;
        }
        if depth > DEPTH || !data.is_dir() {
            continue;
        }
        let mut below = Vec::new();
        for entry in fs::read_dir(&path).map_err(|source| unreadable(&path, source))? {
            let entry = entry.map_err(|source| unreadable(&path, source))?;
            let last = entry.file_name().to_string_lossy().into_owned();
            // Hidden files are the checkout's own; links could lead anywhere.
            let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            if !last.starts_with('.') && !link {
                let name = if name.is_empty() { last } else { format!("{name}/{last}") };
                below.push((entry.path(), name, depth.saturating_add(1)));
            }
        }
        below.sort_by(|one, two| two.1.cmp(&one.1));
        stack.extend(below);
    }
    Ok(())
}

/// Tells what a file is by its place in the layout and its content.
#[must_use]
pub fn read(name: &str, bytes: &[u8]) -> Found {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        [.., "crates", folder, file] if file.ends_with(".md") => rust(folder, file, bytes),
        _ => Found::Nothing,
    }
}

fn rust(folder: &str, file: &str, bytes: &[u8]) -> Found {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => return Found::Malformed("not UTF-8".to_owned()),
    };
    let advisory = match rustsec::read(text) {
        Err(why) => return Found::Malformed(why.lines().next().unwrap_or_default().to_owned()),
        Ok(None) => return Found::Advisories { advisories: Vec::new(), modified: None, odd: None },
        Ok(Some(advisory)) => advisory,
    };
    let odd = if advisory.package != folder {
        Some(format!("it is about {} and lies in the folder of {folder}", advisory.package))
    } else {
        (file != format!("{}.md", advisory.id)).then(|| format!("it is {} by its text", advisory.id))
    };
    Found::Advisories { advisories: vec![advisory], modified: None, odd }
}
