//! One pass over a tree: workers take files, biggest first, and keep as many in flight as the lanes are wide.
//!
//! Streams that are too few to fill every core's widest kernel, and too many to be fast one by one, are shared unevenly
//! between two neighbours: one hashes many with the wide kernel, the other a few with the deep one, where each is almost
//! three times as fast. Those furthest behind are given to the deep one, so that all end together.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::model::{Artifact, Evidence};

use super::flight::Flight;
use super::lanes::{Kernel, WIDTH, compress};
use super::observe::{Inspect, Progress};
use super::opened::{Landed, Pass, open};
use super::queue::{Job, Leaving, Queue};
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
    let queue = Queue::new(files, threads, plan.kernel);
    let mut landed = Vec::with_capacity(files.len());
    thread::scope(|scope| {
        // One file is work for all where it is split into shards.
        let useful = if plan.shards.is_some() { threads } else { threads.min(files.len()) };
        let others: Vec<_> = (1..useful)
            .filter_map(|worker| {
                let (pass, queue) = (&pass, &queue);
                thread::Builder::new().spawn_scoped(scope, move || work(pass, queue, worker)).ok()
            })
            .collect();
        landed.extend(work(&pass, &queue, 0));
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

/// One worker: fills its lanes, hashes, and lands what is done, until nothing is left.
fn work<'p>(pass: &Pass<'p>, queue: &Queue<'p>, worker: usize) -> Vec<Landed> {
    let _leaving = Leaving(queue);
    let mut landed = Vec::new();
    let mut flights: Vec<Flight<'p>> = Vec::with_capacity(WIDTH);
    loop {
        let chunks = queue.exchange(worker, &mut flights);
        while let Some(job) = queue.take(worker, flights.len()) {
            match job {
                Job::Flight(flight) => flights.push(*flight),
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
        for _ in 0..chunks {
            advance(pass, queue, &mut flights, &mut landed);
            round(pass.plan.kernel, &mut flights);
        }
    }
}

/// Gives the next chunk to streams that ate theirs, and lands those that have no more.
fn advance<'p>(pass: &Pass<'p>, queue: &Queue<'p>, flights: &mut Vec<Flight<'p>>, landed: &mut Vec<Landed>) {
    let mut at = 0;
    while at < flights.len() {
        if flights[at].is_hungry() && !flights[at].advance(pass) {
            landed.extend(flights.swap_remove(at).land(pass));
            queue.landed();
        } else {
            at += 1;
        }
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
