//! One pass over a tree: workers take files, biggest first, and keep as many in flight as the lanes are wide.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::model::{Artifact, Evidence};

use super::flight::Flight;
use super::lanes::{Kernel, WIDTH, compress};
use super::observe::{Inspect, Progress};
use super::opened::{Landed, Opened, Pass, open};
use super::part::Part;
use super::source::judge;
use super::tree::Tree;
use super::walk::{Found, Named, listed, walk};
use super::{Error, Plan};

/// Everything one pass over a tree gave.
pub struct Weighing {
    /// Files by path.
    pub artifacts: Vec<Artifact>,
    /// What was seen, by file, place and rule.
    pub evidence: Vec<Evidence>,
}

/// Opens every file of the tree once, inspects and hashes it in one pass.
///
/// # Errors
/// [`Error`] only when the root itself cannot be used; every other trouble is evidence.
pub fn weigh(root: &Path, plan: &Plan, inspect: &dyn Inspect, progress: &dyn Progress) -> Result<Weighing, Error> {
    let (tree, files, evidence) = walk(root, plan)?;
    Ok(pass(&tree, &files, evidence, plan, inspect, progress))
}

/// The same for files that the caller named, wherever they are, in one pass. Their paths are what the caller wrote; a
/// link is followed, for it was named. One that cannot be had is evidence.
pub fn weigh_files(named: &[Named], plan: &Plan, inspect: &dyn Inspect, progress: &dyn Progress) -> Weighing {
    let (files, evidence) = listed(named);
    pass(&Tree::named(), &files, evidence, plan, inspect, progress)
}

fn pass(
    tree: &Tree,
    files: &[Found],
    mut evidence: Vec<Evidence>,
    plan: &Plan,
    inspect: &dyn Inspect,
    progress: &dyn Progress,
) -> Weighing {
    progress.begin(files.len() as u64, files.iter().map(|file| file.len).sum());
    let pass = Pass { tree, plan, inspect, progress };
    let threads = plan.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1);
    let queue = Queue::new(files, threads);
    let mut landed = Vec::with_capacity(files.len());
    thread::scope(|scope| {
        // One file is work for all where it is split into shards.
        let useful = if plan.shards.is_some() { threads } else { threads.min(files.len()) };
        let others: Vec<_> = (1..useful)
            .filter_map(|_| thread::Builder::new().spawn_scoped(scope, || work(&pass, &queue)).ok())
            .collect();
        landed.extend(work(&pass, &queue));
        for other in others {
            match other.join() {
                Ok(more) => landed.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let mut artifacts = Vec::with_capacity(landed.len());
    for file in landed {
        artifacts.extend(file.artifact);
        evidence.extend(file.evidence);
    }
    artifacts.sort_by(|a, b| a.path.cmp(&b.path));
    evidence.extend(judge(files, &artifacts));
    for artifact in artifacts.iter_mut().filter(|artifact| !(plan.keep)(&artifact.path)) {
        artifact.kept = None;
    }
    evidence.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    Weighing { artifacts, evidence }
}

/// What is still to do, shared by the workers.
struct Queue<'p> {
    state: Mutex<Waiting<'p>>,
    /// Told when parts were added or the last file was opened.
    news: Condvar,
    threads: usize,
    /// Streams that one worker may have in flight: as many as the lanes are wide, unless too few files may be open.
    width: usize,
}

struct Waiting<'p> {
    /// Biggest first.
    files: VecDeque<&'p Found>,
    parts: VecDeque<(Arc<Opened<'p>>, Part)>,
    /// Files being opened, whose parts may be for all.
    opening: usize,
    /// Streams in flight, of all workers.
    alive: usize,
}

enum Job<'p> {
    File(&'p Found),
    Part(Arc<Opened<'p>>, Part),
}

impl<'p> Queue<'p> {
    fn new(files: &'p [Found], threads: usize) -> Self {
        let mut files: VecDeque<_> = files.iter().collect();
        files.make_contiguous().sort_by_key(|file| std::cmp::Reverse(file.len));
        let state = Mutex::new(Waiting { files, parts: VecDeque::new(), opening: 0, alive: 0 });
        Self { state, news: Condvar::new(), threads, width: (open_files() / 2 / threads).clamp(1, WIDTH) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<'p>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job for a worker that has `mine` in flight, if it is to have one more. One with none waits for parts
    /// that another is about to add.
    fn take(&self, mine: usize) -> Option<Job<'p>> {
        let mut state = self.lock();
        loop {
            let waiting = state.parts.len() + state.files.len();
            // Few streams are shared out evenly: two half-full cores are faster than a full and an idle one.
            if mine >= self.width || mine >= (waiting + state.alive).div_ceil(self.threads) {
                if mine > 0 || waiting + state.opening == 0 {
                    return None;
                }
            } else if let Some((file, part)) = state.parts.pop_front() {
                state.alive += 1;
                return Some(Job::Part(file, part));
            } else if let Some(file) = state.files.pop_front() {
                state.alive += 1;
                state.opening += 1;
                return Some(Job::File(file));
            } else if mine > 0 || state.opening == 0 {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A file was opened: its first part is the worker's own, the others are for all.
    fn opened(&self, file: &Arc<Opened<'p>>, parts: Vec<Part>) -> Option<Part> {
        let mut parts = parts.into_iter();
        let first = parts.next();
        let mut state = self.lock();
        state.opening -= 1;
        state.parts.extend(parts.map(|part| (Arc::clone(file), part)));
        self.news.notify_all();
        first
    }

    fn refused(&self) {
        let mut state = self.lock();
        state.opening -= 1;
        state.alive -= 1;
        self.news.notify_all();
    }

    fn landed(&self) {
        self.lock().alive -= 1;
    }
}

/// Files that this process may have open.
fn open_files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// One worker: fills its lanes, hashes, and lands what is done, until nothing is left.
fn work<'p>(pass: &Pass<'p>, queue: &Queue<'p>) -> Vec<Landed> {
    let mut landed = Vec::new();
    let mut flights: Vec<Flight<'p>> = Vec::with_capacity(WIDTH);
    loop {
        while let Some(job) = queue.take(flights.len()) {
            match job {
                Job::Part(file, part) => flights.push(Flight::new(file, part)),
                Job::File(found) => match open(pass, found) {
                    Ok((file, parts)) => {
                        flights.extend(queue.opened(&file, parts).map(|part| Flight::new(Arc::clone(&file), part)));
                    }
                    Err(refused) => {
                        landed.push(Landed { artifact: None, evidence: vec![*refused] });
                        queue.refused();
                    }
                },
            }
        }
        if flights.is_empty() {
            return landed;
        }
        let mut at = 0;
        while at < flights.len() {
            if flights[at].is_hungry() && !flights[at].advance(pass) {
                landed.extend(flights.swap_remove(at).land(pass));
                queue.landed();
            } else {
                at += 1;
            }
        }
        round(pass.plan.kernel, &mut flights);
    }
}

/// Feeds the lanes as many blocks as the shortest stream has at hand.
fn round(kernel: Option<Kernel>, flights: &mut [Flight<'_>]) {
    let mut streams: Vec<_> = flights.iter_mut().flat_map(Flight::lanes).collect();
    let mut lanes: Vec<_> = streams.iter_mut().filter_map(|(stream, chunk)| stream.pending(chunk)).collect();
    let Some(blocks) = lanes.iter().map(|(_, bytes)| bytes.len() / 64).min() else { return };
    compress(kernel, &mut lanes, blocks);
    drop(lanes);
    streams.iter_mut().for_each(|(stream, _)| stream.eat(blocks));
}
