//! `weighbridge hash`: digests as sha256sum prints and checks them.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rayon::prelude::*;

use super::args::Hash;
use super::exit::{self, Mistake};
use super::progress::Bar;
use super::{assess, output};
use crate::emit::sanitize;
use crate::model::{Algorithm, ArtifactPath, Class, Limits, Verdict};
use crate::trust::checksums::{self, Entry};
use crate::weigh::{Nothing, Plan, Silent, Weighing, read_small, weigh};

/// No list of digests that a person keeps is longer.
const LIST_BYTES: u64 = 1 << 30;

/// Prints digests, or checks lists of them.
pub fn run(args: &Hash, quiet: bool) -> Result<ExitCode, Mistake> {
    if args.check { check(args, quiet) } else { print(args, quiet) }
}

fn plan(root: &Path, args: &Hash, algorithm: Algorithm) -> Plan {
    let (mut plan, _) = assess::plan(root, &args.reading, Limits::default());
    plan.algorithms = [algorithm].into();
    plan.keep = Box::new(|_| false);
    plan
}

fn print(args: &Hash, quiet: bool) -> Result<ExitCode, Mistake> {
    let mut verdict = Verdict::Pass;
    for root in &args.paths {
        let weighing = weigh(root, &plan(root, args, args.algorithm), &Nothing, &Bar::new(quiet))?;
        verdict = verdict.join(remarks(&weighing));
        let mut lines = Vec::new();
        for artifact in &weighing.artifacts {
            let Some(digest) = artifact.digests.get(args.algorithm) else { continue };
            lines.extend(checksums::line(&spelt(root, &artifact.path), digest));
        }
        output::raw(&lines)?;
    }
    Ok(exit::code(verdict))
}

/// The path of a file as the caller would spell it: what they wrote, and what lies below it.
fn spelt(root: &Path, below: &ArtifactPath) -> ArtifactPath {
    let mut name = root.as_os_str().as_bytes().to_vec();
    if root.is_file() {
        return ArtifactPath::from_bytes(&name);
    }
    if name == b"." {
        return below.clone();
    }
    if !name.ends_with(b"/") {
        name.push(b'/');
    }
    name.extend_from_slice(below.as_bytes());
    ArtifactPath::from_bytes(&name)
}

/// Says what could not be hashed.
fn remarks(weighing: &Weighing) -> Verdict {
    let gaps = weighing.evidence.iter().filter(|seen| seen.rule.class == Class::Gap);
    let mut verdict = Verdict::Pass;
    for gap in gaps {
        verdict = Verdict::Unknown;
        let path = gap.artifact.as_ref().map_or(".", |path| path.as_str());
        output::remark(&format!("{}: {}", sanitize::line(path), sanitize::line(&gap.fact.message)));
    }
    verdict
}

fn check(args: &Hash, quiet: bool) -> Result<ExitCode, Mistake> {
    let mut verdict = Verdict::Pass;
    for list in &args.paths {
        let name = output::shown(list);
        let bytes = read_small(list, LIST_BYTES)?;
        let read = checksums::parse(&ArtifactPath::from_bytes(list.as_os_str().as_bytes()), &bytes);
        if read.entries.is_empty() {
            return Err(Mistake::new(format!("there is no digest in {name}"))
                .help("a line is a hexadecimal digest, two spaces and a file name"));
        }
        let results: Vec<_> = read.entries.par_iter().map(|entry| (entry, compare(args, list, entry))).collect();
        for (entry, (path, word, one)) in results {
            verdict = verdict.join(one);
            if !quiet || one != Verdict::Pass {
                let weak = if entry.digest.algorithm().is_broken() { " (weak digest)" } else { "" };
                output::document(&format!("{}: {word}{weak}\n", sanitize::line(path.as_str())), None)?;
            }
        }
        for (line, why) in &read.malformed {
            verdict = verdict.join(Verdict::Unknown);
            output::remark(&format!("{name}, line {line}: {}", sanitize::line(why)));
        }
    }
    Ok(exit::code(verdict))
}

/// Hashes what one line names. A list that holds a digest alone speaks of the file it is named after.
fn compare(args: &Hash, list: &Path, entry: &Entry) -> (ArtifactPath, &'static str, Verdict) {
    let named = || ArtifactPath::from_bytes(list.with_extension("").as_os_str().as_bytes());
    let path = entry.name.clone().unwrap_or_else(named);
    let file = PathBuf::from(std::ffi::OsStr::from_bytes(path.as_bytes()));
    let algorithm = entry.digest.algorithm();
    let weighed = weigh(&file, &plan(&file, args, algorithm), &Nothing, &Silent);
    let found = weighed.ok().filter(|_| file.is_file()).and_then(|weighing| {
        let gap = weighing.evidence.iter().any(|seen| seen.rule.class == Class::Gap);
        weighing.artifacts.first().filter(|_| !gap).and_then(|artifact| artifact.digests.get(algorithm).cloned())
    });
    match found {
        Some(found) if found == entry.digest => (path, "OK", Verdict::Pass),
        Some(_) => (path, "FAILED", Verdict::Fail),
        None => (path, "FAILED open or read", Verdict::Fail),
    }
}
