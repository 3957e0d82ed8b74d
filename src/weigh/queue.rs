//! What is still to do, shared by the workers of a pass.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::flight::Flight;
use super::lanes::{Kernel, WIDTH, mixes};
use super::opened::Opened;
use super::part::Part;
use super::walk::Found;

/// Streams of the deep kernel in an uneven pair: with so many the SHA extensions are at their limit.
const DEEP: usize = 3;
/// Chunks of the deep one of an uneven pair between two exchanges.
const STINT: usize = 16;

/// What is still to do.
pub struct Queue<'p> {
    state: Mutex<Waiting<'p>>,
    /// Told when there is something to take, and at the end.
    news: Condvar,
    threads: usize,
    /// Streams that one worker may have in flight: as many as the lanes are wide, unless too few files may be open.
    width: usize,
    /// True if workers may pair up unevenly.
    mixes: bool,
}

struct Waiting<'p> {
    /// Biggest first.
    files: VecDeque<&'p Found>,
    parts: VecDeque<(Arc<Opened<'p>>, Part)>,
    /// Streams between two workers; the one with most left is last.
    resting: Vec<Flight<'p>>,
    /// Deep ones that would exchange a stream for one that is further behind.
    wanting: BTreeSet<usize>,
    /// Streams in flight, of all workers and resting, and files being opened.
    alive: usize,
    /// A worker broke off: what it held will never land.
    broken: bool,
}

/// How many streams a worker should have in flight.
struct Share {
    streams: usize,
    /// So many before it begins others.
    opens: usize,
    /// Its neighbour has another share.
    uneven: bool,
}

/// Something to do next.
pub enum Job<'p> {
    /// A file to open.
    File(&'p Found),
    /// A part of an open file.
    Part(Arc<Opened<'p>>, Part),
    /// A stream that another worker began.
    Flight(Box<Flight<'p>>),
}

impl<'p> Queue<'p> {
    /// All files, for so many workers.
    pub fn new(files: &'p [Found], threads: usize, kernel: Option<Kernel>) -> Self {
        let mut files: VecDeque<_> = files.iter().collect();
        files.make_contiguous().sort_by_key(|file| std::cmp::Reverse(file.len));
        let (parts, resting) = (VecDeque::new(), Vec::new());
        let state = Mutex::new(Waiting { files, parts, resting, wanting: BTreeSet::new(), alive: 0, broken: false });
        let width = (open_files() / 2 / threads).clamp(1, WIDTH);
        // All exchange with all, which more than a few workers would wait for.
        Self { state, news: Condvar::new(), threads, width, mixes: (2..=8).contains(&threads) && mixes(kernel) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<'p>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a worker should have in flight.
    fn share(&self, worker: usize, state: &Waiting<'p>) -> Share {
        let all = state.parts.len() + state.files.len() + state.alive;
        let pair = all * 2 / self.threads;
        let uneven = self.mixes && worker ^ 1 < self.threads && (13..=22).contains(&pair);
        let (streams, opens) = match (uneven, worker % 2) {
            // One rests while a deep one wants it.
            (true, 0) => (pair - DEEP - usize::from(!state.wanting.is_empty()), pair - DEEP),
            (true, _) => (DEEP, DEEP),
            // Few streams are shared out evenly: two half-full cores are faster than a full and an idle one.
            (false, _) => (all.div_ceil(self.threads), all.div_ceil(self.threads)),
        };
        Share { streams: streams.min(self.width), opens: opens.min(self.width), uneven }
    }

    /// Gives back streams that are for others, and takes those that are furthest behind. Says how many chunks are to be
    /// eaten before the next exchange.
    pub fn exchange(&self, worker: usize, mine: &mut Vec<Flight<'p>>) -> usize {
        if mine.is_empty() {
            return 1;
        }
        let mut state = self.lock();
        let Share { streams: share, uneven, .. } = self.share(worker, &state);
        let mut chunks = 1;
        if uneven {
            let deep = worker % 2 == 1;
            if deep && state.resting.is_empty() {
                state.wanting.insert(worker);
            } else if !state.resting.is_empty() || mine.len() > share {
                state.resting.append(mine);
                state.resting.sort_by_key(Flight::left);
                // The wide one leaves those furthest behind to the deep one.
                let rest = state.resting.len().saturating_sub(share);
                let ahead = state.resting.len() - rest;
                mine.extend(state.resting.drain(if deep { rest..rest + ahead } else { 0..ahead }));
                if deep {
                    state.wanting.remove(&worker);
                    chunks = STINT;
                }
            }
        } else if mine.len() > share {
            state.resting.extend(mine.drain(share..));
        }
        if !state.resting.is_empty() {
            self.news.notify_all();
        }
        chunks
    }

    /// The next job for a worker that has `mine` in flight, if it is to have one more. One with none waits until there
    /// is something to take, or nothing is in flight.
    pub fn take(&self, worker: usize, mine: usize) -> Option<Job<'p>> {
        let mut state = self.lock();
        loop {
            let share = self.share(worker, &state);
            if mine < share.streams
                && let Some(flight) = state.resting.pop()
            {
                return Some(Job::Flight(Box::new(flight)));
            }
            if mine < share.opens {
                if let Some((file, part)) = state.parts.pop_front() {
                    state.alive += 1;
                    return Some(Job::Part(file, part));
                }
                if let Some(file) = state.files.pop_front() {
                    state.alive += 1;
                    return Some(Job::File(file));
                }
            }
            if mine > 0 || state.alive == 0 || state.broken {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A file was opened: its first part is the worker's own, the others are for all.
    pub fn opened(&self, file: &Arc<Opened<'p>>, parts: Vec<Part>) -> Option<Part> {
        let mut parts = parts.into_iter();
        let first = parts.next();
        let mut state = self.lock();
        state.parts.extend(parts.map(|part| (Arc::clone(file), part)));
        if !state.parts.is_empty() {
            self.news.notify_all();
        }
        first
    }

    /// A file could not be opened.
    pub fn refused(&self) {
        self.landed();
    }

    /// A stream is done.
    pub fn landed(&self) {
        let mut state = self.lock();
        state.alive -= 1;
        if state.alive == 0 {
            self.news.notify_all();
        }
    }
}

/// Tells the others when a worker panics, or they would wait for what it held.
pub struct Leaving<'q, 'p>(pub &'q Queue<'p>);

impl Drop for Leaving<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().broken = true;
            self.0.news.notify_all();
        }
    }
}

/// Files that this process may have open.
fn open_files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}
