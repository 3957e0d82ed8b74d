//! `weighbridge hash`: digests as sha256sum prints and checks them.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::Hash;
use super::exit::{self, Mistake};
use super::progress::Bar;
use super::{assess, output};
use crate::emit::sanitize;
use crate::model::{Algorithm, Class, Digest, Limits, Verdict};
use crate::trust::checksums;
use crate::weigh::{Nothing, Plan, Weighing, read_small, weigh};

/// No list of digests that a person keeps is longer.
const LIST_BYTES: u64 = 1 << 30;

/// Prints digests, or checks lists of them.
pub fn run(args: &Hash, quiet: bool) -> Result<ExitCode, Mistake> {
    if args.check { check(args, quiet) } else { print(args, quiet) }
}

fn plan(args: &Hash, algorithm: Algorithm) -> Plan {
    let (mut plan, _) = assess::plan(&args.reading, Limits::default());
    plan.algorithms = [algorithm].into();
    plan.keep = Box::new(|_| false);
    plan
}

fn print(args: &Hash, quiet: bool) -> Result<ExitCode, Mistake> {
    let mut verdict = Verdict::Pass;
    for root in &args.paths {
        let weighing = weigh(root, &plan(args, args.algorithm), &Nothing, &Bar::new(quiet))?;
        verdict = verdict.join(remarks(&weighing));
        let mut lines = Vec::new();
        for artifact in &weighing.artifacts {
            let Some(digest) = artifact.digests.get(args.algorithm) else { continue };
            let name = spelt(root, artifact.path.as_bytes());
            lines.extend(checksums::line(digest, &name));
        }
        output::raw(&lines)?;
    }
    Ok(exit::code(verdict))
}

/// The path of a file as the caller would spell it: what they wrote, and what lies below it.
fn spelt(root: &Path, below: &[u8]) -> Vec<u8> {
    if root.is_file() {
        return root.as_os_str().as_bytes().to_vec();
    }
    let mut name = root.as_os_str().as_bytes().to_vec();
    if name == b"." {
        return below.to_vec();
    }
    if !name.ends_with(b"/") {
        name.push(b'/');
    }
    name.extend_from_slice(below);
    name
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
        let entries = checksums::parse(&bytes, args.algorithm);
        if entries.lines.is_empty() {
            return Err(Mistake::new(format!("there is no digest in {name}"))
                .help("a line is a hexadecimal digest, two spaces and a file name"));
        }
        for entry in &entries.lines {
            let (word, one) = match actual(args, entry.digest.algorithm(), &entry.name) {
                Some(found) if found == entry.digest => ("OK", Verdict::Pass),
                Some(_) => ("FAILED", Verdict::Fail),
                None => ("FAILED open or read", Verdict::Fail),
            };
            verdict = verdict.join(one);
            if !quiet || one != Verdict::Pass {
                let shown = String::from_utf8_lossy(&entry.name).into_owned();
                output::document(&format!("{}: {word}\n", sanitize::line(&shown)), None)?;
            }
        }
        if entries.malformed > 0 {
            verdict = verdict.join(Verdict::Unknown);
            output::remark(&format!("{name}: {} lines are not digests", entries.malformed));
        }
    }
    Ok(exit::code(verdict))
}

fn actual(args: &Hash, algorithm: Algorithm, name: &[u8]) -> Option<Digest> {
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(name));
    let weighing = weigh(&path, &plan(args, algorithm), &Nothing, &crate::weigh::Silent).ok()?;
    match weighing.artifacts.as_slice() {
        [artifact] if path.is_file() && weighing.evidence.iter().all(|seen| seen.rule.class != Class::Gap) => artifact.digests.get(algorithm).cloned(),
        _ => None,
    }
}
