//! `weighbridge hash`: digests as sha256sum prints and checks them, or as JSON.

mod check;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{Hash, HashFormat};
use super::exit::{self, Mistake};
use super::progress::Bar;
use super::{assess, output};
use crate::emit::hashes::{HashedV1, HashesV1};
use crate::emit::sanitize;
use crate::model::{Algorithm, Artifact, ArtifactPath, Limits};
use crate::trust::checksums;
use crate::weigh::{Mapping, Named, Nothing, Plan, read_small, weigh, weigh_files};

/// No list of files or digests that a person keeps is longer.
const LIST_BYTES: u64 = 1 << 30;

/// Prints digests, or checks lists of them.
pub fn run(args: &Hash, quiet: bool) -> Result<ExitCode, Mistake> {
    let hashes = if args.check { check::check(args, quiet)? } else { print(args, quiet)? };
    for gap in &hashes.gaps {
        let path = gap.path.as_ref().map_or(".", |path| path.as_str());
        output::remark(&format!("{}: {}", sanitize::line(path), sanitize::line(&gap.message)));
    }
    if args.format == HashFormat::Json {
        output::document(&hashes.render(), None)?;
    }
    Ok(exit::code(hashes.verdict))
}

fn plan(root: &Path, args: &Hash) -> Plan {
    let (mut plan, _) = assess::plan(root, &args.reading, Limits::default());
    plan.keep = Box::new(|_| false);
    if !args.reading.mmap && !args.reading.no_mmap {
        plan.mapping = Mapping::Once;
    }
    plan
}

fn print(args: &Hash, quiet: bool) -> Result<HashesV1, Mistake> {
    let algorithms: BTreeSet<Algorithm> = args.algorithm.iter().copied().collect();
    let shards = match (args.shard_size, args.algorithm.as_slice()) {
        (None, _) => None,
        (Some(size), [algorithm]) => Some((size, *algorithm)),
        _ => return Err(Mistake::new("ranges are hashed with one hash function").help("give --algorithm one name")),
    };
    let plan = |root: &Path| {
        let algorithms = if shards.is_some() { BTreeSet::new() } else { algorithms.clone() };
        Plan { algorithms, shards, ..plan(root, args) }
    };
    let (mut folders, mut files) = (BTreeSet::new(), Vec::new());
    let listed = args.files_from.as_deref().map(listed).transpose()?.unwrap_or_default();
    let named = |path: &PathBuf| Named { path: path.clone(), algorithms: BTreeSet::new() };
    for path in &args.paths {
        // What is neither is said by the pass over folders, as a mistake in the call.
        if path.is_file() {
            files.push(named(path));
        } else {
            folders.insert(path);
        }
    }
    files.extend(listed.iter().map(named));
    let weighing = weigh_files(&files, &plan(Path::new("")), &Nothing, &Bar::new(quiet));
    let mut hashes = HashesV1::new();
    hashes.gaps(weighing.evidence);
    for path in args.paths.iter().chain(&listed) {
        let begin = hashes.files.len();
        if folders.contains(path) {
            let weighing = weigh(path, &plan(path), &Nothing, &Bar::new(quiet))?;
            hashes.gaps(weighing.evidence);
            for artifact in weighing.artifacts {
                hashes.file(spelt(path, &artifact.path), artifact);
            }
        } else if let Some(artifact) = find(&weighing.artifacts, path) {
            hashes.file(artifact.path.clone(), artifact.clone());
        }
        if args.format == HashFormat::Sums {
            let lines = hashes.files[begin..].iter().flat_map(|file| lines(file, algorithms.len() > 1));
            output::raw(&lines.collect::<Vec<_>>().concat())?;
        }
    }
    Ok(hashes)
}

/// The paths that a list names: ended by NUL if there is one, else one a line.
fn listed(list: &Path) -> Result<Vec<PathBuf>, Mistake> {
    let bytes = read(list)?;
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let paths = bytes.split(|byte| *byte == end).filter(|path| !path.is_empty());
    Ok(paths.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect())
}

/// A list that the caller named, `-` for standard input.
fn read(list: &Path) -> Result<Vec<u8>, Mistake> {
    if list != "-" {
        return Ok(read_small(list, LIST_BYTES)?);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LIST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Mistake::new(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > LIST_BYTES {
        return Err(Mistake::new(format!("standard input has more than {LIST_BYTES} bytes")));
    }
    Ok(bytes)
}

fn find<'a>(artifacts: &'a [Artifact], path: &Path) -> Option<&'a Artifact> {
    let path = ArtifactPath::from_bytes(path.as_os_str().as_bytes());
    artifacts.binary_search_by(|artifact| artifact.path.cmp(&path)).ok().map(|at| &artifacts[at])
}

/// The lines of one file: one, or one for each range or hash function.
fn lines(file: &HashedV1, tagged: bool) -> Vec<Vec<u8>> {
    let line = if tagged { checksums::tagged_line } else { checksums::line };
    let whole = file.digests.iter().map(|digest| line(&file.path, digest));
    let ranges = file.shards.iter().filter_map(|shard| Some(line(&shard.name(&file.path), shard.digest()?)));
    whole.chain(ranges).collect()
}

/// The path of a file as the caller would spell it: what they wrote, and what lies below it.
fn spelt(root: &Path, below: &ArtifactPath) -> ArtifactPath {
    let mut name = root.as_os_str().as_bytes().to_vec();
    if name == b"." {
        return below.clone();
    }
    if !name.ends_with(b"/") {
        name.push(b'/');
    }
    name.extend_from_slice(below.as_bytes());
    ArtifactPath::from_bytes(&name)
}
