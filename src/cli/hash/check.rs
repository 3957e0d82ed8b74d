//! `hash --check`: all files that all lists name, in one pass.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::args::{Hash, HashFormat};
use super::super::exit::Mistake;
use super::super::output;
use super::super::progress::Bar;
use crate::emit::hashes::{CheckedV1, Comparison, GapV1, HashesV1};
use crate::emit::sanitize;
use crate::model::{Algorithm, Artifact, ArtifactPath, Class, Verdict};
use crate::trust::checksums::{self, Checksums, Entry};
use crate::weigh::{Named, Nothing, Plan, weigh_files};

pub fn check(args: &Hash, quiet: bool) -> Result<HashesV1, Mistake> {
    let lists = args.paths.iter().map(|path| list(path)).collect::<Result<Vec<_>, _>>()?;
    let mut wanted: BTreeMap<PathBuf, BTreeSet<Algorithm>> = BTreeMap::new();
    for (list, read) in &lists {
        for entry in &read.entries {
            let path = PathBuf::from(OsStr::from_bytes(target(list, entry).as_bytes()));
            wanted.entry(path).or_default().insert(entry.digest.algorithm());
        }
    }
    let named: Vec<_> = wanted.into_iter().map(|(path, algorithms)| Named { path, algorithms }).collect();
    let plan = Plan { algorithms: BTreeSet::new(), ..super::plan(Path::new(""), args) };
    let weighing = weigh_files(&named, &plan, &Nothing, &Bar::new(quiet));
    let unread = weighing.evidence.iter().filter(|seen| seen.rule.class == Class::Gap);
    let unread: BTreeSet<_> = unread.filter_map(|seen| seen.artifact.as_ref()).collect();
    let mut hashes = HashesV1::new();
    for (list, read) in &lists {
        for entry in &read.entries {
            let path = target(list, entry);
            let whole = super::find(&weighing.artifacts, Path::new(OsStr::from_bytes(path.as_bytes())))
                .filter(|_| !unread.contains(&path));
            let checked = compare(list, entry, path, whole);
            if checked.result != Comparison::Match {
                hashes.verdict = hashes.verdict.join(Verdict::Fail);
            }
            if args.format == HashFormat::Sums {
                say(&checked, quiet)?;
            }
            hashes.checked.push(checked);
        }
        for (line, why) in &read.malformed {
            hashes.verdict = hashes.verdict.join(Verdict::Unknown);
            let path = Some(ArtifactPath::from_bytes(list.as_os_str().as_bytes()));
            hashes.gaps.push(GapV1 { path, rule: None, message: format!("line {line}: {why}") });
        }
    }
    Ok(hashes)
}

fn list(path: &Path) -> Result<(&Path, Checksums), Mistake> {
    let bytes = super::read(path)?;
    let read = checksums::parse(&ArtifactPath::from_bytes(path.as_os_str().as_bytes()), &bytes);
    if read.entries.is_empty() {
        return Err(Mistake::new(format!("there is no digest in {}", output::shown(path)))
            .help("a line is a hexadecimal digest, two spaces and a file name"));
    }
    Ok((path, read))
}

/// The file that a line is about. A list that holds a digest alone speaks of the file it is named after.
fn target(list: &Path, entry: &Entry) -> ArtifactPath {
    let after = || ArtifactPath::from_bytes(list.with_extension("").as_os_str().as_bytes());
    entry.name.clone().unwrap_or_else(after)
}

fn compare(list: &Path, entry: &Entry, path: ArtifactPath, file: Option<&Artifact>) -> CheckedV1 {
    let algorithm = entry.digest.algorithm();
    let found = file.and_then(|file| file.digests.get(algorithm));
    let result = match found {
        Some(found) if *found == entry.digest => Comparison::Match,
        Some(_) => Comparison::Mismatch,
        None => Comparison::Unreadable,
    };
    let (expected, found) = (entry.digest.hex(), found.map(crate::model::Digest::hex));
    CheckedV1 { list: list.display().to_string(), line: entry.line, path, algorithm, expected, found, result }
}

/// As `sha256sum --check` says it.
fn say(checked: &CheckedV1, quiet: bool) -> Result<(), Mistake> {
    let word = match checked.result {
        Comparison::Match if quiet => return Ok(()),
        Comparison::Match => "OK",
        Comparison::Mismatch => "FAILED",
        Comparison::Unreadable => "FAILED open or read",
    };
    let weak = if checked.algorithm.is_broken() { " (weak digest)" } else { "" };
    output::document(&format!("{}: {word}{weak}\n", sanitize::line(checked.path.as_str())), None)
}
