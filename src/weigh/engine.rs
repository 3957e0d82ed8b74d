//! One pass over a tree.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rayon::prelude::*;

use crate::model::{Artifact, Class, Evidence, Rule, Severity};

use super::digests::Hashers;
use super::ledger::{Ledger, PIECE, Recheck};
use super::map::Bytes;
use super::observe::{Inspect, Observer, Progress};
use super::view::{Budget, View};
use super::walk::{Found, walk};
use super::{Error, Plan};

/// The file was written, replaced or cut while it was read.
pub static CHANGED_UNDERFOOT: Rule = Rule {
    id: "changed-underfoot",
    summary: "the file changed while it was being read",
    severity: Severity::High,
    class: Class::Gap,
    page: include_str!("../rules/changed-underfoot.md"),
    frameworks: &["CWE-367"],
};

/// The system refused to open or read it.
pub static UNREADABLE_FILE: Rule = Rule {
    id: "unreadable-file",
    summary: "a file or folder could not be read",
    severity: Severity::Medium,
    class: Class::Gap,
    page: include_str!("../rules/unreadable-file.md"),
    frameworks: &["CWE-354"],
};

const CHUNK: usize = 4 * PIECE as usize;

/// Everything one pass over a tree gave.
pub struct Weighing {
    /// Files by path.
    pub artifacts: Vec<Artifact>,
    /// What was seen, by file.
    pub evidence: Vec<Evidence>,
}

/// Opens every file of the tree once, inspects and hashes it in one pass.
///
/// # Errors
/// [`Error`] only when the root itself cannot be used; every other trouble is evidence.
pub fn weigh(root: &Path, plan: &Plan, inspect: &dyn Inspect, progress: &dyn Progress) -> Result<Weighing, Error> {
    let (files, mut evidence) = walk(root, plan)?;
    progress.begin(files.len() as u64, files.iter().map(|file| file.len).sum());
    let work = || -> Vec<_> { files.par_iter().map(|file| one(file, plan, inspect, progress)).collect() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(plan.threads.unwrap_or(0)).build();
    let weighed = pool.map_or_else(|_| work(), |pool| pool.install(work));
    let mut artifacts = Vec::with_capacity(weighed.len());
    for (artifact, seen) in weighed {
        artifacts.extend(artifact);
        evidence.extend(seen);
    }
    Ok(Weighing { artifacts, evidence })
}

fn one(
    found: &Found,
    plan: &Plan,
    inspect: &dyn Inspect,
    progress: &dyn Progress,
) -> (Option<Artifact>, Vec<Evidence>) {
    progress.open(&found.path);
    let refused = |error: std::io::Error| {
        let message = format!("it could not be opened: {error}");
        (None, vec![Evidence::new(&UNREADABLE_FILE, message).of(&found.path)])
    };
    // A pipe that took the file's place must not block us, hence non-blocking.
    let flags = libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = match fs::OpenOptions::new().read(true).custom_flags(flags).open(&found.location) {
        Ok(file) => file,
        Err(error) => return refused(error),
    };
    let before = match Stamp::of(&file) {
        Ok(stamp) => stamp,
        Err(error) => return refused(error),
    };
    let Ok(watch) = file.try_clone() else { return refused(std::io::Error::other("too many open files")) };
    let bytes = Bytes::open(file, before.len, plan.mmap);
    let ledger = Ledger::default();
    let budget = Budget::new(plan.limits.structure_bytes);
    let view = View::of_file(&bytes, &ledger, &budget);
    let mut seen = inspect.inspect(&found.path, &view, &plan.limits);
    let kept = ((plan.keep)(&found.path) && before.len <= plan.limits.kept_bytes)
        .then(|| bytes.copy(0..before.len).ok())
        .flatten();
    if let Some(kept) = &kept {
        kept.chunks(PIECE as usize).enumerate().for_each(|(n, piece)| {
            ledger.record(n as u64 * PIECE, piece);
        });
    }
    let mut hashers = Hashers::new(&plan.algorithms, before.len);
    let same = pump(&bytes, Recheck::new(ledger.close()), &mut hashers, &mut seen.observers, progress);
    let mut evidence = seen.evidence;
    if same && Stamp::of(&watch).is_ok_and(|after| after == before) {
        evidence.extend(seen.observers.into_iter().flat_map(|observer| observer.close(&found.path)));
    } else {
        evidence.push(Evidence::new(&CHANGED_UNDERFOOT, "the file changed while it was being read").of(&found.path));
    }
    let artifact = Artifact {
        path: found.path.clone(),
        size: before.len,
        digests: hashers.finish(),
        shards: Vec::new(),
        formats: seen.formats,
        contents: seen.contents,
        kept,
    };
    (Some(artifact), evidence)
}

fn pump(
    bytes: &Bytes,
    mut recheck: Recheck,
    hashers: &mut Hashers,
    observers: &mut [Box<dyn Observer>],
    progress: &dyn Progress,
) -> bool {
    let mut same = true;
    let mut at = 0;
    while at < bytes.len() {
        let end = (at + CHUNK as u64).min(bytes.len());
        let copy;
        let chunk = match bytes {
            Bytes::Mapped(map) => &map[at as usize..end as usize],
            Bytes::Read { .. } => match bytes.copy(at..end) {
                Ok(bytes) => {
                    copy = bytes;
                    copy.as_slice()
                }
                Err(_) => return false,
            },
        };
        same &= recheck.same(at, chunk);
        hashers.update(chunk);
        observers.iter_mut().for_each(|observer| observer.observe(at, chunk));
        progress.advance(chunk.len() as u64);
        at = end;
    }
    same && recheck.finished()
}

/// What must not change while a file is read.
#[derive(PartialEq, Eq)]
struct Stamp {
    len: u64,
    inode: (u64, u64),
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &File) -> std::io::Result<Self> {
        let status = file.metadata()?;
        if !status.is_file() {
            return Err(std::io::Error::other("it is no longer a regular file"));
        }
        Ok(Self {
            len: status.len(),
            inode: (status.dev(), status.ino()),
            modified: (status.mtime(), status.mtime_nsec()),
            changed: (status.ctime(), status.ctime_nsec()),
        })
    }
}
